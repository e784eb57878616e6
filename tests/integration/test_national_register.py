"""What the national register alone tells of its own people: a death, another number. Nobody else changes them here."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bis import REGISTER, Hub, correction, death, hub_of, particulars, replacement
from crossroads.identity.bis_store import recorded
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused
from people import GHENT, OpenPool, by, days, line, ssin

OLD, NEW, OTHER = ssin(7), ssin(8), ssin(9)
NAMES = {"last_name": "Zandbergen", "birth_date": "1980-03-15"}


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_of(pool) as opened:
        await opened.world.births(OLD, OTHER, tmp=tmp_path)
        await opened.world.directory.open(line(OLD, days("2026-01-01")), by(GHENT))
        yield opened


async def told(hub: Hub) -> list[str]:
    return [row[0] for row in await hub.world.pool.fetch("SELECT kind FROM identity_event ORDER BY event")]


async def test_the_register_replaces_a_number_of_its_own_once_it_confirms_the_new_one(hub: Hub) -> None:
    request = replacement(OLD, NEW, **NAMES)
    with pytest.raises(Refused) as refusal:
        await hub.bis.replace(request, by(REGISTER))
    assert refusal.value.code is Code.PERSON_NOT_IDENTIFIED
    hub.world.register.names[NEW] = "Zandbergen"
    outcome = await hub.bis.replace(request, by(REGISTER))
    assert (outcome.ssin.value, outcome.ssin.replaces) == (NEW, OLD)
    assert await hub.bis.replace(request, by(REGISTER)) == outcome
    assert await told(hub) == ["number-replaced"]
    person = await hub.world.pool.fetchval("SELECT person FROM person WHERE ssin = $1", NEW)
    async with hub.world.pool.acquire() as connection:
        assert list(await recorded(connection, [person])) == []


async def test_a_number_that_is_another_persons_is_not_taken(hub: Hub) -> None:
    hub.world.register.names[OTHER] = "Zandbergen"
    with pytest.raises(Conflict, match="link the two persons"):
        await hub.bis.replace(replacement(OLD, OTHER, **NAMES), by(REGISTER))
    assert await told(hub) == []


async def test_without_particulars_there_is_nothing_to_ask_the_register_by(hub: Hub) -> None:
    hub.world.register.names[NEW] = "Zandbergen"
    with pytest.raises(Refused, match="give lastName and birthDate"):
        await hub.bis.replace(replacement(OLD, NEW, last_name="Zandbergen"), by(REGISTER))
    assert hub.world.register.asked == 0


async def test_the_register_tells_of_a_death_and_takes_it_back(hub: Hub) -> None:
    await hub.bis.decease(death(OLD), by(REGISTER))
    dead = await hub.world.identity.as_believed_on(OLD, datetime.now(UTC))
    await hub.bis.decease(death(OLD, None), by(REGISTER))
    alive = await hub.world.identity.as_believed_on(OLD, datetime.now(UTC))
    assert dead is not None
    assert alive is not None
    assert (dead.deceased_on, alive.deceased_on) == (date(2026, 5, 5), None)


async def test_nobody_else_does_and_nothing_else_is_kept_of_its_people(hub: Hub) -> None:
    hub.world.register.names[NEW] = "Zandbergen"
    for work in (
        hub.bis.replace(replacement(OLD, NEW, **NAMES), by(GHENT)),
        hub.bis.decease(death(OLD), by(GHENT)),
        hub.bis.correct(correction(OLD, particulars("Zand", "Ilse", "1980-03-15")), by(REGISTER)),
    ):
        with pytest.raises(Refused) as refusal:
            await work
        assert refusal.value.code is Code.PERSON_NOT_IN_BIS
    assert await told(hub) == []
