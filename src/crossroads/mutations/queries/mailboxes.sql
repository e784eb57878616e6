-- Queries of mailboxes: filling them, giving items under a lease, and dealing with them.

-- name: add_mailboxes!
-- Make the mailboxes that are not there yet.
WITH added AS (
    INSERT INTO mailbox (recipient) SELECT unnest(:recipients::text[]) ON CONFLICT DO NOTHING RETURNING recipient
)
INSERT INTO mailbox_progress (recipient) SELECT recipient FROM added;

-- name: lock_mailbox*!
-- Let nobody else add to mailboxes, one after the other in one order.
SELECT FROM mailbox WHERE recipient = :recipient FOR UPDATE;

-- name: tails
-- Give the last numbers of mailboxes.
SELECT recipient, last_number, tails FROM mailbox WHERE recipient = ANY (:recipients::text[]);

-- name: move_mailbox*!
-- Keep the last numbers of mailboxes.
UPDATE mailbox SET last_number = :last_number, tails = :tails WHERE recipient = :recipient;

-- name: standing^
-- Give how many items of a mailbox wait and are parked, from which number on all are there, and until when somebody is at
-- work at one of some slots.
SELECT m.last_number - p.acknowledged - p.parked AS waiting, p.parked, p.first_kept,
       (SELECT max(l.leased_until) FROM mailbox_lease AS l
        WHERE l.recipient = :recipient AND l.slots && :slots::smallint[] AND l.leased_until > clock_timestamp()) AS leased_until
FROM mailbox AS m JOIN mailbox_progress AS p ON p.recipient = m.recipient
WHERE m.recipient = :recipient;

-- name: holds$
-- Tell whether slots of a mailbox have anything to give.
SELECT EXISTS (
    SELECT FROM mailbox_progress AS p CROSS JOIN unnest(:slots::smallint[]) AS s (slot) CROSS JOIN LATERAL (
        SELECT FROM mailbox_item AS i
        WHERE i.recipient = :recipient AND i.slot = s.slot AND i.number >= p.reached[s.slot + 1] AND i.state = 'waiting'
        LIMIT 1
    ) AS next
    WHERE p.recipient = :recipient
);

-- name: lock_progress^
-- Give, for each slot of a mailbox, the number below which nothing waits, and from which number on all items are there, and the
-- moment; let nobody else give or settle items of it, wait for the disk at the end and look for rows by their indexes, as
-- `durable_commit` does.
SELECT reached, first_kept, clock_timestamp() AS moment, set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
       set_config('enable_mergejoin', 'off', true), set_config('jit', 'off', true),
       CASE WHEN current_setting('synchronous_commit') IN ('off', 'local')
            THEN set_config('synchronous_commit', 'on', true) END
FROM mailbox_progress WHERE recipient = :recipient FOR UPDATE;

-- name: leases
-- Give the leases that have one of some slots of a mailbox.
SELECT lease, slots, open, beyond, CASE WHEN leased_until > clock_timestamp() THEN leased_until END AS running
FROM mailbox_lease WHERE recipient = :recipient AND slots && :slots::smallint[];

-- name: next_items
-- Give the next items of a mailbox from a number on, below which none waits.
SELECT number, previous, slot, person, mutation, ticket, institution, added_at, state, reason,
       delivered_at, start_date, end_date, whole, legal_context, authorisation, void
FROM mailbox_item WHERE recipient = :recipient AND number >= :first AND state = 'waiting'
ORDER BY number LIMIT :count;

-- name: next_items_of_slots
-- Give the next items of some slots of a mailbox from a number on, below which none waits: of each slot no more than are
-- wanted in all.
SELECT i.number, i.previous, i.slot, i.person, i.mutation, i.ticket, i.institution, i.added_at, i.state, i.reason,
       i.delivered_at, i.start_date, i.end_date, i.whole, i.legal_context, i.authorisation, i.void
FROM (
    SELECT n.number FROM unnest(:slots::smallint[]) AS s (slot) CROSS JOIN LATERAL (
        SELECT number FROM mailbox_item
        WHERE recipient = :recipient AND slot = s.slot AND number >= :first AND state = 'waiting'
        ORDER BY number LIMIT :count
    ) AS n
    ORDER BY n.number LIMIT :count
) AS n JOIN mailbox_item AS i ON i.recipient = :recipient AND i.number = n.number
ORDER BY i.number;

-- name: left_items
-- Give those of some items of a mailbox that are of some slots and wait still.
SELECT number, previous, slot, person, mutation, ticket, institution, added_at, state, reason,
       delivered_at, start_date, end_date, whole, legal_context, authorisation, void
FROM mailbox_item
WHERE recipient = :recipient AND number = ANY (:numbers::bigint[]) AND slot = ANY (:slots::smallint[]) AND state = 'waiting'
ORDER BY number;

-- name: next_parked_items
-- Give the next items of some slots of a mailbox that are parked: only those have a reason.
SELECT number, previous, slot, person, mutation, ticket, institution, added_at, state, reason,
       delivered_at, start_date, end_date, whole, legal_context, authorisation, void
FROM mailbox_item
WHERE recipient = :recipient AND reason IS NOT NULL AND slot = ANY (:slots::smallint[]) AND state = 'parked'
ORDER BY number LIMIT :count;

-- name: items_from
-- Give the items of some slots of a mailbox that were given before, from a number on, whatever their state.
SELECT number, previous, slot, person, mutation, ticket, institution, added_at, state, reason,
       delivered_at, start_date, end_date, whole, legal_context, authorisation, void
FROM mailbox_item
WHERE recipient = :recipient AND number >= :first AND slot = ANY (:slots::smallint[]) AND delivered_at IS NOT NULL
ORDER BY number LIMIT :count;

-- name: changes_of_items
-- Give what items are about.
SELECT m.mutation, m.ssin, m.source, m.data_group, m.start_date, m.end_date, m.kind, m.happened_on, m.wrong_since,
       CASE WHEN m.content_until > :now THEN m.content END AS content, m.content_signature,
       m.addressee, m.context, m.report, m.told, m.ticket
FROM unnest(:persons::bigint[], :mutations::bigint[]) AS i (person, mutation)
JOIN mutation AS m ON m.person = i.person AND m.mutation = i.mutation;

-- name: deliver!
-- Keep what was decided of items that are given, and when they were given first.
UPDATE mailbox_item AS i
SET delivered_at = coalesce(i.delivered_at, :moment), start_date = d.start_date, end_date = d.end_date, whole = d.whole,
    legal_context = d.legal_context, authorisation = d.authorisation, void = d.void
FROM unnest(
    :decided::bigint[], :starts::date[], :ends::date[], :wholes::boolean[], :legal_contexts::text[],
    :authorisations::text[], :voids::text[]
) AS d (number, start_date, end_date, whole, legal_context, authorisation, void)
WHERE i.recipient = :recipient AND i.number = d.number;

-- name: leave_slots*!
-- Keep which slots a lease still has.
UPDATE mailbox_lease SET slots = :slots::smallint[] WHERE recipient = :recipient AND lease = :lease;

-- name: lease_slots$
-- Give slots with items to a consumer, keep what was decided of those as `deliver` does, and below which numbers nothing waits,
-- let leases go that have no slot any more, and tell until when.
WITH delivered AS (
    UPDATE mailbox_item AS i
    SET delivered_at = coalesce(i.delivered_at, :moment), start_date = d.start_date, end_date = d.end_date,
        whole = d.whole, legal_context = d.legal_context, authorisation = d.authorisation, void = d.void
    FROM unnest(
        :decided::bigint[], :starts::date[], :ends::date[], :wholes::boolean[], :legal_contexts::text[],
        :authorisations::text[], :voids::text[]
    ) AS d (number, start_date, end_date, whole, legal_context, authorisation, void)
    WHERE i.recipient = :recipient AND i.number = d.number
), moved AS (
    UPDATE mailbox_progress SET reached = :reached::bigint[] WHERE recipient = :recipient
), ended AS (
    DELETE FROM mailbox_lease WHERE recipient = :recipient AND lease = ANY (:ended::uuid[])
)
INSERT INTO mailbox_lease (recipient, lease, numbers, open, slots, beyond, leased_until)
VALUES (:recipient, :lease, :numbers::bigint[], :numbers::bigint[], :slots::smallint[], :beyond::bigint,
        clock_timestamp() + :lasting::interval)
RETURNING leased_until;

-- name: lease^
-- Give the items and slots of a lease, and those items that are not dealt with and named, alone or by the last, with where they
-- are; beside how many items of the mailbox wait and are parked.
SELECT l.numbers, l.open, l.slots, i.numbers AS named, i.slots AS places, i.parked AS aside,
       l.beyond, CASE WHEN l.leased_until > clock_timestamp() THEN l.leased_until END AS running,
       m.last_number - p.acknowledged - p.parked AS waiting, p.parked
FROM mailbox_lease AS l
JOIN mailbox AS m ON m.recipient = l.recipient
JOIN mailbox_progress AS p ON p.recipient = l.recipient
CROSS JOIN LATERAL (
    SELECT coalesce(array_agg(number), '{}') AS numbers, coalesce(array_agg(slot), '{}') AS slots,
           count(*) FILTER (WHERE state = 'parked') AS parked
    FROM mailbox_item
    WHERE recipient = :recipient AND number = ANY (l.open) AND (number = ANY (:numbers::bigint[]) OR number <= :up_to)
) AS i
WHERE l.recipient = :recipient AND l.lease = :lease;

-- name: settle!
-- Acknowledge or park items of a lease, count them, and keep which of it are not dealt with; with none, the lease ends, and
-- keeps its slots until another takes them.
WITH settled AS (
    UPDATE mailbox_item SET state = :state, reason = :reason
    WHERE recipient = :recipient AND number = ANY (:numbers::bigint[])
), counted AS (
    UPDATE mailbox_progress SET acknowledged = acknowledged + :acknowledged, parked = parked + :parked
    WHERE recipient = :recipient
)
UPDATE mailbox_lease SET open = :open::bigint[], leased_until = CASE WHEN :open <> '{}' THEN leased_until END
WHERE recipient = :recipient AND lease = :lease;

-- name: mailboxes
-- Give how many items of each mailbox wait and are parked, and since when the oldest waits (over all mailboxes).
SELECT recipient, waiting, parked, oldest FROM operation_mailbox ORDER BY recipient;

-- name: delivered^
-- Give what an institution was told of under a ticket, about one of some persons, first since a moment.
SELECT person, mutation, start_date, end_date, legal_context, authorisation FROM mailbox_item
WHERE recipient = :recipient AND ticket = :ticket AND institution = :institution
  AND person = ANY (:persons::bigint[]) AND delivered_at > :since AND void IS NULL AND authorisation <> '';

-- name: group_of_change$
-- Give the data group that a change is about.
SELECT data_group FROM mutation WHERE person = :person AND mutation = :mutation;
