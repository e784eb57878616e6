"""The network on which the contract is tried; a test module that wants it names this plugin."""

from collections.abc import Iterator

import pytest

from contract import contract_network
from crossroads.network.service import Network
from database import Database
from raw import Asker


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with contract_network(tmp_path_factory.mktemp("contract"), module_database) as made:
        yield made


@pytest.fixture
def centre(built: Network) -> Asker:
    return Asker(built, "pcsw-gent")
