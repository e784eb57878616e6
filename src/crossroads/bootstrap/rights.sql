-- What nobody may in the database of Crossroads but who needs it. Run by an administrator of the server, in the database,
-- once it is made or restored from a dump; it may be run again:
--
--     psql --set ON_ERROR_STOP=1 --file rights.sql crossroads
--
-- Temporary tables and functions are for the hub, which stages bulk imports in them. Large objects are for nobody: they
-- would be a place to pile up what no table shows. The owner of the database cannot take that from everybody.

DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO crossroads_hub', current_database());
END
$$;

REVOKE EXECUTE ON FUNCTION pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea)
FROM PUBLIC;
