"""Fixtures of tests of a whole network, which they name `built`; a test module that wants them names this plugin."""

from collections.abc import AsyncIterator

import httpx
import pytest

from chaos import client, start_another_hub
from crossroads.network.ports import free_ports
from crossroads.network.service import Network


@pytest.fixture(scope="module")
def ports(built: Network) -> tuple[int, int]:
    """Give the ports of two processes of the hub on one database."""
    (other,) = free_ports(1)
    start_another_hub(built, other)
    return built.installation.settings.port, other


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client with as many connections as a test wants."""
    async with client() as opened:
        yield opened
