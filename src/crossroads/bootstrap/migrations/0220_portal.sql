-- the sessions of the portal, and what it may read: what is public anyway
-- depends: 0210_registers
-- compatible: all is of a role that no process of the version before has

-- migrate: apply

GRANT USAGE ON SCHEMA public TO crossroads_portal;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO crossroads_portal', current_database());
END
$$;

CREATE TABLE portal_session (
    key bytea PRIMARY KEY,
    subject bytea,
    provider_session bytea,
    content bytea NOT NULL,
    version int NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);

COMMENT ON TABLE portal_session IS
    'Sessions of browsers with the portal. The key is a hash of what the browser holds, the content is sealed under it, and whose session it is stands as a keyed hash: who reads the table learns nobody''s name or number.';

CREATE INDEX portal_session_subject ON portal_session (subject);

CREATE INDEX portal_session_provider ON portal_session (provider_session);

CREATE INDEX portal_session_ends ON portal_session (ends_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON portal_session TO crossroads_portal;

GRANT SELECT ON
    catalogue_entry, catalogue_entry_history, catalogue_head, catalogue_version, institution_endpoint, institution_key,
    key_revocation, operator_key, service_level, log_checkpoint, log_top
TO crossroads_portal;

-- migrate: rollback

REVOKE SELECT ON
    catalogue_entry, catalogue_entry_history, catalogue_head, catalogue_version, institution_endpoint, institution_key,
    key_revocation, operator_key, service_level, log_checkpoint, log_top
FROM crossroads_portal;

DROP TABLE portal_session;

REVOKE USAGE ON SCHEMA public FROM crossroads_portal;

DO $$
BEGIN
    EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM crossroads_portal', current_database());
END
$$;
