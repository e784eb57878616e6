-- a person's box: messages of institutions whose documents stay with them, and whether the person wants them
-- depends: 0220_portal
-- compatible: all tables are new, and no process of the version before reads or writes them

-- migrate: apply

CREATE TABLE box_message (
    person bigint NOT NULL,
    message uuid NOT NULL,
    ssin text NOT NULL,
    sender text NOT NULL,
    reference text NOT NULL,
    legal_context text NOT NULL,
    content bytea,
    received_on date NOT NULL,
    published_at timestamptz NOT NULL,
    expires_on date NOT NULL CHECK (expires_on > received_on),
    remind_on date NOT NULL,
    published_stream smallint NOT NULL,
    published_index bigint NOT NULL,
    reminded_at timestamptz,
    reminded_stream smallint,
    reminded_index bigint,
    opened_at timestamptz,
    opened_stream smallint,
    opened_index bigint,
    PRIMARY KEY (person, message)
);

COMMENT ON TABLE box_message IS
    'A message that an institution published for a person; ssin is the number it named. The documents stay with the sender. Content is what lists it: the subject, and name, type, size and digest of each document, in the clear, for a person has no key to which it could be sealed; it goes on the day of expiry. Where the log has each step stands beside its moment. Distributed by person.';

CREATE INDEX box_message_waiting ON box_message (remind_on) WHERE opened_at IS NULL AND reminded_at IS NULL;

CREATE INDEX box_message_expiring ON box_message (expires_on) WHERE content IS NOT NULL;

CREATE TABLE box_reference (
    institution text NOT NULL,
    reference text NOT NULL,
    digest bytea NOT NULL,
    message uuid NOT NULL,
    person bigint NOT NULL,
    active boolean NOT NULL,
    published_at timestamptz NOT NULL,
    log_stream smallint,
    log_index bigint,
    leaf bytea,
    PRIMARY KEY (institution, reference)
);

COMMENT ON TABLE box_reference IS
    'What a sender used its references for, and what came of it: published, or that the person had no active box. Distributed by institution.';

CREATE TABLE box_consent (
    person bigint NOT NULL,
    consent uuid NOT NULL,
    active_from timestamptz NOT NULL,
    active_until timestamptz,
    PRIMARY KEY (person, consent)
);

COMMENT ON TABLE box_consent IS
    'From when until when a person wants messages in the box. What was ended stays, with its end. Distributed by person.';

GRANT SELECT, INSERT ON box_message, box_reference, box_consent TO crossroads_hub;

GRANT UPDATE (content, reminded_at, reminded_stream, reminded_index, opened_at, opened_stream, opened_index)
    ON box_message TO crossroads_hub;

GRANT UPDATE (log_stream, log_index, leaf) ON box_reference TO crossroads_hub;

GRANT UPDATE (active_until) ON box_consent TO crossroads_hub;

GRANT SELECT ON box_message, box_reference, box_consent TO crossroads_reader;

-- migrate: rollback

DROP TABLE box_consent, box_reference, box_message;
