-- Queries of changes and mailboxes. `people_of_numbers`, `lock_people` and `people` read the tables of identity and directory
-- too: whom a change is about, and who has that person inscribed, of many changes at once.

-- name: durable_commit
-- Wait for the disk at the end of this transaction, also where the database is set not to: what is acknowledged or delivered
-- outlives a crash, and so do all numbers given before it.
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');

-- name: people_of_numbers
-- Give the persons whom numbers mean, of those that somebody has or had.
SELECT asked.ssin, known.person
FROM unnest(:ssins::text[]) AS asked (ssin)
CROSS JOIN LATERAL (
    SELECT a.person FROM ssin_assignment AS a WHERE a.ssin = asked.ssin ORDER BY a.valid_from DESC LIMIT 1
) AS known;

-- name: lock_people$
-- Take the locks of persons and of all linked with them, in key order, and count them.
WITH RECURSIVE closure (person) AS (
    SELECT unnest(:persons::bigint[])
    UNION
    SELECT next.person FROM closure CROSS JOIN LATERAL (
        SELECT into_person AS person FROM person_link WHERE from_person = closure.person
        UNION ALL
        SELECT from_person FROM person_link WHERE into_person = closure.person
    ) AS next
)
SELECT count(*) FROM (
    SELECT person FROM person WHERE person = ANY (ARRAY(SELECT person FROM closure)) ORDER BY person FOR NO KEY UPDATE
) AS locked;

-- name: people
-- Give, for each of some persons, key and number of today and the inscriptions of all linked with it; those of some
-- institutions where asked.
SELECT asked.person, human.person AS today, human.ssin,
       line.inscriptions, line.institutions, line.contexts, line.starts, line.ends, line.phases
FROM unnest(:persons::bigint[]) AS asked (person)
CROSS JOIN LATERAL (
    WITH RECURSIVE closure (person) AS (
        SELECT asked.person
        UNION
        SELECT next.person FROM closure CROSS JOIN LATERAL (
            SELECT into_person AS person FROM person_link WHERE from_person = closure.person
            UNION ALL
            SELECT from_person FROM person_link WHERE into_person = closure.person
        ) AS next
    )
    SELECT array_agg(person) AS persons FROM closure
) AS closure
CROSS JOIN LATERAL (
    SELECT p.person, p.ssin FROM person AS p WHERE p.person = ANY (closure.persons)
    ORDER BY EXISTS (SELECT FROM person_link AS l WHERE l.from_person = p.person) LIMIT 1
) AS human
CROSS JOIN LATERAL (
    SELECT array_agg(i.inscription) AS inscriptions, array_agg(i.institution) AS institutions,
           array_agg(i.context) AS contexts, array_agg(i.start_date) AS starts, array_agg(i.end_date) AS ends,
           array_agg(i.phase) AS phases
    FROM inscription AS i
    WHERE i.person = ANY (closure.persons) AND (:institutions::text[] IS NULL OR i.institution = ANY (:institutions))
) AS line;

-- name: references
-- Give what came of changes that an institution notified under some references.
SELECT reference, digest, ticket, log_stream, log_index, leaf FROM mutation_reference
WHERE institution = :institution AND reference = ANY (:references::text[]);

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
                          wrong_since, content, content_until)
    SELECT m.person, m.ssin, m.ticket, m.source, m.context, m.data_group, m.start_date, m.end_date, m.kind, m.happened_on,
           m.wrong_since, m.content, CASE WHEN m.content IS NOT NULL THEN :content_until::timestamptz END
    FROM unnest(
        :persons::bigint[], :ssins::text[], :tickets::uuid[], :sources::text[], :contexts::text[], :data_groups::text[],
        :starts::date[], :ends::date[], :kinds::text[], :happened::date[], :wrong_since::timestamptz[], :contents::text[]
    ) WITH ORDINALITY AS m (person, ssin, ticket, source, context, data_group, start_date, end_date, kind, happened_on,
                            wrong_since, content, position)
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
-- Give the version of the catalogue, and tell whether changes wait for the mailboxes.
SELECT (SELECT version FROM catalogue_head) AS version, EXISTS (SELECT FROM mutation_queue) AS waits;

-- name: queued
-- Give the changes that wait for the mailboxes, the oldest first.
SELECT m.mutation, m.person, m.ticket, m.source, m.data_group, m.start_date, m.end_date
FROM mutation_queue AS q JOIN mutation AS m ON m.person = q.person AND m.mutation = q.mutation
ORDER BY q.mutation LIMIT :limit;

-- name: unqueue!
-- Forget that changes wait.
DELETE FROM mutation_queue WHERE mutation = ANY (:mutations::bigint[]);

-- name: add_mailboxes!
-- Make the mailboxes that are not there yet, with their slots.
WITH added AS (
    INSERT INTO mailbox (recipient) SELECT unnest(:recipients::text[]) ON CONFLICT DO NOTHING RETURNING recipient
)
INSERT INTO mailbox_slot (recipient, slot) SELECT recipient, slot FROM added, generate_series(0, 63) AS slot;

-- name: lock_mailboxes
-- Give the last numbers of mailboxes, and let nobody else add to them.
SELECT recipient, last_number, tails FROM mailbox WHERE recipient = ANY (:recipients::text[])
ORDER BY recipient FOR UPDATE;

-- name: move_mailbox*!
-- Keep the last numbers of mailboxes.
UPDATE mailbox SET last_number = :last_number, tails = :tails WHERE recipient = :recipient;

-- name: lock_slots
-- Give the leases of slots of a mailbox, and let nobody else take them.
SELECT slot, lease, leased_until, coalesce(leased_until > clock_timestamp(), false) AS running
FROM mailbox_slot WHERE recipient = :recipient AND slot = ANY (:slots::smallint[]) ORDER BY slot FOR UPDATE;

-- name: slots_of_lease
-- Give the slots that a lease has, and let nobody else take them.
SELECT slot FROM mailbox_slot WHERE recipient = :recipient AND lease = :lease ORDER BY slot FOR UPDATE;

-- name: next_items
-- Give the next items of a mailbox.
SELECT * FROM mailbox_item
WHERE recipient = :recipient AND state = :state AND state <> 'acknowledged'
ORDER BY number LIMIT :count;

-- name: next_items_of_slots
-- Give the next items of some slots of a mailbox: of each slot no more than are wanted in all.
SELECT i.* FROM (
    SELECT n.number FROM unnest(:slots::smallint[]) AS s (slot) CROSS JOIN LATERAL (
        SELECT number FROM mailbox_item
        WHERE recipient = :recipient AND state = :state AND state <> 'acknowledged' AND slot = s.slot
        ORDER BY number LIMIT :count
    ) AS n
    ORDER BY n.number LIMIT :count
) AS n JOIN mailbox_item AS i ON i.recipient = :recipient AND i.number = n.number
ORDER BY i.number;

-- name: items_from
-- Give the items of some slots of a mailbox from a number on, whatever their state.
SELECT * FROM mailbox_item
WHERE recipient = :recipient AND number >= :first AND slot = ANY (:slots::smallint[])
ORDER BY number LIMIT :count;

-- name: items_numbered
-- Give where items of a mailbox are, by number.
SELECT number, slot, state FROM mailbox_item WHERE recipient = :recipient AND number = ANY (:numbers::bigint[]);

-- name: changes_of_items
-- Give what items are about.
SELECT m.mutation, m.ssin, m.source, m.data_group, m.start_date, m.end_date, m.kind, m.happened_on, m.wrong_since,
       CASE WHEN m.content_until > :now THEN m.content END AS content
FROM unnest(:persons::bigint[], :mutations::bigint[]) AS i (person, mutation)
JOIN mutation AS m ON m.person = i.person AND m.mutation = i.mutation;

-- name: deliver!
-- Keep what was decided at the first delivery of items.
UPDATE mailbox_item AS i
SET delivered_at = clock_timestamp(), start_date = d.start_date, end_date = d.end_date, whole = d.whole,
    legal_context = d.legal_context, authorisation = d.authorisation, void = d.void
FROM unnest(
    :numbers::bigint[], :starts::date[], :ends::date[], :wholes::boolean[], :legal_contexts::text[],
    :authorisations::text[], :voids::text[]
) AS d (number, start_date, end_date, whole, legal_context, authorisation, void)
WHERE i.recipient = :recipient AND i.number = d.number;

-- name: add_lease!
-- Keep which items a consumer was given.
INSERT INTO mailbox_lease (recipient, lease, numbers, open)
VALUES (:recipient, :lease, :numbers::bigint[], :numbers::bigint[]);

-- name: lease_slots$
-- Give slots to a consumer, and tell until when.
WITH leased AS (
    UPDATE mailbox_slot SET lease = :lease, leased_until = clock_timestamp() + :lasting::interval
    WHERE recipient = :recipient AND slot = ANY (:slots::smallint[])
    RETURNING leased_until
)
SELECT max(leased_until) FROM leased;

-- name: end_lease!
-- Leave the slots of a lease to whoever comes; it keeps its name until then.
UPDATE mailbox_slot SET leased_until = NULL WHERE recipient = :recipient AND lease = :lease;

-- name: forget_leases!
-- Forget leases that have no slot any more.
DELETE FROM mailbox_lease AS l WHERE l.recipient = :recipient AND l.lease = ANY (:leases::uuid[])
  AND NOT EXISTS (SELECT FROM mailbox_slot AS s WHERE s.recipient = l.recipient AND s.lease = l.lease);

-- name: lease^
-- Give the items of a lease, and those that are not dealt with.
SELECT numbers, open FROM mailbox_lease WHERE recipient = :recipient AND lease = :lease;

-- name: keep_open!
-- Keep which items of a lease are not dealt with.
UPDATE mailbox_lease SET open = :open::bigint[] WHERE recipient = :recipient AND lease = :lease;

-- name: settle!
-- Acknowledge or park items.
UPDATE mailbox_item SET state = :state, reason = :reason
WHERE recipient = :recipient AND number = ANY (:numbers::bigint[]);

-- name: count_settled!
-- Count, in each slot, what was acknowledged and parked.
UPDATE mailbox_slot AS s SET acknowledged = s.acknowledged + c.acknowledged, parked = s.parked + c.parked
FROM unnest(:slots::smallint[], :acknowledged::bigint[], :parked::bigint[]) AS c (slot, acknowledged, parked)
WHERE s.recipient = :recipient AND s.slot = c.slot;

-- name: depth^
-- Give how many items of a mailbox wait and are parked.
SELECT m.last_number - s.acknowledged - s.parked AS depth, s.parked
FROM mailbox AS m CROSS JOIN LATERAL (
    SELECT sum(acknowledged)::bigint AS acknowledged, sum(parked)::bigint AS parked
    FROM mailbox_slot WHERE recipient = m.recipient
) AS s
WHERE m.recipient = :recipient;

-- name: mailboxes
-- Give how many items of each mailbox wait and are parked, and since when the oldest waits (over all mailboxes).
SELECT m.recipient, m.last_number - s.acknowledged - s.parked AS depth, s.parked, o.added_at AS oldest
FROM mailbox AS m CROSS JOIN LATERAL (
    SELECT sum(acknowledged)::bigint AS acknowledged, sum(parked)::bigint AS parked
    FROM mailbox_slot WHERE recipient = m.recipient
) AS s LEFT JOIN LATERAL (
    SELECT added_at FROM mailbox_item
    WHERE recipient = m.recipient AND state = 'waiting' AND state <> 'acknowledged' ORDER BY number LIMIT 1
) AS o ON true
ORDER BY m.recipient;

-- name: delivered^
-- Give what an institution was told of under a ticket, about one of some persons.
SELECT m.data_group, i.start_date, i.end_date, i.legal_context, i.authorisation
FROM mailbox_item AS i JOIN mutation AS m ON m.person = i.person AND m.mutation = i.mutation
WHERE i.recipient = :recipient AND i.ticket = :ticket AND i.institution = :institution
  AND i.person = ANY (:persons::bigint[]) AND i.delivered_at IS NOT NULL AND i.void IS NULL;

-- name: mutation_of_ticket^
-- Give a change by its ticket (over all persons).
SELECT mutation, person, ticket, source, data_group, start_date, end_date FROM mutation WHERE ticket = :ticket;

-- name: expire_content!
-- Remove content whose time has come; the pointers to it stay.
UPDATE mutation SET content = NULL WHERE content IS NOT NULL AND content_until <= :now;
