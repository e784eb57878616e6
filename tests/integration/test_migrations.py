"""The migrations: applied once, in order, by one at a time; and what the roles may not do."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from pogo_core.util.migrate import rollback

from crossroads.bootstrap import migrations
from crossroads.bootstrap.migrations import FOLDER, MigrationFailed, migrate, pending
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres
from database import Database, OpenPool, empty_database, execute, value

OWNER = "crossroads_owner"
FILES = sorted(path.stem for path in FOLDER.glob("*.sql"))
SCHEMA = """
    SELECT array_agg(format('%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), c.relacl)
                     ORDER BY c.relname, a.attnum)
    FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE '\\_pogo%'
"""


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """Give a database that nothing was applied to."""
    with empty_database(postgres) as database:
        yield database


async def test_two_that_migrate_at_once_apply_each_file_once(empty: Database) -> None:
    first, second = await asyncio.gather(migrate(empty.url(OWNER)), migrate(empty.url(OWNER)))
    assert sorted([first, second]) == [[], FILES]


async def test_what_is_pending_is_told_without_a_change(empty: Database) -> None:
    assert await pending(empty.url(OWNER)) == FILES
    assert (
        await value(empty.url(OWNER), "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    )
    assert await migrate(empty.url(OWNER)) == FILES
    assert await pending(empty.url(OWNER)) == []


async def test_whoever_migrates_the_tables_belong_to_the_owner(empty: Database) -> None:
    await migrate(empty.url(ADMIN))
    query = "SELECT array_agg(DISTINCT tableowner::text) FROM pg_tables WHERE schemaname = 'public'"
    assert await value(empty.url(OWNER), query) == [OWNER]


@pytest.mark.parametrize(("before", "file"), list(zip([None, *FILES], FILES, strict=False)))
def test_each_file_depends_on_the_one_before(before: str | None, file: str) -> None:
    header = (FOLDER / f"{file}.sql").read_text()
    depends = re.search(r"^-- depends:(.*)$", header, re.MULTILINE)
    assert depends is not None
    assert depends[1].split() == ([before] if before else [])


async def test_rolled_back_nothing_is_left_and_applied_again_it_is_the_same(empty: Database) -> None:
    await migrate(empty.url(OWNER))
    schema = await value(empty.url(OWNER), SCHEMA)
    connection = await asyncpg.connect(empty.url(OWNER))
    await rollback(connection, FOLDER, schema_name="public")
    await connection.close()
    assert await value(empty.url(OWNER), SCHEMA) is None
    assert await migrate(empty.url(OWNER)) == FILES
    assert await value(empty.url(OWNER), SCHEMA) == schema


async def test_a_migration_that_fails_leaves_nothing_of_itself(
    empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "FOLDER", tmp_path)
    sql = "-- test\n-- depends: {0}\n\n-- migrate: apply\n\nCREATE TABLE {1} ();\n{2}\n\n-- migrate: rollback\n"
    (tmp_path / "0001_good.sql").write_text(sql.format("", "good", ""))
    (tmp_path / "0002_bad.sql").write_text(sql.format("0001_good", "bad", "SELECT 1/0;"))
    with pytest.raises(MigrationFailed, match=r"0002_bad \(DivisionByZeroError\)"):
        await migrate(empty.url(OWNER))
    assert await pending(empty.url(OWNER)) == ["0002_bad"]
    assert await value(empty.url(OWNER), "SELECT to_regclass('good') IS NOT NULL AND to_regclass('bad') IS NULL")


@pytest.mark.parametrize("role", ["crossroads_hub", "crossroads_retention", "crossroads_reader"])
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE own ()",
        "CREATE SCHEMA own",
        "CREATE ROLE own",
        "CREATE DATABASE own",
        "SET ROLE crossroads_owner",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "DROP TABLE _pogo_migration",
        "DELETE FROM _pogo_migration",
    ],
)
async def test_no_role_but_the_owner_may_change_the_house(module_database: Database, role: str, statement: str) -> None:
    connection = await asyncpg.connect(module_database.url(role))
    try:
        # The reader's own second lock would hide whether the first one holds.
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", [OWNER, "crossroads_hub", "crossroads_retention", "crossroads_reader"])
async def test_each_role_works_under_its_own_name_in_a_migrated_database(pool: OpenPool, role: str) -> None:
    opened = await pool(role)
    assert await opened.fetchval("SELECT current_user") == role


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TEMPORARY TABLE own ()",
        "CREATE FUNCTION pg_temp.own() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SELECT lo_from_bytea(0, 'x'::bytea)",
        "SELECT lo_create(0)",
        "SELECT lo_creat(-1)",
        "SET temp_file_limit = '900GB'",
        "ALTER ROLE crossroads_portal CONNECTION LIMIT 190",
    ],
)
async def test_the_portal_piles_up_nothing(module_database: Database, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(module_database.url("crossroads_portal"), statement)


async def test_the_portal_leaves_connections_and_time_to_the_hub(module_database: Database) -> None:
    portal = module_database.url("crossroads_portal")
    limits = "SELECT array_agg(rolconnlimit::int ORDER BY rolname) FROM pg_roles WHERE rolname = ANY ('{%s}')"
    assert await value(portal, limits % "crossroads_portal,crossroads_reader") == [40, 40]
    assert await value(portal, "SHOW statement_timeout") == "10s"


async def test_the_reader_reads_only(module_database: Database) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await execute(module_database.url("crossroads_reader"), "CREATE TABLE own ()")


async def test_a_role_that_is_not_ours_cannot_enter(empty: Database) -> None:
    await migrate(empty.url(OWNER))
    stranger = f"stranger_of_{empty.name}"
    await execute(empty.url(ADMIN), f"CREATE ROLE {stranger} LOGIN")
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await value(empty.url(stranger), "SELECT 1")
    finally:
        await execute(empty.url(ADMIN), f"DROP ROLE {stranger}")
