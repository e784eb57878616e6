-- Sessions of the portal. The table is small, and stays with the coordinator.

-- name: session(key)^
-- Give a session, ended ones included.
SELECT key, subject, provider_session, content, version, created_at, used_at, ends_at
FROM portal_session WHERE key = :key;

-- name: add_session(key, subject, provider_session, content, version, created_at, used_at, ends_at)!
-- Store a new session.
INSERT INTO portal_session (key, subject, provider_session, content, version, created_at, used_at, ends_at)
VALUES (:key, :subject, :provider_session, :content, :version, :created_at, :used_at, :ends_at);

-- name: replace_session(key, subject, provider_session, content, version, used_at, ends_at)$
-- Store a session anew, unless another did so since this version; give the key where it was done.
UPDATE portal_session
SET subject = :subject, provider_session = :provider_session, content = :content, version = version + 1,
    used_at = :used_at, ends_at = :ends_at
WHERE key = :key AND version = :version
RETURNING key;

-- name: remove_session(key)!
-- Remove a session.
DELETE FROM portal_session WHERE key = :key;

-- name: remove_sessions_of(subject, provider_session)
-- Remove the sessions of somebody, or of one session at the provider.
DELETE FROM portal_session WHERE subject = :subject OR provider_session = :provider_session RETURNING key;

-- name: trim_sessions(subject, most)
-- Remove the oldest sessions of somebody who has more than so many.
DELETE FROM portal_session
WHERE key IN (
    SELECT key FROM portal_session WHERE subject = :subject ORDER BY created_at DESC, key OFFSET :most
)
RETURNING key;

-- name: purge_sessions(before)
-- Remove what ended before a moment.
DELETE FROM portal_session WHERE ends_at < :before RETURNING key;
