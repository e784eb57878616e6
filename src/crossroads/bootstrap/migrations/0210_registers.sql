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

CREATE FUNCTION remove_bis_particulars(removed bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE up (present) AS (
        SELECT removed
        UNION
        SELECT l.into_person FROM up JOIN public.person_link AS l ON l.from_person = up.present
    ), served AS (
        SELECT FROM up JOIN public.person AS p ON p.person = up.present
        WHERE p.deceased_on IS NOT NULL
           OR NOT EXISTS (SELECT FROM public.person_link AS l WHERE l.from_person = p.person)
              AND NOT EXISTS (SELECT FROM public.bis_number AS n WHERE n.person = p.person AND n.ssin = p.ssin)
    ), now AS (
        DELETE FROM public.bis_particulars WHERE person = removed AND EXISTS (SELECT FROM served) RETURNING 1
    ), before AS (
        DELETE FROM public.bis_particulars_history WHERE person = removed AND EXISTS (SELECT FROM served) RETURNING 1
    )
    SELECT (SELECT count(*) FROM now) + (SELECT count(*) FROM before)
$$;

COMMENT ON FUNCTION remove_bis_particulars(bigint) IS
    'Removes what is recorded of a person, and what was believed before, and counts the lines: only of one who died or whose number of today is of another register.';

REVOKE ALL ON FUNCTION remove_bis_particulars(bigint) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION remove_bis_particulars(bigint) TO crossroads_hub;

CREATE INDEX error_report_waiting ON error_report (source, answer_by, reported_at, report) WHERE outcome IS NULL;

ALTER TABLE mutation ADD COLUMN content_signature text;

COMMENT ON COLUMN mutation.content_signature IS
    'What the source signed of the content. It goes with the content: from it, what it says could be guessed.';

GRANT UPDATE (content_signature) ON mutation TO crossroads_hub;

-- migrate: rollback

ALTER TABLE mutation DROP COLUMN content_signature;

DROP INDEX error_report_waiting;

DROP FUNCTION remove_bis_particulars(bigint);

DROP TABLE bis_removal;
