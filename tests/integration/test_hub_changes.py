"""What the hub itself causes reaches every holder, once and in order."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from crossroads.access.mandates import IDENTIFICATION
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.period import Period
from crossroads.mutations.errors import NotTheWriter
from crossroads.mutations.hub_changes import HubChanges
from crossroads.mutations.writer import Writer
from crossroads.wire.messages import Asker
from crossroads.wire.mutations import Item, MutationKind, Notice, NoticeKind
from mutating import ADDRESS, CHILD, HUB, PCSAS, SOURCE, STRANGER, TAX, Town, populate, town
from people import (
    FUND,
    GHENT,
    LIEGE,
    LIVING_WAGE,
    MANAGED,
    MANAGER,
    OPERATORS,
    OpenPool,
    by,
    days,
    line,
    link_act,
    ssin,
    unlink_act,
)

NEW = ssin(999)
OWN = {GHENT: days("2020-02-03"), LIEGE: days("2021-04-05", "2029-12-31")}
"""Days that two centres have, which overlap."""


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    return await populate(world, tmp_path)


def noticed(items: list[Item]) -> list[Notice]:
    found = [item.notice for item in items]
    assert all((item.change, item.void) == (None, None) for item in items)
    return [notice for notice in found if notice]


async def replaced(world: Town, number: str) -> None:
    await world.identity.replace_ssin(number, NEW, date(2026, 2, 1), reason="changed", actor="the register")


async def test_a_number_that_was_replaced_is_told_to_every_holder_and_to_nobody_else(
    world: Town, people: list[str]
) -> None:
    anna, bea, _ = people
    await world.inscribe(anna, (GHENT, LIVING_WAGE), (STRANGER, TAX))
    await world.inscribe(anna, (LIEGE, LIVING_WAGE), period=days("2020-01-01", "2021-12-31"))
    await world.inscribe(anna, (MANAGED, LIVING_WAGE), period=days("2022-01-01", "2022-12-31"))
    await world.inscribe(bea, (FUND, CHILD))
    await replaced(world, anna)
    await world.settled()
    assert await world.recipients() == {GHENT: 1, LIEGE: 1, MANAGER: 1, STRANGER: 1, SOURCE: 1}
    for place in (GHENT, LIEGE, STRANGER):
        (notice,) = noticed(await world.emptied(place))
        assert (notice.kind, notice.happened_on) == (NoticeKind.NUMBER_REPLACED, date(2026, 2, 1))
        assert (notice.ssin.value, notice.ssin.replaces) == (NEW, anna)
    (item,) = await world.emptied(MANAGER)
    assert item.concerning == MANAGED


async def test_each_is_told_once_however_many_processes_look(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    writers = [Writer() for _ in range(3)]
    others = [HubChanges(world.pool, world.log, SystemClock(), HUB, writer) for writer in writers]
    await replaced(world, people[0])

    async def step(one: HubChanges) -> None:
        with suppress(NotTheWriter):
            await one.step()

    await asyncio.gather(*map(step, others), step(world.hub_changes))
    for writer in writers:
        await writer.release(world.pool)
    while await world.distributor.distribute():
        pass
    assert await world.recipients() == {GHENT: 1, SOURCE: 1}
    assert await world.pool.fetchval("SELECT count(*) FROM identity_event") == 0


async def test_who_is_stopped_in_the_middle_leaves_nothing_half_done(world: Town, people: list[str]) -> None:
    chance = random.Random(7)
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    await replaced(world, people[0])
    for _ in range(10):
        step = asyncio.create_task(world.hub_changes.step())
        await asyncio.sleep(chance.uniform(0, 0.02))
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
    await world.settled()
    assert await world.recipients() == {GHENT: 1, SOURCE: 1}


async def test_two_that_are_one_and_two_again_are_told_to_the_holders_of_both(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    await world.inscribe(anna, (GHENT, LIVING_WAGE))
    await world.inscribe(bea, (FUND, CHILD))
    await world.identity.link(link_act(anna, bea), OPERATORS)
    await world.settled()
    for place in (GHENT, FUND):
        (notice,) = noticed(await world.emptied(place))
        assert (notice.kind, notice.ssin.value, notice.ssin.replaces) == (NoticeKind.MERGED, bea, anna)
    await world.identity.unlink(unlink_act(anna, bea), OPERATORS)
    await world.settled()
    for place, own, other in ((GHENT, anna, bea), (FUND, bea, anna)):
        (notice,) = noticed(await world.emptied(place))
        told = (notice.kind, notice.ssin.value, notice.ssin.replaces, notice.other)
        assert told == (NoticeKind.UNMERGED, own, None, other)


async def overlapping(world: Town, anna: str, bea: str) -> UUID:
    """Merge two whom two centres have inscribed for the same days, and give the ticket of the merge."""
    world.catalogue.change(LIVING_WAGE, exclusive=True)
    await world.inscribe(anna, (GHENT, LIVING_WAGE), period=OWN[GHENT])
    await world.inscribe(bea, (LIEGE, LIVING_WAGE), period=OWN[LIEGE])
    await world.inscribe(bea, (FUND, CHILD))
    return await world.identity.link(link_act(anna, bea), OPERATORS)


async def test_an_overlap_that_a_merge_makes_is_told_to_both_holders_without_the_other(
    world: Town, people: list[str]
) -> None:
    anna, bea, _ = people
    ticket = await overlapping(world, anna, bea)
    await world.settled()
    assert await world.recipients() == {GHENT: 2, LIEGE: 2, FUND: 1, SOURCE: 1}
    for place, other, before in ((GHENT, LIEGE, anna), (LIEGE, GHENT, None)):
        items = await world.emptied(place)
        merge, notice = noticed(items)
        assert merge.kind is NoticeKind.MERGED
        assert (notice.kind, notice.context, notice.period) == (NoticeKind.EXCLUSIVE_OVERLAP, LIVING_WAGE, OWN[place])
        assert (notice.ssin.value, notice.ssin.replaces, notice.other) == (bea, before, None)
        assert notice.happened_on == date(2026, 1, 1)
        sent = msgspec.json.encode(items).decode()
        assert not [word for word in (other, str(OWN[other].start_date), str(OWN[other].end_date)) if word in sent]
    told = [entry for entry in await world.logged("mutations:change:caused") if entry["kind"] == "exclusive-overlap"]
    assert [(entry["addressee"], entry["cause"]) for entry in told] == [(GHENT, str(ticket)), (LIEGE, str(ticket))]
    assert len({entry["person"] for entry in told}) == len(told)


async def test_both_are_told_of_their_inscription_as_it_was_when_one_ended_it_meanwhile(
    world: Town, people: list[str]
) -> None:
    anna, bea, _ = people
    await overlapping(world, anna, bea)
    await world.directory.cut(line(anna, days("2020-01-01", "2025-12-31")), by(GHENT))
    await world.settled()
    for place in (GHENT, LIEGE):
        notice = noticed(await world.emptied(place))[-1]
        assert (notice.kind, notice.period) == (NoticeKind.EXCLUSIVE_OVERLAP, OWN[place])


async def test_an_overlap_of_a_merge_that_was_undone_before_it_was_told_is_not_told(
    world: Town, people: list[str]
) -> None:
    anna, bea, _ = people
    await overlapping(world, anna, bea)
    await world.identity.unlink(unlink_act(anna, bea), OPERATORS)
    await world.settled()
    for place in (GHENT, LIEGE):
        kinds = [notice.kind for notice in noticed(await world.emptied(place))]
        assert NoticeKind.EXCLUSIVE_OVERLAP not in kinds
        assert kinds[-1] is NoticeKind.UNMERGED


async def test_a_merge_of_who_overlapped_before_tells_of_what_is_new_alone(world: Town, people: list[str]) -> None:
    anna, bea, carl = people
    await overlapping(world, anna, bea)
    await world.settled()
    await world.identity.link(link_act(bea, carl), OPERATORS)
    await world.settled()
    for place in (GHENT, LIEGE):
        kinds = [notice.kind for notice in noticed(await world.emptied(place))]
        assert kinds == [NoticeKind.MERGED, NoticeKind.EXCLUSIVE_OVERLAP, NoticeKind.MERGED]


async def test_a_centre_that_is_managed_is_told_in_the_mailbox_of_its_manager(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    world.catalogue.change(LIVING_WAGE, exclusive=True)
    await world.inscribe(anna, (GHENT, LIVING_WAGE))
    await world.directory.open(line(bea, days("2021-01-01"), MANAGED), by(MANAGER))
    await world.identity.link(link_act(anna, bea), OPERATORS)
    await world.settled()
    items = await world.emptied(MANAGER)
    assert [item.concerning for item in items] == [MANAGED, MANAGED]
    assert [notice.kind for notice in noticed(items)] == [NoticeKind.MERGED, NoticeKind.EXCLUSIVE_OVERLAP]
    assert GHENT not in msgspec.json.encode(items).decode()


async def test_changes_of_one_person_keep_their_order(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    await world.inscribe(anna, (GHENT, LIVING_WAGE))
    await replaced(world, anna)
    await world.identity.link(link_act(NEW, bea), OPERATORS)
    await world.identity.unlink(unlink_act(NEW, bea), OPERATORS)
    await world.settled()
    kinds = [notice.kind for notice in noticed(await world.emptied(GHENT))]
    assert kinds == [NoticeKind.NUMBER_REPLACED, NoticeKind.UNMERGED]
    # Of the merge nothing was told in time, and it holds no more.


async def test_an_item_of_who_somebody_is_lets_nobody_ask_in_its_name(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    await replaced(world, people[0])
    await world.settled()
    (item,) = await world.emptied(GHENT)
    found = await world.pool.fetchval("SELECT authorisation FROM mailbox_item WHERE recipient = $1", GHENT)
    assert found == ""
    asker = Asker(institution=GHENT, agent="clerk", encryption_key="none")
    assert await world.mailboxes.find(asker, item.ticket, NEW) is None


async def test_who_lost_the_person_meanwhile_is_not_told(world: Town, people: list[str]) -> None:
    await world.inscribe(people[0], (GHENT, LIVING_WAGE))
    await replaced(world, people[0])
    await world.settled()
    await world.directory.cancel(line(people[0], days("2020-01-01")), by(GHENT))
    (item,) = await world.emptied(GHENT)
    assert item.void is not None
    assert (item.void.code, item.notice, item.change) == ("CR-NOT-INSCRIBED", None, None)


async def test_an_inscription_that_its_period_ends_is_told_to_its_institution(world: Town, people: list[str]) -> None:
    anna, bea, _ = people
    today = brussels_day(datetime.now(UTC))
    until_today = Period(date(2020, 1, 1), today)
    assert await world.hub_changes.step() == 0
    await world.inscribe(anna, (GHENT, LIVING_WAGE), (MANAGED, LIVING_WAGE), period=until_today)
    await world.inscribe(anna, (LIEGE, LIVING_WAGE), (FUND, CHILD))
    # One that goes on, and one that was closed only when it was over long ago, end no more than was known.
    await world.inscribe(bea, (GHENT, LIVING_WAGE), period=until_today)
    await world.inscribe(bea, (GHENT, LIVING_WAGE), period=Period(today + timedelta(days=1)))
    await world.inscribe(bea, (LIEGE, LIVING_WAGE), period=days("2020-01-01", "2021-12-31"))
    await world.settled()
    assert await world.recipients() == {}
    await world.at(timedelta(days=3)).settled()
    assert await world.recipients() == {GHENT: 1, MANAGER: 1}
    (notice,) = noticed(await world.emptied(GHENT))
    told = (notice.kind, notice.ssin.value, notice.context, notice.period, notice.happened_on)
    assert told == (NoticeKind.INSCRIPTION_ENDED, anna, LIVING_WAGE, until_today, today)
    await world.at(timedelta(days=30)).settled()
    assert await world.recipients() == {GHENT: 1, MANAGER: 1}


async def test_many_that_end_on_a_day_are_told_in_parts_each_once(world: Town, people: list[str]) -> None:
    assert await world.hub_changes.step() == 0
    today = brussels_day(datetime.now(UTC))
    await world.pool.execute(
        "INSERT INTO inscription (person, institution, context, start_date, end_date, phase, ticket)"
        " SELECT person, 'pcsa-' || n, '17:2', '2020-01-01', $1, 0, gen_random_uuid()"
        " FROM ssin_assignment, generate_series(0, 19) AS n, generate_series(1, 20) WHERE ssin = ANY ($2)",
        today,
        people,
    )
    await world.at(timedelta(days=2)).settled()
    assert await world.recipients() == {f"pcsa-{n}": 60 for n in range(20)}


async def test_a_correction_of_the_bis_register_goes_to_those_who_subscribed(world: Town, people: list[str]) -> None:
    world.catalogue.change(PCSAS, data_groups=(ADDRESS, IDENTIFICATION))
    world.catalogue.change("welfare", data_groups=(ADDRESS, IDENTIFICATION))
    await world.inscribe(people[0], (GHENT, LIVING_WAGE), (FUND, CHILD))
    person = await world.pool.fetchval("SELECT person FROM ssin_assignment WHERE ssin = $1", people[0])
    told = (("corrected", None), ("deceased", date(2026, 3, 1)), ("deceased", None))
    for kind, day in told:
        await world.pool.execute(
            "INSERT INTO identity_event (person, kind, happened_on, recorded_at, ticket)"
            " VALUES ($1, $2, $3, clock_timestamp(), gen_random_uuid())",
            person,
            kind,
            day,
        )
    await world.settled()
    assert await world.recipients() == {GHENT: 3}
    corrected, died, lives = await world.emptied(GHENT)
    assert corrected.change is not None
    assert corrected.change.kind is MutationKind.CORRECTED
    assert (corrected.change.data_group, corrected.change.source) == (IDENTIFICATION, HUB)
    assert corrected.change.period == days("2020-01-01")
    first, second = noticed([died, lives])
    assert (first.kind, first.happened_on) == (NoticeKind.DECEASED, date(2026, 3, 1))
    assert second.kind is NoticeKind.DEATH_WITHDRAWN
