"""Items that were acknowledged long ago go, and what they led to; nothing else does, and whoever asks is told."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.mutations import mailbox_store, retention_store
from crossroads.mutations.mailbox_store import Standing
from crossroads.mutations.retention import ItemRetention
from crossroads.wire.error_reports import ErrorAnswer, ErrorOutcome, ErrorReport, OpenReportsQuery, Presumed
from crossroads.wire.messages import Asker
from crossroads.wire.mutations import Acknowledgement, Parking
from database import Database, execute
from mutating import ADDRESS, CHILD, SOURCE, Ahead, Town, change, populate, town
from people import FUND, GHENT, LIVING_WAGE, OpenPool, by, days

KEPT = timedelta(days=400)


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    found = await populate(world, tmp_path, 3)
    for person in found:
        await world.inscribe(person, (GHENT, LIVING_WAGE), (FUND, CHILD))
    return found


def after(world: Town, age: timedelta) -> ItemRetention:
    return ItemRetention(world.pool, Ahead(age), KEPT)


async def kept(world: Town, at: str = GHENT) -> list[int]:
    rows = await world.pool.fetch("SELECT number FROM mailbox_item WHERE recipient = $1 ORDER BY number", at)
    return [row["number"] for row in rows]


async def changes(world: Town) -> int:
    return int(await world.pool.fetchval("SELECT count(*) FROM mutation"))


async def refused(world: Town, **pull: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await world.pull(GHENT, **pull)
    assert refusal.value.code is Code.NUMBER_EXPIRED
    return str(refusal.value)


async def test_what_was_acknowledged_goes_when_its_days_are_over_and_no_day_before(
    world: Town, people: list[str]
) -> None:
    await world.told(*(change(person) for person in people))
    await world.emptied(GHENT)
    await after(world, KEPT - timedelta(hours=1)).expire()
    assert (await kept(world), await changes(world)) == ([1, 2, 3], 3)
    await after(world, KEPT).expire()
    assert (await kept(world), await kept(world, FUND)) == ([], [1, 2, 3])
    assert await changes(world) == 3
    await world.emptied(FUND)
    await after(world, KEPT).expire()
    assert (await kept(world, FUND), await changes(world)) == ([], 0)


async def test_what_waits_and_what_is_parked_stays_and_so_does_what_it_is_about(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people + people))
    await world.emptied(FUND)
    page = await world.pull(GHENT, count=3)
    assert page.lease
    await world.mailboxes.park(Parking(lease=page.lease, numbers=(2,), reason="unknown"), by(GHENT))
    await world.mailboxes.acknowledge(Acknowledgement(lease=page.lease, up_to=3), by(GHENT))
    await after(world, KEPT).expire()
    assert (await kept(world), await changes(world)) == ([2, 4, 5, 6], 4)
    page = await world.pull(GHENT, parked=True)
    assert [item.number for item in page.items] == [2]
    assert page.items[0].change is not None
    assert page.lease
    await world.mailboxes.acknowledge(Acknowledgement(lease=page.lease, numbers=(2,)), by(GHENT))
    assert [item.number for item in await world.emptied(GHENT)] == [4, 5, 6]
    await after(world, KEPT).expire()
    assert (await kept(world), await changes(world)) == ([], 0)


async def test_who_asks_for_what_is_gone_is_told_from_where_on_it_is_there(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    await world.emptied(GHENT)
    assert (await world.pull(GHENT)).first_kept == 1
    await after(world, KEPT).expire()
    await world.told(change(people[0]), change(people[1]))
    assert "It is 4." in await refused(world, **{"from": 3})
    page = await world.pull(GHENT)
    assert ([item.number for item in page.items], page.first_kept, page.depth) == ([4, 5], 4, 2)
    again = await world.pull(GHENT, **{"from": 4})
    assert (again.items, again.first_kept) == (page.items, 4)
    await refused(world, **{"from": 1, "lanes": 2, "lane": 1})


async def test_what_is_removed_while_it_is_given_again_is_refused_as_gone(
    world: Town, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.told(*(change(person) for person in people))
    await world.emptied(GHENT)
    await world.emptied(FUND)
    looked = mailbox_store.standing

    async def late(*asked: Any) -> Standing:
        found = await looked(*asked)
        await after(world, KEPT).expire()
        return found

    monkeypatch.setattr(mailbox_store, "standing", late)
    await refused(world, **{"from": 1})
    assert await changes(world) == 0


async def test_a_change_that_is_removed_while_it_is_looked_up_was_not_told(world: Town, people: list[str]) -> None:
    await world.told(change(people[0]))
    (item,) = await world.emptied(FUND)
    asker = Asker(institution=FUND, agent="a", encryption_key="A" * 43)
    assert await world.mailboxes.find(asker, item.ticket, people[0])
    await world.pool.execute("DELETE FROM mutation")
    assert await world.mailboxes.find(asker, item.ticket, people[0]) is None


async def test_nothing_of_what_is_there_is_refused_where_only_parked_items_lie_below(
    world: Town, people: list[str]
) -> None:
    await world.told(*(change(person) for person in people))
    page = await world.pull(GHENT)
    assert page.lease
    await world.mailboxes.park(Parking(lease=page.lease, numbers=(1, 2, 3), reason="unknown"), by(GHENT))
    await after(world, 2 * KEPT).expire()
    again = await world.pull(GHENT, **{"from": 1})
    assert [item.number for item in again.items] == [1, 2, 3]


async def test_many_go_in_batches_while_several_look_at_once(
    world: Town, people: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_store, "BATCH", 7)
    await world.told(*(change(person) for person in people * 20))
    await world.emptied(GHENT)
    await world.emptied(FUND)
    await asyncio.gather(*(after(world, KEPT).expire() for _ in range(3)))
    assert (await kept(world), await kept(world, FUND), await changes(world)) == ([], [], 0)
    (page,) = [await world.pull(at) for at in (GHENT,)]
    assert (page.first_kept, page.depth, page.items) == (61, 0, ())


async def test_a_report_that_waits_is_there_when_the_item_that_told_of_it_is_gone(
    world: Town, people: list[str]
) -> None:
    await world.told(change(people[0]))
    (item,) = await world.emptied(GHENT)
    presumed: dict[str, Any] = {"data_group": ADDRESS, "period": days("2026-02-01"), "presumed": Presumed.WRONG_VALUE}
    report = ErrorReport(reference="r-1", ssin=people[0], ticket=item.ticket, **presumed)
    done = await world.reports.report(report, by(GHENT))
    await world.settled()
    assert len(await world.emptied(SOURCE)) == 1
    await world.emptied(FUND)
    await after(world, KEPT).expire()
    assert await kept(world, SOURCE) == []
    found = await world.reports.waiting(OpenReportsQuery(), by(SOURCE))
    assert [one.report for one in found.items] == [done.report]


async def test_what_told_of_a_report_goes_some_days_after_it_was_answered_and_its_month_with_it(
    world: Town, people: list[str], database: Database
) -> None:
    await world.told(change(people[0]))
    (item,) = await world.emptied(GHENT)
    presumed: dict[str, Any] = {"data_group": ADDRESS, "period": days("2026-02-01"), "presumed": Presumed.WRONG_VALUE}
    report = ErrorReport(reference="r-1", ssin=people[0], ticket=item.ticket, **presumed)
    done = await world.reports.report(report, by(GHENT))
    await world.settled()
    await after(world, 2 * KEPT).expire()
    waits = await changes(world)
    answer = ErrorAnswer(report=done.report, outcome=ErrorOutcome.REJECTED, reason="It is right.")
    await world.reports.answer(answer, by(SOURCE))
    await world.settled()
    for at in (SOURCE, GHENT, FUND):
        await world.emptied(at)
    await after(world, KEPT - timedelta(hours=1)).expire()
    assert (waits, await changes(world)) == (2, 3)
    owner = database.url("crossroads_owner")
    await execute(owner, "SELECT add_month('mutation', date_trunc('month', now() - interval '5 months', 'UTC'))")
    await execute(owner, "UPDATE mutation SET accepted_at = now() - interval '5 months'")
    months = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'mutation'::regclass"
    before = await world.pool.fetchval(months)
    await after(world, KEPT).expire()
    assert (await changes(world), await world.pool.fetchval(months)) == (0, before - 1)
