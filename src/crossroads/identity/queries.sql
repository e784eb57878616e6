-- Queries on who people are.

-- name: closure
-- Give the person of a number, and all persons linked with it, directly or through others.
WITH RECURSIVE asked AS (
    SELECT person FROM ssin_assignment WHERE ssin = :ssin ORDER BY valid_from DESC LIMIT 1
), closure (person) AS (
    SELECT person FROM asked
    UNION
    SELECT next.person FROM closure CROSS JOIN LATERAL (
        SELECT into_person AS person FROM person_link WHERE from_person = closure.person
        UNION ALL
        SELECT from_person FROM person_link WHERE into_person = closure.person
    ) AS next
)
SELECT asked.person AS asked, closure.person FROM asked, closure ORDER BY closure.person;

-- name: lock_persons
-- Take the locks of these persons in key order, so that no two writers wait for each other. Look only in a later statement.
SELECT person FROM person WHERE person = ANY (:persons::bigint[]) ORDER BY person FOR NO KEY UPDATE;

-- name: moment$
-- Give the moment at which a change is recorded; asked after the locks are held, so that moments follow each other.
SELECT clock_timestamp();

-- name: present^
-- Give the person into which the others of a closure were linked: the number of today is theirs.
SELECT person, ssin, deceased_on FROM person AS p
WHERE person = ANY (:persons::bigint[]) AND NOT EXISTS (SELECT FROM person_link WHERE from_person = p.person);

-- name: person^
-- Give a person.
SELECT person, ssin, deceased_on FROM person WHERE person = :person;

-- name: new_person$
-- Give the key of a person to be.
SELECT nextval('person_person_seq');

-- name: assign$
-- Assign a number to a person; no row when it has an owner.
INSERT INTO ssin_assignment (ssin, person, valid_from, recorded_at, ticket)
VALUES (:ssin, :person, :valid_from, :moment, :ticket)
ON CONFLICT DO NOTHING
RETURNING person;

-- name: add_person!
-- Add a person.
INSERT INTO person (person, ssin, recorded_at, ticket) VALUES (:person, :ssin, :moment, :ticket);

-- name: person_to_history!
-- Keep what is believed of a person, before it changes.
INSERT INTO person_history (person, ssin, deceased_on, recorded_at, ticket, recorded_until, replaced_by, reason, actor)
SELECT person, ssin, deceased_on, recorded_at, ticket, :moment, :ticket, :reason, :actor
FROM person WHERE person = :person;

-- name: change_person!
-- Record the number of today and the day of death of a person.
UPDATE person SET ssin = :ssin, deceased_on = :deceased_on, recorded_at = :moment, ticket = :ticket
WHERE person = :person;

-- name: assignment_to_history!
-- Keep what is believed of a number that is in use, before it changes.
INSERT INTO ssin_assignment_history
    (ssin, person, valid_from, valid_until, recorded_at, ticket, recorded_until, replaced_by, reason, actor)
SELECT ssin, person, valid_from, valid_until, recorded_at, ticket, :moment, :ticket, :reason, :actor
FROM ssin_assignment WHERE ssin = :ssin AND valid_until IS NULL;

-- name: end_assignment!
-- Record the last day on which a number was in use.
UPDATE ssin_assignment SET valid_until = :valid_until, recorded_at = :moment, ticket = :ticket
WHERE ssin = :ssin AND valid_until IS NULL;

-- name: add_link!
-- Record that two persons are one.
INSERT INTO person_link (from_person, into_person, since, recorded_at, ticket)
VALUES (:from_person, :into_person, :since, :moment, :ticket);

-- name: link_to_history!
-- Keep a link that is believed no more.
INSERT INTO person_link_history
    (from_person, into_person, since, recorded_at, ticket, recorded_until, replaced_by, reason, actor)
SELECT from_person, into_person, since, recorded_at, ticket, :moment, :ticket, :reason, :actor
FROM person_link WHERE from_person = :from_person AND into_person = :into_person;

-- name: remove_link$
-- Tell two persons apart again; no row when they are not linked so.
DELETE FROM person_link WHERE from_person = :from_person AND into_person = :into_person RETURNING from_person;

-- name: use_act$
-- Note that an act is carried out; no row when it was before.
INSERT INTO used_act (digest, kind, ticket) VALUES (:digest, :kind, :ticket) ON CONFLICT DO NOTHING RETURNING digest;

-- name: reference^
-- Give what an institution's reference was used for.
SELECT digest, person, ticket FROM person_reference WHERE institution = :institution AND reference = :reference;

-- name: keep_reference!
-- Keep what an institution's reference was used for.
INSERT INTO person_reference (institution, reference, digest, person, ticket)
VALUES (:institution, :reference, :digest, :person, :ticket)
ON CONFLICT DO NOTHING;

-- name: believed
-- Give the numbers, and the person into which the others were linked, of the human being that a number meant at a moment.
WITH RECURSIVE asked AS (
    SELECT person FROM ssin_assignment_ever
    WHERE ssin = :ssin AND recorded_at <= :moment AND :moment < recorded_until
    ORDER BY valid_from DESC LIMIT 1
), link AS (
    SELECT from_person, into_person FROM person_link_ever WHERE recorded_at <= :moment AND :moment < recorded_until
), closure (person) AS (
    SELECT person FROM asked
    UNION
    SELECT CASE closure.person WHEN link.from_person THEN link.into_person ELSE link.from_person END
    FROM closure JOIN link ON closure.person IN (link.from_person, link.into_person)
)
SELECT p.person, p.ssin AS present, p.deceased_on, n.ssin, n.valid_from, n.valid_until,
       p.person IN (SELECT from_person FROM link) AS linked
FROM closure
JOIN person_ever AS p ON p.person = closure.person AND p.recorded_at <= :moment AND :moment < p.recorded_until
JOIN ssin_assignment_ever AS n ON n.person = p.person AND n.recorded_at <= :moment AND :moment < n.recorded_until
ORDER BY p.person, n.valid_from;

-- name: known_numbers
-- Give the staged lines whose number has an owner already.
SELECT s.line FROM staged_person AS s WHERE EXISTS (SELECT FROM ssin_assignment AS a WHERE a.ssin = s.ssin)
ORDER BY s.line LIMIT :limit;

-- name: repeated_numbers
-- Give the staged lines whose number stands in an earlier line.
SELECT line FROM (SELECT line, row_number() OVER (PARTITION BY ssin ORDER BY line) AS nth FROM staged_person) AS s
WHERE nth > 1 ORDER BY line LIMIT :limit;

-- name: stage_persons#
-- Make the place where the lines of a file of persons wait to be checked.
CREATE TEMPORARY TABLE staged_person (
    line bigint GENERATED ALWAYS AS IDENTITY,
    person bigint NOT NULL DEFAULT nextval('person_person_seq'),
    ssin text NOT NULL,
    deceased_on date
) ON COMMIT DROP;

-- name: add_staged_persons!
-- Bring the persons of a file into being.
INSERT INTO person (person, ssin, deceased_on, recorded_at, ticket)
SELECT person, ssin, deceased_on, :moment, :ticket FROM staged_person;

-- name: add_staged_numbers$
-- Assign the numbers of a file, and count them.
WITH added AS (
    INSERT INTO ssin_assignment (ssin, person, recorded_at, ticket)
    SELECT ssin, person, :moment, :ticket FROM staged_person ORDER BY ssin
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) FROM added;
