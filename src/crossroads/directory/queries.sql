-- Queries of the directory. All but the hot read keep to its own tables.

-- name: lines_of
-- Give the lines of a closure, of one institution and context where those are given.
SELECT person, inscription, institution, context, start_date, end_date, phase
FROM inscription
WHERE person = ANY (:persons::bigint[])
  AND (:context::text IS NULL OR context = :context)
  AND (:institution::text IS NULL OR institution = :institution)
ORDER BY start_date, inscription;

-- name: believed_lines
-- Give the lines of a closure that were believed at a moment.
SELECT inscription, institution, context, start_date, end_date, phase
FROM inscription_ever
WHERE person = ANY (:persons::bigint[]) AND recorded_at <= :moment AND :moment < recorded_until
ORDER BY start_date, inscription;

-- name: write_lines
-- Write lines of one institution and context.
INSERT INTO inscription (person, institution, context, start_date, end_date, phase, recorded_at, ticket)
SELECT p.person, :institution, :context, p.start_date, p.end_date, p.phase, :moment, :ticket
FROM unnest(:persons::bigint[], :starts::date[], :ends::date[], :phases::smallint[]) AS p (person, start_date, end_date, phase)
RETURNING inscription, institution, context, start_date, end_date, phase;

-- name: lines_to_history!
-- Keep lines that are believed no more.
INSERT INTO inscription_history (inscription, person, institution, context, start_date, end_date, phase, recorded_at, ticket,
                                 recorded_until, replaced_by, reason, actor)
SELECT inscription, person, institution, context, start_date, end_date, phase, recorded_at, ticket,
       :moment, :ticket, :reason, :actor
FROM inscription WHERE person = ANY (:persons::bigint[]) AND inscription = ANY (:inscriptions::bigint[]);

-- name: remove_lines!
-- Remove lines that were kept in the history.
DELETE FROM inscription WHERE person = ANY (:persons::bigint[]) AND inscription = ANY (:inscriptions::bigint[]);

-- name: claim_reference$
-- Take a reference of an institution; no row when it is taken. Waits for another transaction that is taking it.
INSERT INTO inscription_reference (institution, reference, digest) VALUES (:institution, :reference, :digest)
ON CONFLICT DO NOTHING
RETURNING reference;

-- name: reference^
-- Give what came of a request.
SELECT digest, outcome FROM inscription_reference WHERE institution = :institution AND reference = :reference;

-- name: keep_outcome!
-- Keep what came of a request.
UPDATE inscription_reference SET outcome = :outcome WHERE institution = :institution AND reference = :reference;

-- name: contexts
-- Give the contexts that occur (over the whole table).
SELECT DISTINCT context FROM inscription;

-- name: counts^
-- Count lines, people and lines in exclusive contexts (over the whole table).
SELECT count(*) AS inscriptions, count(DISTINCT person) AS persons,
       count(*) FILTER (WHERE context = ANY (:exclusive::text[])) AS exclusive
FROM inscription;

-- name: check_exclusive
-- Find the places where the rule of exclusivity breaks (over the whole table).
-- Lines of one human being and context in order of their start: where a line follows one of another institution, no line
-- before may reach to its start. That finds a break wherever there is one: take two lines that overlap, of different
-- institutions; the first line after the earlier one that is not of its institution begins before it ends.
WITH RECURSIVE head (person, root) AS (
    SELECT from_person, into_person FROM person_link
    UNION
    SELECT head.person, l.into_person FROM head JOIN person_link AS l ON l.from_person = head.root
), root AS (
    SELECT person, root FROM head WHERE root NOT IN (SELECT from_person FROM person_link)
), line AS (
    SELECT coalesce(root.root, i.person) AS human, i.context, i.institution, i.inscription, i.start_date,
           coalesce(i.end_date, 'infinity') AS end_date
    FROM inscription AS i LEFT JOIN root ON root.person = i.person
    WHERE i.context = ANY (:exclusive::text[])
), beside AS (
    SELECT human, context, inscription, start_date, institution <> lag(institution) OVER w AS changes,
           max(end_date) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM line WINDOW w AS (PARTITION BY human, context ORDER BY start_date, inscription)
), broken AS (
    SELECT DISTINCT human, context FROM beside WHERE changes AND reached >= start_date
)
SELECT DISTINCT a.inscription
FROM broken JOIN line AS a USING (human, context) JOIN line AS b USING (human, context)
WHERE a.institution <> b.institution AND a.start_date <= b.end_date AND b.start_date <= a.end_date
ORDER BY a.inscription LIMIT 100;

-- name: facts
-- The hot read: for each of a batch of requests whether its nonce is new, how many requests of its institution came this
-- second, and what is known of the person it is about. $1 institutions, $2 nonces, $3 slots, $4 numbers, $5 decoys: a number
-- that nobody has is looked up to the end as that person, so that it takes as long.
WITH asked AS MATERIALIZED (
    SELECT a.institution, a.nonce, a.slot, a.ssin, a.decoy, a.at,
           row_number() OVER (PARTITION BY a.institution, a.nonce, a.slot ORDER BY a.at) = 1 AS first
    FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::bigint[]) WITH ORDINALITY
        AS a (institution, nonce, slot, ssin, decoy, at)
), fresh AS (
    -- In one order, so that two batches with the same nonces never wait for each other.
    INSERT INTO nonce (institution, nonce, slot)
    SELECT institution, nonce, slot FROM asked WHERE first ORDER BY institution, nonce, slot
    ON CONFLICT DO NOTHING
    RETURNING institution, nonce, slot
), counted AS (
    INSERT INTO request_rate AS r (institution, reader, second, requests)
    SELECT institution, pg_backend_pid(), floor(extract(epoch FROM statement_timestamp())), count(*) FROM asked
    GROUP BY institution
    ON CONFLICT (institution, reader) DO UPDATE SET
        requests = CASE r.second WHEN excluded.second THEN r.requests ELSE 0 END + excluded.requests,
        second = excluded.second
    RETURNING institution, second, requests
), rate AS (
    SELECT institution, requests + coalesce((
        SELECT sum(o.requests) FROM request_rate AS o
        WHERE o.institution = counted.institution AND o.second = counted.second AND o.reader <> pg_backend_pid()
    ), 0) AS requests
    FROM counted
)
SELECT (SELECT version FROM catalogue_head) AS catalogue_version,
       (SELECT accepted_since FROM nonce_store) AS accepted_since,
       asked.first AND fresh.nonce IS NOT NULL AS nonce_new,
       rate.requests,
       known.person IS NOT NULL AS known,
       human.person, human.ssin, human.deceased_on,
       line.inscriptions, line.institutions, line.contexts, line.starts, line.ends, line.phases
FROM asked
LEFT JOIN fresh ON fresh.institution = asked.institution AND fresh.nonce = asked.nonce AND fresh.slot = asked.slot
LEFT JOIN rate ON rate.institution = asked.institution
LEFT JOIN LATERAL (
    SELECT s.person FROM ssin_assignment AS s WHERE s.ssin = asked.ssin ORDER BY s.valid_from DESC LIMIT 1
) AS known ON true
CROSS JOIN LATERAL (
    WITH RECURSIVE closure (person) AS (
        SELECT coalesce(known.person, asked.decoy)
        UNION
        SELECT next.person FROM closure CROSS JOIN LATERAL (
            SELECT into_person AS person FROM person_link WHERE from_person = closure.person
            UNION ALL
            SELECT from_person FROM person_link WHERE into_person = closure.person
        ) AS next
    )
    SELECT array_agg(person) AS persons FROM closure
) AS closure
LEFT JOIN LATERAL (
    SELECT p.person, p.ssin, max(p.deceased_on) OVER () AS deceased_on
    FROM person AS p WHERE p.person = ANY (closure.persons)
    ORDER BY EXISTS (SELECT FROM person_link AS l WHERE l.from_person = p.person) LIMIT 1
) AS human ON true
CROSS JOIN LATERAL (
    SELECT array_agg(i.inscription) AS inscriptions, array_agg(i.institution) AS institutions,
           array_agg(i.context) AS contexts, array_agg(i.start_date) AS starts, array_agg(i.end_date) AS ends,
           array_agg(i.phase) AS phases
    FROM inscription AS i WHERE i.person = ANY (closure.persons)
) AS line
ORDER BY asked.at;

-- name: begin_nonces!
-- Begin a store of nonces, unless another process has: what was created until now, and as long after as clocks may be ahead,
-- is refused.
INSERT INTO nonce_store (accepted_since) VALUES (clock_timestamp() + :ahead::interval) ON CONFLICT DO NOTHING;

-- name: accepted_since$
-- Give the moment since which the store of nonces is whole.
SELECT accepted_since FROM nonce_store;

-- name: past_slots
-- Give the slots of minutes that are long past: no request of those can be accepted any more.
SELECT DISTINCT (floor(extract(epoch FROM clock_timestamp()) / 60)::bigint - ago) % 16 AS slot
FROM generate_series(4, 10) AS ago;

-- name: nonces_in$
-- Tell whether a slot holds nonces.
SELECT EXISTS (SELECT FROM nonce WHERE slot = :slot);

-- name: forget_rates!
-- Forget the counts of connections that counted nothing for an hour.
DELETE FROM request_rate WHERE second < extract(epoch FROM clock_timestamp()) - 3600;

-- name: stage#
-- Make the place where the lines of a file wait to be checked; what is sorted on the way is sorted in memory.
SET LOCAL work_mem = '128MB';
CREATE TEMPORARY TABLE staged_inscription (
    line bigint GENERATED ALWAYS AS IDENTITY,
    ssin text NOT NULL,
    institution text NOT NULL,
    context text NOT NULL,
    start_date date NOT NULL,
    end_date date CHECK (end_date >= start_date),
    phase smallint NOT NULL,
    reference text
) ON COMMIT DROP;

-- name: look_up_staged#
-- Find the persons of the numbers in the file.
CREATE TEMPORARY TABLE staged_person ON COMMIT DROP AS
SELECT s.ssin, (
    SELECT a.person FROM ssin_assignment AS a WHERE a.ssin = s.ssin ORDER BY a.valid_from DESC LIMIT 1
) AS person
FROM (SELECT DISTINCT ssin FROM staged_inscription) AS s;
ANALYZE staged_inscription, staged_person;

-- name: staged_places
-- Give whose lines, in which contexts and phases, the file holds, and the first line without a reference.
SELECT institution, context, phase, min(line) AS line, min(line) FILTER (WHERE reference IS NULL) AS bare
FROM staged_inscription GROUP BY institution, context, phase ORDER BY 4;

-- name: staged_unknown
-- Give the lines about persons that are not known.
SELECT s.line FROM staged_inscription AS s JOIN staged_person AS p USING (ssin) WHERE p.person IS NULL
ORDER BY s.line LIMIT :limit;

-- name: lock_staged$
-- Take the locks of the persons of the file and of all linked with them, in key order, and count them.
WITH RECURSIVE closure (person) AS (
    SELECT person FROM staged_person
    UNION
    SELECT next.person FROM closure CROSS JOIN LATERAL (
        SELECT into_person AS person FROM person_link WHERE from_person = closure.person
        UNION ALL
        SELECT from_person FROM person_link WHERE into_person = closure.person
    ) AS next
)
SELECT count(*) FROM (
    SELECT person FROM person WHERE person IN (SELECT person FROM closure) ORDER BY person FOR NO KEY UPDATE
) AS locked;

-- name: staged_conflicts
-- Give the lines of the file that overlap one of another institution in an exclusive context, in the file or the directory;
-- found as in check_exclusive.
WITH RECURSIVE head (person, root) AS (
    SELECT from_person, into_person FROM person_link
    UNION
    SELECT head.person, l.into_person FROM head JOIN person_link AS l ON l.from_person = head.root
), root AS (
    SELECT person, root FROM head WHERE root NOT IN (SELECT from_person FROM person_link)
), line AS MATERIALIZED (
    SELECT coalesce(root.root, p.person) AS human, s.context, s.institution, s.line, s.start_date,
           coalesce(s.end_date, 'infinity') AS end_date
    FROM staged_inscription AS s JOIN staged_person AS p USING (ssin) LEFT JOIN root ON root.person = p.person
    WHERE s.context = ANY (:exclusive::text[])
    UNION ALL
    SELECT coalesce(root.root, i.person), i.context, i.institution, NULL, i.start_date, coalesce(i.end_date, 'infinity')
    FROM inscription AS i LEFT JOIN root ON root.person = i.person
    WHERE i.context = ANY (:exclusive::text[]) AND coalesce(root.root, i.person) IN (
        SELECT coalesce(r.root, p.person) FROM staged_person AS p LEFT JOIN root AS r ON r.person = p.person
    )
), beside AS (
    SELECT human, context, start_date, institution <> lag(institution) OVER w AS changes,
           max(end_date) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM line WINDOW w AS (PARTITION BY human, context ORDER BY start_date)
), broken AS (
    SELECT DISTINCT human, context FROM beside WHERE changes AND reached >= start_date
)
SELECT DISTINCT a.line
FROM broken JOIN line AS a USING (human, context) JOIN line AS b USING (human, context)
WHERE a.line IS NOT NULL AND a.institution <> b.institution AND a.start_date <= b.end_date AND b.start_date <= a.end_date
ORDER BY a.line LIMIT :limit;

-- name: add_staged$
-- Write the lines of the file, those of a person beside each other, and count them.
WITH added AS (
    INSERT INTO inscription (person, institution, context, start_date, end_date, phase, recorded_at, ticket)
    SELECT p.person, s.institution, s.context, s.start_date, s.end_date, s.phase, :moment, :ticket
    FROM staged_inscription AS s JOIN staged_person AS p USING (ssin)
    ORDER BY p.person, s.line
    RETURNING 1
)
SELECT count(*) FROM added;
