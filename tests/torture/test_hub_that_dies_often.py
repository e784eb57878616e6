"""As `test_hub_that_dies`, a hundred times over."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from account import check_all
from crashes import SOURCES, Crashes, Load, fragile_network, own_database
from crossroads.network.service import Network
from database import Database

SEED = 1990
ROUNDS = 100

pytestmark = pytest.mark.torture


@pytest.fixture
def database() -> Iterator[Database]:
    with own_database() as made:
        yield made


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with fragile_network(tmp_path / "network", database) as made:
        yield made


async def test_a_hundred_deaths_and_no_answer_lost(built: Network, database: Database) -> None:
    chance = Random(SEED)
    async with Crashes(built, database, chance) as crashes, Load(built, chance) as load:
        for _ in range(ROUNDS):
            await crashes.round(load, chance.randrange(len(crashes.acts)))
        await load.goes_on(20)
    await check_all(built, database, SOURCES, load.received)
