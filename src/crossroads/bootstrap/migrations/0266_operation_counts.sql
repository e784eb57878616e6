-- what an operator sees of questions is counted among questions, not among entries of files; how far back is told
-- depends: 0264_jobs_of_an_institution
-- compatible: the views that processes of the version before read keep their columns

-- migrate: apply

CREATE VIEW operation_share AS
SELECT 20000 / greatest(count(*), 1) AS entries FROM log_stream AS s
WHERE s.stream >= 0 AND EXISTS (
    SELECT FROM log_entry AS n
    WHERE n.stream = s.stream AND n.index = s.size - 1 AND n.at >= now() - interval '1 hour'
);

COMMENT ON VIEW operation_share IS
    'How many of the newest entries are looked at of each stream that was written to in the last hour. Nobody may read it.';

CREATE OR REPLACE VIEW operation_recent AS
SELECT e.at, e.event, e.ticket, e.content
FROM operation_share AS a CROSS JOIN log_stream AS s CROSS JOIN LATERAL (
    SELECT n.at, n.event, n.ticket, n.content FROM log_entry AS n
    WHERE n.stream = s.stream AND n.index >= s.size - a.entries AND n.at >= now() - interval '1 hour'
      AND n.event IN ('exchange:question:decided', 'exchange:question:refused', 'exchange:answer:sent')
) AS e
WHERE s.stream >= 0 AND EXISTS (
    SELECT FROM log_entry AS n
    WHERE n.stream = s.stream AND n.index = s.size - 1 AND n.at >= now() - interval '1 hour'
);

COMMENT ON VIEW operation_recent IS
    'Entries about questions among the newest thousands of all streams, of the last hour at most: what operation_question and operation_reply sum up. Nobody may read it.';

CREATE VIEW operation_bound AS
SELECT date_trunc('minute', max(n.at)) AS since
FROM operation_share AS a CROSS JOIN log_stream AS s
JOIN log_entry AS n ON n.stream = s.stream AND n.index = s.size - a.entries - 1 AND n.at >= now() - interval '1 hour'
WHERE s.stream >= 0;

COMMENT ON VIEW operation_bound IS
    'Since when questions are counted, where more was written in the last hour than is read: nothing where the whole hour is.';

GRANT SELECT ON operation_bound TO crossroads_portal, crossroads_hub, crossroads_reader;

-- migrate: rollback

CREATE OR REPLACE VIEW operation_recent AS
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

DROP VIEW operation_bound, operation_share;
