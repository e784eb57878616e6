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
SELECT m.mutation, m.person, m.ticket, m.source, m.data_group, m.start_date, m.end_date, m.kind, m.wrong_since, m.addressee
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

-- name: idle$
-- Tell whether slots of a mailbox have nothing to give and nobody at work: then nothing need be locked.
SELECT NOT EXISTS (
    SELECT FROM mailbox_slot AS s CROSS JOIN LATERAL (
        SELECT FROM mailbox_item AS i
        WHERE i.recipient = :recipient AND i.state = :state AND i.state <> 'acknowledged' AND i.slot = s.slot
          AND i.number >= CASE WHEN :state = 'waiting' THEN s.reached ELSE 0 END
        LIMIT 1
    ) AS next
    WHERE s.recipient = :recipient AND s.slot = ANY (:slots::smallint[])
) AND NOT EXISTS (
    SELECT FROM mailbox_slot
    WHERE recipient = :recipient AND slot = ANY (:slots) AND leased_until > clock_timestamp()
);

-- name: lock_slots
-- Give the leases of slots of a mailbox, and let nobody else take them.
SELECT slot, lease, leased_until, coalesce(leased_until > clock_timestamp(), false) AS running, reached
FROM mailbox_slot WHERE recipient = :recipient AND slot = ANY (:slots::smallint[]) ORDER BY slot FOR UPDATE;

-- name: slots_of_lease
-- Give the slots that a lease has, and let nobody else take them.
SELECT slot FROM mailbox_slot WHERE recipient = :recipient AND lease = :lease ORDER BY slot FOR UPDATE;

-- name: next_items
-- Give the next items of a mailbox from a number on, below which there are none.
SELECT * FROM mailbox_item
WHERE recipient = :recipient AND state = :state AND state <> 'acknowledged' AND number >= :first
ORDER BY number LIMIT :count;

-- name: next_items_of_slots
-- Give the next items of some slots of a mailbox from a number on, below which there are none: of each slot no more than
-- are wanted in all.
SELECT i.* FROM (
    SELECT n.number FROM unnest(:slots::smallint[]) AS s (slot) CROSS JOIN LATERAL (
        SELECT number FROM mailbox_item
        WHERE recipient = :recipient AND state = :state AND state <> 'acknowledged' AND slot = s.slot AND number >= :first
        ORDER BY number LIMIT :count
    ) AS n
    ORDER BY n.number LIMIT :count
) AS n JOIN mailbox_item AS i ON i.recipient = :recipient AND i.number = n.number
ORDER BY i.number;

-- name: items_from
-- Give the items of some slots of a mailbox that were given before, from a number on, whatever their state.
SELECT * FROM mailbox_item
WHERE recipient = :recipient AND number >= :first AND slot = ANY (:slots::smallint[]) AND delivered_at IS NOT NULL
ORDER BY number LIMIT :count;

-- name: items_numbered
-- Give where items of a mailbox are, by number.
SELECT number, slot, state FROM mailbox_item WHERE recipient = :recipient AND number = ANY (:numbers::bigint[]);

-- name: changes_of_items
-- Give what items are about.
SELECT m.mutation, m.ssin, m.source, m.data_group, m.start_date, m.end_date, m.kind, m.happened_on, m.wrong_since,
       CASE WHEN m.content_until > :now THEN m.content END AS content,
       m.addressee, m.context, m.report, m.told, m.ticket
FROM unnest(:persons::bigint[], :mutations::bigint[]) AS i (person, mutation)
JOIN mutation AS m ON m.person = i.person AND m.mutation = i.mutation;

-- name: deliver!
-- Keep what was decided of items that are given, and when they were given first.
UPDATE mailbox_item AS i
SET delivered_at = coalesce(i.delivered_at, clock_timestamp()), start_date = d.start_date, end_date = d.end_date, whole = d.whole,
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
-- Give slots to a consumer, keep below which number nothing of them waits, and tell until when.
WITH leased AS (
    UPDATE mailbox_slot SET lease = :lease, leased_until = clock_timestamp() + :lasting::interval,
           reached = greatest(reached, :reached::bigint)
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
-- Give what an institution was told of under a ticket, about one of some persons, first since a moment.
SELECT m.data_group, i.start_date, i.end_date, i.legal_context, i.authorisation
FROM mailbox_item AS i JOIN mutation AS m ON m.person = i.person AND m.mutation = i.mutation
WHERE i.recipient = :recipient AND i.ticket = :ticket AND i.institution = :institution
  AND i.person = ANY (:persons::bigint[]) AND i.delivered_at > :since AND i.void IS NULL AND i.authorisation <> '';

-- name: mutation_of_ticket^
-- Give a change by its ticket (over all persons).
SELECT mutation, person, ticket, source, data_group, start_date, end_date, kind, wrong_since, addressee
FROM mutation WHERE ticket = :ticket;

-- name: expire_content!
-- Remove content whose time has come; the pointers to it stay.
UPDATE mutation SET content = NULL WHERE content IS NOT NULL AND content_until <= :now;

-- changes that the hub itself causes

-- name: hub_work^
-- Tell whether changes of who people are wait, and which day of ended inscriptions is looked at.
SELECT EXISTS (SELECT FROM identity_event) AS events, (SELECT day FROM inscription_ends) AS day;

-- name: happenings
-- Give the changes of who people are that wait, the oldest first.
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
-- Give the number that was replaced under a ticket.
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

-- presumed errors

-- name: reports
-- Give reports, each by its person and key.
SELECT r.* FROM unnest(:persons::bigint[], :reports::uuid[]) AS asked (person, report)
JOIN error_report AS r ON r.person = asked.person AND r.report = asked.report;

-- name: report^
-- Give a report (over all persons), which nobody else may answer until the transaction ends.
SELECT * FROM error_report WHERE report = :report FOR UPDATE;

-- name: add_report!
-- Write a report.
INSERT INTO error_report (report, person, ssin, reporter, reference, source, data_group, start_date, end_date, seen, presumed,
                          text, reported_at, answer_by)
VALUES (:report, :person, :ssin, :reporter, :reference, :source, :data_group, :start_date, :end_date, :seen, :presumed,
        :text, :reported_at, :answer_by);

-- name: answer_report!
-- Keep what a source made of a report.
UPDATE error_report SET outcome = :outcome, reason = :reason, correction = :correction, answered_at = :moment
WHERE person = :person AND report = :report;

-- name: reports_delivered!
-- Keep that the source was told of reports.
UPDATE error_report AS r SET delivered_at = clock_timestamp()
FROM unnest(:persons::bigint[], :reports::uuid[]) AS d (person, report)
WHERE r.person = d.person AND r.report = d.report AND r.delivered_at IS NULL;

-- name: listed_reports
-- Give reports, those that wait longest first (over all persons): those without answer, whose day has passed, or all.
SELECT report, reporter, source, data_group, reported_at, delivered_at, answer_by, outcome, answered_at, correction
FROM error_report
WHERE (:answered OR outcome IS NULL) AND (:before::date IS NULL OR (outcome IS NULL AND answer_by < :before))
ORDER BY answer_by, reported_at, report;

-- name: correction^
-- Give what a change of a ticket corrected; no row where it corrected nothing.
SELECT person, source, data_group, start_date, end_date FROM mutation
WHERE ticket = :ticket AND kind = 'corrected' AND wrong_since IS NOT NULL;

-- name: expire_reports!
-- Remove the texts of reports that were answered long enough ago.
UPDATE error_report SET text = NULL, reason = NULL
WHERE (text IS NOT NULL OR reason IS NOT NULL) AND answered_at <= :before;
