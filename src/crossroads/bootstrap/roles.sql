-- The roles of Crossroads, on PostgreSQL 15 or newer. Run once by an administrator of the database server:
--
--     psql --set ON_ERROR_STOP=1 --file roles.sql
--     createdb --owner crossroads_owner crossroads
--     psql --set ON_ERROR_STOP=1 --file rights.sql crossroads
--
-- It may be run again: it adds what is missing and changes nothing else. How each role proves who it is (password,
-- certificate, peer) is set by the administrator. No role is a member of another. What a role may do with a table stands
-- in the migration that makes the table.
--
--     crossroads_owner      owns the schema and runs the migrations
--     crossroads_hub        what the processes of the hub run as; may add to the log, never change or remove in it
--     crossroads_retention  takes old months out of the log, once they are archived
--     crossroads_reader     auditors; reads only
--     crossroads_portal     what the portal runs as: reads what is public, and keeps its own sessions

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['crossroads_owner', 'crossroads_hub', 'crossroads_retention', 'crossroads_reader', 'crossroads_portal'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN', name);
        END IF;
    END LOOP;
END
$$;

-- A second lock on the door: the rights on tables are the first.
ALTER ROLE crossroads_reader SET default_transaction_read_only = on;

-- Who has one of these roles, and means harm, leaves connections and disk to the hub. A limit that an administrator chose
-- stays. The time of a statement guards against mistakes alone: whoever is connected may set it anew.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'crossroads_portal' AND rolconnlimit = -1) THEN
        ALTER ROLE crossroads_portal CONNECTION LIMIT 40;
        ALTER ROLE crossroads_portal SET statement_timeout = '10s';
        ALTER ROLE crossroads_portal SET temp_file_limit = '256MB';
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'crossroads_reader' AND rolconnlimit = -1) THEN
        ALTER ROLE crossroads_reader CONNECTION LIMIT 40;
    END IF;
END
$$;
