"""Which schema a program works on: one that has all it knows, and what a newer one adds, but not what breaks it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from chaos import until
from commands import crossroads
from crossroads.bootstrap import migrations
from crossroads.bootstrap.compatibility import SchemaUnfit, require_schema_at
from crossroads.bootstrap.migrations import migrate, pending
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.bootstrap.wiring import services
from crossroads.kernel.errors import Unavailable
from crossroads.network.founders import Founders
from crossroads.network.ports import free_ports
from database import Database, empty_database, execute, value

OWNER = "crossroads_owner"
LAST = max(path.stem for path in migrations.FOLDER.glob("*.sql"))
A_PROCESS_RUNS = "UPDATE log_stream SET leased_by = gen_random_uuid(), lease_until = now() + interval '1 minute'"
LACKING = f"DELETE FROM _pogo_migration WHERE migration_id = '{LAST}'"  # noqa: S608 - a name of ours
READ = "SELECT count(*) FROM service_level"
Add = Callable[..., None]


@pytest.fixture
def add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Add:
    """Give a function that adds a migration to those of this version."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for path in migrations.FOLDER.glob("*.sql"):
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(migrations, "FOLDER", folder)

    def write(name: str, header: str, statement: str = "CREATE TABLE t ()") -> None:
        sql = f"-- test\n-- depends: {LAST}\n{header}\n-- migrate: apply\n{statement};\n-- migrate: rollback\n"
        (folder / f"{name}.sql").write_text(sql)

    return write


async def test_a_program_works_on_its_own_schema(database: Database) -> None:
    await require_schema_at(database.url())


async def test_a_program_works_on_a_newer_schema_that_only_adds(database: Database, add: Add) -> None:
    add("9000_more", "")
    assert await migrate(database.url(OWNER)) == ["9000_more"]
    await require_schema_at(database.url())


async def test_a_program_refuses_a_schema_that_lacks_what_it_knows(database: Database) -> None:
    await execute(database.url(OWNER), LACKING)
    with pytest.raises(SchemaUnfit, match=rf"lacks {LAST}: run `crossroads migrate`"):
        await require_schema_at(database.url())


def test_a_program_refuses_a_database_that_was_never_migrated(postgres: EmbeddedPostgres) -> None:
    with empty_database(postgres) as empty, pytest.raises(SchemaUnfit, match="lacks 0001_foundations"):
        asyncio.run(require_schema_at(empty.url(ADMIN)))


async def test_a_program_refuses_a_schema_that_breaks_it(database: Database, add: Add) -> None:
    add("9000_less", "-- breaks: processes before 9000_less\n")
    await migrate(database.url(OWNER))
    with pytest.raises(SchemaUnfit, match=r"newer version, which knows 9000_less: this program is too old"):
        await require_schema_at(database.url())


async def test_what_breaks_only_programs_of_long_ago_does_not_break_this_one(database: Database, add: Add) -> None:
    add("9000_less", f"-- breaks: processes before {LAST}\n")
    await migrate(database.url(OWNER))
    await require_schema_at(database.url())


async def test_what_breaks_processes_is_not_applied_while_some_run(database: Database, add: Add) -> None:
    add("9000_less", f"-- breaks: processes before {LAST}\n")
    await execute(database.url(OWNER), "INSERT INTO log_stream (stream) VALUES (0)")
    await execute(database.url(OWNER), A_PROCESS_RUNS)
    with pytest.raises(SchemaUnfit, match=rf"9000_less \(those that do not know {LAST}\).*migrate --breaking"):
        await migrate(database.url(OWNER))
    assert await pending(database.url(OWNER)) == ["9000_less"]
    assert await migrate(database.url(OWNER), breaking=True) == ["9000_less"]


async def test_what_adds_is_applied_while_processes_run(database: Database, add: Add) -> None:
    add("9000_more", "")
    await execute(database.url(OWNER), "INSERT INTO log_stream (stream) VALUES (0)")
    await execute(database.url(OWNER), A_PROCESS_RUNS)
    assert await migrate(database.url(OWNER)) == ["9000_more"]


async def test_a_migration_that_waits_for_a_table_lets_those_who_run_pass(database: Database, add: Add) -> None:
    add("9000_more", "", "ALTER TABLE service_level ADD COLUMN more text")
    reading = await asyncpg.connect(database.url())
    try:
        async with reading.transaction():
            await reading.execute(READ)
            migrating = asyncio.create_task(migrate(database.url(OWNER)))
            await until(lambda: _waits(database))
            await execute(database.url(), READ)
            assert not migrating.done()
        assert await migrating == ["9000_more"]
    finally:
        await reading.close()


async def _waits(database: Database) -> object:
    """Tell whether somebody waits for a table."""
    return await value(database.url(ADMIN), "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")


async def test_a_schema_that_is_too_old_serves_nobody(database: Database, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    settings = Settings(
        installation="crossroads.test", hub="cbss", port=port, database_url=database.url(), job_workers=0
    )
    here = Installation(settings, tmp_path / "hub")
    Founders(here).make_hub_keys()
    await execute(database.url(OWNER), LACKING)
    with pytest.raises(SchemaUnfit):
        async with services(here):
            pass
    told = {"CROSSROADS_HOME": str(here.home), "CROSSROADS_DATABASE_URL": database.url(), "CROSSROADS_PORT": str(port)}
    told |= {"CROSSROADS_INSTALLATION": "crossroads.test", "CROSSROADS_HUB": "cbss"}
    ended = await asyncio.to_thread(crossroads, "serve", environment=told)
    assert (ended.code, f"lacks {LAST}" in ended.sentence) == (1, True), ended.sentence


async def test_a_database_that_is_down_is_no_matter_of_the_schema(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as raised:
        await require_schema_at(f"postgresql://crossroads_hub@/crossroads?host={tmp_path}")
    assert not isinstance(raised.value, SchemaUnfit)
