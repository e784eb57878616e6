"""Hub and database are killed under load, at chance moments: no answer was received that the log does not have."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from account import check_all
from crashes import SOURCES, Crashes, Load, fragile_network, own_database
from crossroads.network.service import Network
from database import Database

SEED = 20261121


@pytest.fixture
def database() -> Iterator[Database]:
    with own_database() as made:
        yield made


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with fragile_network(tmp_path / "network", database) as made:
        yield made


async def test_whatever_dies_every_answer_received_is_in_the_log(built: Network, database: Database) -> None:
    chance = Random(SEED)
    async with Crashes(built, database, chance) as crashes, Load(built, chance) as load:
        for number in range(len(crashes.acts)):
            await crashes.round(load, number)
        await load.goes_on(20)
    await check_all(built, database, SOURCES, load.received)
