-- the log is made ready to stand in months, while it is used: nothing of it is copied, and nobody waits
-- depends: 0170_service_levels
-- compatible: entries are read and written as before; those of a clock more than ten days ahead are refused until 0180
-- transaction: false

-- migrate: apply

CREATE OR REPLACE FUNCTION first_month() RETURNS timestamptz
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT date_trunc('month', now() + interval '10 days') + interval '1 month'
$$;

COMMENT ON FUNCTION first_month() IS
    'From which month (UTC) on a table that is put into months has a partition for each. What it held before stays together. Some days are between, so that an upgrade that was broken off can be finished.';

CREATE OR REPLACE FUNCTION bound_by_months(parent text, moment text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    beyond boolean;
BEGIN
    IF EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = to_regclass(format('public.%I', parent)) AND conname = parent || '_bound'
    ) THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I WHERE %I >= %L)', parent, moment, public.first_month()) INTO beyond;
    IF NOT beyond THEN
        EXECUTE format(
            'ALTER TABLE public.%I ADD CONSTRAINT %I CHECK (%I < %L) NOT VALID',
            parent, parent || '_bound', moment, public.first_month()
        );
    END IF;
END
$$;

COMMENT ON FUNCTION bound_by_months(text, text) IS
    'Promises that a table has no row of the months to come, so that it can become one of their neighbours without being read. Not where a wrong clock wrote such a row: then it is read.';

CREATE OR REPLACE FUNCTION keep_bound(parent text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_constraint
        WHERE conrelid = to_regclass(format('public.%I', parent)) AND conname = parent || '_bound' AND NOT convalidated
    ) THEN
        EXECUTE format('ALTER TABLE public.%I VALIDATE CONSTRAINT %I', parent, parent || '_bound');
    END IF;
END
$$;

COMMENT ON FUNCTION keep_bound(text) IS
    'Looks whether a table keeps what was promised of it. It is read and written meanwhile.';

REVOKE ALL ON FUNCTION first_month(), bound_by_months(text, text), keep_bound(text) FROM PUBLIC;

SELECT bound_by_months('log_entry', 'at');

-- From here on nobody waits for this migration, and it may wait for whoever reads the whole log.
SET lock_timeout = 0;

SELECT keep_bound('log_entry');

DROP INDEX CONCURRENTLY IF EXISTS log_entry_key;

CREATE UNIQUE INDEX CONCURRENTLY log_entry_key ON log_entry (stream, index, at);

DROP INDEX CONCURRENTLY IF EXISTS log_entry_old_own;

CREATE INDEX CONCURRENTLY log_entry_old_own ON log_entry (stream, index)
WHERE event IN ('log:range:expired', 'log:month:archived');

-- What 0234 wants of the log, so that it finds it there.
DROP INDEX CONCURRENTLY IF EXISTS log_entry_old_asker;

CREATE INDEX CONCURRENTLY log_entry_old_asker ON log_entry (asker, at, stream, index) WHERE asker IS NOT NULL;

SET lock_timeout = '400ms';

-- migrate: rollback

DROP INDEX IF EXISTS log_entry_key, log_entry_old_own, log_entry_old_asker;

ALTER TABLE log_entry DROP CONSTRAINT IF EXISTS log_entry_bound;

DROP FUNCTION keep_bound(text), bound_by_months(text, text), first_month();
