"""As `test_changes_survive`, a hundred times over."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from changing import changing_network, kill
from crashes import own_database
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
    with changing_network(tmp_path / "network", database) as made:
        yield made


async def test_a_hundred_deaths_and_every_change_is_told_once(built: Network, database: Database) -> None:
    await kill(built, database, Random(SEED), ROUNDS)
