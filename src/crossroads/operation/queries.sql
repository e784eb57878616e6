-- What an operator sees. Read through the views operation_*, which show no person and no content.

-- name: whole()^
-- Give what there is one of: processes, what waits for a checkpoint and for mailboxes, the newest checkpoint, how long the
-- newest questions took, and the size of the database (over all streams).
SELECT l.streams, l.held, l.unsigned, l.unsigned_since, q.changes AS changes_waiting, c.size AS checkpoint, c.at AS checkpoint_at,
       a.questions, a.p50, a.p95, a.since AS questions_since, b.since AS counted_since, pg_database_size(current_database()) AS database_bytes
FROM (
    SELECT count(*) AS streams, count(*) FILTER (WHERE held) AS held, coalesce(sum(waiting), 0)::bigint AS unsigned,
           min(oldest) AS unsigned_since
    FROM operation_stream
) AS l
CROSS JOIN operation_queue AS q
CROSS JOIN operation_question AS a
CROSS JOIN operation_bound AS b
LEFT JOIN (SELECT size, at FROM log_checkpoint ORDER BY size DESC LIMIT 1) AS c ON true;

-- name: sources()
-- Give the sources that were asked lately or that failed since they last answered (over all streams).
SELECT coalesce(r.institution, b.participant) AS institution, coalesce(r.asked, 0) AS asked, coalesce(r.failed, 0) AS failed,
       r.p50, r.p95, r.answered_at, coalesce(b.failures, 0) AS failures, b.failing_since, coalesce(b.suspended, false) AS suspended
FROM operation_reply AS r FULL JOIN operation_source AS b ON b.participant = r.institution
ORDER BY 1;

-- name: mailboxes()
-- Give how each mailbox stands in which something waits or is parked, the one that waits longest first (over all mailboxes).
SELECT recipient, waiting, parked, oldest FROM operation_mailbox WHERE waiting > 0 OR parked > 0 ORDER BY oldest NULLS LAST, recipient;

-- name: jobs(since, count)
-- Give the jobs that run, are held, have a problem or wait, and those that failed since a moment; the newest first.
SELECT job::text AS job, kind, institution, state, held, at_work, due_at, deadline, done, total, problem, created_at, finished_at
FROM operation_job
WHERE finished_at IS NULL OR state = 'FAILED' AND finished_at >= :since
ORDER BY held DESC, state = 'FAILED' DESC, problem IS NULL, created_at DESC, job LIMIT :count;
