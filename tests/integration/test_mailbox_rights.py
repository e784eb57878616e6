"""Whoever lost the right to know of a change is not told of it, whenever the item is given."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from crossroads.catalogue.institutions import Management
from crossroads.mutations.model import POINTER_LIFE
from crossroads.wire.messages import Asker
from crossroads.wire.mutations import Parking
from mutating import CHILD, CIVIL, PCSAS, Town, change, populate, town
from people import FUND, GHENT, LIEGE, LIVING_WAGE, MANAGED, MANAGER, OPERATORS, OpenPool, by, days, line, link_act


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


async def test_what_was_parked_is_told_again_only_with_the_right_to_know(world: Town, people: list[str]) -> None:
    (outcome, _) = await world.told(change(people[0]), change(people[1]))
    assert outcome.ticket
    page = await world.pull(GHENT)
    assert page.lease
    await world.mailboxes.park(Parking(lease=page.lease, numbers=(1, 2), reason="later"), by(GHENT))
    await world.directory.cancel(line(people[0], days("2020-01-01"), context=LIVING_WAGE), by(GHENT))
    gone, kept = (await world.pull(GHENT, parked=True)).items
    assert (gone.change, gone.void and gone.void.code) == (None, "CR-NOT-INSCRIBED")
    assert kept.change is not None
    (entry,) = await world.logged("mutations:item:voided")
    assert (entry["number"], entry["asker"], entry["ticket"]) == (1, GHENT, outcome.ticket)
    asker = Asker(institution=GHENT, agent="a", encryption_key="A" * 43)
    assert await world.mailboxes.find(asker, outcome.ticket, people[0]) is None


async def test_an_item_serves_to_ask_for_a_year(world: Town, people: list[str]) -> None:
    (outcome,) = await world.told(change(people[0]))
    assert outcome.ticket
    await world.emptied(GHENT)
    asker = Asker(institution=GHENT, agent="a", encryption_key="A" * 43)
    for later, found in ((POINTER_LIFE - timedelta(hours=1), True), (POINTER_LIFE, False)):
        mailboxes = world.at(later).mailboxes
        assert (await mailboxes.find(asker, outcome.ticket, people[0]) is not None) == found


async def test_what_was_withdrawn_while_items_waited_comes_void(world: Town, people: list[str]) -> None:
    await world.told(change(people[0]), change(people[1], CIVIL, content={"state": "married"}))
    world.catalogue.withdraw(PCSAS)
    items = await world.emptied(GHENT)
    assert [(item.number, item.change, item.void and item.void.code) for item in items] == [
        (1, None, "MSG00015"),
        (2, None, "MSG00015"),
    ]
    assert "married" not in msgspec.json.encode(items).decode()
    assert await world.logged("mutations:item:delivered") == []
    voided = await world.logged("mutations:item:voided")
    assert [(entry["number"], entry["asker"], entry["code"]) for entry in voided] == [
        (1, GHENT, "MSG00015"),
        (2, GHENT, "MSG00015"),
    ]
    assert [item.void for item in await world.emptied(FUND)] == [None]


async def test_an_inscription_that_ended_while_items_waited_makes_them_void(world: Town, people: list[str]) -> None:
    await world.told(change(people[0]), change(people[1]))
    await world.directory.cancel(line(people[0], days("2020-01-01"), context=LIVING_WAGE), by(GHENT))
    await world.directory.close(line(people[1], days("2020-01-01", "2026-03-31"), context=LIVING_WAGE), by(GHENT))
    gone, shorter = await world.emptied(GHENT)
    assert (gone.change, gone.void and gone.void.code) == (None, "CR-NOT-INSCRIBED")
    assert shorter.change is not None
    assert shorter.change.period == days("2026-01-01", "2026-03-31")


async def test_a_manager_that_manages_no_longer_learns_nothing(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (MANAGED, LIVING_WAGE))
    await world.told(change(people[0]))
    world.catalogue.change(MANAGED, managed_by=())
    (item,) = await world.emptied(MANAGER)
    assert (item.change, item.void and item.void.code) == (None, "CR-NOT-MANAGED")


@pytest.mark.parametrize("parked", [False, True])
async def test_what_waits_goes_along_when_the_management_moves(world: Town, people: list[str], *, parked: bool) -> None:
    await world.inscribe(people[0], (MANAGED, LIVING_WAGE))
    await world.inscribe(people[1], (LIEGE, LIVING_WAGE))
    (outcome, *_) = await world.told(change(people[0]), change(people[1]))
    if parked:
        page = await world.pull(MANAGER)
        assert page.lease
        await world.mailboxes.park(Parking(lease=page.lease, numbers=(1,), reason="later"), by(MANAGER))
    world.catalogue.change(MANAGED, managed_by=(Management(manager=LIEGE, start_date=date(2000, 1, 1)),))
    (item,) = (await world.pull(MANAGER, parked=parked)).items
    assert (item.change, item.void and item.void.code) == (None, "CR-NOT-MANAGED")
    own, moved = await world.emptied(LIEGE)
    assert (own.number, moved.number, moved.concerning, moved.ticket) == (1, 2, MANAGED, outcome.ticket)
    assert moved.change is not None
    assert moved.change.ssin.value == people[0]
    await world.pull(MANAGER, **{"from": 1})
    assert await world.emptied(LIEGE) == []


async def test_a_person_merged_while_items_wait_comes_under_the_number_of_today(world: Town, people: list[str]) -> None:
    anna, bea, *_ = people
    await world.told(change(anna), change(bea))
    await world.identity.link(link_act(anna, bea), OPERATORS)
    items = await world.emptied(GHENT)
    told = [item.change.ssin for item in items if item.change]
    assert [(ssin.value, ssin.replaces) for ssin in told] == [(bea, anna), (bea, None)]


async def test_content_goes_only_to_those_who_may_have_all_of_it(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], ("pcsa-1", LIVING_WAGE), period=days("2026-02-01", "2026-02-28"))
    await world.told(change(people[0], CIVIL, content={"state": "married"}))
    whole, part = [(await world.emptied(box))[0].change for box in (GHENT, "pcsa-1")]
    assert whole is not None
    assert part is not None
    assert (whole.content, whole.period, whole.sealed) == ({"state": "married"}, days("2026-01-01"), False)
    assert (part.content, part.period) == (None, days("2026-02-01", "2026-02-28"))
