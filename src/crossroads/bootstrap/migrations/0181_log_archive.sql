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

CREATE FUNCTION drop_log_month(month timestamptz, entries bigint, speaking bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    until timestamptz := month + interval '1 month';
    name text := 'log_entry' || to_char(month, '_YYYYMM');
    own boolean := to_regclass('public.' || name) IS NOT NULL;
    found bigint;
    said bigint;
BEGIN
    IF month <> date_trunc('month', month) OR until > now() THEN
        RAISE invalid_parameter_value USING MESSAGE = 'This is not a month that is over.';
    END IF;
    IF NOT own THEN
        name := 'log_entry_default';
    END IF;
    EXECUTE format('LOCK TABLE public.%I IN SHARE ROW EXCLUSIVE MODE', name);
    SELECT count(*), count(e.content) INTO found, said FROM public.log_entry AS e
    WHERE e.at >= month AND e.at < until AND e.event IN (SELECT t.event FROM public.log_term AS t);
    IF (found, said) IS DISTINCT FROM (entries, speaking) THEN
        RAISE integrity_constraint_violation USING MESSAGE = 'The month has other entries than were archived.';
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.log_entry AS e
        WHERE e.event = 'log:month:archived' AND e.content ->> 'month' = to_char(month, 'YYYY-MM')
          AND (e.content ->> 'entries')::bigint = entries
    ) THEN
        RAISE insufficient_privilege USING MESSAGE = 'The log does not say that this month was archived.';
    END IF;
    INSERT INTO public.log_leaf (stream, first, leaves)
    SELECT s.stream, min(s.index), string_agg(s.leaf, ''::bytea ORDER BY s.index)
    FROM (
        SELECT e.stream, e.index, e.leaf, e.index - row_number() OVER (PARTITION BY e.stream ORDER BY e.index) AS stretch
        FROM public.log_entry AS e
        WHERE e.at >= month AND e.at < until AND e.event IN (SELECT t.event FROM public.log_term AS t)
    ) AS s
    GROUP BY s.stream, s.index / 256, s.stretch;
    IF own THEN
        EXECUTE format('ALTER TABLE public.log_entry DETACH PARTITION public.%I', name);
        EXECUTE format(
            'INSERT INTO public.log_entry SELECT e.* FROM public.%I AS e WHERE e.event NOT IN (SELECT t.event FROM public.log_term AS t)',
            name
        );
        EXECUTE format('DROP TABLE public.%I', name);
    ELSE
        DELETE FROM public.log_entry AS e
        WHERE e.at >= month AND e.at < until AND e.event IN (SELECT t.event FROM public.log_term AS t);
    END IF;
END
$$;

COMMENT ON FUNCTION drop_log_month(timestamptz, bigint, bigint) IS
    'Keeps the leaves of a month that the log says is archived, and removes its entries, but for those that stay for ever: they go to the default partition. Refuses where the month has other entries than were archived, or more or fewer that still say something.';

-- What expires is removed by expire_log alone, which looks at its age.
REVOKE UPDATE (ticket, person, asker, content, salts) ON log_entry FROM crossroads_retention;

REVOKE ALL ON FUNCTION expire_log(smallint, bigint, bigint, text), drop_log_month(timestamptz, bigint, bigint) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION expire_log(smallint, bigint, bigint, text) TO crossroads_hub;

GRANT SELECT ON log_stream, log_subtree, log_top, log_checkpoint TO crossroads_retention;

GRANT EXECUTE ON FUNCTION drop_log_month(timestamptz, bigint, bigint) TO crossroads_retention;

-- migrate: rollback

GRANT UPDATE (ticket, person, asker, content, salts) ON log_entry TO crossroads_retention;

REVOKE SELECT ON log_stream, log_subtree, log_top, log_checkpoint FROM crossroads_retention;

DROP FUNCTION drop_log_month(timestamptz, bigint, bigint), expire_log(smallint, bigint, bigint, text);

DROP TABLE log_leaf, log_expired, log_term;
