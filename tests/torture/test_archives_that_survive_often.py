"""As `test_audit_archive_command`, a hundred times over."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from archiving import kill
from crashes import own_database
from crossroads.network.service import Network
from database import Database
from networks import network

SEED = 1931
ROUNDS = 100

pytestmark = pytest.mark.torture


@pytest.fixture
def database() -> Iterator[Database]:
    with own_database() as made:
        yield made


@pytest.fixture
def built(tmp_path: Path, database: Database) -> Iterator[Network]:
    with network(tmp_path / "network", database, {}, start=False) as made:
        yield made


def test_whenever_it_dies_each_month_is_whole_somewhere(built: Network, database: Database, tmp_path: Path) -> None:
    kill(built, database, tmp_path / "archive", Random(SEED), ROUNDS, 1_000)
