"""Hub, jobs, source and database are killed: each record is decided once, and asked and answered once."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from batch_killing import batching_network, kill
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
    with batching_network(tmp_path / "network", database, workers=2) as made:
        yield made


async def test_whatever_dies_each_record_is_decided_once_and_answered(built: Network, database: Database) -> None:
    await kill(built, database, Random(SEED), ROUNDS)
