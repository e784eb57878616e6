-- decisions of the committee: drafts in versions, and who agreed to which
-- depends: 0234_supervision
-- compatible: all tables are new

-- migrate: apply

CREATE TABLE committee_draft (
    draft uuid PRIMARY KEY,
    begun_at timestamptz NOT NULL,
    decided_at timestamptz,
    dropped_at timestamptz
);

COMMENT ON TABLE committee_draft IS
    'Decisions on authorisations that are prepared or taken. Who changes one locks its row first.';

CREATE TABLE committee_version (
    draft uuid NOT NULL,
    version int NOT NULL,
    content jsonb NOT NULL,
    agent text NOT NULL,
    name text NOT NULL,
    saved_at timestamptz NOT NULL,
    ticket uuid NOT NULL,
    PRIMARY KEY (draft, version)
);

COMMENT ON TABLE committee_version IS
    'Every text that was saved of a draft, and by whom. Nothing is changed or removed.';

CREATE TABLE committee_agreement (
    draft uuid NOT NULL,
    version int NOT NULL,
    agent text NOT NULL,
    name text NOT NULL,
    agreed_at timestamptz NOT NULL,
    ticket uuid NOT NULL,
    PRIMARY KEY (draft, version, agent)
);

COMMENT ON TABLE committee_agreement IS
    'Who agreed to which text. Two different people make a decision; another text needs both again.';

GRANT SELECT, INSERT ON committee_draft, committee_version, committee_agreement TO crossroads_hub;

GRANT UPDATE (decided_at, dropped_at) ON committee_draft TO crossroads_hub;

GRANT SELECT ON committee_draft, committee_version, committee_agreement TO crossroads_reader;

-- migrate: rollback

DROP TABLE committee_agreement, committee_version, committee_draft;
