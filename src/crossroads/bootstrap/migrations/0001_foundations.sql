-- who may enter the database and its schema
-- depends:

-- migrate: apply

REVOKE ALL ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO crossroads_hub, crossroads_retention, crossroads_reader;

-- The hub stages bulk imports in temporary tables.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO crossroads_hub, crossroads_retention, crossroads_reader', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO crossroads_hub', current_database());
END
$$;

-- migrate: rollback

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM crossroads_hub, crossroads_retention, crossroads_reader', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO PUBLIC', current_database());
END
$$;

REVOKE USAGE ON SCHEMA public FROM crossroads_hub, crossroads_retention, crossroads_reader;

GRANT USAGE ON SCHEMA public TO PUBLIC;
