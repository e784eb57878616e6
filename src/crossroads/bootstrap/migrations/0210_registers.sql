-- what the BIS register held goes when it has served; open reports are found by their source; sources sign what they tell
-- depends: 0200_batch_nonces
-- compatible: the index is on the few reports that wait for an answer; who reports an error waits a moment while it is made

-- migrate: apply

CREATE TABLE bis_removal (
    person bigint NOT NULL,
    ticket uuid NOT NULL,
    why text NOT NULL CHECK (why IN ('deceased', 'replaced')),
    lines integer NOT NULL,
    removed_at timestamptz NOT NULL,
    PRIMARY KEY (person, ticket)
);

COMMENT ON TABLE bis_removal IS
    'Of whom the particulars that the BIS register held were removed at the end of their days, why, and how many lines. No content and no number of a person. Distributed by person.';

GRANT SELECT, INSERT ON bis_removal TO crossroads_hub;

GRANT SELECT ON bis_removal TO crossroads_reader;

GRANT DELETE ON bis_particulars_history TO crossroads_hub;

CREATE INDEX error_report_waiting ON error_report (source, answer_by, reported_at, report) WHERE outcome IS NULL;

ALTER TABLE mutation ADD COLUMN content_signature text;

COMMENT ON COLUMN mutation.content_signature IS
    'What the source signed of the content. It goes with the content: from it, what it says could be guessed.';

GRANT UPDATE (content_signature) ON mutation TO crossroads_hub;

-- migrate: rollback

ALTER TABLE mutation DROP COLUMN content_signature;

DROP INDEX error_report_waiting;

REVOKE DELETE ON bis_particulars_history FROM crossroads_hub;

DROP TABLE bis_removal;
