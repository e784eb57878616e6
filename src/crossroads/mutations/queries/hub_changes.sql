-- Queries of what the hub itself causes. `overlapping` and `ended_on` read the tables of the directory too.

-- name: happened$
-- Tell whether changes of who people are wait (over all persons).
SELECT EXISTS (SELECT FROM identity_event);

-- name: day_of_ends$
-- Give which day of ended inscriptions is looked at.
SELECT day FROM inscription_ends;

-- name: happenings
-- Give the changes of who people are that wait, the oldest first (all persons).
SELECT event, person, kind, related_person, happened_on, recorded_at, ticket, payload
FROM identity_event ORDER BY event LIMIT :limit;

-- name: take_happenings
-- Remove changes of who people are that are told, and give those that were there.
DELETE FROM identity_event
USING unnest(:persons::bigint[], :events::bigint[]) AS e (person, event)
WHERE identity_event.person = e.person AND identity_event.event = e.event
RETURNING identity_event.event;

-- name: numbers_of_persons
-- Give the number of each of some persons, as the person alone has it.
SELECT person, ssin FROM person WHERE person = ANY (:persons::bigint[]);

-- name: number_replaced$
-- Give the number that was replaced under a ticket (all numbers).
SELECT ssin FROM ssin_assignment
WHERE person = ANY (:persons::bigint[]) AND ticket = :ticket AND valid_until IS NOT NULL LIMIT 1;

-- name: add_caused!
-- Write what the hub itself has to tell, in the order given, and queue it for the mailboxes.
WITH added AS (
    INSERT INTO mutation (person, ssin, ticket, source, context, data_group, start_date, end_date, kind, happened_on,
                          addressee, report, told)
    SELECT m.person, m.ssin, m.ticket, m.source, m.context, m.data_group, m.start_date, m.end_date, m.kind, m.happened_on,
           m.addressee, m.report, m.told
    FROM unnest(
        :persons::bigint[], :ssins::text[], :tickets::uuid[], :sources::text[], :contexts::text[], :data_groups::text[],
        :starts::date[], :ends::date[], :kinds::text[], :happened::date[], :addressees::text[], :reports::uuid[],
        :told::text[]
    ) WITH ORDINALITY AS m (person, ssin, ticket, source, context, data_group, start_date, end_date, kind, happened_on,
                            addressee, report, told, position)
    ORDER BY m.position
    RETURNING mutation, person
)
INSERT INTO mutation_queue (mutation, person) SELECT mutation, person FROM added;

-- name: overlapping
-- Give inscriptions, as they were, that overlap since a merge; none when that merge holds no more.
SELECT i.person, i.inscription, i.institution, i.context, i.start_date, i.end_date, p.ssin
FROM unnest(:persons::bigint[], :inscriptions::bigint[]) AS o (person, inscription)
JOIN inscription_ever AS i ON i.person = o.person AND i.inscription = o.inscription
JOIN person AS p ON p.person = i.person
WHERE EXISTS (SELECT FROM person_link WHERE from_person = :from_person AND ticket = :ticket)
ORDER BY i.inscription;

-- name: begin_ends!
-- Begin to look at ended inscriptions with a day, unless that was begun before.
INSERT INTO inscription_ends (day, person, inscription) VALUES (:day, 0, 0) ON CONFLICT DO NOTHING;

-- name: ends^
-- Give how far the look at ended inscriptions has come, and let nobody else move it.
SELECT day, person, inscription FROM inscription_ends FOR UPDATE;

-- name: move_ends!
-- Keep how far the look at ended inscriptions has come.
UPDATE inscription_ends SET day = :day, person = :person, inscription = :inscription;

-- name: ended_on
-- Give the next inscriptions of which a day was the last, which was known before it was over, and which none continues.
SELECT i.person, i.inscription, i.institution, i.context, i.start_date, i.end_date, p.ssin
FROM inscription AS i JOIN person AS p ON p.person = i.person
WHERE i.end_date = :day AND (i.person, i.inscription) > (:person, :inscription)
  AND i.recorded_at < ((:day::date + 1)::timestamp AT TIME ZONE 'Europe/Brussels')
  AND NOT EXISTS (
    SELECT FROM inscription AS n
    WHERE n.person = i.person AND n.institution = i.institution AND n.context = i.context
      AND n.start_date <= :day::date + 1 AND (n.end_date IS NULL OR n.end_date > :day)
  )
ORDER BY i.person, i.inscription LIMIT :limit;
