"""Changes stand in partitions of a month each: what that must not change, and what goes with an old month."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from crossroads.mutations.retention import ItemRetention
from crossroads.mutations.store import queries
from database import Database, execute
from mutating import Ahead, Town, change, populate, town
from people import GHENT, LIVING_WAGE, OpenPool

KEPT = timedelta(days=90)
MONTHS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'mutation'::regclass ORDER BY 1"
PLACE = "SELECT tableoid::regclass::text FROM mutation WHERE ticket = $1"


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


async def months(world: Town) -> list[str]:
    return [row[0] for row in await world.pool.fetch(MONTHS)]


async def month(world: Town, ago: int) -> str:
    """Give the name of the partition of a month."""
    named = "SELECT to_char(now() AT TIME ZONE 'UTC' - make_interval(months => $1), '\"mutation_\"YYYYMM')"
    return str(await world.pool.fetchval(named, ago))


async def set_back(database: Database, person: str, ago: int) -> None:
    """Have the changes about a person taken some months ago, when there was a partition of that month."""
    owner = database.url("crossroads_owner")
    at = f"now() - interval '{ago} months'"
    await execute(owner, f"SELECT add_month('mutation', date_trunc('month', {at}, 'UTC'))")
    await execute(owner, f"UPDATE mutation SET accepted_at = {at} WHERE ssin = '{person}'")  # noqa: S608 - ours


async def test_a_change_stands_in_its_month_and_the_next_twelve_are_there(world: Town, people: list[str]) -> None:
    (outcome,) = await world.told(change(people[0]))
    assert await world.pool.fetchval(PLACE, outcome.ticket) == await month(world, 0)
    assert await months(world) == [*[await month(world, -ahead) for ahead in range(13)], "mutation_default"]


async def test_one_of_a_wrong_clock_is_taken_and_told(world: Town, people: list[str], database: Database) -> None:
    outcome, _ = await world.notify(change(people[0]), change(people[1]))
    # As if it had been taken then: the default partition holds what has no month.
    await execute(
        database.url("crossroads_owner"),
        f"UPDATE mutation SET accepted_at = '2001-01-01' WHERE ticket = '{outcome.ticket}'",  # noqa: S608 - ours
    )
    assert await world.pool.fetchval(PLACE, outcome.ticket) == "mutation_default"
    await world.settled()
    assert [item.change.ssin.value for item in await world.emptied(GHENT) if item.change] == people[:2]


async def test_items_of_several_months_come_in_the_order_of_their_numbers(
    world: Town, people: list[str], database: Database
) -> None:
    await world.told(*(change(person) for _ in range(3) for person in people))
    for ago, person in enumerate(people):
        await set_back(database, person, ago)
    items = await world.emptied(GHENT)
    assert [item.change.ssin.value for item in items if item.change] == people * 3


async def test_an_old_month_goes_with_its_last_change(world: Town, people: list[str], database: Database) -> None:
    await world.told(change(people[0]), change(people[1]))
    await set_back(database, people[0], 5)
    await set_back(database, people[1], 4)
    old, less_old = await month(world, 5), await month(world, 4)
    page = await world.pull(GHENT, count=1)
    assert page.lease
    await world.pull(GHENT, acknowledge={"lease": page.lease, "upTo": 1})
    retention = ItemRetention(world.pool, Ahead(KEPT + timedelta(days=1)), KEPT)
    await ItemRetention(world.pool, Ahead(timedelta(days=1)), KEPT).expire()
    assert {old, less_old} <= set(await months(world))
    await retention.expire()
    left = await months(world)
    assert old not in left
    # What waits stays, however long, and so does the month of the change that it is about.
    assert less_old in left
    # The months to come are empty too.
    assert len(left) == 1 + 13 + 1


async def test_the_hub_can_drop_no_month_otherwise(world: Town) -> None:
    for act in ("DROP TABLE mutation_default", "ALTER TABLE mutation DETACH PARTITION mutation_default"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await world.pool.execute(act)


FILL = """
    INSERT INTO mutation (person, ssin, ticket, source, start_date, kind, happened_on, accepted_at)
    SELECT person, ssin, gen_random_uuid(), source, start_date, kind, happened_on, now() + n % 4 * interval '1 month'
    FROM mutation, generate_series(1, 100000) AS n
"""
"""Four months of changes, of which three are to come: they are there already."""


async def test_a_change_is_found_by_one_look_into_the_index_of_each_month(
    world: Town, people: list[str], database: Database
) -> None:
    await world.told(change(people[0]))
    owner = await asyncpg.connect(database.url("crossroads_owner"))
    await owner.execute(f"{FILL}; ANALYZE mutation; SET plan_cache_mode = force_generic_plan")
    found = await owner.fetch("SELECT person, mutation FROM mutation ORDER BY ticket LIMIT 50")
    explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {queries.changes_of_items.sql}"
    keys = [row["person"] for row in found], [row["mutation"] for row in found]
    plan = msgspec.json.decode(await owner.fetchval(explained, datetime.now(UTC), *keys))[0]["Plan"]
    await owner.close()
    filled = {await month(world, -ahead) for ahead in range(4)}
    scans = [scan for scan in scans_of_months(plan) if scan["Relation Name"] in filled]
    assert [scan["Node Type"] for scan in scans] == ["Index Scan"] * 4
    assert all("mutation = i.mutation" in scan["Index Cond"] and scan["Actual Rows"] <= 1 for scan in scans)


def scans_of_months(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if str(node.get("Relation Name")).startswith("mutation"):
        yield node
    for below in node.get("Plans", ()):
        yield from scans_of_months(below)
