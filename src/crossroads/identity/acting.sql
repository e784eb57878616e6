-- Queries on who acts for whom. What stands in them is never changed.

-- name: add_mandate$
-- Add a mandate; no row where the reference was used before.
INSERT INTO mandate (
    mandate, institution, reference, giver, receiver, giver_name, receiver_name, scopes, start_date, end_date, recorded_at
) VALUES (
    :mandate, :institution, :reference, :giver, :receiver, :giver_name, :receiver_name, :scopes, :start_date, :end_date, :moment
)
ON CONFLICT DO NOTHING
RETURNING mandate;

-- name: mandate_of_reference$
-- Give the mandate for which a reference was used.
SELECT mandate FROM mandate WHERE institution = :institution AND reference = :reference;

-- name: mandate^
-- Give a mandate with what became of it.
SELECT m.mandate, m.giver, m.receiver, m.giver_name, m.receiver_name, m.scopes, m.start_date, m.end_date, m.recorded_at AS given_at,
       a.recorded_at AS accepted_at, e.recorded_at AS ended_at, e.side AS ended_by
FROM mandate AS m
LEFT JOIN mandate_act AS a ON a.mandate = m.mandate AND a.kind = 'accepted'
LEFT JOIN mandate_act AS e ON e.mandate = m.mandate AND e.kind = 'ended'
WHERE m.mandate = :mandate;

-- name: mandates
-- Give the mandates that some persons gave or got, with what became of them, the newest first.
SELECT m.mandate, m.giver, m.receiver, m.giver_name, m.receiver_name, m.scopes, m.start_date, m.end_date, m.recorded_at AS given_at,
       a.recorded_at AS accepted_at, e.recorded_at AS ended_at, e.side AS ended_by
FROM mandate AS m
LEFT JOIN mandate_act AS a ON a.mandate = m.mandate AND a.kind = 'accepted'
LEFT JOIN mandate_act AS e ON e.mandate = m.mandate AND e.kind = 'ended'
WHERE m.giver = ANY (:persons::bigint[]) OR m.receiver = ANY (:persons::bigint[])
ORDER BY m.recorded_at DESC, m.mandate DESC LIMIT :limit;

-- name: open_mandates$
-- Count the mandates that some persons gave and that are not over.
SELECT count(*) FROM mandate AS m
WHERE m.giver = ANY (:persons::bigint[]) AND m.end_date >= :day
  AND NOT EXISTS (SELECT FROM mandate_act AS e WHERE e.mandate = m.mandate AND e.kind = 'ended');

-- name: add_act$
-- Note what became of a mandate; no row where that was noted before.
INSERT INTO mandate_act (mandate, kind, side, ticket, recorded_at)
VALUES (:mandate, :kind, :side, :ticket, :moment)
ON CONFLICT DO NOTHING
RETURNING mandate;

-- name: living$
-- Tell whether some persons, who are one human being, are there and none of them is recorded as deceased.
SELECT coalesce(bool_and(deceased_on IS NULL), false) FROM person WHERE person = ANY (:persons::bigint[]);

-- name: begin_acting!
-- Note that an agent acts for a person today.
INSERT INTO acting (person, ticket, acting_person, institution, agent, legal_context, mandate, day)
VALUES (:person, :ticket, :acting_person, :institution, :agent, :legal_context, :mandate, :day);

-- name: acted_for
-- Give on what ground an agent acts for some persons, who are one human being, today and for this purpose.
SELECT mandate FROM acting
WHERE person = ANY (:persons::bigint[]) AND institution = :institution AND agent = :agent
  AND legal_context = :legal_context AND day = :day;

-- name: forget_mandates$
-- Remove the mandates whose last day lies before a day, and count them (the whole table).
SELECT forget_mandates(:day);

-- name: forget_acting$
-- Remove what was noted of the days before one, and count it (over all persons).
WITH gone AS (DELETE FROM acting WHERE day < :day RETURNING 1) SELECT count(*) FROM gone;
