-- the log: its streams and entries, the tree above the streams, and the signed checkpoints
-- depends: 0001_foundations

-- migrate: apply

CREATE TABLE log_stream (
    stream smallint PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    size bigint NOT NULL DEFAULT 0,
    frontier bytea NOT NULL DEFAULT '',
    settled bigint NOT NULL DEFAULT 0,
    leased_by uuid,
    lease_until timestamptz
);

COMMENT ON TABLE log_stream IS
    'The head of each stream and who writes it now; stream -1 is the tree above the streams. Every lease has a new epoch, and only the newest may write. Before entry "settled" no question is open.';

CREATE TABLE log_entry (
    stream smallint NOT NULL,
    index bigint NOT NULL,
    epoch bigint NOT NULL,
    event text NOT NULL,
    ticket uuid,
    person bigint,
    asker text,
    at timestamptz NOT NULL,
    content jsonb,
    salts bytea,
    leaf bytea NOT NULL,
    PRIMARY KEY (stream, index)
);

COMMENT ON TABLE log_entry IS
    'What happened. The leaf commits to event, ticket, person, asker, at and every member of content, each with its own salt. At the end of retention all but event, at and leaf become null.';

CREATE INDEX log_entry_ticket ON log_entry (ticket) WHERE ticket IS NOT NULL;

CREATE INDEX log_entry_person ON log_entry (person, at, stream, index) WHERE person IS NOT NULL;

CREATE INDEX log_entry_expiry ON log_entry (stream, index) WHERE event = 'log:range:expired';

CREATE TABLE log_subtree (
    stream smallint NOT NULL,
    level smallint NOT NULL,
    position bigint NOT NULL,
    root bytea NOT NULL,
    PRIMARY KEY (stream, level, position)
);

COMMENT ON TABLE log_subtree IS
    'The root of each complete subtree of 2^level leaves, for the levels 8, 16, 24: a proof reads few of them. Stream -1 is the tree above the streams.';

CREATE TABLE log_top (
    index bigint PRIMARY KEY,
    heads jsonb NOT NULL,
    leaf bytea NOT NULL,
    at timestamptz NOT NULL
);

COMMENT ON TABLE log_top IS
    'The tree above the streams: leaf n is the n-th list of stream, size and root.';

CREATE TABLE log_checkpoint (
    size bigint PRIMARY KEY,
    note text NOT NULL,
    at timestamptz NOT NULL
);

COMMENT ON TABLE log_checkpoint IS
    'The signed head of the tree above the streams, one for each of its sizes.';

GRANT SELECT, INSERT ON log_entry, log_subtree, log_top, log_checkpoint TO crossroads_hub;

GRANT SELECT, INSERT, UPDATE ON log_stream TO crossroads_hub;

GRANT SELECT ON log_entry TO crossroads_retention;

GRANT UPDATE (ticket, person, asker, content, salts) ON log_entry TO crossroads_retention;

GRANT SELECT ON log_stream, log_entry, log_subtree, log_top, log_checkpoint TO crossroads_reader;

-- migrate: rollback

DROP TABLE log_checkpoint, log_top, log_subtree, log_entry, log_stream;
