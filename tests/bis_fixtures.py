"""Fixtures of the tests of the BIS register; a test module that wants them names this plugin."""

from collections.abc import AsyncIterator

import pytest

from bis import Hub, hub_of
from people import OpenPool


@pytest.fixture
async def office(pool: OpenPool) -> AsyncIterator[Hub]:
    """Give the services of a process on the database of the test."""
    async with hub_of(pool) as opened:
        yield opened
