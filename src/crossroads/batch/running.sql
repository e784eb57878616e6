-- Queries of a batch that is answered page by page. Each names the ticket, by which the tables may be distributed.
-- Several jobs share a batch: each takes pages that nobody has, and changes only its own, and of the batch the counts.

-- name: left^
-- Count the pages that are not answered and logged: of all, of those that this job may go on with, and of those undecided.
SELECT count(*) AS pages,
    count(*) FILTER (WHERE coalesce(job, :job) = :job) AS own,
    count(*) FILTER (WHERE coalesce(job, :job) = :job AND state = 'READ') AS undecided
FROM batch_page
WHERE ticket = :ticket AND (state <> 'ANSWERED' OR decisions IS NOT NULL);

-- name: take^
-- Take the next page that is to be decided, from now on this job's own; `drafted` tells that somebody began, and may have logged it.
UPDATE batch_page SET job = :job
WHERE ticket = :ticket AND page = (
    SELECT page FROM batch_page WHERE ticket = :ticket AND state = 'READ' AND coalesce(job, :job) = :job
    ORDER BY job IS NULL, page LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING page, records, decisions IS NOT NULL AS drafted;

-- name: due
-- Give the decided pages of which somebody is to be asked now, and those of which everybody answered; the first first.
SELECT p.page FROM batch_page AS p
WHERE p.ticket = :ticket AND p.state = 'DECIDED' AND coalesce(p.job, :job) = :job AND (
    EXISTS (SELECT FROM batch_chunk AS c WHERE c.ticket = :ticket AND c.page = p.page AND c.state = 'WAITING' AND c.due_at <= :now)
    OR NOT EXISTS (SELECT FROM batch_chunk AS c WHERE c.ticket = :ticket AND c.page = p.page AND c.state = 'WAITING')
)
ORDER BY p.page LIMIT :count;

-- name: wake!
-- Ask at once who seems to rest longer than anybody does: that tells that the clock went back.
UPDATE batch_chunk SET due_at = :now
WHERE ticket = :ticket AND state = 'WAITING' AND due_at > :now::timestamptz + :longest::interval
    AND page IN (SELECT page FROM batch_page WHERE ticket = :ticket AND coalesce(job, :job) = :job);

-- name: next_due$
-- Give the moment at which somebody is to be asked next.
SELECT min(due_at) FROM batch_chunk
WHERE ticket = :ticket AND state = 'WAITING'
    AND page IN (SELECT page FROM batch_page WHERE ticket = :ticket AND coalesce(job, :job) = :job);

-- name: decided_page^
-- Give a page that was decided.
SELECT records, decisions FROM batch_page WHERE ticket = :ticket AND page = :page AND state = 'DECIDED';

-- name: draft!
-- Keep what is about to be logged of a page.
UPDATE batch_page SET decisions = :decisions WHERE ticket = :ticket AND page = :page AND state = 'READ';

-- name: page_draft$
-- Give what was about to be logged of a page.
SELECT decisions FROM batch_page WHERE ticket = :ticket AND page = :page;

-- name: decided!
-- Note that a page is decided and logged.
UPDATE batch_page SET state = 'DECIDED', decided_at = :now WHERE ticket = :ticket AND page = :page;

-- name: count_decided!
-- Count records that are decided and logged.
UPDATE batch SET decided = decided + :records::bigint WHERE ticket = :ticket;

-- name: add_chunks!
-- Note whom to ask about a page: a source that rests, because it failed, when it is due again.
INSERT INTO batch_chunk (ticket, page, source, first_index, due_at)
SELECT :ticket, :page, s.source, 0, greatest(:now::timestamptz, (
    SELECT max(c.due_at) FROM batch_chunk AS c
    WHERE c.ticket = :ticket AND c.source = s.source AND c.state = 'WAITING' AND c.attempts > 0
))
FROM unnest(:sources::text[]) AS s (source);

-- name: add_chunk!
-- Note that a source is to be asked about the rest of a page.
INSERT INTO batch_chunk (ticket, page, source, first_index, due_at) VALUES (:ticket, :page, :source, :first_index, :now);

-- name: waiting_of
-- Give who is to be asked about a page, from which record on, and when.
SELECT source, first_index, due_at FROM batch_chunk WHERE ticket = :ticket AND page = :page AND state = 'WAITING'
ORDER BY source, first_index;

-- name: given_of$
-- Give how many bytes sources answered to a page.
SELECT coalesce(sum(octet_length(answer)), 0)::bigint FROM batch_chunk WHERE ticket = :ticket AND page = :page;

-- name: chunks_of
-- Give what came of asking about a page.
SELECT source, first_index, code, answer FROM batch_chunk WHERE ticket = :ticket AND page = :page AND state <> 'WAITING'
ORDER BY source, first_index;

-- name: answered!
-- Keep the answer of a source.
UPDATE batch_chunk SET state = 'ANSWERED', code = :code, answer = :answer
WHERE ticket = :ticket AND page = :page AND source = :source AND first_index = :first_index;

-- name: failed!
-- Note that a source will not be asked again about this.
UPDATE batch_chunk SET state = 'FAILED', code = :code
WHERE ticket = :ticket AND page = :page AND source = :source AND first_index = :first_index;

-- name: postponed$
-- Note that a source failed, and count how often; all that waits for it waits longer, each time twice as long.
WITH failing AS (
    UPDATE batch_chunk SET attempts = attempts + 1, code = :code
    WHERE ticket = :ticket AND page = :page AND source = :source AND first_index = :first_index AND state = 'WAITING'
    RETURNING least(:longest::interval, :pause::interval * power(2, least(attempts - 1, 20))) AS pause, attempts
), waiting AS (
    UPDATE batch_chunk AS c SET due_at = :now::timestamptz + failing.pause FROM failing
    WHERE c.ticket = :ticket AND c.source = :source AND c.state = 'WAITING' AND c.page <> :page
        AND c.page IN (SELECT p.page FROM batch_page AS p WHERE p.ticket = :ticket AND coalesce(p.job, :job) = :job)
)
SELECT :now::timestamptz + pause FROM failing;

-- name: postpone!
-- Note when a source is to be asked again.
UPDATE batch_chunk SET due_at = :due_at
WHERE ticket = :ticket AND page = :page AND source = :source AND first_index = :first_index;

-- name: give_up!
-- At the deadline: nobody is asked any more.
UPDATE batch_chunk SET state = 'FAILED', code = coalesce(code, :code)
WHERE ticket = :ticket AND state = 'WAITING'
    AND page IN (SELECT page FROM batch_page WHERE ticket = :ticket AND coalesce(job, :job) = :job);

-- name: add_result!
-- Keep a part of the result.
INSERT INTO batch_result (ticket, part, content) VALUES (:ticket, :part, :content);

-- name: page_answered!
-- Note that a page is answered: what it was answered from goes, and what is to be logged of it stays until it is.
UPDATE batch_page SET state = 'ANSWERED', records = NULL, decisions = :entry WHERE ticket = :ticket AND page = :page;

-- name: unlogged
-- Give the answered pages that were not seen to be logged, and what is to be logged of them.
SELECT page, decisions AS entry FROM batch_page
WHERE ticket = :ticket AND state = 'ANSWERED' AND decisions IS NOT NULL AND coalesce(job, :job) = :job ORDER BY page;

-- name: page_logged!
-- Note that an answered page is logged.
UPDATE batch_page SET decisions = NULL WHERE ticket = :ticket AND page = :page AND state = 'ANSWERED';

-- name: remove_page_chunks!
-- Remove what sources answered to a page.
DELETE FROM batch_chunk WHERE ticket = :ticket AND page = :page;

-- name: counts^
-- Give what is counted so far, and let nobody else count until the transaction ends.
SELECT counts, source_counts FROM batch WHERE ticket = :ticket FOR NO KEY UPDATE;

-- name: count_answered!
-- Count records that are answered.
UPDATE batch SET answered = answered + :records::bigint, counts = :counts, source_counts = :source_counts
WHERE ticket = :ticket;
