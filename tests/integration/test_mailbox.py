"""Mailboxes: leases, lanes, acknowledging, parking, replay, and what is checked again when an item is delivered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Malformed, Refused, Unavailable
from crossroads.mutations.model import CONTENT_LIFE, slot_of
from crossroads.mutations.store import queries
from crossroads.mutations.turns import AT_ONCE, WAITING
from crossroads.wire.mutations import SLOTS, Acknowledgement, MailboxPage, Parking, Pull
from database import Database
from mutating import ADDRESS, CHILD, CIVIL, FUNDS, PCSAS, SOURCE, Town, change, populate, town
from people import FUND, GHENT, LIEGE, LIVING_WAGE, OpenPool, by


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    found = await populate(world, tmp_path, 4)
    for person in found:
        await world.inscribe(person, (GHENT, LIVING_WAGE), (FUND, CHILD))
    return found


async def acknowledge(world: Town, page: MailboxPage, at: str = GHENT, **which: Any) -> tuple[int, int, int]:
    assert page.lease
    settled = await world.mailboxes.acknowledge(Acknowledgement(lease=page.lease, **which), by(at))
    return settled.open, settled.depth, settled.parked


async def park(world: Town, page: MailboxPage, *numbers: int, reason: str = "schema") -> tuple[int, int, int]:
    assert page.lease
    settled = await world.mailboxes.park(Parking(lease=page.lease, numbers=numbers, reason=reason), by(GHENT))
    return settled.open, settled.depth, settled.parked


async def end_leases(world: Town) -> None:
    """Let the time of all leases be over."""
    await world.pool.execute("UPDATE mailbox_lease SET leased_until = now() - interval '1 second'")


def numbers(page: MailboxPage) -> list[int]:
    return [item.number for item in page.items]


async def test_an_empty_mailbox_is_empty(world: Town) -> None:
    page = await world.pull(GHENT)
    assert (page.items, page.lease, page.leased_until, page.depth) == ((), None, None, 0)


async def test_items_are_leased_and_acknowledged(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    first = await world.pull(GHENT, count=3)
    assert (numbers(first), first.depth) == ([1, 2, 3], 4)
    second = await world.pull(GHENT)
    assert (second.items, second.lease, second.leased_until) == ((), None, first.leased_until)
    assert await acknowledge(world, first, up_to=2) == (1, 2, 0)
    assert (await world.pull(GHENT)).items == ()
    assert await acknowledge(world, first, numbers=(3,)) == (0, 1, 0)
    assert await acknowledge(world, first, numbers=(3,)) == (0, 1, 0)
    last = await world.pull(GHENT)
    assert numbers(last) == [4]


async def test_a_lease_that_ends_gives_its_items_to_the_next(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    late = await world.pull(GHENT, count=2)
    await end_leases(world)
    assert await acknowledge(world, late, numbers=(1,)) == (1, 3, 0)
    await end_leases(world)
    other = await world.pull(GHENT)
    assert numbers(other) == [2, 3, 4]
    with pytest.raises(Refused, match="lease"):
        await acknowledge(world, late, numbers=(2,))
    assert await acknowledge(world, other, up_to=4) == (0, 0, 0)
    assert len(await world.logged("mutations:item:delivered")) == 4


async def test_who_has_not_the_lease_acknowledges_nothing(world: Town, people: list[str]) -> None:
    await world.told(change(people[0]), change(people[1]))
    page = await world.pull(GHENT, count=1)
    for wrong in (
        acknowledge(world, page, at=FUND, up_to=1),
        acknowledge(world, page, numbers=(2,)),
        acknowledge(world, page, up_to=2),
        acknowledge(world, msgspec.structs.replace(page, lease=uuid4()), up_to=1),
    ):
        with pytest.raises(Refused):
            await wrong
    assert (await world.pull(FUND)).depth == 2
    assert (await world.mailboxes.pull(Pull(), by(LIEGE))).depth == 0


async def test_what_is_parked_stands_aside_until_it_is_taken_up(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    page = await world.pull(GHENT)
    assert await park(world, page, 2, 3) == (2, 2, 2)
    assert await acknowledge(world, page, up_to=4) == (0, 0, 2)
    assert (await world.pull(GHENT)).items == ()
    again = await world.pull(GHENT, parked=True)
    assert [(item.number, item.parked) for item in again.items] == [(2, "schema"), (3, "schema")]
    assert await park(world, again, 2, reason="still") == (1, 0, 2)
    assert await acknowledge(world, again, numbers=(3,)) == (0, 0, 1)
    assert [(item.number, item.parked) for item in (await world.pull(GHENT, parked=True)).items] == [(2, "still")]


async def test_a_reason_may_not_be_the_number_of_a_person(world: Town, people: list[str]) -> None:
    await world.told(change(people[0]))
    page = await world.pull(GHENT)
    with pytest.raises(Malformed):
        await park(world, page, 1, reason=people[0])


@pytest.mark.parametrize("lanes", [2, 4, 64])
async def test_lanes_part_the_persons_and_none_sees_what_another_has(world: Town, tmp_path: Path, lanes: int) -> None:
    people = await populate(world, tmp_path, 12)
    for person in people:
        await world.inscribe(person, (GHENT, LIVING_WAGE))
    await world.told(*(change(person, group) for group in (ADDRESS, CIVIL) for person in people))
    pages = [await world.pull(GHENT, lanes=lanes, lane=lane) for lane in range(lanes)]
    assert sorted(number for page in pages for number in numbers(page)) == list(range(1, 25))
    for lane, page in enumerate(pages):
        assert numbers(page) == sorted(numbers(page))
        assert {item.slot % lanes for item in page.items} <= {lane}
        last: dict[int, int] = {}
        for item in page.items:
            assert item.previous == last.get(item.slot, 0)
            last[item.slot] = item.number
    whole = await world.pull(GHENT)
    assert (whole.items, whole.lease) == ((), None)
    assert whole.leased_until == max(page.leased_until for page in pages if page.leased_until)


async def test_a_lane_gives_no_more_than_is_asked(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for _ in range(3) for person in people))
    lanes = [slot_of(row[0]) % 2 for row in await world.pool.fetch("SELECT person FROM mailbox_item ORDER BY number")]
    page = await world.pull(GHENT, count=2, lanes=2, lane=lanes[0])
    assert len(page.items) == 2
    assert page.items[0].number == 1


async def test_a_replay_gives_again_what_was_given(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    given = await world.emptied(GHENT)
    page = await world.pull(GHENT, **{"from": 3})
    assert (page.items, page.lease) == (tuple(given[2:]), None)
    logged = await world.logged("mutations:item:delivered")
    assert [(entry["number"], entry["first"]) for entry in logged] == [(n, True) for n in (1, 2, 3, 4)]
    (repeated,) = await world.logged("mutations:item:repeated")
    assert (repeated["asker"], repeated["person"], repeated["numbers"]) == (GHENT, None, [[3, 4]])
    world.catalogue.withdraw(PCSAS)
    for _ in range(2):
        again = await world.pull(GHENT, **{"from": 4})
        assert [(item.change, item.void and item.void.code) for item in again.items] == [(None, "MSG00015")]
    (voided,) = await world.logged("mutations:item:voided")
    assert (voided["number"], voided["asker"], voided["first"]) == (4, GHENT, False)
    assert [entry["void"] for entry in await world.logged("mutations:item:repeated")] == [{}, {"MSG00015": 1}]


async def test_a_replay_gives_nothing_that_was_not_given_and_waits_for_nobody(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    await world.pull(GHENT, count=2)
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM mailbox_progress FOR UPDATE")
        async with asyncio.timeout(5):
            assert numbers(await world.pull(GHENT, **{"from": 1})) == [1, 2]


async def test_one_institution_leaves_connections_to_the_others(world: Town, people: list[str]) -> None:
    """However many of its requests wait for each other."""
    await world.told(*(change(person) for person in people))
    async with world.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT FROM mailbox_progress WHERE recipient = $1 FOR UPDATE", GHENT)
        waiting = [asyncio.create_task(world.pull(GHENT)) for _ in range(100)]
        async with asyncio.timeout(5):
            assert len((await world.pull(FUND)).items) == 4
    found = await asyncio.gather(*waiting, return_exceptions=True)
    busy = [one for one in found if isinstance(one, Unavailable)]
    assert {one.code for one in busy} == {Code.OVERLOADED}
    given = [numbers(one) for one in found if isinstance(one, MailboxPage) and one.items]
    assert (len(busy), given) == (100 - AT_ONCE - WAITING, [[1, 2, 3, 4]])


async def test_content_goes_when_its_time_has_come_and_the_pointer_stays(world: Town, people: list[str]) -> None:
    await world.told(change(people[0], CIVIL, content={"state": "married"}))
    await world.at(timedelta(days=40)).mutations.expire_content()
    assert await world.pool.fetchval("SELECT content FROM mutation") is not None
    later = world.at(CONTENT_LIFE)
    (unexpired,) = (await later.pull(GHENT)).items
    await later.mutations.expire_content()
    assert await world.pool.fetchval("SELECT content FROM mutation") is None
    assert unexpired.change is not None
    assert (unexpired.change.content, unexpired.change.ssin.value) == (None, people[0])


async def test_what_is_delivered_is_logged_before_the_answer_with_the_person(world: Town, people: list[str]) -> None:
    (outcome,) = await world.told(change(people[0]))
    page = await world.pull(FUND)
    (entry,) = await world.logged("mutations:item:delivered")
    person = await world.pool.fetchval("SELECT person FROM ssin_assignment WHERE ssin = $1", people[0])
    assert (entry["ticket"], entry["person"], entry["asker"]) == (outcome.ticket, person, FUND)
    assert (entry["number"], entry["authorisation"], entry["source"]) == (1, FUNDS, SOURCE)
    assert entry["lines"] == [
        await world.pool.fetchval(
            "SELECT inscription FROM inscription WHERE institution = $1 AND person = $2", FUND, person
        )
    ]
    assert people[0] not in str(entry)
    assert page.items[0].ticket == outcome.ticket


async def test_two_consumers_at_once_never_have_one_item(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for _ in range(5) for person in people))
    pages = await asyncio.gather(*(world.pull(GHENT, count=4) for _ in range(6)))
    given = [number for page in pages for number in numbers(page)]
    assert given == [1, 2, 3, 4]


async def test_a_pull_reads_only_what_it_gives(world: Town, people: list[str], database: Database) -> None:
    """However deep the mailbox is, from the number on below which nothing waits."""
    await world.told(change(people[0]))
    connection = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        await connection.execute(
            "INSERT INTO mailbox_item (recipient, number, previous, slot, person, mutation, ticket, institution,"
            " added_at, state) SELECT recipient, n, 0, n % 64, person, mutation, ticket, institution, added_at,"
            "        CASE WHEN n < 50000 THEN 'acknowledged' ELSE 'waiting' END"
            " FROM mailbox_item, generate_series(1000, 100999) AS n WHERE recipient = 'pcsa-ghent'"
        )
        await connection.execute("ANALYZE mailbox_item")
        for slots in (list(range(SLOTS)), [3]):
            assert await _blocks_read(connection, slots) < 100
    finally:
        await connection.close()


async def test_a_change_is_found_by_an_index_though_its_month_was_new_when_that_was_planned(
    world: Town, people: list[str], database: Database
) -> None:
    """A plan is kept for as long as the connection: one that reads the month reads more of it every day."""
    await world.told(change(people[0]))
    connection = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        await connection.execute("ANALYZE mutation")
        for begin, given in ((queries.durable_commit, ()), (queries.lock_progress, ("pcsa-ghent",))):
            async with connection.transaction():
                await connection.fetch(begin.sql, *given)
                lines = await connection.fetch(f"EXPLAIN {queries.changes_of_items.sql}", datetime.now(UTC), [1], [1])
            assert not [line for (line,) in lines if "Seq Scan" in line]
    finally:
        await connection.close()


async def _blocks_read(connection: Any, slots: list[int]) -> int:
    whole = len(slots) == SLOTS
    sql = (queries.next_items if whole else queries.next_items_of_slots).sql
    arguments = ["pcsa-ghent", 50_000, 10] if whole else [slots, "pcsa-ghent", 50_000, 10]
    (row,) = await connection.fetch(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *arguments)
    plan = msgspec.json.decode(row[0])[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
