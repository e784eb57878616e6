-- Queries on who acts for whom. What stands in them is never changed.

-- name: add_mandate$
-- Add a mandate; no row where the reference was used before.
INSERT INTO mandate (
    mandate, institution, reference, giver, receiver, giver_name, receiver_name, receiver_ssin, scopes, start_date,
    end_date, recorded_at
) VALUES (
    :mandate, :institution, :reference, :giver, :receiver, :giver_name, :receiver_name, :receiver_ssin, :scopes,
    :start_date, :end_date, :moment
)
ON CONFLICT DO NOTHING
RETURNING mandate;

-- name: mandate_of_reference$
-- Give the mandate for which a reference was used.
SELECT mandate FROM mandate WHERE institution = :institution AND reference = :reference;

-- name: mandate^
-- Give a mandate with what became of it.
SELECT m.mandate, m.giver, m.receiver, m.giver_name, m.receiver_name, m.receiver_ssin, m.scopes, m.start_date, m.end_date,
       m.recorded_at AS given_at, a.recorded_at AS accepted_at, e.recorded_at AS ended_at, e.side AS ended_by
FROM mandate AS m
LEFT JOIN mandate_act AS a ON a.mandate = m.mandate AND a.kind = 'accepted'
LEFT JOIN mandate_act AS e ON e.mandate = m.mandate AND e.kind = 'ended'
WHERE m.mandate = :mandate;

-- name: mandates
-- Give the mandates that some persons gave or got, with what became of them: all that are not over, then of what they gave
-- and of what they got the newest that are over. So nobody hides another's by giving many.
WITH own AS (
    SELECT m.mandate, m.giver, m.receiver, m.giver_name, m.receiver_name, m.receiver_ssin, m.scopes, m.start_date, m.end_date,
           m.recorded_at AS given_at, a.recorded_at AS accepted_at, e.recorded_at AS ended_at, e.side AS ended_by,
           m.end_date < :day OR e.mandate IS NOT NULL AS over
    FROM mandate AS m
    LEFT JOIN mandate_act AS a ON a.mandate = m.mandate AND a.kind = 'accepted'
    LEFT JOIN mandate_act AS e ON e.mandate = m.mandate AND e.kind = 'ended'
    WHERE m.giver = ANY (:persons::bigint[]) OR m.receiver = ANY (:persons::bigint[])
), placed AS (
    SELECT own.*, row_number() OVER (
        PARTITION BY over, giver = ANY (:persons::bigint[]) ORDER BY given_at DESC, mandate DESC
    ) AS place
    FROM own
)
SELECT mandate, giver, receiver, giver_name, receiver_name, receiver_ssin, scopes, start_date, end_date, given_at, accepted_at,
       ended_at, ended_by
FROM placed
WHERE NOT over OR place <= :limit
ORDER BY over, given_at DESC, mandate DESC;

-- name: open_mandates$
-- Count the mandates that some persons gave and that are not over.
SELECT count(*) FROM mandate AS m
WHERE m.giver = ANY (:persons::bigint[]) AND m.end_date >= :day
  AND NOT EXISTS (SELECT FROM mandate_act AS e WHERE e.mandate = m.mandate AND e.kind = 'ended');

-- name: given_on$
-- Count the mandates that some persons gave on a day.
SELECT count(*) FROM mandate
WHERE giver = ANY (:persons::bigint[]) AND (recorded_at AT TIME ZONE 'Europe/Brussels')::date = :day;

-- name: given_to$
-- Count the mandates that some persons gave to some others after a day, over or not.
SELECT count(*) FROM mandate
WHERE giver = ANY (:persons::bigint[]) AND receiver = ANY (:others::bigint[]) AND recorded_at >= :day::date;

-- name: tries$
-- Count how often some persons tried to give a mandate on a day, and it was not confirmed to whom.
SELECT count(*) FROM mandate_try WHERE person = ANY (:persons::bigint[]) AND day = :day;

-- name: add_try!
-- Note that somebody tries to give a mandate.
INSERT INTO mandate_try (person, ticket, day) VALUES (:person, :ticket, :day);

-- name: remove_try!
-- Remove a try that told nobody anything new, or by which a mandate was given.
DELETE FROM mandate_try WHERE person = :person AND ticket = :ticket;

-- name: forget_tries$
-- Remove the tries of the days before one, and count them (over all persons).
WITH gone AS (DELETE FROM mandate_try WHERE day < :day RETURNING 1) SELECT count(*) FROM gone;

-- name: add_act$
-- Note what became of a mandate; no row where that was noted before.
INSERT INTO mandate_act (mandate, kind, side, ticket, recorded_at)
VALUES (:mandate, :kind, :side, :ticket, :moment)
ON CONFLICT DO NOTHING
RETURNING mandate;

-- name: living$
-- Tell whether some persons, who are one human being, are there and none of them is recorded as deceased.
SELECT coalesce(bool_and(deceased_on IS NULL), false) FROM person WHERE person = ANY (:persons::bigint[]);

-- name: lives
-- Tell of each of some persons who are there whether that one lives, by what is recorded, and is linked with another.
SELECT p.person, p.deceased_on IS NULL AS lives,
       EXISTS (SELECT FROM person_link AS l WHERE l.from_person = p.person)
       OR EXISTS (SELECT FROM person_link AS l WHERE l.into_person = p.person) AS linked
FROM person AS p WHERE p.person = ANY (:persons::bigint[]);

-- name: begin_acting!
-- Note that an agent acts for a person today.
INSERT INTO acting (person, ticket, acting_person, institution, agent, legal_context, mandate, day)
VALUES (:person, :ticket, :acting_person, :institution, :agent, :legal_context, :mandate, :day);

-- name: acted_for
-- Give for what an agent acts for some persons, who are one human being, today and for this purpose: each ground that
-- stands, with its scopes; of a parent none are named. A mandate must stand and be of that human being.
SELECT acting.acting_person, m.scopes
FROM acting
LEFT JOIN mandate AS m ON m.mandate = acting.mandate
WHERE acting.person = ANY (:persons::bigint[]) AND acting.institution = :institution AND acting.agent = :agent
  AND acting.legal_context = :legal_context AND acting.day = :day
  AND (acting.mandate IS NULL OR (
      m.giver = ANY (:persons::bigint[]) AND :day BETWEEN m.start_date AND m.end_date
      AND EXISTS (SELECT FROM mandate_act AS a WHERE a.mandate = m.mandate AND a.kind = 'accepted')
      AND NOT EXISTS (SELECT FROM mandate_act AS e WHERE e.mandate = m.mandate AND e.kind = 'ended')
  ));

-- name: forget_mandates$
-- Remove the mandates whose last day lies before a day, and count them (the whole table).
SELECT forget_mandates(:day);

-- name: forget_acting$
-- Remove what was noted of the days before one, and count it (over all persons).
WITH gone AS (DELETE FROM acting WHERE day < :day RETURNING 1) SELECT count(*) FROM gone;
