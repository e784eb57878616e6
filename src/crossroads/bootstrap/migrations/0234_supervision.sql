-- what supervisors search by, whom they have watched, and what a pattern is flagged by
-- depends: 0232_acting
-- compatible: the tables are new, and the index of the log was made ready while it was used (0175)

-- migrate: apply

CREATE INDEX log_entry_asker ON log_entry (asker, at, stream, index) WHERE asker IS NOT NULL;

CREATE TABLE supervision_parameter (
    parameter text NOT NULL,
    valid_from date NOT NULL,
    recorded_at timestamptz NOT NULL,
    value int NOT NULL,
    reason text NOT NULL,
    agent text NOT NULL,
    name text NOT NULL,
    ticket uuid NOT NULL,
    PRIMARY KEY (parameter, valid_from, recorded_at)
);

COMMENT ON TABLE supervision_parameter IS
    'By what a pattern in the log is flagged, from a day on, and who said so. Nothing is changed: what was recorded last for the newest day that has come is in force.';

CREATE TABLE supervision_watch (
    watch uuid PRIMARY KEY,
    person bigint NOT NULL,
    reason text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    agent text NOT NULL,
    name text NOT NULL,
    recorded_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_agent text,
    ended_name text
);

COMMENT ON TABLE supervision_watch IS
    'Persons about whom questions are flagged until a day, because many may be curious about them; with the reason. Rows go a year after their last day.';

GRANT SELECT, INSERT ON supervision_parameter TO crossroads_hub;

GRANT SELECT, INSERT, DELETE ON supervision_watch TO crossroads_hub;

GRANT UPDATE (ended_at, ended_agent, ended_name) ON supervision_watch TO crossroads_hub;

GRANT SELECT ON supervision_parameter TO crossroads_reader;

-- migrate: rollback

DROP TABLE supervision_watch, supervision_parameter;

DROP INDEX log_entry_asker;
