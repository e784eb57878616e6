-- What a supervisor should look at: questions of one agent that together look odd. Each query reads some days of the log by
-- the index of its months, or of one institution by that of institutions. What people ask about themselves is left out.

-- name: many_persons
-- Give where one agent asked about many people within a minute (all streams). Who does not exist counts too.
SELECT e.asker AS institution, e.content ->> 'agent' AS agent, min(e.at) AS since, max(e.at) AS until,
       count(DISTINCT coalesce(e.person::text, e.content ->> 'ssinHash')) AS persons, count(*) AS questions,
       (array_agg(e.ticket ORDER BY e.at))[1 : 10] AS tickets
FROM log_entry AS e
WHERE e.at >= :since AND e.at < :until AND e.event IN ('exchange:question:decided', 'exchange:question:refused')
  AND (:institution::text IS NULL OR e.asker = :institution) AND e.content ->> 'agent' IS NOT NULL
  AND NOT e.content ->> 'legalContext' = ANY (:own::text[])
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
  AND NOT e.content ->> 'legalContext' = ANY (:own::text[])
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
  AND NOT e.content ->> 'legalContext' = ANY (:own::text[])
GROUP BY e.asker, e.content ->> 'agent', e.person
ORDER BY questions DESC, since LIMIT :limit;

-- name: persons_by_agent
-- Give whom each agent asked about, of those who asked about several people: most people first (all streams).
SELECT e.asker AS institution, e.content ->> 'agent' AS agent, min(e.at) AS since, max(e.at) AS until,
       (array_agg(DISTINCT e.person))[1 : 10000] AS persons, count(*) AS questions
FROM log_entry AS e
WHERE e.at >= :since AND e.at < :until AND e.event IN ('exchange:question:decided', 'exchange:question:refused')
  AND e.person IS NOT NULL AND (:institution::text IS NULL OR e.asker = :institution) AND e.content ->> 'agent' IS NOT NULL
  AND NOT e.content ->> 'legalContext' = ANY (:own::text[])
GROUP BY e.asker, e.content ->> 'agent' HAVING count(DISTINCT e.person) >= :least
ORDER BY count(DISTINCT e.person) DESC, since LIMIT :limit;

-- name: tickets_of_agent
-- Give the first questions of an agent about some people (all streams).
SELECT e.ticket FROM log_entry AS e
WHERE e.person = ANY (:persons::bigint[]) AND e.at >= :since AND e.at < :until AND e.asker = :institution
  AND e.event IN ('exchange:question:decided', 'exchange:question:refused') AND e.content ->> 'agent' = :agent
ORDER BY e.at LIMIT 10;
