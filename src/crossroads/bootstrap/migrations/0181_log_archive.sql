-- what of the log may go when, and the leaves of what went to a file
-- depends: 0180_log_by_months
-- compatible: no process of the hub had the right that goes; `audit expire` of the version before needs it

-- migrate: apply

CREATE TABLE log_term (
    event text PRIMARY KEY,
    class text NOT NULL,
    days integer NOT NULL CHECK (days > 0)
);

COMMENT ON TABLE log_term IS
    'For how many days what the log says stays, by event; an event that is not here stays for ever. The owner writes it from the settings (crossroads migrate): the hub cannot shorten it.';

CREATE TABLE log_expired (
    class text PRIMARY KEY,
    before timestamptz NOT NULL
);

COMMENT ON TABLE log_expired IS
    'Up to which moment the hub has let the entries of a class expire by itself, so that it need not look at them again.';

CREATE TABLE log_leaf (
    stream smallint NOT NULL,
    first bigint NOT NULL,
    leaves bytea NOT NULL,
    PRIMARY KEY (stream, first)
);

ALTER TABLE log_leaf ALTER COLUMN leaves SET STORAGE EXTERNAL;

COMMENT ON TABLE log_leaf IS
    'The leaves, of 32 bytes, of entries that went to an archive: from entry "first" on, up to the end of its subtree of 256. So every proof and checkpoint can be made and verified without the archive.';

GRANT SELECT ON log_term, log_expired, log_leaf TO crossroads_hub, crossroads_retention, crossroads_reader;

GRANT INSERT, UPDATE ON log_expired TO crossroads_hub;

CREATE FUNCTION expire_log(in_stream smallint, from_index bigint, to_index bigint, in_class text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    removed bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.log_entry
        WHERE event = 'log:range:expired' AND (content ->> 'stream')::int = in_stream
          AND (content ->> 'first')::bigint <= from_index AND (content ->> 'last')::bigint >= to_index
          AND content ->> 'class' = in_class
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'The log does not say that this range expired.';
    END IF;
    UPDATE public.log_entry AS e SET content = NULL, salts = NULL, ticket = NULL, person = NULL, asker = NULL
    FROM public.log_term AS t
    WHERE e.stream = in_stream AND e.index BETWEEN from_index AND to_index AND e.content IS NOT NULL
      AND t.event = e.event AND t.class = in_class
      AND e.at < (date_trunc('day', now() AT TIME ZONE 'Europe/Brussels') - make_interval(days => t.days))
                 AT TIME ZONE 'Europe/Brussels';
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
END
$$;

COMMENT ON FUNCTION expire_log(smallint, bigint, bigint, text) IS
    'Removes what entries of a class say whose days are over by the clock of the database and by log_term, where the log says that their range expired; gives how many. So the hub can do what its schedule would, and no more.';

CREATE FUNCTION log_months(before timestamptz) RETURNS SETOF timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass('public.log_entry')
    LOOP
        IF name ~ '^log_entry_[0-9]{6}$' THEN
            RETURN NEXT to_timestamp(right(name, 6) || ' 00 +00', 'YYYYMM HH24 TZH');
        ELSE
            RETURN QUERY EXECUTE format(
                'SELECT DISTINCT date_trunc(''month'', e.at) FROM public.%I AS e WHERE e.at < $1 AND e.event IN (SELECT t.event FROM public.log_term AS t)',
                name
            ) USING before;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION log_months(timestamptz) IS
    'Gives the months that have a partition, and those with entries from before a moment, that may leave, in another: the default one, or that of all that was before the log stood in months.';

CREATE FUNCTION drop_old_log() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    name text;
    used boolean;
BEGIN
    SELECT c.relname INTO name FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass('public.log_entry') AND c.relname ~ '^log_entry_to_[0-9]{6}$'
      AND right(c.relname, 6) <= to_char(now(), 'YYYYMM');
    IF name IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM public.%I AS e WHERE e.event IN (SELECT t.event FROM public.log_term AS t))', name
    ) INTO used;
    IF NOT used THEN
        EXECUTE format('ALTER TABLE public.log_entry DETACH PARTITION public.%I', name);
        EXECUTE format('INSERT INTO public.log_entry SELECT e.* FROM public.%I AS e', name);
        EXECUTE format('DROP TABLE public.%I', name);
    END IF;
END
$$;

COMMENT ON FUNCTION drop_old_log() IS
    'Drops the partition of all that was before the log stood in months, when its last month has left: only then its room on the disk is free. What stays for ever goes to the default partition.';

CREATE FUNCTION drop_log_month(month timestamptz, entries bigint, speaking bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    until timestamptz := month + interval '1 month';
    name text := 'log_entry' || to_char(month, '_YYYYMM');
    own boolean := to_regclass('public.' || name) IS NOT NULL;
    leaving text := 'SELECT * FROM public.log_entry AS e WHERE %s';
    found bigint;
    said bigint;
BEGIN
    IF month <> date_trunc('month', month) OR until > now() THEN
        RAISE invalid_parameter_value USING MESSAGE = 'This is not a month that is over.';
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.log_entry AS e
        WHERE e.event = 'log:month:archived' AND e.content ->> 'month' = to_char(month, 'YYYY-MM')
          AND (e.content ->> 'entries')::bigint = entries
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'The log does not say that this month was archived.';
    END IF;
    IF own THEN
        EXECUTE format('LOCK TABLE public.%I IN SHARE ROW EXCLUSIVE MODE', name);
    ELSE
        leaving := 'DELETE FROM public.log_entry AS e WHERE %s RETURNING *';
    END IF;
    EXECUTE format(
        'WITH leaving AS (%s), cut AS ('
        '    SELECT l.stream, l.index, l.leaf, l.index - row_number() OVER (PARTITION BY l.stream ORDER BY l.index) AS stretch'
        '    FROM leaving AS l'
        '), kept AS ('
        '    INSERT INTO public.log_leaf (stream, first, leaves)'
        '    SELECT c.stream, min(c.index), string_agg(c.leaf, ''''::bytea ORDER BY c.index)'
        '    FROM cut AS c GROUP BY c.stream, c.index / 256, c.stretch'
        ') SELECT count(*), count(l.content) FROM leaving AS l',
        format(leaving, 'e.at >= $1 AND e.at < $2 AND e.event IN (SELECT t.event FROM public.log_term AS t)')
    ) INTO found, said USING month, until;
    IF (found, said) IS DISTINCT FROM (entries, speaking) THEN
        RAISE integrity_constraint_violation USING MESSAGE = 'The month has other entries than were archived.';
    END IF;
    IF own THEN
        EXECUTE format('ALTER TABLE public.log_entry DETACH PARTITION public.%I', name);
        EXECUTE format(
            'INSERT INTO public.log_entry SELECT e.* FROM public.%I AS e WHERE e.event NOT IN (SELECT t.event FROM public.log_term AS t)',
            name
        );
        EXECUTE format('DROP TABLE public.%I', name);
    ELSE
        PERFORM public.drop_old_log();
    END IF;
END
$$;

COMMENT ON FUNCTION drop_log_month(timestamptz, bigint, bigint) IS
    'Keeps the leaves of a month that the log says is archived, and removes its entries, but for those that stay for ever: they go to the default partition, or stay where they are. Refuses where the month has other entries than were archived, or more or fewer that still say something. A month without a partition of its own goes row by row: nobody who writes waits for it.';

-- What expires is removed by expire_log alone, which looks at its age.
REVOKE UPDATE (ticket, person, asker, content, salts) ON log_entry FROM crossroads_retention;

REVOKE ALL ON FUNCTION expire_log(smallint, bigint, bigint, text), drop_log_month(timestamptz, bigint, bigint), log_months(timestamptz), drop_old_log() FROM PUBLIC;

GRANT EXECUTE ON FUNCTION log_months(timestamptz) TO crossroads_retention, crossroads_reader;

GRANT EXECUTE ON FUNCTION expire_log(smallint, bigint, bigint, text) TO crossroads_hub;

GRANT SELECT ON log_stream, log_subtree, log_top, log_checkpoint TO crossroads_retention;

GRANT EXECUTE ON FUNCTION drop_log_month(timestamptz, bigint, bigint) TO crossroads_retention;

-- migrate: rollback

GRANT UPDATE (ticket, person, asker, content, salts) ON log_entry TO crossroads_retention;

REVOKE SELECT ON log_stream, log_subtree, log_top, log_checkpoint FROM crossroads_retention;

DROP FUNCTION drop_log_month(timestamptz, bigint, bigint), drop_old_log(), log_months(timestamptz), expire_log(smallint, bigint, bigint, text);

DROP TABLE log_leaf, log_expired, log_term;
