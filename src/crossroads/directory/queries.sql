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
-- Write lines of persons.
INSERT INTO inscription (person, institution, context, start_date, end_date, phase, recorded_at, ticket)
SELECT p.person, p.institution, p.context, p.start_date, p.end_date, p.phase, :moment, p.ticket
FROM unnest(
    :persons::bigint[], :institutions::text[], :contexts::text[], :starts::date[], :ends::date[], :phases::smallint[],
    :tickets::uuid[]
) AS p (person, institution, context, start_date, end_date, phase, ticket)
RETURNING inscription, institution, context, start_date, end_date, phase, ticket;

-- name: lines_to_history!
-- Keep lines of persons that are believed no more.
INSERT INTO inscription_history (inscription, person, institution, context, start_date, end_date, phase, recorded_at, ticket,
                                 recorded_until, replaced_by, reason, actor)
SELECT i.inscription, i.person, i.institution, i.context, i.start_date, i.end_date, i.phase, i.recorded_at, i.ticket,
       :moment, e.ticket, e.reason, :actor
FROM inscription AS i JOIN unnest(:persons::bigint[], :inscriptions::bigint[], :tickets::uuid[], :reasons::text[])
    AS e (person, inscription, ticket, reason) ON i.person = e.person AND i.inscription = e.inscription
WHERE i.person = ANY (:persons::bigint[]);

-- name: remove_lines!
-- Remove lines that were kept in the history.
DELETE FROM inscription
WHERE person = ANY (:persons::bigint[])
  AND (person, inscription) IN (SELECT e.person, e.inscription FROM unnest(:persons::bigint[], :inscriptions::bigint[])
                                AS e (person, inscription));

-- name: claim_references
-- Take references of an institution, in their order; no row for one that is taken. Waits for another transaction that is
-- taking one.
INSERT INTO inscription_reference (institution, reference, digest)
SELECT :institution, r.reference, r.digest FROM unnest(:references::text[], :digests::bytea[]) AS r (reference, digest)
ORDER BY r.reference
ON CONFLICT DO NOTHING
RETURNING reference;

-- name: references
-- Give what came of requests.
SELECT reference, digest, outcome FROM inscription_reference
WHERE institution = :institution AND reference = ANY (:references::text[]);

-- name: keep_outcomes!
-- Keep what came of requests.
UPDATE inscription_reference AS kept SET digest = r.digest, outcome = r.outcome
FROM unnest(:references::text[], :digests::bytea[], :outcomes::text[]) AS r (reference, digest, outcome)
WHERE kept.institution = :institution AND kept.reference = r.reference;

-- name: free_references!
-- Give references back that were taken in vain.
DELETE FROM inscription_reference WHERE institution = :institution AND reference = ANY (:references::text[]);

-- name: lines_of_institution
-- Give the lines of an institution after a number, in the order of their numbers (over the whole table).
SELECT person, inscription, institution, context, start_date, end_date, phase
FROM inscription WHERE institution = :institution AND inscription > :after ORDER BY inscription LIMIT :limit;

-- name: contexts
-- Give the contexts that occur (over the whole table).
SELECT DISTINCT context FROM inscription;

-- name: counts^
-- Count lines, people and lines in exclusive contexts (over the whole table).
SELECT count(*) AS inscriptions, count(DISTINCT person) AS persons,
       count(*) FILTER (WHERE context = ANY (:exclusive::text[])) AS exclusive
FROM inscription;

-- name: check_exclusive
-- Find the places where the rule of exclusivity breaks (over the whole table), and tell which of them a merge made.
-- Lines of one human being and context in order of their start: where a line follows one of another institution, no line
-- before may reach to its start. That finds a break wherever there is one: take two lines that overlap, of different
-- institutions; the first line after the earlier one that is not of its institution begins before it ends.
-- Two lines came together by the newest of the links on the way from one person to the other: those that lead up from one of
-- the two alone. An overlap is known where either institution had all its days when that link was recorded.
WITH RECURSIVE head (person, link, root) AS (
    SELECT from_person, from_person, into_person FROM person_link
    UNION
    SELECT head.person, l.from_person, l.into_person FROM head JOIN person_link AS l ON l.from_person = head.root
), root AS (
    SELECT person, root FROM head WHERE root NOT IN (SELECT from_person FROM person_link)
), line AS (
    SELECT coalesce(root.root, i.person) AS human, i.person, i.context, i.institution, i.inscription, i.start_date,
           coalesce(i.end_date, 'infinity') AS end_date
    FROM inscription AS i LEFT JOIN root ON root.person = i.person
    WHERE i.context = ANY (:exclusive::text[])
), beside AS (
    SELECT human, context, inscription, start_date, institution <> lag(institution) OVER w AS changes,
           max(end_date) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
    FROM line WINDOW w AS (PARTITION BY human, context ORDER BY start_date, inscription)
), broken AS (
    SELECT DISTINCT human, context FROM beside WHERE changes AND reached >= start_date
), pair AS (
    SELECT context, ARRAY[a.inscription, b.inscription] AS inscriptions, ARRAY[a.person, b.person] AS persons,
           ARRAY[a.institution, b.institution] AS institutions,
           daterange(greatest(a.start_date, b.start_date), nullif(least(a.end_date, b.end_date), 'infinity'), '[]') AS days
    FROM broken JOIN line AS a USING (human, context) JOIN line AS b USING (human, context)
    WHERE a.institution <> b.institution AND a.inscription < b.inscription
      AND a.start_date <= b.end_date AND b.start_date <= a.end_date
), judged AS (
    SELECT pair.context, pair.inscriptions, cause.ticket AS link, cause.recorded_at, cause.since,
           cause.ticket IS NOT NULL AND (
               SELECT count(*) = 2 FROM unnest(pair.persons, pair.institutions) AS side (person, institution)
               WHERE (
                   SELECT range_agg(daterange(e.start_date, e.end_date, '[]')) @> pair.days FROM inscription_ever AS e
                   WHERE e.person = side.person AND e.institution = side.institution AND e.context = pair.context
                     AND e.recorded_at <= cause.recorded_at AND cause.recorded_at < e.recorded_until
               )
           ) AS known
    FROM pair LEFT JOIN LATERAL (
        SELECT l.ticket, l.recorded_at, l.since FROM head JOIN person_link AS l ON l.from_person = head.link
        WHERE head.person = ANY (pair.persons) AND pair.persons[1] <> pair.persons[2]
        GROUP BY l.from_person HAVING count(*) = 1
        ORDER BY l.recorded_at DESC LIMIT 1
    ) AS cause ON true
), counted AS (
    SELECT judged.*, row_number() OVER (PARTITION BY known ORDER BY inscriptions) AS nth FROM judged
)
SELECT context, inscriptions, link, recorded_at, since, known FROM counted WHERE nth <= 100 ORDER BY known, inscriptions;

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

-- name: read_by_index#
-- Have the queries of this transaction read by index, and compile nothing.
SET LOCAL jit = 'off';
SET LOCAL enable_seqscan = 'off';
SET LOCAL enable_hashjoin = 'off';
SET LOCAL enable_mergejoin = 'off';
SET LOCAL enable_memoize = 'off';
SET LOCAL work_mem = '32MB';

-- name: note_nonces
-- The hot read of a server that spreads its tables, first part: note nonces, and give those that are new; in one
-- order, so that two batches with the same ones never wait for each other.
INSERT INTO nonce (institution, nonce, slot)
SELECT n.institution, n.nonce, n.slot
FROM unnest(:institutions::text[], :nonces::text[], :slots::smallint[]) AS n (institution, nonce, slot)
ORDER BY n.institution, n.nonce, n.slot
ON CONFLICT DO NOTHING
RETURNING institution, nonce, slot;

-- name: count_requests
-- Count the requests of institutions, of this connection and this second, and give the second.
INSERT INTO request_rate AS r (institution, reader, second, requests)
SELECT a.institution, pg_backend_pid(), floor(extract(epoch FROM statement_timestamp())), count(*)
FROM unnest(:institutions::text[]) AS a (institution)
GROUP BY a.institution
ORDER BY a.institution
ON CONFLICT (institution, reader) DO UPDATE SET
    requests = CASE r.second WHEN excluded.second THEN r.requests ELSE 0 END + excluded.requests,
    second = excluded.second
RETURNING second;

-- name: rates
-- Give how many requests of institutions came in a second, by all connections.
SELECT institution, sum(requests)::bigint AS requests FROM request_rate
WHERE institution = ANY (:institutions::text[]) AND second = :second GROUP BY institution;

-- name: standing^
-- Give the version of the catalogue, and since when the store of nonces is whole: what stands on every machine.
SELECT (SELECT version FROM catalogue_head), (SELECT accepted_since FROM nonce_store);

-- name: persons
-- Give persons, each as it stands alone: whether it was linked into another, and its lines: all, or those of an institution and
-- those in some contexts.
SELECT p.person, p.ssin, p.deceased_on, EXISTS (SELECT FROM person_link AS l WHERE l.from_person = p.person) AS merged,
       line.inscriptions, line.institutions, line.contexts, line.starts, line.ends, line.phases
FROM person AS p
LEFT JOIN LATERAL (
    SELECT i.person, array_agg(i.inscription) AS inscriptions, array_agg(i.institution) AS institutions,
           array_agg(i.context) AS contexts, array_agg(i.start_date) AS starts, array_agg(i.end_date) AS ends,
           array_agg(i.phase) AS phases
    FROM inscription AS i
    WHERE i.person = p.person AND (:all OR i.institution = :institution OR i.context = ANY (:contexts::text[]))
    GROUP BY i.person
) AS line ON line.person = p.person
WHERE p.person = ANY (:persons::bigint[]);

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
-- Tell whether a slot holds nonces (over all institutions).
SELECT EXISTS (SELECT FROM nonce WHERE slot = :slot);

-- name: forget_rates!
-- Forget the counts of connections that counted nothing for an hour (over all institutions).
DELETE FROM request_rate WHERE second < extract(epoch FROM statement_timestamp()) - 3600;

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
), asked AS (
    SELECT DISTINCT coalesce(root.root, p.person) AS human FROM staged_person AS p LEFT JOIN root ON root.person = p.person
), kin AS (
    SELECT human, human AS person FROM asked
    UNION ALL
    SELECT asked.human, root.person FROM asked JOIN root ON root.root = asked.human
), line AS MATERIALIZED (
    SELECT coalesce(root.root, p.person) AS human, s.context, s.institution, s.line, s.start_date,
           coalesce(s.end_date, 'infinity') AS end_date
    FROM staged_inscription AS s JOIN staged_person AS p USING (ssin) LEFT JOIN root ON root.person = p.person
    WHERE s.context = ANY (:exclusive::text[])
    UNION ALL
    SELECT kin.human, i.context, i.institution, NULL, i.start_date, coalesce(i.end_date, 'infinity')
    FROM kin JOIN inscription AS i ON i.person = kin.person WHERE i.context = ANY (:exclusive::text[])
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
