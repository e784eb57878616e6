-- Queries of the catalogue. Its tables are small and the same everywhere: on Citus they are reference tables.

-- name: version()$
-- Give the version of the catalogue.
SELECT version FROM catalogue_head;

-- name: lock_version()$
-- Give the version, and let nobody else change the catalogue until the end of this transaction.
SELECT version FROM catalogue_head FOR UPDATE;

-- name: bump_version()$
-- Begin a new version.
UPDATE catalogue_head SET version = version + 1 RETURNING version;

-- name: moment()$
-- Give the moment at which a version begins; asked after the lock is held, so that moments follow each other.
SELECT clock_timestamp();

-- name: add_version(version, kind, act, digest, actors, recorded_at, log_stream, log_index)!
-- Keep the act that makes a version.
INSERT INTO catalogue_version (version, kind, act, digest, actors, recorded_at, log_stream, log_index)
VALUES (:version, :kind, :act::jsonb, :digest, :actors::text[], :recorded_at, :log_stream, :log_index);

-- name: founding_act()$
-- Give the act that founded the installation.
SELECT act FROM catalogue_version WHERE version = 1;

-- name: applied_version()$
-- Give the version at which the entries were last changed; 0 when never.
SELECT coalesce(max(version), 0) FROM catalogue_version WHERE kind = 'apply-catalogue';

-- name: entries()
-- Give all entries as believed now.
SELECT kind, body FROM catalogue_entry;

-- name: entries_believed_at(moment)
-- Give all entries as believed at a moment.
SELECT kind, body FROM catalogue_entry WHERE recorded_at <= :moment
UNION ALL
SELECT kind, body FROM catalogue_entry_history
WHERE recorded_at <= :moment AND :moment < recorded_until;

-- name: told_of(kind, key)
-- Give all that was ever believed of one entry: from when until when, and why no longer.
SELECT kind, body, recorded_version, recorded_at, NULL::bigint AS replaced_by, NULL::timestamptz AS recorded_until, NULL::text AS reason
FROM catalogue_entry WHERE kind = :kind AND key = :key
UNION ALL
SELECT kind, body, recorded_version, recorded_at, replaced_by, recorded_until, reason
FROM catalogue_entry_history WHERE kind = :kind AND key = :key;

-- name: retire_entries(recorded_at, version, reason, actors, kinds, keys, days)!
-- Keep, as history, what some entries said until now.
INSERT INTO catalogue_entry_history (
    kind, key, valid_from, body, recorded_version, recorded_at, recorded_until, replaced_by, reason, actor
)
SELECT e.kind, e.key, e.valid_from, e.body, e.recorded_version, e.recorded_at, :recorded_at, :version, :reason, :actors::text[]
FROM catalogue_entry e
JOIN unnest(:kinds::text[], :keys::text[], :days::date[]) AS gone (kind, key, valid_from)
  ON e.kind = gone.kind AND e.key = gone.key AND e.valid_from = gone.valid_from;

-- name: remove_entries(kinds, keys, days)!
-- Believe some entries no longer.
DELETE FROM catalogue_entry e
USING unnest(:kinds::text[], :keys::text[], :days::date[]) AS gone (kind, key, valid_from)
WHERE e.kind = gone.kind AND e.key = gone.key AND e.valid_from = gone.valid_from;

-- name: add_entries(version, recorded_at, kinds, keys, days, bodies)!
-- Believe some entries from now on.
INSERT INTO catalogue_entry (kind, key, valid_from, body, recorded_version, recorded_at)
SELECT new.kind, new.key, new.valid_from, new.body, :version, :recorded_at
FROM unnest(:kinds::text[], :keys::text[], :days::date[], :bodies::jsonb[]) AS new (kind, key, valid_from, body);

-- name: operator_keys()
-- Give the keys of the operators, revoked ones included.
SELECT o.key_id, o.jwk, r.revoked_at
FROM operator_key o LEFT JOIN key_revocation r ON r.key_id = o.key_id ORDER BY o.key_id;

-- name: add_operator_keys(version, recorded_at, key_ids, jwks)!
-- Store the keys of operators.
INSERT INTO operator_key (key_id, jwk, recorded_version, recorded_at)
SELECT new.key_id, new.jwk, :version, :recorded_at
FROM unnest(:key_ids::text[], :jwks::jsonb[]) AS new (key_id, jwk);

-- name: institution_keys()
-- Give the keys of all institutions, revoked and expired ones included.
SELECT k.registration, k.log_stream, k.log_index, r.revoked_at
FROM institution_key k LEFT JOIN key_revocation r ON r.key_id = k.key_id ORDER BY k.key_id;

-- name: add_institution_key(key_id, institution, use, thumbprint, valid_from, valid_until, act, version, recorded_at, log_stream, log_index)!
-- Store a key of an institution.
INSERT INTO institution_key (
    key_id, institution, use, thumbprint, valid_from, valid_until, registration, recorded_version, recorded_at,
    log_stream, log_index
)
VALUES (
    :key_id, :institution, :use, :thumbprint, :valid_from, :valid_until, :act::jsonb, :version, :recorded_at,
    :log_stream, :log_index
);

-- name: add_revocation(key_id, reason, act, version, recorded_at)!
-- Store that a key counts no longer.
INSERT INTO key_revocation (key_id, reason, act, recorded_version, revoked_at)
VALUES (:key_id, :reason, :act::jsonb, :version, :recorded_at);

-- name: endpoints()
-- Give where each institution answers now.
SELECT DISTINCT ON (institution) institution, url, issued_at
FROM institution_endpoint ORDER BY institution, recorded_version DESC;

-- name: add_endpoint(institution, version, url, issued_at, act, recorded_at)!
-- Store where an institution answers from now on.
INSERT INTO institution_endpoint (institution, recorded_version, url, issued_at, act, recorded_at)
VALUES (:institution, :version, :url, :issued_at, :act::jsonb, :recorded_at);
