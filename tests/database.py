"""Databases for tests: one embedded server for the whole run, a migrated template, a fresh copy for who asks.

Where the environment names a server with Citus, they are made there, each migrated by itself: what is spread is not
copied.

The process that pytest was started in owns the server; workers of xdist share it. So a worker that dies takes nothing
along, and nothing is left when the run ends.
"""

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
from filelock import FileLock

import citus_server
from citus_server import CitusServer
from crossroads.bootstrap.database import restrict
from crossroads.bootstrap.migrations import migrate
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres, create_database
from crossroads.bootstrap.settings import Settings
from crossroads.bootstrap.settling import settle

OpenPool = Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]
"""What the fixture `pool` gives: opens a pool on the database of the test, for a role."""

_HOME = "CROSSROADS_TEST_HOME"
_TEMPLATE = "template_crossroads"


class Database(NamedTuple):
    """A database of one test or module."""

    server: EmbeddedPostgres
    name: str

    def url(self, role: str = "crossroads_hub") -> str:
        """Give the URL for this role."""
        return self.server.dsn(role, self.name)


def reserve_home() -> None:
    """Make the home of the server of this run; workers find it in their environment."""
    home = Path(tempfile.mkdtemp(prefix="crossroads-tests-"))
    home.chmod(0o711)
    os.environ[_HOME] = str(home)


def remove_home() -> None:
    """Stop the server, if a test started it, and remove its files."""
    home = Path(os.environ.pop(_HOME))
    remove_server(EmbeddedPostgres(home))
    shutil.rmtree(home)


def shared_server() -> EmbeddedPostgres:
    """Give the server of this run, started."""
    home, url = Path(os.environ[_HOME]), citus_server.named()
    server = citus_server.CitusServer(home, url) if url else EmbeddedPostgres(home)
    server.start()
    return server


def remove_server(server: EmbeddedPostgres) -> None:
    """Stop a server and remove its files, which need not lie under its home."""
    server.stop()
    link = server.place.home / "postgres"
    if not server.place.socket_folder.is_relative_to(server.place.folder):
        shutil.rmtree(server.place.socket_folder, ignore_errors=True)
    shutil.rmtree(server.place.folder, ignore_errors=True)
    if link.is_symlink():
        link.unlink()


def migrated_template(server: EmbeddedPostgres) -> str:
    """Give the name of the migrated database that the others are copies of; the first who asks makes it."""
    if isinstance(server, CitusServer):
        return _TEMPLATE
    done = server.place.home / "template.done"
    with FileLock(server.place.home / "template.lock"):
        if not done.exists():
            with empty_database(server, _TEMPLATE, keep=True) as database:
                asyncio.run(restrict(database.url(ADMIN)))
                asyncio.run(migrate(database.url("crossroads_owner")))
                asyncio.run(settle(database.url("crossroads_owner"), Settings()))
            done.touch()
    return _TEMPLATE


@contextmanager
def empty_database(
    server: EmbeddedPostgres, name: str | None = None, *, template: str | None = None, keep: bool = False
) -> Iterator[Database]:
    """Make a database, and drop it after use, with whoever is still connected."""
    name = name or f"test_{uuid.uuid4().hex}"
    if isinstance(server, CitusServer):
        with _spread_database(server, name, migrated=template is not None) as database:
            yield database
        return
    asyncio.run(create_database(server.dsn(ADMIN, ADMIN), name, template=template))
    try:
        if template:
            # A copy has the rights of the template in its catalogue, and not those on the database itself.
            asyncio.run(restrict(server.dsn(ADMIN, name)))
        yield Database(server, name)
    finally:
        if not keep:
            asyncio.run(execute(server.dsn(ADMIN, ADMIN), f'DROP DATABASE "{name}" WITH (FORCE)'))


@contextmanager
def _spread_database(server: CitusServer, name: str, *, migrated: bool) -> Iterator[Database]:
    """Make a database on every machine, and drop it after use."""
    asyncio.run(server.make(name))
    try:
        if migrated:
            asyncio.run(server.migrate(name))
        yield Database(server, name)
    finally:
        asyncio.run(server.drop(name))


async def execute(url: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def value(url: str, query: str) -> object:
    """Give the first value of a query, on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()
