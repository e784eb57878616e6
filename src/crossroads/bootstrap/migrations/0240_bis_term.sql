-- what the BIS register held goes when its days are over by the clock of the database, and the log says so first
-- depends: 0236_operation
-- compatible: no process of the version before removes any of it

-- migrate: apply

CREATE TABLE bis_term (
    days integer PRIMARY KEY CHECK (days > 0)
);

COMMENT ON TABLE bis_term IS
    'For how many days what the BIS register holds stays once it has served; without a row, for ever. The owner writes it from the settings (crossroads migrate): the hub cannot shorten it.';

CREATE TABLE bis_served (
    person bigint PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE bis_served IS
    'Whose particulars have served, because the person died or has a number of another register, and since when the database has seen that by its own clock. The hub cannot set it back. Distributed by person.';

GRANT SELECT ON bis_term, bis_served TO crossroads_hub, crossroads_reader;

CREATE FUNCTION bis_having_served(persons bigint[]) RETURNS TABLE (person bigint, why text, recorded_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE kept AS (
        SELECT p.person FROM public.bis_particulars AS p WHERE persons IS NULL OR p.person = ANY (persons)
        UNION
        SELECT h.person FROM public.bis_particulars_history AS h WHERE persons IS NULL OR h.person = ANY (persons)
    ), up (person, present, linked_at) AS (
        SELECT k.person, k.person, '-infinity'::timestamptz FROM kept AS k
        UNION
        SELECT up.person, l.into_person, l.recorded_at FROM up JOIN public.person_link AS l ON l.from_person = up.present
    ), human AS (
        SELECT up.person, max(greatest(p.recorded_at, up.linked_at)) AS recorded_at,
               bool_or(p.deceased_on IS NOT NULL) AS deceased,
               bool_or(
                   NOT EXISTS (SELECT FROM public.person_link AS l WHERE l.from_person = p.person)
                   AND NOT EXISTS (SELECT FROM public.bis_number AS n WHERE n.person = p.person AND n.ssin = p.ssin)
               ) AS replaced
        FROM up JOIN public.person AS p ON p.person = up.present
        GROUP BY up.person
    )
    SELECT h.person, CASE WHEN h.deceased THEN 'deceased' ELSE 'replaced' END, h.recorded_at
    FROM human AS h WHERE h.deceased OR h.replaced
$$;

COMMENT ON FUNCTION bis_having_served(bigint[]) IS
    'Gives of whom particulars are kept who died, or whose number of today is of another register, of all or of some: why, and when the last of that was recorded.';

CREATE FUNCTION see_bis_served() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH now_served AS MATERIALIZED (
        SELECT s.person FROM public.bis_having_served(NULL) AS s
    ), gone AS (
        DELETE FROM public.bis_served AS b WHERE b.person NOT IN (SELECT n.person FROM now_served AS n)
    )
    INSERT INTO public.bis_served (person) SELECT n.person FROM now_served AS n ORDER BY n.person ON CONFLICT DO NOTHING
$$;

COMMENT ON FUNCTION see_bis_served() IS
    'Notes whose particulars have served, and forgets whose have not, or are gone. Their days begin now.';

-- Of those who have served already, the days began when that was recorded.
INSERT INTO bis_served (person, since) SELECT person, least(recorded_at, now()) FROM bis_having_served(NULL);

CREATE OR REPLACE FUNCTION remove_bis_particulars(removed bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    seen timestamptz;
    lines bigint;
BEGIN
    SELECT b.since INTO seen FROM public.bis_served AS b JOIN public.bis_term AS t
        ON b.since < now() - make_interval(days => t.days)
    WHERE b.person = removed AND EXISTS (SELECT FROM public.bis_having_served(ARRAY[removed]));
    IF seen IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'The days of this person are not over, or not settled.';
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.log_entry AS e WHERE e.event = 'identity:bis:removed' AND e.person = removed AND e.at >= seen
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'The log does not say that this was removed.';
    END IF;
    WITH now AS (
        DELETE FROM public.bis_particulars AS p WHERE p.person = removed RETURNING 1
    ), before AS (
        DELETE FROM public.bis_particulars_history AS h WHERE h.person = removed RETURNING 1
    ), forgotten AS (
        DELETE FROM public.bis_served AS b WHERE b.person = removed
    )
    SELECT (SELECT count(*) FROM now) + (SELECT count(*) FROM before) INTO lines;
    RETURN lines;
END
$$;

COMMENT ON FUNCTION remove_bis_particulars(bigint) IS
    'Removes what is recorded of a person, and what was believed before, and counts the lines: only of one who has served for as many days as the owner settled, by the clock of the database, and where the log says so.';

REVOKE ALL ON FUNCTION bis_having_served(bigint[]), see_bis_served() FROM PUBLIC;

GRANT EXECUTE ON FUNCTION bis_having_served(bigint[]), see_bis_served() TO crossroads_hub;

-- migrate: rollback

CREATE OR REPLACE FUNCTION remove_bis_particulars(removed bigint) RETURNS bigint
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

DROP FUNCTION see_bis_served(), bis_having_served(bigint[]);

DROP TABLE bis_served, bis_term;
