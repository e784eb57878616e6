-- how well the hub served, by day: counted from the log, and kept when what the log says has expired
-- depends: 0160_many_inscriptions

-- migrate: apply

CREATE TABLE service_level (
    day date PRIMARY KEY,
    questions bigint NOT NULL,
    known bigint NOT NULL,
    lost bigint NOT NULL,
    within_one_second bigint NOT NULL,
    within_two_seconds bigint NOT NULL,
    minutes bigint NOT NULL,
    minutes_lost bigint NOT NULL,
    batches bigint NOT NULL,
    batches_in_time bigint NOT NULL
);

COMMENT ON TABLE service_level IS
    'What the log said of a day that is over, in Brussels, when it was counted: how many questions and files, of which how many were answered, and in which time. No person, no institution.';

-- Entries are written in the order of time, nearly: an index of a few pages finds a day.
CREATE INDEX log_entry_at ON log_entry USING brin (at) WITH (autosummarize = on);

GRANT SELECT, INSERT ON service_level TO crossroads_hub;

GRANT SELECT ON service_level TO crossroads_reader;

-- migrate: rollback

DROP INDEX log_entry_at;

DROP TABLE service_level;
