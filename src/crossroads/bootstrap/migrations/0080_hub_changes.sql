-- changes that the hub itself causes, and reports of presumed errors
-- depends: 0070_mutations

-- migrate: apply

ALTER TABLE mutation ALTER COLUMN context DROP NOT NULL, ALTER COLUMN data_group DROP NOT NULL;

ALTER TABLE mutation ADD COLUMN addressee text, ADD COLUMN report uuid, ADD COLUMN told text;

COMMENT ON TABLE mutation IS
    'A change of a data group of a person, as its source notified it; ssin is the number it named. The numbers of one person follow the order in which their changes were taken. Content, as canonical JSON, only of data groups that the catalogue leaves unsealed, until content_until. Of a change that the hub itself caused, ssin is the number that it is about beside that of today; without data group every holder of the person is told, with an addressee that institution alone. told counts who was given a correction, and who not. Distributed by person.';

ALTER TABLE identity_event DROP CONSTRAINT identity_event_kind_check, ADD CONSTRAINT identity_event_kind_check
    CHECK (kind IN ('created', 'corrected', 'deceased', 'number-replaced', 'merged', 'unmerged', 'link-refused'));

CREATE TABLE inscription_ends (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    day date NOT NULL,
    person bigint NOT NULL,
    inscription bigint NOT NULL
);

COMMENT ON TABLE inscription_ends IS
    'How far the daily look at inscriptions that ended has come: the day, and the last line of it that was told of.';

CREATE INDEX inscription_end ON inscription (end_date, person, inscription) WHERE end_date IS NOT NULL;

CREATE INDEX log_entry_opened ON log_entry (at, stream, index) WHERE event = 'directory:inscription:opened';

CREATE TABLE error_report (
    report uuid NOT NULL,
    person bigint NOT NULL,
    ssin text NOT NULL,
    reporter text NOT NULL,
    reference text NOT NULL,
    source text NOT NULL,
    data_group text NOT NULL,
    start_date date NOT NULL,
    end_date date CHECK (end_date >= start_date),
    seen uuid NOT NULL,
    presumed text NOT NULL,
    text text,
    reported_at timestamptz NOT NULL,
    answer_by date NOT NULL,
    delivered_at timestamptz,
    outcome text CHECK (outcome IN ('corrected', 'rejected')),
    reason text,
    correction uuid,
    answered_at timestamptz,
    PRIMARY KEY (person, report)
);

COMMENT ON TABLE error_report IS
    'That an institution presumes an error in what it was given, and what the source made of it, with the moment of each step. Text and reason are content, in the class correction request: they go after the answer. Distributed by person.';

CREATE INDEX error_report_report ON error_report (report);

CREATE INDEX error_report_open ON error_report (answer_by) WHERE outcome IS NULL;

CREATE INDEX error_report_text ON error_report (answered_at) WHERE text IS NOT NULL OR reason IS NOT NULL;

GRANT SELECT, INSERT ON error_report TO crossroads_hub;

GRANT UPDATE (text, delivered_at, outcome, reason, correction, answered_at) ON error_report TO crossroads_hub;

GRANT SELECT, INSERT, UPDATE ON inscription_ends TO crossroads_hub;

GRANT SELECT ON error_report, inscription_ends TO crossroads_reader;

-- migrate: rollback

DROP TABLE error_report, inscription_ends;

DROP INDEX inscription_end, log_entry_opened;

DELETE FROM identity_event WHERE kind = 'link-refused';

ALTER TABLE identity_event DROP CONSTRAINT identity_event_kind_check, ADD CONSTRAINT identity_event_kind_check
    CHECK (kind IN ('created', 'corrected', 'deceased', 'number-replaced', 'merged', 'unmerged'));

ALTER TABLE mutation DROP COLUMN addressee, DROP COLUMN report, DROP COLUMN told;

DELETE FROM mutation_queue WHERE mutation IN (SELECT mutation FROM mutation WHERE context IS NULL OR data_group IS NULL);

DELETE FROM mailbox_item WHERE mutation IN (SELECT mutation FROM mutation WHERE context IS NULL OR data_group IS NULL);

DELETE FROM mutation WHERE context IS NULL OR data_group IS NULL;

ALTER TABLE mutation ALTER COLUMN context SET NOT NULL, ALTER COLUMN data_group SET NOT NULL;
