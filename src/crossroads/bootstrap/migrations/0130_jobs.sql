-- work that outlives a request
-- depends: 0120_overlaps_by_merge

-- migrate: apply

CREATE SEQUENCE job_turn;

CREATE TABLE job (
    job uuid PRIMARY KEY,
    kind text NOT NULL,
    institution text,
    subject uuid,
    priority smallint NOT NULL DEFAULT 0,
    state text NOT NULL DEFAULT 'QUEUED'
        CHECK (state IN ('QUEUED', 'RUNNING', 'PAUSED', 'DONE', 'FAILED', 'CANCELLED')),
    turn bigint NOT NULL DEFAULT nextval('job_turn'),
    due_at timestamptz DEFAULT clock_timestamp(),
    deadline timestamptz,
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    lease_owner uuid,
    lease_until timestamptz,
    epoch bigint NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    problem text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz
) WITH (fillfactor = 50);

COMMENT ON TABLE job IS
    'Work that outlives a request, one slice after the other; subject says about what. Who works on it has a lease with an epoch, and only the newest may write. turn is the place in the row, taken anew after each slice: numbers, because a clock may go back. One without due_at waits for an operator. No content.';

CREATE INDEX job_next ON job (kind, priority, turn) WHERE state IN ('QUEUED', 'RUNNING', 'PAUSED');

CREATE INDEX job_subject ON job (subject);

CREATE INDEX job_finished ON job (finished_at) WHERE finished_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON job TO crossroads_hub;

GRANT USAGE ON SEQUENCE job_turn TO crossroads_hub;

GRANT SELECT ON job TO crossroads_reader;

-- migrate: rollback

DROP TABLE job;

DROP SEQUENCE job_turn;
