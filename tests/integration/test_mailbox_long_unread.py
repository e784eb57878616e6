"""A recipient that was away for forty days finds everything, as it may know it on the day it comes back."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from crossroads.mutations.store import queries
from crossroads.wire.mutations import Acknowledgement
from database import Database, execute
from mutating import CIVIL, Town, change, populate, town
from people import GHENT, LIVING_WAGE, OpenPool, by, days, line

DATED = {
    "mutation": ("accepted_at", "content_until"),
    "mutation_reference": ("recorded_at",),
    "mailbox_item": ("added_at", "delivered_at"),
    "mailbox_lease": ("leased_until",),
    "log_entry": ("at",),
}
"""Every moment that is kept of a change: none is missing here, or the days have not passed for it."""
FILL = """
    INSERT INTO mailbox_item (recipient, number, previous, slot, person, mutation, ticket, institution, added_at)
    SELECT recipient, number + n, 0, n % 64, person, mutation, ticket, institution, added_at
    FROM mailbox_item, generate_series(1, 20000) AS n
"""


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    found = await populate(world, tmp_path, 4)
    for person in found:
        await world.inscribe(person, (GHENT, LIVING_WAGE))
    return found


async def forty_days_pass(world: Town, database: Database) -> None:
    """Set back all that was written until now, and do what the hub does meanwhile."""
    for table, columns in DATED.items():
        moved = ", ".join(f"{column} = {column} - interval '40 days'" for column in columns)
        await execute(database.url("crossroads_owner"), f"UPDATE {table} SET {moved}")  # noqa: S608 - ours
    await world.mutations.expire_content()


async def test_after_forty_days_all_is_there_in_order_with_its_content(
    world: Town, people: list[str], database: Database
) -> None:
    told = [change(person, CIVIL, content={"state": str(n)}) for n in range(3) for person in people]
    await world.told(*told)
    taken = await world.pull(GHENT, count=2, leaseSeconds=3_600)
    assert len(taken.items) == 2
    await forty_days_pass(world, database)
    await world.told(change(people[0]))
    items = await world.emptied(GHENT)
    assert [item.number for item in items] == list(range(1, len(told) + 2))
    assert [(item.change.ssin.value, item.change.content) for item in items if item.change] == [
        *((one.ssin, one.content) for one in told),
        (people[0], None),
    ]
    assert (items[-1].added_at - items[0].added_at).days == 40


async def test_what_one_may_no_longer_know_after_forty_days_is_void(
    world: Town, people: list[str], database: Database
) -> None:
    await world.told(*(change(person) for person in people[:3]))
    await forty_days_pass(world, database)
    await world.directory.cancel(line(people[0], days("2020-01-01"), context=LIVING_WAGE), by(GHENT))
    gone, *others = await world.emptied(GHENT)
    assert (gone.number, gone.change, gone.void and gone.void.code) == (1, None, "CR-NOT-INSCRIBED")
    assert [(item.number, item.void) for item in others] == [(2, None), (3, None)]
    assert (await world.pull(GHENT)).depth == 0


async def test_how_long_it_waits_shows(world: Town, people: list[str], database: Database) -> None:
    await world.told(change(people[0]), change(people[1]))
    await forty_days_pass(world, database)
    (lag,) = await world.mailboxes.lags()
    assert (lag.recipient, lag.waiting) == (GHENT, 2)
    assert lag.oldest is not None
    assert (await world.pool.fetchval("SELECT now()") - lag.oldest).days == 40


async def test_a_pull_does_not_look_at_what_lies_behind_while_something_old_looks_on(
    world: Town, people: list[str], database: Database
) -> None:
    """A backup, say: until it ends, the database keeps all that was dealt with since it began."""
    await world.told(change(people[0]))
    owner, backup = [await asyncpg.connect(database.url("crossroads_owner")) for _ in range(2)]
    await owner.execute(FILL)
    await owner.execute("UPDATE mailbox SET last_number = (SELECT max(number) FROM mailbox_item)")
    async with backup.transaction(isolation="repeatable_read", readonly=True):
        await backup.fetchval("SELECT count(*) FROM mailbox_item")
        for _ in range(10):
            page = await world.pull(GHENT, count=1000)
            assert page.lease is not None
            done = Acknowledgement(lease=page.lease, up_to=page.items[-1].number)
            await world.mailboxes.acknowledge(done, by(GHENT))
        beyond = await owner.fetchval("SELECT beyond FROM mailbox_lease WHERE recipient = $1", GHENT)
        sql = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {queries.next_items.sql}"
        plan = msgspec.json.decode(await owner.fetchval(sql, GHENT, beyond, 10))[0]["Plan"]
    await owner.close()
    await backup.close()
    assert plan["Actual Rows"] == 10
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 2_000
