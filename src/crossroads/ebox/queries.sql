-- A person's box. A person is all keys that are one human being: each query about people takes them all.

-- name: durable_commit
-- Wait for the disk at the end of this transaction, also where the database is set not to: a receipt was given for it.
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') IN ('off', 'local');

-- name: box_reference^
-- Give what a sender used a reference for.
SELECT digest, message, person, active, published_at, log_stream, log_index, leaf FROM box_reference
WHERE institution = :institution AND reference = :reference;

-- name: claim_reference^
-- Take a reference of a sender, and give it if it was free. Waits for another transaction that is taking it.
INSERT INTO box_reference (institution, reference, digest, message, person, active, published_at)
VALUES (:institution, :reference, :digest, :message, :person, :active, :published_at)
ON CONFLICT DO NOTHING
RETURNING reference;

-- name: keep_receipt!
-- Keep where the log has what came of a reference.
UPDATE box_reference SET log_stream = :stream, log_index = :index, leaf = :leaf
WHERE institution = :institution AND reference = :reference;

-- name: add_message!
-- Put a message into a box.
INSERT INTO box_message (person, message, ssin, sender, reference, legal_context, content, received_on, published_at,
                         expires_on, remind_on, published_stream, published_index)
VALUES (:person, :message, :ssin, :sender, :reference, :legal_context, :content, :received_on, :published_at,
        :expires_on, :remind_on, :stream, :index);

-- name: box_messages
-- Give messages of a person that are listed on a day, what is not opened first, then the newest: from the start, or those after
-- a place.
SELECT * FROM box_message
WHERE person = ANY (:persons::bigint[]) AND content IS NOT NULL AND received_on <= :today AND expires_on > :today
  AND (:message::uuid IS NULL OR (opened_at IS NOT NULL) > :opened::boolean
       OR (opened_at IS NOT NULL) = :opened::boolean
          AND (received_on, published_at, message) < (:received_on::date, :published_at::timestamptz, :message::uuid))
ORDER BY opened_at IS NOT NULL, received_on DESC, published_at DESC, message DESC LIMIT :limit;

-- name: listed_messages$
-- Count the messages of a person that are listed on a day.
SELECT count(*) FROM box_message
WHERE person = ANY (:persons::bigint[]) AND content IS NOT NULL AND received_on <= :today AND expires_on > :today;

-- name: messages_of_day$
-- Count what a sender published for a person since a moment, and what it had published before to be received on a day.
SELECT count(*) FROM box_message
WHERE person = ANY (:persons::bigint[]) AND sender = :sender
  AND (published_at >= :since OR received_on = :received_on);

-- name: not_active_of_day$
-- Count what else a sender published for a person since a moment that went into no box, because none was active.
SELECT count(*) FROM box_reference
WHERE institution = :sender AND person = ANY (:persons::bigint[]) AND published_at >= :since AND NOT active
  AND message <> :message;

-- name: box_message^
-- Give a message of a person, whether it is still listed or not.
SELECT * FROM box_message WHERE person = ANY (:persons::bigint[]) AND message = :message;

-- name: opened!
-- Keep when a document of a message was given first.
UPDATE box_message SET opened_at = :at, opened_stream = :stream, opened_index = :index
WHERE person = :person AND message = :message AND opened_at IS NULL;

-- name: waiting_messages
-- Give messages (over all boxes) that are unread for so long that a reminder is due on a day.
SELECT person, message, ssin, sender, legal_context FROM box_message
WHERE opened_at IS NULL AND reminded_at IS NULL AND content IS NOT NULL
  AND remind_on <= :today AND expires_on > :today
ORDER BY remind_on, person LIMIT :limit;

-- name: claim_reminder^
-- Take a message to remind of, and give it unless another did or it was opened meanwhile.
UPDATE box_message SET reminded_at = :at
WHERE person = :person AND message = :message AND opened_at IS NULL AND reminded_at IS NULL
RETURNING message;

-- name: keep_reminder!
-- Keep where the log has a reminder.
UPDATE box_message SET reminded_stream = :stream, reminded_index = :index
WHERE person = :person AND message = :message;

-- name: expire_messages!
-- Remove what lists the messages (over all boxes) whose days are over; what became of them stays.
UPDATE box_message SET content = NULL WHERE content IS NOT NULL AND expires_on <= :today;

-- name: box_consent^
-- Give the consent of a person that holds at a moment, the one that ends last.
SELECT person, consent, active_from, active_until FROM box_consent
WHERE person = ANY (:persons::bigint[]) AND active_from <= :at AND (active_until IS NULL OR active_until > :at)
ORDER BY active_until DESC NULLS FIRST, active_from LIMIT 1;

-- name: add_consent!
-- Write that a person wants messages from a moment on.
INSERT INTO box_consent (person, consent, active_from, active_until)
VALUES (:person, :consent, :active_from, :active_until);

-- name: end_consents!
-- End every consent of a person that holds at a moment, or would from later on.
UPDATE box_consent SET active_until = :at
WHERE person = ANY (:persons::bigint[]) AND (active_until IS NULL OR active_until > :at);
