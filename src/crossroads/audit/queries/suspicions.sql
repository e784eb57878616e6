-- What a supervisor should look at: questions of one agent that together look odd. Each query reads some days of the log by
-- the index of its months, or of one institution by that of institutions. What people ask about themselves is left out: by
-- who asked it and for which purpose, since anybody can name a purpose; and only where it was decided, not where it was
-- refused. Nobody is so many people within a minute: there nothing is left out.

-- name: days_of_log
-- Give those of some days, in Brussels, of which the log has entries (all streams).
SELECT day FROM unnest(:days::date[]) AS day
WHERE EXISTS (
    SELECT FROM log_entry AS e
    WHERE e.at >= day::timestamp AT TIME ZONE 'Europe/Brussels' AND e.at < (day + 1)::timestamp AT TIME ZONE 'Europe/Brussels'
)
ORDER BY day;

-- name: many_persons
-- Give where one agent asked about many people within a minute (all streams). Who does not exist counts too.
SELECT e.asker AS institution, e.content ->> 'agent' AS agent, min(e.at) AS since, max(e.at) AS until,
       count(DISTINCT coalesce(e.person::text, e.content ->> 'ssinHash')) AS persons, count(*) AS questions,
       (array_agg(e.ticket ORDER BY e.at))[1 : 10] AS tickets
FROM log_entry AS e
WHERE e.at >= :since AND e.at < :until AND e.event IN ('exchange:question:decided', 'exchange:question:refused')
  AND (:institution::text IS NULL OR e.asker = :institution) AND e.content ->> 'agent' IS NOT NULL
GROUP BY e.asker, e.content ->> 'agent', date_trunc('minute', e.at)
HAVING count(DISTINCT coalesce(e.person::text, e.content ->> 'ssinHash')) >= :least
ORDER BY persons DESC, since LIMIT :limit;

-- name: outside_hours
-- Give which agents asked outside some hours of Brussels, or at a weekend (all streams).
SELECT e.asker AS institution, e.content ->> 'agent' AS agent, min(e.at) AS since, max(e.at) AS until,
       count(DISTINCT coalesce(e.person::text, e.content ->> 'ssinHash')) AS persons, count(*) AS questions,
       (array_agg(e.ticket ORDER BY e.at))[1 : 10] AS tickets
FROM log_entry AS e CROSS JOIN LATERAL (SELECT e.at AT TIME ZONE 'Europe/Brussels' AS wall) AS t
WHERE e.at >= :since AND e.at < :until AND e.event IN ('exchange:question:decided', 'exchange:question:refused')
  AND (:institution::text IS NULL OR e.asker = :institution) AND e.content ->> 'agent' IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM unnest(:askers::text[], :purposes::text[]) AS own (asker, purpose)
      WHERE e.event = 'exchange:question:decided' AND own.asker = e.asker AND own.purpose = e.content ->> 'legalContext'
  )
  AND (extract(isodow FROM t.wall) > 5 OR extract(hour FROM t.wall) < :begin OR extract(hour FROM t.wall) >= :end)
GROUP BY e.asker, e.content ->> 'agent' HAVING count(*) >= :least
ORDER BY questions DESC, since LIMIT :limit;

-- name: about_persons
-- Give which agents asked about some people (all streams).
SELECT e.asker AS institution, e.content ->> 'agent' AS agent, e.person, min(e.at) AS since, max(e.at) AS until,
       1 AS persons, count(*) AS questions, (array_agg(e.ticket ORDER BY e.at))[1 : 10] AS tickets
FROM log_entry AS e
WHERE e.person = ANY (:persons::bigint[]) AND e.at >= :since AND e.at < :until
  AND e.event IN ('exchange:question:decided', 'exchange:question:refused', 'batch:record:decided')
  AND (:institution::text IS NULL OR e.asker = :institution)
  AND NOT EXISTS (
      SELECT FROM unnest(:askers::text[], :purposes::text[]) AS own (asker, purpose)
      WHERE e.event = 'exchange:question:decided' AND own.asker = e.asker AND own.purpose = e.content ->> 'legalContext'
  )
GROUP BY e.asker, e.content ->> 'agent', e.person
ORDER BY questions DESC, since LIMIT :limit;

-- name: persons_by_agent
-- Give whom each agent asked about, of those who asked about several people: most people first (all streams).
SELECT e.asker AS institution, e.content ->> 'agent' AS agent, min(e.at) AS since, max(e.at) AS until,
       (array_agg(DISTINCT e.person))[1 : 10000] AS persons, count(*) AS questions
FROM log_entry AS e
WHERE e.at >= :since AND e.at < :until AND e.event IN ('exchange:question:decided', 'exchange:question:refused')
  AND e.person IS NOT NULL AND (:institution::text IS NULL OR e.asker = :institution) AND e.content ->> 'agent' IS NOT NULL
  AND NOT EXISTS (
      SELECT FROM unnest(:askers::text[], :purposes::text[]) AS own (asker, purpose)
      WHERE e.event = 'exchange:question:decided' AND own.asker = e.asker AND own.purpose = e.content ->> 'legalContext'
  )
GROUP BY e.asker, e.content ->> 'agent' HAVING count(DISTINCT e.person) >= :least
ORDER BY count(DISTINCT e.person) DESC, since LIMIT :limit;

-- name: tickets_of_agent
-- Give the first questions of an agent about some people (all streams).
SELECT e.ticket FROM log_entry AS e
WHERE e.person = ANY (:persons::bigint[]) AND e.at >= :since AND e.at < :until AND e.asker = :institution
  AND e.event IN ('exchange:question:decided', 'exchange:question:refused') AND e.content ->> 'agent' = :agent
ORDER BY e.at LIMIT 10;

-- name: own_people
-- Give where who asks for people about themselves asked about, or looked at what is kept of, very many within a minute or
-- within an hour, in whatever sessions; of those alone, by the index of institutions (all streams). Who does not exist counts
-- too. Entries are read once, and only what is counted is sorted: they are long.
WITH looked AS MATERIALIZED (
    SELECT e.asker, e.at, e.person, e.content ->> 'ssinHash' AS nobody, e.ticket, e.content ->> 'legalContext' AS purpose,
           date_trunc('minute', e.at) AS minute, date_trunc('hour', e.at) AS hour
    FROM log_entry AS e
    WHERE e.asker = ANY (:askers::text[]) AND e.at >= :since AND e.at < :until
      AND (:institution::text IS NULL OR e.asker = :institution)
      AND e.event IN (
          'exchange:question:decided', 'exchange:question:refused', 'transparency:usage:shown', 'transparency:holders:shown',
          'transparency:proof:shown', 'transparency:mandates:shown', 'transparency:look:refused', 'box:list:shown',
          'transparency:mandate:tried', 'transparency:acting:begun', 'transparency:acting:refused', 'mutations:error:shown',
          'batch:record:decided'
      )
)
SELECT l.asker AS institution, NULL AS agent, min(l.at) AS since, max(l.at) AS until,
       count(DISTINCT l.person) + count(DISTINCT l.nobody) AS persons, count(*) AS questions,
       (array_agg(l.ticket ORDER BY l.at))[1 : 10] AS tickets
FROM looked AS l
WHERE (l.asker, l.purpose) IN (SELECT * FROM unnest(:askers::text[], :purposes::text[]))
GROUP BY GROUPING SETS ((l.asker, l.minute), (l.asker, l.hour))
HAVING count(DISTINCT l.person) + count(DISTINCT l.nobody)
       >= CASE WHEN grouping(l.minute) = 0 THEN :in_minute::int ELSE :in_hour::int END
ORDER BY persons DESC, since LIMIT :limit;

-- name: own_sessions
-- Give about whom who asks for people about themselves asked, or looked, in many sessions: more than a person begins, with
-- those who act for that person (all streams). It reads as `own_people` does.
WITH looked AS MATERIALIZED (
    SELECT e.asker, e.at, e.person, e.content ->> 'agent' AS agent, e.ticket, e.content ->> 'legalContext' AS purpose
    FROM log_entry AS e
    WHERE e.asker = ANY (:askers::text[]) AND e.at >= :since AND e.at < :until AND e.person IS NOT NULL
      AND (:institution::text IS NULL OR e.asker = :institution)
      AND e.event IN (
          'exchange:question:decided', 'exchange:question:refused', 'transparency:usage:shown', 'transparency:holders:shown',
          'transparency:proof:shown', 'transparency:mandates:shown', 'transparency:look:refused', 'box:list:shown',
          'transparency:mandate:tried', 'transparency:acting:begun', 'transparency:acting:refused', 'mutations:error:shown',
          'batch:record:decided'
      )
)
SELECT l.asker AS institution, NULL AS agent, l.person, min(l.at) AS since, max(l.at) AS until, 1 AS persons,
       count(*) AS questions, count(DISTINCT l.agent) AS sessions, (array_agg(l.ticket ORDER BY l.at))[1 : 10] AS tickets
FROM looked AS l
WHERE (l.asker, l.purpose) IN (SELECT * FROM unnest(:askers::text[], :purposes::text[]))
GROUP BY l.asker, l.person HAVING count(DISTINCT l.agent) >= :least
ORDER BY sessions DESC, since LIMIT :limit;
