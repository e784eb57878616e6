"""Fixtures of the tests of the catalogue in a database; a test module that wants them names this plugin."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from database import OpenPool
from founding import Installation, founded, small_catalogue


@pytest.fixture
async def db(pool: OpenPool) -> "asyncpg.Pool[asyncpg.Record]":
    """Give connections of the hub's role."""
    return await pool("crossroads_hub")


@pytest.fixture
async def here(db: "asyncpg.Pool[asyncpg.Record]") -> AsyncIterator[Installation]:
    """Give a founded installation with the small catalogue."""
    async with founded(db) as installation:
        await installation.apply(small_catalogue())
        yield installation
