"""What tests of inscriptions share: a hub that knows three persons, and their days."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from people import GHENT, OpenPool, World, by, days, line, ssin, world

ANNA, BEA, CARLA, NOBODY = ssin(0), ssin(1), ssin(2), ssin(999)
"""Three persons who came into being, and a number that nobody has."""
YEAR = days("2026-01-01", "2026-12-31")


@asynccontextmanager
async def three_persons(pool: OpenPool, folder: Path) -> AsyncIterator[World]:
    """Open a hub that knows them; nobody has them inscribed."""
    async with world(pool) as opened:
        await opened.births(ANNA, BEA, CARLA, tmp=folder)
        yield opened


async def inscribe(hub: World, number: str, period: Any = YEAR, at: str = GHENT, **other: Any) -> int:
    """Have a person inscribed, and give the number of the line."""
    outcome = await hub.directory.open(line(number, period, at, **other), by(at))
    return outcome.items[-1].inscription
