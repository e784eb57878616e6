-- Queries of the log as a supervisor searches it: by an index, some days of it, page by page, newest first.
-- Beside what a query is named for, each narrows by institution, agent and legal context where they are given.

-- name: of_ticket
-- Give the entries of a ticket, newest first, after a place (all streams).
SELECT e.at, e.stream, e.index, e.event, e.ticket, e.person, e.asker, e.content - 'statement' - 'requestSignature' AS content
FROM log_entry AS e
WHERE e.ticket = :ticket AND e.at >= :first AND e.at < :until
  AND (:at::timestamptz IS NULL OR (e.at, e.stream, e.index) < (:at, :stream::smallint, :index::bigint))
  AND (:askers::text[] IS NULL OR e.asker = ANY (:askers))
  AND (:agent::text IS NULL OR e.content ->> 'agent' = :agent)
  AND (:legal_context::text IS NULL OR e.content ->> 'legalContext' = :legal_context)
ORDER BY e.at DESC, e.stream DESC, e.index DESC LIMIT :limit;

-- name: of_persons
-- Give the entries about some keys of a person, newest first, after a place (all streams).
SELECT found.* FROM unnest(:persons::bigint[]) AS key (person) CROSS JOIN LATERAL (
    SELECT e.at, e.stream, e.index, e.event, e.ticket, e.person, e.asker,
           e.content - 'statement' - 'requestSignature' AS content
    FROM log_entry AS e
    WHERE e.person = key.person AND e.at >= :first AND e.at < :until
      AND (:at::timestamptz IS NULL OR (e.at, e.stream, e.index) < (:at, :stream::smallint, :index::bigint))
      AND (:askers::text[] IS NULL OR e.asker = ANY (:askers))
      AND (:agent::text IS NULL OR e.content ->> 'agent' = :agent)
      AND (:legal_context::text IS NULL OR e.content ->> 'legalContext' = :legal_context)
    ORDER BY e.at DESC, e.stream DESC, e.index DESC LIMIT :limit
) AS found
ORDER BY found.at DESC, found.stream DESC, found.index DESC LIMIT :limit;

-- name: of_askers
-- Give what some institutions did, newest first, after a place (all streams). The newest of each, by the index.
SELECT found.* FROM unnest(:askers::text[]) AS key (asker) CROSS JOIN LATERAL (
    SELECT e.at, e.stream, e.index, e.event, e.ticket, e.person, e.asker,
           e.content - 'statement' - 'requestSignature' AS content
    FROM log_entry AS e
    WHERE e.asker = key.asker AND e.at >= :first AND e.at < :until
      AND (:at::timestamptz IS NULL OR (e.at, e.stream, e.index) < (:at, :stream::smallint, :index::bigint))
      AND (:agent::text IS NULL OR e.content ->> 'agent' = :agent)
      AND (:legal_context::text IS NULL OR e.content ->> 'legalContext' = :legal_context)
    ORDER BY e.at DESC, e.stream DESC, e.index DESC LIMIT :limit
) AS found
ORDER BY found.at DESC, found.stream DESC, found.index DESC LIMIT :limit;

-- name: persons_at
-- Give whom the entries at some places are about (all streams).
SELECT DISTINCT e.person FROM unnest(:streams::smallint[], :indexes::bigint[]) AS p (stream, index)
JOIN log_entry AS e ON e.stream = p.stream AND e.index = p.index WHERE e.person IS NOT NULL;

-- name: archived_months
-- Give the months (UTC) of which entries went to an archive (all streams). The index of what the log says of itself has them.
SELECT DISTINCT content ->> 'month' AS month FROM log_entry
WHERE event = 'log:month:archived' AND event IN ('log:range:expired', 'log:month:archived') ORDER BY month;
