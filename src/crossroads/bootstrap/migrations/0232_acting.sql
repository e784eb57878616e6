-- people act for each other: mandates, and who acts for whom today
-- depends: 0230_box
-- compatible: all is new, and no process of the version before reads or writes it

-- migrate: apply

CREATE TABLE mandate (
    mandate uuid PRIMARY KEY,
    institution text NOT NULL,
    reference text NOT NULL,
    giver bigint NOT NULL,
    receiver bigint NOT NULL CHECK (receiver <> giver),
    giver_name text NOT NULL,
    receiver_name text NOT NULL,
    receiver_ssin text NOT NULL,
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    start_date date NOT NULL,
    end_date date NOT NULL CHECK (end_date >= start_date),
    recorded_at timestamptz NOT NULL,
    UNIQUE (institution, reference)
);

COMMENT ON TABLE mandate IS
    'That somebody lets somebody else act, for what and on which days. Never changed: what became of it stands in mandate_act. It goes when it has been over for as long as the log keeps entries. The names are what each of the two is shown of the other; receiver_ssin is the number as the giver typed it. A reference table.';

CREATE INDEX mandate_giver ON mandate (giver);

CREATE INDEX mandate_receiver ON mandate (receiver);

CREATE TABLE mandate_act (
    mandate uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('accepted', 'ended')),
    side text NOT NULL CHECK (side IN ('giver', 'receiver')),
    ticket uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (mandate, kind)
);

COMMENT ON TABLE mandate_act IS
    'What became of a mandate, and when that was recorded: it counts between its acceptance and its end. A reference table.';

CREATE TABLE acting (
    person bigint NOT NULL,
    ticket uuid NOT NULL,
    acting_person bigint NOT NULL,
    institution text NOT NULL,
    agent text NOT NULL,
    legal_context text NOT NULL,
    mandate uuid,
    day date NOT NULL,
    PRIMARY KEY (person, ticket)
);

COMMENT ON TABLE acting IS
    'Which agent of an institution acts for a person today, and for whom the agent stands. Rows of other days count no more. Distributed by person.';

CREATE TABLE mandate_try (
    person bigint NOT NULL,
    ticket uuid NOT NULL,
    day date NOT NULL,
    PRIMARY KEY (person, ticket)
);

COMMENT ON TABLE mandate_try IS
    'That somebody tried to give a mandate today, and the register did not confirm to whom, or not yet: so few tries are free. Goes with the day. Distributed by person.';

CREATE FUNCTION forget_mandates(before date) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH over AS (
        SELECT mandate FROM public.mandate WHERE end_date < least(before, current_date - 30)
    ), acts AS (
        DELETE FROM public.mandate_act AS a USING over WHERE a.mandate = over.mandate
    ), gone AS (
        DELETE FROM public.mandate AS m USING over WHERE m.mandate = over.mandate RETURNING 1
    )
    SELECT count(*) FROM gone
$$;

COMMENT ON FUNCTION forget_mandates(date) IS
    'Removes mandates whose last day lies before a day, and at least 30 days back, and counts them.';

REVOKE ALL ON FUNCTION forget_mandates(date) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION forget_mandates(date) TO crossroads_hub;

GRANT SELECT, INSERT ON mandate, mandate_act TO crossroads_hub;

GRANT SELECT, INSERT, DELETE ON acting, mandate_try TO crossroads_hub;

GRANT SELECT ON mandate, mandate_act, mandate_try, acting TO crossroads_reader;

-- migrate: rollback

DROP FUNCTION forget_mandates(date);

DROP TABLE mandate_try;

DROP TABLE acting;

DROP TABLE mandate_act;

DROP TABLE mandate;
