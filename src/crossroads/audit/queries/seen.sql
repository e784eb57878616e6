-- Queries of what was logged about one person, as that person or a supervisor sees it.
-- An entry is not seen yet while an embargo on its legal context lasts: one that was in force when the entry was made, for so
-- many days from then, or until a moment. An answer has the legal context of its question; a report of a presumed error that
-- of what was given: of the entry of the same institution under the ticket in which the error was seen. What tells of a report
-- (its source that it came, who reported that it was answered) names it, has no legal context of its own, and has the report's.
-- Embargoes are given as columns; before `settled` there is none, so that the content of older entries is not looked at.

-- name: seen
-- Give what was logged under the keys of a person, newest first, after a place, or at some places; less what an embargo keeps
-- from being seen now (all streams). The newest of each key first, by the index; then content, for those that are given alone.
WITH place AS MATERIALIZED (
    SELECT found.* FROM unnest(:persons::bigint[]) AS key (person) CROSS JOIN LATERAL (
        SELECT e.at, e.stream, e.index
        FROM log_entry AS e
        WHERE e.person = key.person AND e.event = ANY (:events::text[]) AND e.at >= :first AND e.at < :until
          AND (:at::timestamptz IS NULL OR (e.at, e.stream, e.index) < (:at, :stream::smallint, :index::bigint))
          AND (:streams::smallint[] IS NULL
               OR EXISTS (SELECT FROM unnest(:streams, :indexes::bigint[]) AS p (s, i) WHERE p.s = e.stream AND p.i = e.index))
          AND (:institution::text IS NULL OR e.asker = :institution)
          AND (:without::text IS NULL OR e.asker IS DISTINCT FROM :looker OR (e.content ->> 'legalContext') IS DISTINCT FROM :without)
          AND (:data_group::text IS NULL OR e.content -> 'groupsAsked' ? :data_group OR e.content ->> 'dataGroup' = :data_group)
          AND (e.at < :settled OR NOT EXISTS (
            SELECT FROM unnest(
                :contexts::text[], :froms::timestamptz[], :tos::timestamptz[], :days::int[], :opens::timestamptz[]
            ) AS m (context, since, before, days, opens)
            WHERE e.at >= m.since AND e.at < m.before AND :now < coalesce(m.opens, e.at + m.days * interval '24 hours')
              AND m.context = coalesce(nullif(e.content ->> 'legalContext', ''), (
                SELECT d.content ->> 'legalContext' FROM log_entry AS d
                WHERE d.ticket = e.ticket AND d.event = 'exchange:question:decided' AND e.event = 'exchange:answer:sent' LIMIT 1
              ), (
                SELECT s.content ->> 'legalContext' FROM log_entry AS r JOIN log_entry AS s ON s.ticket = (r.content ->> 'seen')::uuid
                WHERE r.ticket = coalesce((e.content ->> 'report')::uuid, e.ticket) AND r.event = 'mutations:error:reported' AND s.asker = r.asker
                  AND s.content ->> 'legalContext' IS NOT NULL
                LIMIT 1
              ))
          ))
        ORDER BY e.at DESC, e.stream DESC, e.index DESC LIMIT :limit::bigint + :skip::bigint
    ) AS found
    ORDER BY found.at DESC, found.stream DESC, found.index DESC LIMIT :limit OFFSET :skip
)
SELECT e.at, e.stream, e.index, e.event, e.ticket, e.person, e.asker, e.content - 'statement' - 'requestSignature' AS content
FROM place JOIN log_entry AS e ON e.stream = place.stream AND e.index = place.index AND e.at = place.at
ORDER BY e.at DESC, e.stream DESC, e.index DESC;

-- name: seen_total$
-- Count what `seen` gives, all of it (all streams).
SELECT count(*)
FROM log_entry AS e
WHERE e.person = ANY (:persons::bigint[]) AND e.event = ANY (:events::text[]) AND e.at >= :first AND e.at < :until
  AND (:institution::text IS NULL OR e.asker = :institution)
  AND (:without::text IS NULL OR e.asker IS DISTINCT FROM :looker OR (e.content ->> 'legalContext') IS DISTINCT FROM :without)
  AND (:data_group::text IS NULL OR e.content -> 'groupsAsked' ? :data_group OR e.content ->> 'dataGroup' = :data_group)
  AND (e.at < :settled OR NOT EXISTS (
    SELECT FROM unnest(
        :contexts::text[], :froms::timestamptz[], :tos::timestamptz[], :days::int[], :opens::timestamptz[]
    ) AS m (context, since, before, days, opens)
    WHERE e.at >= m.since AND e.at < m.before AND :now < coalesce(m.opens, e.at + m.days * interval '24 hours')
      AND m.context = coalesce(nullif(e.content ->> 'legalContext', ''), (
        SELECT d.content ->> 'legalContext' FROM log_entry AS d
        WHERE d.ticket = e.ticket AND d.event = 'exchange:question:decided' AND e.event = 'exchange:answer:sent' LIMIT 1
      ), (
        SELECT s.content ->> 'legalContext' FROM log_entry AS r JOIN log_entry AS s ON s.ticket = (r.content ->> 'seen')::uuid
        WHERE r.ticket = coalesce((e.content ->> 'report')::uuid, e.ticket) AND r.event = 'mutations:error:reported' AND s.asker = r.asker
          AND s.content ->> 'legalContext' IS NOT NULL
        LIMIT 1
      ))
  ));

-- name: outcomes
-- Give how the questions under some tickets ended, an answer last (all streams).
SELECT ticket, stream, index, event, content FROM log_entry
WHERE ticket = ANY (:tickets::uuid[]) AND event IN ('exchange:answer:sent', 'exchange:outcome:unknown') ORDER BY event DESC;

-- name: given_records
-- Give, of some records of batches whose pages were answered, which data groups were given by whom; one row without any where
-- none was (all streams).
SELECT r.batch, r.number, g.given ->> 0 AS data_group, g.given ->> 1 AS source
FROM unnest(:batches::uuid[], :numbers::bigint[]) AS r (batch, number)
JOIN log_entry AS a ON a.ticket = r.batch AND a.event = 'batch:page:answered'
  AND (a.content ->> 'page')::bigint = r.number / :page_size
LEFT JOIN LATERAL jsonb_array_elements(a.content -> 'groupsGiven') AS g (given) ON (g.given ->> 2)::int8multirange @> r.number;

-- name: kept_since$
-- Give the moment of the first entry of the log (all streams).
SELECT min(e.at) FROM log_stream AS s JOIN log_entry AS e ON e.stream = s.stream AND e.index = 0 WHERE s.stream >= 0;
