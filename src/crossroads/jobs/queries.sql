-- Jobs, in PostgreSQL. Times are those of the database: its clock alone tells whether a lease holds.

-- name: add!
-- Queue a job; one of the same number is left as it is.
INSERT INTO job (job, kind, institution, subject, priority, deadline, total)
VALUES (:job, :kind, :institution, :subject, :priority, :deadline, :total)
ON CONFLICT (job) DO NOTHING;

-- name: claim^
-- Take the next job of a kind that is due and that nobody works on. Jobs about one thing have one turn together, and a process works on one of them at a time: looked at are those that wait longest, however many wait. Whoever died over a job makes it wait longer each time; a lease or a day that lies further ahead than any can means that the clock went back.
WITH longest AS MATERIALIZED (
    SELECT job
    FROM job
    WHERE kind = :kind
        AND state IN ('QUEUED', 'RUNNING', 'PAUSED')
        AND due_at NOT BETWEEN clock_timestamp() AND clock_timestamp() + :longest_wait
        AND (lease_until IS NULL
            OR lease_until NOT BETWEEN clock_timestamp() - least(attempts, 20) * CAST(:lease AS interval)
                AND clock_timestamp() + CAST(:lease AS interval))
        AND NOT EXISTS (
            SELECT FROM job AS other
            WHERE other.subject = job.subject AND other.job <> job.job AND other.lease_owner = :owner
            -- Looked up for each job that is walked to: as a join, it would read the table for what the owner has.
            OFFSET 0
        )
    ORDER BY priority, turn
    LIMIT 64
)
UPDATE job
SET attempts = attempts + (state = 'RUNNING')::integer,
    state = 'RUNNING',
    epoch = epoch + 1,
    lease_owner = :owner,
    lease_until = clock_timestamp() + :lease
WHERE job = (
    SELECT job
    FROM job
    WHERE job = ANY (ARRAY(SELECT longest.job FROM longest))
        -- Once more: another may have taken it meanwhile.
        AND state IN ('QUEUED', 'RUNNING', 'PAUSED')
        AND due_at NOT BETWEEN clock_timestamp() AND clock_timestamp() + :longest_wait
        AND (lease_until IS NULL
            OR lease_until NOT BETWEEN clock_timestamp() - least(attempts, 20) * CAST(:lease AS interval)
                AND clock_timestamp() + CAST(:lease AS interval))
    ORDER BY priority, coalesce((SELECT max(other.turn) FROM job AS other WHERE other.subject = job.subject), turn), turn
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING job, kind, institution, subject, epoch, attempts, done, total, deadline;

-- name: hold$
-- Go on working on a job until the transaction ends, and note how much is done; nothing comes back when another took it over or it was ended.
UPDATE job
SET lease_until = clock_timestamp() + :lease, done = coalesce(:done, done)
WHERE job = :job AND epoch = :epoch AND lease_owner = :owner AND state = 'RUNNING'
RETURNING epoch;

-- name: settle$
-- Write how a job stands after a slice, and give it the last place in the row.
UPDATE job
SET state = :state,
    due_at = clock_timestamp() + coalesce(:pause, interval '0'),
    attempts = :attempts,
    problem = :problem,
    done = coalesce(:done, CASE WHEN :state = 'DONE' THEN total ELSE done END),
    turn = nextval('job_turn'),
    lease_owner = NULL,
    lease_until = NULL,
    finished_at = CASE WHEN :state IN ('DONE', 'FAILED') THEN clock_timestamp() END
WHERE job = :job AND epoch = :epoch AND lease_owner = :owner AND state = 'RUNNING'
RETURNING epoch;

-- name: release!
-- Leave a job to others, as it was.
UPDATE job
SET state = 'QUEUED', lease_owner = NULL, lease_until = NULL
WHERE job = :job AND epoch = :epoch AND lease_owner = :owner AND state = 'RUNNING';

-- name: cancel_subject
-- End the jobs about something that are not over. Whoever works on one writes nothing any more.
UPDATE job
SET state = 'CANCELLED', lease_owner = NULL, lease_until = NULL, finished_at = clock_timestamp()
WHERE job IN (SELECT job FROM job WHERE subject = :subject AND finished_at IS NULL ORDER BY job FOR UPDATE)
RETURNING job;

-- name: cancel_held
-- End the jobs about something that wait for an operator.
UPDATE job
SET state = 'CANCELLED', finished_at = clock_timestamp()
WHERE job IN (
    SELECT job FROM job
    WHERE subject = :subject AND finished_at IS NULL AND state = 'PAUSED' AND due_at IS NULL
    ORDER BY job
    FOR UPDATE
)
RETURNING job;

-- name: hold_back!
-- Stop a job that is not over, with all others about the same, until an operator lets them go on.
UPDATE job
SET state = 'PAUSED', problem = :problem, due_at = NULL, lease_owner = NULL, lease_until = NULL
WHERE job IN (
    SELECT other.job
    FROM job AS other
    JOIN job AS named ON other.job = named.job OR other.subject = named.subject
    WHERE named.job = :job AND named.finished_at IS NULL AND other.finished_at IS NULL
    ORDER BY other.job
    FOR UPDATE OF other
);

-- name: resume!
-- Let a job that is paused, or waits, go on now, with all others about the same.
UPDATE job
SET state = 'QUEUED', problem = NULL, attempts = 0, due_at = clock_timestamp()
WHERE job IN (
    SELECT other.job
    FROM job AS other
    JOIN job AS named ON other.job = named.job OR other.subject = named.subject
    WHERE named.job = :job AND named.finished_at IS NULL AND other.finished_at IS NULL AND other.state <> 'RUNNING'
    ORDER BY other.job
    FOR UPDATE OF other
);

-- name: one^
-- Give a job.
SELECT job, kind, institution, subject, state, due_at, deadline, done, total, attempts, problem, created_at, finished_at
FROM job
WHERE job = :job;

-- name: listed
-- Give jobs, the newest first: those that are not over, or all.
SELECT job, kind, institution, subject, state, due_at, deadline, done, total, attempts, problem, created_at, finished_at
FROM job
WHERE :all OR finished_at IS NULL
ORDER BY created_at DESC, job
LIMIT :count;

-- name: about
-- Give the jobs about some things that are not over.
SELECT job, kind, institution, subject, state, due_at, deadline, done, total, attempts, problem, created_at, finished_at
FROM job
WHERE subject = ANY (CAST(:subjects AS uuid[])) AND finished_at IS NULL;

-- name: of_subject
-- Give the jobs that do something for an institution, the newest first.
SELECT job, kind, institution, subject, state, due_at, deadline, done, total, attempts, problem, created_at, finished_at
FROM job
WHERE institution = :institution AND subject = :subject
ORDER BY job DESC;

-- name: of_institution
-- Give the jobs about the newest of what is done for an institution, from before one on; they stand together.
SELECT job, kind, institution, subject, state, due_at, deadline, done, total, attempts, problem, created_at, finished_at
FROM job
WHERE institution = :institution AND subject IN (
    SELECT DISTINCT subject FROM job
    WHERE institution = :institution AND subject < :before
    ORDER BY subject DESC
    LIMIT :count
)
ORDER BY subject DESC, job DESC;

-- name: held_late
-- Give what those jobs are about that wait for an operator though their deadline passed.
SELECT subject
FROM job
WHERE state = 'PAUSED' AND due_at IS NULL AND subject IS NOT NULL AND deadline <= :now
GROUP BY subject
ORDER BY min(deadline)
LIMIT :count;

-- name: forget!
-- Remove jobs that have been over for some time.
DELETE FROM job
WHERE finished_at < clock_timestamp() - CAST(:age AS interval);
