-- the log in months, so that an old one can leave the database whole; its leaves stay
-- depends: 0175_log_made_ready
-- compatible: the table keeps its name and columns; what it held becomes one partition as it stands, without being read

-- migrate: apply

CREATE FUNCTION is_made(parent text, month timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT to_regclass(format('public.%I', parent || to_char(month, '_YYYYMM'))) IS NOT NULL OR EXISTS (
        SELECT FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('public.%I', parent)) AND c.relname ~ ('^' || parent || '_to_[0-9]{6}$')
          AND right(c.relname, 6) > to_char(month, 'YYYYMM')
    )
$$;

COMMENT ON FUNCTION is_made(text, timestamptz) IS
    'Tells whether a month has a partition, or lies in that of all that was before the table stood in months, which is named by the first month that it does not hold.';

CREATE FUNCTION add_month(parent text, month timestamptz) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    name text := parent || to_char(month, '_YYYYMM');
BEGIN
    IF public.is_made(parent, month) THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', name, parent
    );
    EXECUTE format(
        'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        parent, name, month, month + interval '1 month'
    );
    RETURN name;
EXCEPTION WHEN check_violation THEN
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION add_month(text, timestamptz) IS
    'Makes the partition of a month; none where the month has one, or where the default partition has rows of that month. It is attached, not made as a partition: that needs no lock that readers of the parent would hold up, but on the default partition.';

CREATE FUNCTION add_months(parent text, months int) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    name text;
BEGIN
    IF parent IS NULL OR parent NOT IN ('log_entry', 'mutation') OR months IS NULL OR months NOT BETWEEN 0 AND 120 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'Partitions are made of log_entry and mutation, up to 120 months ahead.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_partitioned_table WHERE partrelid = to_regclass(format('public.%I', parent))) THEN
        RETURN;
    END IF;
    EXECUTE format('LOCK TABLE public.%I IN SHARE UPDATE EXCLUSIVE MODE', parent);
    FOR number IN 0..months LOOP
        name := public.add_month(parent, date_trunc('month', now()) + make_interval(months => number));
        IF name IS NOT NULL THEN
            RETURN NEXT name;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION add_months(text, int) IS
    'Makes the partitions of this month and of so many after it that are not there yet, and gives their names. The hub may call it, since it can only add empty partitions of these tables. Two callers take turns; who cannot have a lock within two seconds gives up, and tries again another time.';

CREATE FUNCTION attach_old(parent text, old text, moment text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    until timestamptz := public.first_month();
    name text := parent || to_char(until, '"_to_"YYYYMM');
    filled boolean;
    bound boolean := EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = to_regclass(format('public.%I', old)) AND conname = parent || '_bound' AND convalidated
    );
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', old) INTO filled;
    IF NOT filled THEN
        EXECUTE format('DROP TABLE public.%I', old);
        RETURN;
    END IF;
    IF NOT bound THEN
        EXECUTE format(
            'WITH beyond AS (DELETE FROM public.%I WHERE %I >= %L RETURNING *) INSERT INTO public.%I SELECT * FROM beyond',
            old, moment, until, parent || '_default'
        );
    END IF;
    EXECUTE format('ALTER TABLE public.%I RENAME TO %I', old, name);
    EXECUTE format('REVOKE ALL ON public.%I FROM crossroads_hub, crossroads_retention, crossroads_reader', name);
    EXECUTE format('COMMENT ON TABLE public.%I IS %L', name, 'What was there before the table stood in months.');
    EXECUTE format(
        'ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (MINVALUE) TO (%L)', parent, name, until
    );
    EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT IF EXISTS %I', name, parent || '_bound');
END
$$;

COMMENT ON FUNCTION attach_old(text, text, text) IS
    'Makes of a table as it stands the partition of all that was before the months to come; where it is empty, it goes. It is not read, if it was bound before. What a wrong clock wrote for later goes to the default partition.';

REVOKE ALL ON FUNCTION add_month(text, timestamptz), add_months(text, int), attach_old(text, text, text) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION add_months(text, int) TO crossroads_hub;

ALTER TABLE log_entry RENAME TO log_entry_old;

ALTER TABLE log_entry_old DROP CONSTRAINT log_entry_pkey;

ALTER TABLE log_entry_old ADD CONSTRAINT log_entry_old_key PRIMARY KEY USING INDEX log_entry_key;

DROP INDEX log_entry_expiry;

ALTER INDEX log_entry_ticket RENAME TO log_entry_old_ticket;

ALTER INDEX log_entry_person RENAME TO log_entry_old_person;

ALTER INDEX log_entry_opened RENAME TO log_entry_old_opened;

ALTER INDEX log_entry_at RENAME TO log_entry_old_at;

CREATE TABLE log_entry (
    stream smallint NOT NULL,
    index bigint NOT NULL,
    epoch bigint NOT NULL,
    event text NOT NULL,
    ticket uuid,
    person bigint,
    asker text,
    at timestamptz NOT NULL,
    content jsonb,
    salts bytea,
    leaf bytea NOT NULL
) PARTITION BY RANGE (at);

COMMENT ON TABLE log_entry IS
    'What happened, by months (UTC). The leaf commits to event, ticket, person, asker, at and every member of content, each with its own salt. At the end of retention all but event, at and leaf become null. That an index occurs once in its stream is held by log_stream, whose size only one writer moves on: the key must contain the column of the partitions. What is of no month that was made, because a clock was wrong, is in the default partition.';

CREATE TABLE log_entry_default PARTITION OF log_entry DEFAULT;

SELECT attach_old('log_entry', 'log_entry_old', 'at');

-- The old partition has all of these already: nothing is built.
ALTER TABLE log_entry ADD PRIMARY KEY (stream, index, at);

CREATE INDEX log_entry_ticket ON log_entry (ticket) WHERE ticket IS NOT NULL;

CREATE INDEX log_entry_person ON log_entry (person, at, stream, index) WHERE person IS NOT NULL;

CREATE INDEX log_entry_opened ON log_entry (at, stream, index) WHERE event = 'directory:inscription:opened';

CREATE INDEX log_entry_own ON log_entry (stream, index) WHERE event IN ('log:range:expired', 'log:month:archived');

-- A day is found in a few pages, also of the default partition.
CREATE INDEX log_entry_at ON log_entry USING brin (at) WITH (autosummarize = on);

GRANT SELECT, INSERT ON log_entry TO crossroads_hub;

GRANT SELECT ON log_entry, log_entry_default TO crossroads_retention, crossroads_reader;

GRANT UPDATE (ticket, person, asker, content, salts) ON log_entry TO crossroads_retention;

SELECT add_months('log_entry', 12);

-- migrate: rollback

CREATE TABLE log_entry_whole (LIKE log_entry INCLUDING STORAGE);

INSERT INTO log_entry_whole SELECT * FROM log_entry;

DROP TABLE log_entry;

ALTER TABLE log_entry_whole RENAME TO log_entry;

ALTER TABLE log_entry ADD PRIMARY KEY (stream, index);

COMMENT ON TABLE log_entry IS
    'What happened. The leaf commits to event, ticket, person, asker, at and every member of content, each with its own salt. At the end of retention all but event, at and leaf become null.';

CREATE INDEX log_entry_ticket ON log_entry (ticket) WHERE ticket IS NOT NULL;

CREATE INDEX log_entry_person ON log_entry (person, at, stream, index) WHERE person IS NOT NULL;

CREATE INDEX log_entry_expiry ON log_entry (stream, index) WHERE event = 'log:range:expired';

CREATE INDEX log_entry_opened ON log_entry (at, stream, index) WHERE event = 'directory:inscription:opened';

CREATE INDEX log_entry_at ON log_entry USING brin (at) WITH (autosummarize = on);

GRANT SELECT, INSERT ON log_entry TO crossroads_hub;

GRANT SELECT ON log_entry TO crossroads_retention, crossroads_reader;

GRANT UPDATE (ticket, person, asker, content, salts) ON log_entry TO crossroads_retention;

DROP FUNCTION attach_old(text, text, text), add_months(text, int), add_month(text, timestamptz), is_made(text, timestamptz);
