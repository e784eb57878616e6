"""A server with Citus that an environment variable names: the databases of the tests are made on it and on its workers.

It was never tried: there was no such server. What Citus says of itself is all that this rests on.
"""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

import asyncpg

from crossroads.bootstrap import postgres
from crossroads.bootstrap.database import restrict
from crossroads.bootstrap.distribution import distribute, require_citus
from crossroads.bootstrap.migrations import OWNER, migrate
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres
from crossroads.bootstrap.settings import Settings
from crossroads.bootstrap.settling import settle

VARIABLE = "CROSSROADS_TEST_CITUS"
"""The URL of a superuser in a database of the coordinator that knows the workers. The roles of Crossroads get in
without a password, from here and from one machine to the other."""
ROLES = Path(postgres.__file__).parent / "roles.sql"

_WORKERS = "SELECT nodename, nodeport FROM pg_dist_node WHERE groupid > 0 AND noderole = 'primary' ORDER BY groupid"


class Node(NamedTuple):
    """A machine of the server, as the others reach it."""

    host: str
    port: int


def named() -> str | None:
    """Give the URL of the server that the environment names, if it names one."""
    return os.environ.get(VARIABLE)


async def begin(url: str) -> None:
    """Make the roles on a server. Raises Refused where it has no Citus."""
    await require_citus(url)
    await _execute(url, ROLES.read_text("utf-8"))


class CitusServer(EmbeddedPostgres):
    """That server, in the place of the embedded one. It is not started and not stopped, and its files are elsewhere."""

    def __init__(self, home: Path, url: str) -> None:
        """Keep under `home` what the workers of a run share."""
        super().__init__(home)
        self._url = urlsplit(url)

    def start(self) -> bool:
        """Share the server that runs."""
        return False

    def stop(self) -> None:
        """Leave it as it is."""

    def dsn(self, role: str, database: str) -> str:
        """Give the URL of a role in a database, at the coordinator."""
        return self._at(self._coordinator, role, database)

    async def make(self, name: str) -> None:
        """Make a database on every machine, and tell the coordinator of the workers."""
        workers = await self._workers()
        for node in (self._coordinator, *workers):
            await _execute(self._at(node, ADMIN, ADMIN), f'CREATE DATABASE "{name}" OWNER {OWNER}')
            await _execute(self._at(node, ADMIN, name), "CREATE EXTENSION citus")
        here = self.dsn(ADMIN, name)
        await _execute(here, "SELECT citus_set_coordinator_host('{}', {})".format(*self._coordinator))
        for node in workers:
            await _execute(here, "SELECT citus_add_node('{}', {})".format(*node))

    async def migrate(self, name: str) -> None:
        """Bring the schema up to date and spread it, as `crossroads migrate --distributed` does."""
        await restrict(self.dsn(ADMIN, name))
        await migrate(self.dsn(OWNER, name))
        await distribute(self.dsn(OWNER, name))
        await settle(self.dsn(OWNER, name), Settings())

    async def drop(self, name: str) -> None:
        """Drop a database on every machine, with whoever is still connected."""
        for node in (self._coordinator, *await self._workers()):
            await _execute(self._at(node, ADMIN, ADMIN), f'DROP DATABASE "{name}" WITH (FORCE)')

    @property
    def _coordinator(self) -> Node:
        return Node(self._url.hostname or "localhost", self._url.port or 5432)

    async def _workers(self) -> list[Node]:
        connection = await asyncpg.connect(self._url.geturl())
        try:
            return [Node(*row) for row in await connection.fetch(_WORKERS)]
        finally:
            await connection.close()

    def _at(self, node: Node, role: str, database: str) -> str:
        who = self._url.netloc.rpartition("@")[0] if role == ADMIN else quote(role, safe="")
        return f"postgresql://{who}@{node.host}:{node.port}/{quote(database, safe='')}?{self._url.query}"


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
