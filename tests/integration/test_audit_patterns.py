"""The log flags who inscribes somebody, asks, and ends the inscription soon."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.patterns import Pattern, patterns
from crossroads.audit.reading import Reading
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Evidence
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from mutating import Town, populate, snapshot_of, town
from people import GHENT, LIEGE, LIVING_WAGE, OTHER_AID, OpenPool, by, context, days, line

START = days("2020-01-01")


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    return await populate(world, tmp_path)


async def asked(world: Town, number: str, at: str = GHENT) -> UUID:
    person = await world.pool.fetchval("SELECT person FROM ssin_assignment WHERE ssin = $1", number)
    ticket = uuid4()
    await world.log.append(
        Entry(event=Event.QUESTION_DECIDED, ticket=ticket, person=person, asker=at, fields={"permits": []})
    )
    return ticket


async def found(world: Town, within: int = 14) -> list[Pattern]:
    now = datetime.now(UTC)
    first, until = now - timedelta(days=1), now + timedelta(seconds=5)
    return [one async for one in patterns(Reading(world.pool), within, first, until)]


async def test_inscribed_asked_and_ended_is_flagged(world: Town, people: list[str]) -> None:
    anna, bea, carl = people
    opened = await world.directory.open(line(anna, START), by(GHENT))
    tickets = [await asked(world, anna) for _ in range(2)]
    closed = await world.directory.close(line(anna, days("2020-01-01", "2020-12-31")), by(GHENT))
    await asked(world, anna)
    (one,) = await found(world)
    assert (one.institution, one.context, one.ends) == (GHENT, LIVING_WAGE, None)
    assert (one.opened, one.closed, one.tickets) == (opened.ticket, closed.ticket, tuple(tickets))
    assert one.questions == 2
    await world.directory.open(line(bea, START, LIEGE), by(LIEGE))
    await asked(world, bea, LIEGE)
    await world.directory.cancel(line(bea, START, LIEGE), by(LIEGE))
    await world.directory.open(line(carl, START), by(GHENT))
    await asked(world, carl)
    await world.directory.cut(line(carl, days("2021-01-01", "2021-12-31")), by(GHENT))
    assert [two.institution for two in await found(world)] == [GHENT, LIEGE, GHENT]


async def test_what_ends_by_its_period_is_flagged_too(world: Town, people: list[str]) -> None:
    today = brussels_day(datetime.now(UTC))
    short, long = (Period(START.start_date, today + timedelta(days=more)) for more in (10, 20))
    await world.directory.open(line(people[0], short), by(GHENT))
    await world.directory.open(line(people[1], long), by(GHENT))
    for number in people:
        await asked(world, number)
    (one,) = await found(world)
    assert (one.ends, one.closed, one.questions) == (short.end_date, None, 1)
    assert len(await found(world, 30)) == 2
    assert await found(world, 5) == []


async def test_what_is_in_order_is_not_flagged(world: Town, people: list[str]) -> None:
    anna, bea, carl = people
    await world.directory.open(line(anna, START), by(GHENT))  # never ended
    await asked(world, anna)
    await world.directory.open(line(bea, START), by(GHENT))  # asked by another, and before
    await asked(world, bea, LIEGE)
    await world.directory.close(line(bea, days("2020-01-01", "2020-12-31")), by(GHENT))
    await asked(world, carl)
    await world.directory.open(line(carl, START), by(GHENT))
    await world.directory.close(line(carl, days("2020-01-01", "2099-12-31")), by(GHENT))  # ends in years
    await asked(world, carl)
    world.catalogue.entries.append((Kind.INSCRIPTION_CONTEXT, context(OTHER_AID, Evidence.NONE)))
    world.catalogue.current = snapshot_of(world.catalogue.entries, 2)
    await world.directory.open(line(anna, START, LIEGE, context=OTHER_AID, evidence=None), by(LIEGE))
    await asked(world, anna, LIEGE)
    await world.directory.open(line(anna, START, LIEGE), by(LIEGE))  # ended in another context only
    await world.directory.cancel(line(anna, START, LIEGE), by(LIEGE))
    assert await found(world) == []
