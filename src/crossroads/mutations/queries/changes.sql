-- Queries of changes on their way from their sources to the mailboxes. `people` reads the tables of identity and directory: who
-- has the persons of many changes inscribed.

-- name: durable_commit
-- Wait for the disk at the end of this transaction, also where the database is set not to: what is acknowledged or delivered
-- outlives a crash, and so do all numbers given before it. And look for rows by their indexes, one by one: a plan is kept for as
-- long as a connection, and one made while a month is new would read all of it for each change.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true),
       CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
            THEN set_config('synchronous_commit', 'on', true) END;

-- name: people
-- Give the numbers of some persons, whether each is linked with another, and their inscriptions; those of some institutions
-- where asked, found by the person all the same, who has few, as an institution has many.
SELECT p.person, p.ssin,
       EXISTS (SELECT FROM person_link AS l WHERE l.from_person = p.person)
       OR EXISTS (SELECT FROM person_link AS l WHERE l.into_person = p.person) AS linked,
       line.inscriptions, line.institutions, line.contexts, line.starts, line.ends, line.phases
FROM person AS p
LEFT JOIN LATERAL (
    SELECT i.person, array_agg(i.inscription) AS inscriptions, array_agg(i.institution) AS institutions,
           array_agg(i.context) AS contexts, array_agg(i.start_date) AS starts, array_agg(i.end_date) AS ends,
           array_agg(i.phase) AS phases
    FROM inscription AS i
    WHERE i.person = p.person AND coalesce(i.institution = ANY (:institutions::text[]), true)
    GROUP BY i.person
) AS line ON line.person = p.person
WHERE p.person = ANY (:persons::bigint[]);

-- name: references
-- Give what came of changes that an institution notified under some references. Each is looked up by itself: a plan made while
-- there were few would read all of the institution.
SELECT m.* FROM unnest(:references::text[]) AS r (reference) CROSS JOIN LATERAL (
    SELECT reference, digest, ticket, log_stream, log_index, leaf FROM mutation_reference
    WHERE institution = :institution AND reference = r.reference LIMIT 1
) AS m;

-- name: claim_references
-- Take references of an institution, and give those that were free. Waits for other transactions that are taking one; in one
-- order, so that two never wait for each other.
INSERT INTO mutation_reference (institution, reference, digest, ticket)
SELECT :institution, r.reference, r.digest, r.ticket
FROM unnest(:references::text[], :digests::bytea[], :tickets::uuid[]) AS r (reference, digest, ticket)
ORDER BY r.reference
ON CONFLICT DO NOTHING
RETURNING reference;

-- name: keep_receipts!
-- Keep the receipts of changes that were taken.
UPDATE mutation_reference AS m SET log_stream = r.stream, log_index = r.index, leaf = r.leaf
FROM unnest(:references::text[], :streams::smallint[], :indexes::bigint[], :leaves::bytea[])
    AS r (reference, stream, index, leaf)
WHERE m.institution = :institution AND m.reference = r.reference;

-- name: add_mutations!
-- Write changes, in the order given, and queue them for the mailboxes.
WITH added AS (
    INSERT INTO mutation (person, ssin, ticket, source, context, data_group, start_date, end_date, kind, happened_on,
                          wrong_since, content, content_signature, content_until)
    SELECT m.person, m.ssin, m.ticket, m.source, m.context, m.data_group, m.start_date, m.end_date, m.kind, m.happened_on,
           m.wrong_since, m.content, m.signature, CASE WHEN m.content IS NOT NULL THEN :content_until::timestamptz END
    FROM unnest(
        :persons::bigint[], :ssins::text[], :tickets::uuid[], :sources::text[], :contexts::text[], :data_groups::text[],
        :starts::date[], :ends::date[], :kinds::text[], :happened::date[], :wrong_since::timestamptz[], :contents::text[],
        :signatures::text[]
    ) WITH ORDINALITY AS m (person, ssin, ticket, source, context, data_group, start_date, end_date, kind, happened_on,
                            wrong_since, content, signature, position)
    ORDER BY m.position
    RETURNING mutation, person
)
INSERT INTO mutation_queue (mutation, person) SELECT mutation, person FROM added;

-- name: take_writer$
-- Become who fills the mailboxes, with a new epoch that fences off whoever it was before; no row while another is.
UPDATE mutation_writer SET epoch = epoch + 1, leased_by = :owner, lease_until = clock_timestamp() + :lease::interval
WHERE lease_until IS NULL OR lease_until < clock_timestamp()
RETURNING epoch;

-- name: hold_writer$
-- Go on filling the mailboxes until the transaction ends; no row when another took that over.
UPDATE mutation_writer SET lease_until = clock_timestamp() + :lease::interval
WHERE epoch = :epoch AND leased_by = :owner
RETURNING epoch;

-- name: release_writer!
-- Leave the mailboxes to others.
UPDATE mutation_writer SET leased_by = NULL, lease_until = NULL WHERE epoch = :epoch AND leased_by = :owner;

-- name: work^
-- Give the version of the catalogue, and tell whether changes wait for the mailboxes (over all persons).
SELECT (SELECT version FROM catalogue_head) AS version, EXISTS (SELECT FROM mutation_queue) AS waits;

-- name: queued
-- Give which changes wait for the mailboxes, the oldest first (over all persons).
SELECT mutation, person FROM mutation_queue ORDER BY mutation LIMIT :limit;

-- name: changes
-- Give changes, each of its person, in their order.
SELECT m.mutation, m.person, m.ticket, m.source, m.data_group, m.start_date, m.end_date, m.kind, m.wrong_since, m.addressee
FROM unnest(:persons::bigint[], :mutations::bigint[]) AS q (person, mutation)
JOIN mutation AS m ON m.person = q.person AND m.mutation = q.mutation
ORDER BY m.mutation;

-- name: unqueue!
-- Forget that changes wait.
DELETE FROM mutation_queue AS w USING unnest(:persons::bigint[], :mutations::bigint[]) AS q (person, mutation)
WHERE w.person = q.person AND w.mutation = q.mutation;

-- name: mutation_of_ticket^
-- Give a change by its ticket (over all persons).
SELECT mutation, person, ticket, source, data_group, start_date, end_date, kind, wrong_since, addressee
FROM mutation WHERE ticket = :ticket;
