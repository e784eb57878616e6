-- the catalogue: its entries on two time axes, every version of it, keys of institutions and operators, endpoints
-- depends: 0010_audit

-- migrate: apply

CREATE TABLE catalogue_head (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version bigint NOT NULL
);

COMMENT ON TABLE catalogue_head IS
    'One row. The version goes up by one with every change on which a decision may depend: entries, keys, revocations, endpoints. Who changes anything locks this row first.';

INSERT INTO catalogue_head (version) VALUES (0);

CREATE TABLE catalogue_version (
    version bigint PRIMARY KEY,
    kind text NOT NULL,
    act jsonb NOT NULL,
    digest text NOT NULL,
    actors text[] NOT NULL,
    recorded_at timestamptz NOT NULL,
    log_stream smallint NOT NULL,
    log_index bigint NOT NULL
);

COMMENT ON TABLE catalogue_version IS
    'The signed act that made each version, who signed it, and where the log has it. Version 1 founded the installation.';

CREATE INDEX catalogue_version_applied ON catalogue_version (version) WHERE kind = 'apply-catalogue';

CREATE TABLE catalogue_entry (
    kind text NOT NULL,
    key text NOT NULL,
    valid_from date NOT NULL,
    body jsonb NOT NULL,
    recorded_version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (kind, key, valid_from)
);

COMMENT ON TABLE catalogue_entry IS
    'What is believed now. The body holds the period for which the entry is valid, its provenance and its source.';

CREATE TABLE catalogue_entry_history (
    kind text NOT NULL,
    key text NOT NULL,
    valid_from date NOT NULL,
    body jsonb NOT NULL,
    recorded_version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_until timestamptz NOT NULL,
    replaced_by bigint NOT NULL,
    reason text NOT NULL,
    actor text[] NOT NULL,
    PRIMARY KEY (kind, key, valid_from, recorded_version)
);

COMMENT ON TABLE catalogue_entry_history IS
    'What was believed before, until when, and the version that replaced it. Together with catalogue_entry: as believed at any moment.';

CREATE TABLE operator_key (
    key_id text PRIMARY KEY,
    jwk jsonb NOT NULL,
    recorded_version bigint NOT NULL,
    recorded_at timestamptz NOT NULL
);

COMMENT ON TABLE operator_key IS 'The public keys of the operators of the hub, as the first entry of the log names them.';

CREATE TABLE institution_key (
    key_id text PRIMARY KEY,
    institution text NOT NULL,
    use text NOT NULL,
    thumbprint text NOT NULL UNIQUE,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    registration jsonb NOT NULL,
    recorded_version bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    log_stream smallint NOT NULL,
    log_index bigint NOT NULL
);

COMMENT ON TABLE institution_key IS
    'The public keys of institutions with the signed act that registered each, and where the log has it.';

CREATE TABLE key_revocation (
    key_id text PRIMARY KEY,
    reason text NOT NULL,
    act jsonb NOT NULL,
    recorded_version bigint NOT NULL,
    revoked_at timestamptz NOT NULL
);

COMMENT ON TABLE key_revocation IS 'The keys, of institutions and of operators, that count no longer.';

CREATE TABLE institution_endpoint (
    institution text NOT NULL,
    recorded_version bigint NOT NULL,
    url text NOT NULL,
    issued_at timestamptz NOT NULL,
    act jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (institution, recorded_version)
);

COMMENT ON TABLE institution_endpoint IS 'Where each institution answers; the newest row counts.';

GRANT SELECT, INSERT ON
    catalogue_version, catalogue_entry, catalogue_entry_history, operator_key, institution_key, key_revocation,
    institution_endpoint
TO crossroads_hub;

GRANT SELECT, UPDATE ON catalogue_head TO crossroads_hub;

GRANT DELETE ON catalogue_entry TO crossroads_hub;

GRANT SELECT ON
    catalogue_head, catalogue_version, catalogue_entry, catalogue_entry_history, operator_key, institution_key,
    key_revocation, institution_endpoint
TO crossroads_reader;

-- migrate: rollback

DROP TABLE
    institution_endpoint, key_revocation, institution_key, operator_key, catalogue_entry_history, catalogue_entry,
    catalogue_version, catalogue_head;
