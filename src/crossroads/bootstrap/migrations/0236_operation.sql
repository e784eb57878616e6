-- what an operator must see of the installation, from all its processes: no person, no content
-- depends: 0235_committee

-- migrate: apply

-- A participant stands here from its first failure until it answers: so this is since when it fails.
ALTER TABLE source_breaker ADD COLUMN failing_since timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE VIEW operation_source AS
SELECT participant, failures, failing_since, coalesce(open_until > clock_timestamp(), false) AS suspended
FROM source_breaker;

COMMENT ON VIEW operation_source IS 'The participants that failed since they last answered.';

CREATE VIEW operation_job AS
SELECT job, kind, institution, state, due_at IS NULL AND state = 'PAUSED' AS held, due_at, deadline, done, total, problem,
       created_at, finished_at, state = 'RUNNING' AND lease_until > clock_timestamp() AS at_work
FROM job;

COMMENT ON VIEW operation_job IS 'Jobs, as crossroads jobs shows them.';

CREATE VIEW operation_mailbox AS
SELECT m.recipient, m.last_number - p.acknowledged - p.parked AS waiting, p.parked, o.added_at AS oldest
FROM mailbox AS m JOIN mailbox_progress AS p ON p.recipient = m.recipient
LEFT JOIN LATERAL (
    SELECT min(n.added_at) AS added_at
    FROM unnest(p.reached) WITH ORDINALITY AS s (first, place) CROSS JOIN LATERAL (
        SELECT i.added_at FROM mailbox_item AS i
        WHERE i.recipient = m.recipient AND i.slot = s.place - 1 AND i.number >= s.first AND i.state = 'waiting'
        ORDER BY i.number LIMIT 1
    ) AS n
) AS o ON m.last_number > p.acknowledged + p.parked;

COMMENT ON VIEW operation_mailbox IS 'How many items of each mailbox wait and are parked, and since when the oldest waits.';

CREATE VIEW operation_queue AS
SELECT count(*) AS changes FROM (SELECT FROM mutation_queue LIMIT 100000) AS waiting;

COMMENT ON VIEW operation_queue IS 'How many changes are not yet in mailboxes, counted up to a hundred thousand.';

CREATE VIEW operation_stream AS
WITH signed AS MATERIALIZED (
    SELECT (h.head ->> 'stream')::smallint AS stream, (h.head ->> 'size')::bigint AS size
    FROM (SELECT heads FROM log_top WHERE index = (SELECT max(size) FROM log_checkpoint) - 1) AS t
    CROSS JOIN LATERAL jsonb_array_elements(t.heads) AS h (head)
)
SELECT s.stream, coalesce(s.lease_until > clock_timestamp(), false) AS held, s.size - coalesce(g.size, 0) AS waiting,
       CASE WHEN s.size > coalesce(g.size, 0) THEN (
           SELECT e.at FROM log_entry AS e WHERE e.stream = s.stream AND e.index = coalesce(g.size, 0) LIMIT 1
       ) END AS oldest
FROM log_stream AS s LEFT JOIN signed AS g ON g.stream = s.stream
WHERE s.stream >= 0;

COMMENT ON VIEW operation_stream IS
    'The streams of the log: whether a process holds each, how many of its entries are under no checkpoint yet, and since when.';

CREATE VIEW operation_recent AS
WITH sample AS (
    SELECT 3200 / greatest(count(*), 1) AS entries FROM log_stream WHERE stream >= 0 AND size > 0
)
SELECT e.at, e.event, e.ticket, e.content
FROM sample AS a CROSS JOIN log_stream AS s CROSS JOIN LATERAL (
    SELECT n.at, n.event, n.ticket, n.content FROM log_entry AS n
    WHERE n.stream = s.stream AND n.index >= s.size - a.entries AND n.at >= now() - interval '1 hour'
    ORDER BY n.index DESC LIMIT 3200
) AS e
WHERE s.stream >= 0;

COMMENT ON VIEW operation_recent IS
    'The newest few thousand entries of all streams, of the last hour at most: what the two views below sum up. Nobody may read it.';

CREATE VIEW operation_question AS
WITH recent AS MATERIALIZED (
    SELECT at, event, ticket, content ->> 'receivedAt' AS received, content ->> 'repliedAt' AS replied FROM operation_recent
    WHERE event IN ('exchange:question:decided', 'exchange:question:refused', 'exchange:answer:sent')
), question AS (
    SELECT q.at, CASE WHEN q.event = 'exchange:question:refused' THEN q.at ELSE a.replied::timestamptz END
                 - q.received::timestamptz AS took
    FROM recent AS q LEFT JOIN recent AS a ON a.ticket = q.ticket AND a.event = 'exchange:answer:sent'
    WHERE q.event <> 'exchange:answer:sent' AND q.received IS NOT NULL
)
SELECT count(*) AS questions, extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY took))::float8 AS p50,
       extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY took))::float8 AS p95,
       date_trunc('minute', min(at)) AS since
FROM question WHERE took IS NOT NULL;

COMMENT ON VIEW operation_question IS
    'How many seconds the newest questions took, from receipt until the answer left, or the refusal was written: summed up, so that nobody sees when each was asked.';

CREATE VIEW operation_reply AS
WITH reply AS (
    SELECT r.at, s.reply ->> 'institution' AS institution, s.reply ->> 'status' = 'TECHNICAL_ERROR' AS failed,
           (s.reply ->> 'answeredAt')::timestamptz - (s.reply ->> 'askedAt')::timestamptz AS took
    FROM operation_recent AS r CROSS JOIN LATERAL jsonb_array_elements(r.content -> 'sources') AS s (reply)
    WHERE r.event = 'exchange:answer:sent'
)
SELECT institution, count(*) AS asked, count(*) FILTER (WHERE failed) AS failed,
       extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY took))::float8 AS p50,
       extract(epoch FROM percentile_cont(0.95) WITHIN GROUP (ORDER BY took))::float8 AS p95,
       date_trunc('minute', max(at) FILTER (WHERE NOT failed)) AS answered_at
FROM reply GROUP BY institution;

COMMENT ON VIEW operation_reply IS
    'How the newest questions went at each source, and how many seconds that took: summed up, so that nobody sees when each was asked.';

GRANT SELECT ON
    operation_source, operation_job, operation_mailbox, operation_queue, operation_stream, operation_question,
    operation_reply
TO crossroads_portal, crossroads_hub, crossroads_reader;

-- migrate: rollback

DROP VIEW
    operation_reply, operation_question, operation_recent, operation_stream, operation_queue, operation_mailbox,
    operation_job, operation_source;

ALTER TABLE source_breaker DROP COLUMN failing_since;
