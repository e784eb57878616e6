-- Queries of what was logged about one person, as that person or a supervisor sees it.
-- An entry is not seen yet while an embargo lasts on what it follows from: on a legal context, in force when that was done, for
-- so many days from then, or until a moment. An entry follows from itself. An answer follows from its question. A report of a
-- presumed error follows from what was given: the entry of the same institution under the ticket in which the error was seen;
-- and so does what tells of a report (its source that it came, who reported that it was answered): it names the report, and has
-- no legal context of its own. A correction follows from all that the institution asked or was told of the same data before:
-- perhaps it is told for another purpose than that for which it had been given what was wrong.
-- Embargoes are given as columns; before `settled` there is none, so that the content of older entries is not looked at.

-- name: seen
-- Give what was logged under the keys of a person, newest first, after a place, or at some places; less what an embargo keeps
-- from being seen now; and with each how many there are in all, wherever the page begins, and of which months entries went to an
-- archive: one row alone where the page has none (all streams). `under` is what was asked or told for a purpose that is under an
-- embargo, as far as corrections follow from it. Places are found first; content is read of what is given.
WITH embargo AS MATERIALIZED (
    SELECT * FROM unnest(
        :contexts::text[], :froms::timestamptz[], :tos::timestamptz[], :days::int[], :opens::timestamptz[]
    ) AS m (context, since, before, days, opens)
), under AS MATERIALIZED (
    SELECT g.at, m.context, g.asker, g.content -> 'groupsAsked' AS groups, g.content ->> 'dataGroup' AS data_group
    FROM log_entry AS g JOIN embargo AS m ON m.context = g.content ->> 'legalContext' AND g.at >= m.since
    WHERE g.person = ANY (:persons::bigint[]) AND g.at >= :settled
      AND g.event IN ('exchange:question:decided', 'batch:record:decided', 'mutations:item:delivered')
), entry AS MATERIALIZED (
    SELECT e.at, e.stream, e.index
    FROM log_entry AS e
    WHERE e.person = ANY (:persons::bigint[]) AND e.event = ANY (:events::text[]) AND e.at >= :first AND e.at < :until
      AND (:streams::smallint[] IS NULL
           OR EXISTS (SELECT FROM unnest(:streams, :indexes::bigint[]) AS p (s, i) WHERE p.s = e.stream AND p.i = e.index))
      AND (:institution::text IS NULL OR e.asker = :institution)
      AND (:without::text IS NULL OR e.asker IS DISTINCT FROM :looker OR (e.content ->> 'legalContext') IS DISTINCT FROM :without)
      AND (:data_group::text IS NULL OR e.content -> 'groupsAsked' ? :data_group OR e.content ->> 'dataGroup' = :data_group)
      AND (e.at < :settled OR NOT EXISTS (
        SELECT FROM embargo AS m JOIN LATERAL (
            SELECT e.at, e.content ->> 'legalContext' AS context
            UNION ALL
            SELECT d.at, d.content ->> 'legalContext' FROM log_entry AS d
            WHERE e.event = 'exchange:answer:sent' AND d.ticket = e.ticket AND d.event = 'exchange:question:decided'
            UNION ALL
            SELECT s.at, s.content ->> 'legalContext'
            FROM log_entry AS r JOIN log_entry AS s ON s.ticket = (r.content ->> 'seen')::uuid AND s.asker = r.asker
            WHERE coalesce(e.content ->> 'legalContext', '') = '' AND r.ticket = coalesce((e.content ->> 'report')::uuid, e.ticket)
              AND r.event = 'mutations:error:reported'
            UNION ALL
            SELECT h.at, h.context FROM under AS h
            WHERE e.event = 'mutations:item:delivered' AND e.content ->> 'kind' = 'corrected' AND h.at < e.at AND h.asker = e.asker
              AND (h.groups ? (e.content ->> 'dataGroup') OR h.data_group = e.content ->> 'dataGroup')
        ) AS cause ON cause.context = m.context
        WHERE cause.at >= m.since AND cause.at < m.before
          AND :now < coalesce(m.opens, cause.at + m.days * interval '24 hours')
      ))
), place AS (
    SELECT * FROM entry
    WHERE :at::timestamptz IS NULL OR (at, stream, index) < (:at, :stream::smallint, :index::bigint)
    ORDER BY at DESC, stream DESC, index DESC LIMIT :limit OFFSET :skip
), archive AS MATERIALIZED (
    SELECT array_agg(DISTINCT o.content ->> 'month' ORDER BY o.content ->> 'month') AS months FROM log_entry AS o
    WHERE o.event = 'log:month:archived' AND o.event IN ('log:range:expired', 'log:month:archived')
)
SELECT t.total, a.months AS archived, e.at, e.stream, e.index, e.event, e.ticket, e.person, e.asker,
       e.content - 'statement' - 'requestSignature' AS content
FROM (SELECT count(*) AS total FROM entry) AS t CROSS JOIN archive AS a
LEFT JOIN (place JOIN log_entry AS e ON e.stream = place.stream AND e.index = place.index AND e.at = place.at) ON true
ORDER BY e.at DESC, e.stream DESC, e.index DESC;

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
