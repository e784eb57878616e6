"""Fixtures of the database. Others have their own plugin modules."""

import asyncio
import gc
from collections.abc import AsyncIterator, Generator, Iterator

import asyncpg
import pytest
import structlog
from hypothesis import settings

import citus_server
import scratch
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.memory import start
from database import Database, OpenPool, empty_database, migrated_template, remove_home, reserve_home, shared_server
from longest import longest_first

# `make test` looks for what breaks a rule with fewer examples than `make torture`, which takes all the time it wants.
settings.register_profile("test", max_examples=25, deadline=None)
settings.register_profile("torture", max_examples=1_000, deadline=None)
settings.load_profile("test")


collect_ignore = [] if citus_server.named() else ["citus"]
"""What asks how Citus plans has nothing to ask without it; the header of the run says so."""


def pytest_configure(config: pytest.Config) -> None:
    """Only the process that pytest was started in owns the folder and the server of the run."""
    if not hasattr(config, "workerinput"):
        scratch.reserve()
        reserve_home()
        _begin_citus()


def pytest_report_header() -> str:
    """Say on what the suite runs."""
    if citus_server.named():
        return f"database: the server with Citus of {citus_server.VARIABLE}, its tables spread"
    missing = f"nothing runs on Citus, and tests/citus not at all: {citus_server.VARIABLE} names no server"
    return f"database: the embedded PostgreSQL, one machine; {missing}"


def _begin_citus() -> None:
    """Have the roles on the server with Citus, where one is named."""
    if url := citus_server.named():
        try:
            asyncio.run(citus_server.begin(url))
        except (CrossroadsError, OSError, asyncpg.PostgresError) as error:
            raise pytest.UsageError(f"{citus_server.VARIABLE}: {error}") from error


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while tests are collected: all of it stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    longest_first(items)


def pytest_collection_finish() -> None:
    """Leave thousands of collected tests out of every collection of garbage to come."""
    gc.freeze()
    start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End with nothing left."""
    if not hasattr(config, "workerinput"):
        remove_home()
        scratch.remove()


@pytest.fixture(autouse=True)
def _own_log_settings() -> Iterator[None]:
    """Undo what a command that ran in this process made of the log of programs."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> EmbeddedPostgres:
    """Give the server of the run. Do not stop it: others use it."""
    return shared_server()


@pytest.fixture(scope="session")
def template(postgres: EmbeddedPostgres) -> str:
    """Give the name of the migrated database that copies are made of."""
    return migrated_template(postgres)


@pytest.fixture
def database(postgres: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """Give a migrated database of this test alone."""
    with empty_database(postgres, template=template) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_database(postgres: EmbeddedPostgres, template: str) -> Iterator[Database]:
    """Give a migrated database that the tests of one module share."""
    with empty_database(postgres, template=template) as fresh:
        yield fresh


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[OpenPool]:
    """Give a function that opens a pool on `database` for a role; it is closed after the test."""
    pools: list[asyncpg.Pool[asyncpg.Record]] = []

    async def open_pool(role: str) -> "asyncpg.Pool[asyncpg.Record]":
        pools.append(await asyncpg.create_pool(database.url(role), min_size=1))
        return pools[-1]

    yield open_pool
    for opened in pools:
        await opened.close()
