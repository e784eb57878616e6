-- many questions in one file: what was announced, uploaded, read from it, asked and answered
-- depends: 0130_jobs

-- migrate: apply

CREATE TABLE batch_sequence (
    institution text PRIMARY KEY,
    last_number bigint NOT NULL
);

COMMENT ON TABLE batch_sequence IS
    'The number of the last file that each institution announced. Its lock puts the vouchers of one institution in order.';

CREATE TABLE batch (
    ticket uuid PRIMARY KEY,
    institution text NOT NULL,
    reference text NOT NULL,
    file_sequence_number bigint NOT NULL,
    voucher_digest bytea NOT NULL,
    file_digest text NOT NULL,
    voucher bytea,
    signer text NOT NULL,
    request_signature text NOT NULL,
    accepted_at timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'ANNOUNCED'
        CHECK (state IN ('ANNOUNCED', 'CHECKING', 'RUNNING', 'PAUSED', 'COMPLETED', 'REFUSED', 'CANCELLED')),
    size bigint NOT NULL,
    received bigint NOT NULL DEFAULT 0,
    records bigint NOT NULL,
    decided bigint NOT NULL DEFAULT 0,
    answered bigint NOT NULL DEFAULT 0,
    counts jsonb NOT NULL DEFAULT '{}',
    source_counts jsonb NOT NULL DEFAULT '{}',
    parts integer NOT NULL DEFAULT 0,
    problem_code text,
    problem text,
    problem_line bigint,
    finished_at timestamptz,
    kept_until timestamptz,
    fetched boolean NOT NULL DEFAULT false,
    UNIQUE (institution, reference),
    UNIQUE (institution, file_sequence_number)
) WITH (fillfactor = 70);

COMMENT ON TABLE batch IS
    'A file of questions and how far it has come. The voucher, whose digest tells the same from another, goes when the batch is over. request_signature is what the log keeps of the voucher''s request.';

CREATE INDEX batch_file ON batch (institution, file_digest);

CREATE INDEX batch_of_institution ON batch (institution, ticket);

CREATE INDEX batch_kept ON batch (kept_until) WHERE parts > 0;

CREATE INDEX batch_awaited ON batch (deadline) WHERE state = 'ANNOUNCED';

CREATE TABLE batch_part (
    ticket uuid NOT NULL,
    start_at bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (ticket, start_at)
);

ALTER TABLE batch_part ALTER COLUMN content SET STORAGE EXTERNAL;

COMMENT ON TABLE batch_part IS
    'Batch input: the file as it was uploaded, from the byte start_at on. Gone when it is read. Distributed by ticket.';

CREATE TABLE batch_page (
    ticket uuid NOT NULL,
    page integer NOT NULL,
    records bytea,
    root bytea NOT NULL,
    state text NOT NULL DEFAULT 'READ' CHECK (state IN ('READ', 'DECIDED', 'ANSWERED')),
    decisions bytea,
    decided_at timestamptz,
    PRIMARY KEY (ticket, page)
);

COMMENT ON TABLE batch_page IS
    'Batch input: 10,000 records as they stand in the file, in JSON Lines, the root of their tree, and what was decided of them. Records and decisions go when the page is answered. Distributed by ticket.';

CREATE TABLE batch_chunk (
    ticket uuid NOT NULL,
    page integer NOT NULL,
    source text NOT NULL,
    first_index integer NOT NULL,
    state text NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'ASKED', 'ANSWERED', 'FAILED')),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    code text,
    answer bytea,
    PRIMARY KEY (ticket, page, source, first_index)
);

COMMENT ON TABLE batch_chunk IS
    'Batch result: what one source is asked of one page, from a record on, and its answer, until the page is answered. Distributed by ticket.';

CREATE INDEX batch_chunk_due ON batch_chunk (ticket, due_at) WHERE state IN ('WAITING', 'ASKED');

CREATE TABLE batch_result (
    ticket uuid NOT NULL,
    part integer NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (ticket, part)
);

COMMENT ON TABLE batch_result IS
    'Batch result: a line for each record of a page, as JSON Lines; the last part is the summary. Gone when it was fetched, or at kept_until of its batch. Distributed by ticket.';

ALTER TABLE batch_chunk ALTER COLUMN answer SET STORAGE EXTERNAL;

ALTER TABLE batch_result ALTER COLUMN content SET STORAGE EXTERNAL;

GRANT SELECT, INSERT, UPDATE ON batch, batch_sequence TO crossroads_hub;

GRANT SELECT, INSERT, DELETE ON batch_part, batch_result TO crossroads_hub;

GRANT SELECT, INSERT, UPDATE, DELETE ON batch_page, batch_chunk TO crossroads_hub;

GRANT SELECT ON batch_sequence, batch TO crossroads_reader;

-- migrate: rollback

DROP TABLE batch_result, batch_chunk, batch_page, batch_part, batch, batch_sequence;
