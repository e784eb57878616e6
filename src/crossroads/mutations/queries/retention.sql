-- Queries that remove what has served.

-- name: expire_content!
-- Remove content whose time has come; the pointers to it stay (over all persons).
UPDATE mutation SET content = NULL, content_signature = NULL WHERE content IS NOT NULL AND content_until <= :now;

-- name: recipients
-- Give whose mailboxes there are (over all mailboxes).
SELECT recipient FROM mailbox ORDER BY recipient;

-- name: remove_late
-- Remove items below the first number kept that were parked as it moved on and acknowledged since; give what they led to.
DELETE FROM mailbox_item AS i USING mailbox_progress AS p
WHERE p.recipient = :recipient AND i.recipient = :recipient AND i.number < p.first_kept
  AND i.state = 'acknowledged' AND i.delivered_at < :before
RETURNING i.person, i.mutation, i.ticket;

-- name: remove_next
-- Remove items from the first number kept on that were acknowledged and first given before a moment, up to the next one that
-- waits or is to stay; keep from which number on all are there, and give what they led to.
WITH box AS MATERIALIZED (
    SELECT first_kept, first_kept + :batch::bigint AS beyond FROM mailbox_progress WHERE recipient = :recipient FOR UPDATE
), stop AS MATERIALIZED (
    SELECT min(box.first_kept) AS first, coalesce(min(i.number), min(box.beyond)) AS number
    FROM box LEFT JOIN mailbox_item AS i
      ON i.recipient = :recipient AND i.number >= box.first_kept AND i.number < box.beyond
     AND (i.state = 'waiting' OR (i.state = 'acknowledged' AND i.delivered_at >= :before))
), removed AS (
    DELETE FROM mailbox_item AS i USING stop
    WHERE i.recipient = :recipient AND i.number >= stop.first AND i.number < stop.number
      AND i.state = 'acknowledged' AND i.delivered_at < :before
    RETURNING i.number, i.person, i.mutation, i.ticket
), moved AS (
    UPDATE mailbox_progress SET first_kept = greatest(first_kept, (SELECT max(number) + 1 FROM removed))
    WHERE recipient = :recipient AND EXISTS (SELECT FROM removed)
)
SELECT person, mutation, ticket FROM removed;

-- name: lock_change*!
-- Let nobody else remove changes, one after the other in one order.
SELECT FROM mutation WHERE person = :person AND mutation = :mutation FOR UPDATE;

-- name: tickets_told
-- Give those of some tickets that an item of any mailbox has (over all mailboxes).
SELECT DISTINCT ticket FROM mailbox_item WHERE ticket = ANY (:tickets::uuid[]);

-- name: reported_changes
-- Give changes about reports of errors that were answered before a moment (over all persons).
SELECT m.person, m.mutation, m.ticket FROM mutation AS m JOIN error_report AS r ON r.person = m.person AND r.report = m.report
WHERE m.report IS NOT NULL AND r.answered_at < :before;

-- name: remove_changes!
-- Remove changes, those about reports of errors or the others: those stay for as long as the report waits for an answer, and
-- some days.
DELETE FROM mutation AS m USING unnest(:persons::bigint[], :mutations::bigint[]) AS c (person, mutation)
WHERE m.person = c.person AND m.mutation = c.mutation AND (m.report IS NOT NULL) = :reported;

-- name: expire_reports!
-- Remove the texts of reports that were answered long enough ago (over all persons).
UPDATE error_report SET text = NULL, reason = NULL
WHERE (text IS NOT NULL OR reason IS NOT NULL) AND answered_at <= :before;

-- name: drop_months
-- Drop the months of changes that are over and empty, and give their names (over all persons).
SELECT drop_mutation_months() AS name;
