"""Hub, database, notifier and consumers are killed: each change is told once, in order, to those who must know."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from changing import changing_network, kill
from crashes import own_database
from crossroads.network.service import Network
from database import Database

SEED = 20261122
ROUNDS = 5


@pytest.fixture
def database() -> Iterator[Database]:
    with own_database() as made:
        yield made


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with changing_network(tmp_path / "network", database) as made:
        yield made


async def test_whatever_dies_every_change_is_told_once_to_whom_it_concerns(built: Network, database: Database) -> None:
    await kill(built, database, Random(SEED), ROUNDS)
