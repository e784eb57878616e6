-- Queries on who people are.

-- name: persons_of
-- Give the person of each of some numbers, and whether that one is linked with another.
SELECT DISTINCT ON (a.ssin) a.ssin, a.person,
       EXISTS (SELECT FROM person_link AS l WHERE l.from_person = a.person)
       OR EXISTS (SELECT FROM person_link AS l WHERE l.into_person = a.person) AS linked
FROM ssin_assignment AS a WHERE a.ssin = ANY (:ssins::text[]) ORDER BY a.ssin, a.valid_from DESC;

-- name: linked
-- Give, for each of some persons, all linked with that one, directly or through others, and the one of them into which the
-- others were linked. Links stand whole on every machine.
WITH RECURSIVE closure (asked, person) AS (
    SELECT person, person FROM unnest(:persons::bigint[]) AS asked (person)
    UNION
    SELECT closure.asked, next.person FROM closure CROSS JOIN LATERAL (
        SELECT into_person AS person FROM person_link WHERE from_person = closure.person
        UNION ALL
        SELECT from_person FROM person_link WHERE into_person = closure.person
    ) AS next
)
SELECT asked, array_agg(person ORDER BY person) AS persons,
       min(person) FILTER (WHERE NOT EXISTS (SELECT FROM person_link WHERE from_person = closure.person)) AS head
FROM closure GROUP BY asked;

-- name: present_numbers
-- Give the numbers of some persons, and whether each was linked into another, whose number is the one of today.
SELECT p.person, p.ssin, EXISTS (SELECT FROM person_link AS l WHERE l.from_person = p.person) AS linked
FROM person AS p WHERE p.person = ANY (:persons::bigint[]);

-- name: lock_person*!
-- Take the locks of persons, one after the other in key order, so that no two writers wait for each other. Look only in a later
-- statement.
SELECT FROM person WHERE person = :person FOR NO KEY UPDATE;

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

-- name: tell!
-- Write a change of who somebody is into the outbox.
INSERT INTO identity_event (person, kind, related_person, happened_on, recorded_at, ticket, payload)
VALUES (:person, :kind, :related, :happened_on, :moment, :ticket, :payload);

-- name: claim_request$
-- Take a reference of an institution; no row when it is taken. Waits for another transaction that is taking it.
INSERT INTO person_request (institution, reference, digest) VALUES (:institution, :reference, :digest)
ON CONFLICT DO NOTHING
RETURNING reference;

-- name: request^
-- Give what came of a request.
SELECT digest, outcome FROM person_request WHERE institution = :institution AND reference = :reference;

-- name: keep_outcome!
-- Keep what came of a request.
UPDATE person_request SET outcome = :outcome WHERE institution = :institution AND reference = :reference;

-- name: take_turn$
-- Wait until nobody else brings a person into being.
SELECT singleton FROM bis_turn FOR NO KEY UPDATE;

-- name: next_in_series$
-- Give the next number of a series, counted from 1; no row when all are used up.
INSERT INTO bis_counter AS c (series, last) VALUES (:series, 1)
ON CONFLICT (series) DO UPDATE SET last = c.last + 1 WHERE c.last < :size
RETURNING last;

-- name: add_exception$
-- Note that a request may go on beside persons who agree closely; no row where that is noted.
INSERT INTO bis_exception (institution, reference, digest, recorded_at, ticket)
VALUES (:institution, :reference, :digest, :moment, :ticket)
ON CONFLICT DO NOTHING
RETURNING reference;

-- name: excepted$
-- Tell whether a request may go on beside persons who agree closely.
SELECT EXISTS (
    SELECT FROM bis_exception WHERE institution = :institution AND reference = :reference AND digest = :digest
);

-- name: add_given!
-- Note that the register gave out a number.
INSERT INTO bis_number (person, ssin, creator, recorded_at, ticket)
VALUES (:person, :ssin, :creator, :moment, :ticket);

-- name: given
-- Give the numbers that the register gave to the persons of a closure.
SELECT person, ssin, creator FROM bis_number WHERE person = ANY (:persons::bigint[]) ORDER BY person, ssin;

-- name: particulars
-- Give what is recorded of the persons of a closure, the newest days first.
SELECT person, truth, start_date, end_date, last_name, first_names, birth_date, sex, birth_place, nationality, address,
       evidence_kind, evidence_number, evidence_issuer, recorded_by
FROM bis_particulars WHERE person = ANY (:persons::bigint[]) ORDER BY start_date DESC, person, truth;

-- name: believed_particulars
-- Give what was believed at a moment of persons.
SELECT person, truth, start_date, end_date, last_name, first_names, birth_date, sex, birth_place, nationality, address,
       evidence_kind, evidence_number, evidence_issuer, recorded_by
FROM bis_particulars_ever
WHERE person = ANY (:persons::bigint[]) AND recorded_at <= :moment AND :moment < recorded_until
ORDER BY start_date DESC, person, truth;

-- name: add_particulars!
-- Record particulars of a person.
INSERT INTO bis_particulars
    (person, truth, start_date, end_date, last_name, first_names, birth_date, sex, birth_place, nationality, address,
     evidence_kind, evidence_number, evidence_issuer, recorded_by, name_keys, recorded_at, ticket)
VALUES (:person, :truth, :start_date, :end_date, :last_name, :first_names, :birth_date, :sex, :birth_place, :nationality,
        :address, :evidence_kind, :evidence_number, :evidence_issuer, :recorded_by, :name_keys, :moment, :ticket);

-- name: particulars_to_history!
-- Keep particulars that are believed no more.
INSERT INTO bis_particulars_history
    (person, truth, start_date, end_date, last_name, first_names, birth_date, sex, birth_place, nationality, address,
     evidence_kind, evidence_number, evidence_issuer, recorded_by, name_keys, recorded_at, ticket,
     recorded_until, replaced_by, reason, actor)
SELECT person, truth, start_date, end_date, last_name, first_names, birth_date, sex, birth_place, nationality, address,
       evidence_kind, evidence_number, evidence_issuer, recorded_by, name_keys, recorded_at, ticket,
       :moment, :ticket, :reason, :actor
FROM bis_particulars WHERE person = :person AND truth = :truth AND start_date = :start_date;

-- name: remove_particulars!
-- Remove particulars that were kept in the history.
DELETE FROM bis_particulars WHERE person = :person AND truth = :truth AND start_date = :start_date;

-- search

-- name: search
-- Give people whose particulars have one of these keys (over all persons): those of a likely birth date first, then those who share most of it.
SELECT person, last_name, first_names, birth_date, sex FROM bis_particulars
WHERE name_keys && :keys::text[]
ORDER BY
    array_position(:dates::text[], birth_date),
    (left(birth_date, 4) = :year)::int + (substr(birth_date, 6, 2) = :month)::int + (right(birth_date, 2) = :day)::int DESC,
    person
LIMIT :limit;

-- retention

-- name: see_served!
-- Note whose particulars have served, since today (over all persons).
SELECT see_bis_served();

-- name: due_particulars
-- Give whose particulars have served for as many days as are settled (over all persons or some): why, in how many lines,
-- and for how many days they were kept.
SELECT b.person, s.why, t.days, (SELECT count(*) FROM bis_particulars AS p WHERE p.person = b.person)
     + (SELECT count(*) FROM bis_particulars_history AS h WHERE h.person = b.person) AS lines
FROM bis_served AS b
JOIN bis_term AS t ON b.since < now() - make_interval(days => t.days)
CROSS JOIN LATERAL bis_having_served(ARRAY[b.person]) AS s
WHERE :persons::bigint[] IS NULL OR b.person = ANY (:persons::bigint[])
ORDER BY b.person LIMIT :limit;

-- name: remove_all_particulars$
-- Remove what is recorded of a person who has served, and what was believed before, and count the lines.
SELECT remove_bis_particulars(:person);

-- name: keep_removal!
-- Keep that the particulars of a person were removed, and why.
INSERT INTO bis_removal (person, ticket, why, lines, removed_at) VALUES (:person, :ticket, :why, :lines, :moment);

-- name: removals
-- Give of how many persons particulars were removed (over all persons), by day in Brussels and reason, the newest first.
SELECT (removed_at AT TIME ZONE 'Europe/Brussels')::date AS day, why, count(*) AS persons, sum(lines) AS lines
FROM bis_removal GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT :limit;
