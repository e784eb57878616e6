"""A log and changes of the last version are put into months: nothing is copied, and old months leave one by one."""

import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import pytest

from audit_log import SIGNER, Clock, entry
from crossroads.audit.archive import Archiver
from crossroads.audit.archived import Archive
from crossroads.audit.events import Event
from crossroads.audit.months import AHEAD, Months
from crossroads.audit.service import Log, Rhythm
from crossroads.audit.verification import verify
from crossroads.bootstrap import migrations
from crossroads.bootstrap.migrations import FOLDER, migrate
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.bootstrap.settings import Settings
from crossroads.bootstrap.settling import settle
from database import Database, empty_database, execute, value

LAST = "0170_service_levels"
ASLEEP = Rhythm(pulse=timedelta(hours=1))
MARCH, APRIL, MAY, JUNE = (datetime(2026, month, 15, 12, tzinfo=UTC) for month in (3, 4, 5, 6))
CHANGE = """
    INSERT INTO mutation (person, ssin, ticket, source, start_date, kind, happened_on, accepted_at)
    SELECT n, '', gen_random_uuid(), 'x', now(), 'changed', now(), {moment} FROM generate_series(1, {count}) AS n
"""
FILES = """
    SELECT jsonb_object_agg(CASE WHEN relname LIKE 'mutation%' THEN 'mutation' ELSE 'log_entry' END, relfilenode::text)
    FROM pg_class WHERE relname ~ '^(log_entry|mutation)(_to_[0-9]{6})?$' AND relkind = 'r'
"""
"""The files in which the rows stand: who copies them makes new ones."""
PARTS = ("log_entry", "mutation")
NAME = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE"
INDEXES = """
    SELECT count(*), count(p.inhparent) FROM pg_index AS i LEFT JOIN pg_inherits AS p ON p.inhrelid = i.indexrelid
    WHERE i.indrelid = to_regclass($1)
"""
"""Of a partition: how many there are, and how many of them belong to one of the whole table."""
APART = "-- transaction: false"
pytestmark = pytest.mark.timeout(90)


class Old(NamedTuple):
    """A database of the last version, with entries of three months, and changes."""

    database: Database
    folder: Path
    pools: dict[str, Any]

    async def value(self, query: str) -> Any:
        """Give a value, read as the owner."""
        return await value(self.database.url("crossroads_owner"), query)

    async def upgraded(self) -> None:
        """Migrate as `crossroads migrate` does, and connect anew."""
        owner = self.database.url("crossroads_owner")
        await migrate(owner)
        await settle(owner, Settings())
        for role in ("crossroads_hub", "crossroads_retention", "crossroads_reader"):
            self.pools[role] = await asyncpg.create_pool(self.database.url(role), min_size=1, max_size=3)


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """Give a database that nothing was applied to."""
    with empty_database(postgres) as made:
        yield made


@pytest.fixture
async def old(empty: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Old]:
    """Give one with the schema of the last version."""
    await migrated_to(LAST, empty, tmp_path / "last", monkeypatch)
    made = Old(empty, tmp_path / "archive", {})
    async with asyncpg.create_pool(empty.url(), min_size=1) as pool:
        await _fill(pool)
    await execute(empty.url("crossroads_owner"), CHANGE.format(moment="now() - n * interval '1 hour'", count=1000))
    yield made
    for opened in made.pools.values():
        await opened.close()


def copy_up_to(last: str, folder: Path) -> None:
    folder.mkdir()
    for path in FOLDER.glob("*.sql"):
        if path.stem <= last:
            shutil.copy(path, folder)


async def migrated_to(last: str, database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Apply the migrations up to one."""
    copy_up_to(last, folder)
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "FOLDER", folder)
        await migrate(database.url("crossroads_owner"))


async def _fill(pool: Any) -> None:
    """Log as the last version did: 300 entries of each month, of which one is kept for ever."""
    clock = Clock(MARCH)
    async with Log(pool, SIGNER, rhythm=ASLEEP, clock=clock) as log:
        for month in (MARCH, APRIL, MAY):
            clock.moment = month
            await log.append(entry(Event.KEY_REGISTERED, key="kept"))
            await log.append_many(entry(n=n) for n in range(299))
        await log.sign_checkpoint()


async def test_nothing_is_copied_and_no_index_is_made_twice(old: Old) -> None:
    before = await old.value(FILES)
    await old.upgraded()
    assert await old.value(FILES) == before
    hub = old.pools["crossroads_hub"]
    for table in PARTS:
        own, other = [
            await hub.fetchrow(INDEXES, name)
            for name in (await old.value(f"{NAME} '{table}_to_%'"), f"{table}_default")
        ]
        assert (own[0], own[1]) == (other[0], other[0])
    assert await old.value("SELECT count(*) FROM log_entry") == 900
    assert await old.value("SELECT count(*) FROM mutation") == 1000
    assert await old.value("SELECT count(*) FROM pg_constraint WHERE conname LIKE '%bound'") == 0


async def test_who_writes_goes_on_and_the_months_to_come_are_there(old: Old) -> None:
    await old.upgraded()
    hub = old.pools["crossroads_hub"]
    assert await Months(hub).ahead() >= AHEAD
    await Months(hub).add()
    async with Log(hub, SIGNER, rhythm=ASLEEP) as log:
        receipt = await log.append(entry())
        assert receipt.index == 900
        assert (await verify(hub, [SIGNER.verifier])).findings == []
    assert await hub.fetchval(f"{CHANGE.format(moment='now()', count=1)} RETURNING mutation") == 1001


async def test_no_right_on_the_old_table_is_left(old: Old) -> None:
    await old.upgraded()
    name = await old.value(f"{NAME} 'log_entry_to_%'")
    for role in ("crossroads_hub", "crossroads_retention"):
        for denied in ("UPDATE {} SET content = NULL", "DELETE FROM {}", "INSERT INTO {0} SELECT * FROM log_entry"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await old.pools[role].execute(denied.format(name))
    assert await old.value("SELECT count(*) FROM log_entry") == 900


async def test_months_that_stand_together_are_archived_one_by_one(old: Old) -> None:
    await old.upgraded()
    hub, verifiers = old.pools["crossroads_hub"], [SIGNER.verifier]
    async with Log(hub, SIGNER, rhythm=ASLEEP) as log:
        archiver = Archiver(old.pools["crossroads_retention"], log, SIGNER, old.folder)
        months = await archiver.months(MAY)
        done = [await archiver.archive(month, lambda *_: None) for month in months]
        assert [(one.month, one.entries) for one in done] == [("2026-03", 299), ("2026-04", 299)]
        assert await archiver.months(MAY) == []
        await log.sign_checkpoint()
        found = await verify(hub, verifiers, archive=Archive(old.folder))
        assert (found.findings, found.archived) == ([], 598)
    assert await old.value("SELECT count(*) FROM log_entry WHERE at < '2026-05-01Z'") == 2


async def test_a_row_of_a_clock_far_ahead_goes_to_the_default_partition(old: Old) -> None:
    owner = old.database.url("crossroads_owner")
    await execute(owner, CHANGE.format(moment="now() + interval '3 years'", count=5))
    await execute(owner, "UPDATE log_entry SET at = now() + interval '4 years' WHERE index = 899")
    await old.upgraded()
    assert await old.value("SELECT count(*) FROM mutation_default") == 5
    assert await old.value("SELECT array_agg(index) FROM log_entry_default") == [899]
    assert await old.value("SELECT count(*) FROM log_entry") == 900


async def test_it_goes_with_its_last_month_and_keeps_what_stays_for_ever(old: Old) -> None:
    """As if the upgrade had been in May: the bound of what was before is past, and all of it is old."""
    owner = old.database.url("crossroads_owner")
    await old.upgraded()
    for table in PARTS:
        own = await old.value(f"{NAME} '{table}_to_%'")
        await execute(owner, f"ALTER TABLE {own} RENAME TO {table}_to_202606")
    async with Log(old.pools["crossroads_hub"], SIGNER, rhythm=ASLEEP) as log:
        archiver = Archiver(old.pools["crossroads_retention"], log, SIGNER, old.folder)
        for left in (True, True, False):
            await archiver.archive((await archiver.months(JUNE))[0], lambda *_: None)
            assert await old.value("SELECT to_regclass('log_entry_to_202606') IS NOT NULL") is left
    assert await old.value("SELECT count(*) FROM log_entry_default WHERE event = 'catalogue:key:registered'") == 3
    drop = "SELECT drop_mutation_months()"
    assert await old.pools["crossroads_hub"].fetchval(drop) is None
    await execute(owner, "DELETE FROM mutation")
    assert await old.pools["crossroads_hub"].fetchval(drop) == "mutation_to_202606"


@pytest.mark.parametrize("last", sorted(path.stem for path in FOLDER.glob("*.sql") if APART in path.read_text()))
async def test_one_that_was_broken_off_is_run_again_from_its_beginning(
    old: Old, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    await migrated_to(last, old.database, tmp_path / "broken off", monkeypatch)
    forget = f"DELETE FROM _pogo_migration WHERE migration_id = '{last}'"  # noqa: S608 - ours
    await execute(old.database.url("crossroads_owner"), forget)
    await old.upgraded()
    assert await old.value("SELECT count(*) FROM log_entry") == 900
    assert await old.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
