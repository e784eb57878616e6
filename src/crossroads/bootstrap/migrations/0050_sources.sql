-- How the hub's calls to participants go, shared by all its processes. Unlogged: after a crash all start afresh.
-- depends: 0045_admission

-- migrate: apply
CREATE UNLOGGED TABLE source_breaker (
    participant text PRIMARY KEY,
    failures integer NOT NULL,
    open_until timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON source_breaker TO crossroads_hub;
GRANT SELECT ON source_breaker TO crossroads_reader;

-- migrate: rollback
DROP TABLE source_breaker;
