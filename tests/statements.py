"""The statements that the programs of one test send to their database, as the server itself notes them."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from crossroads.bootstrap.postgres import ADMIN
from database import Database, execute

_LINE = re.compile(r"^[-0-9]+ [:.0-9]+ UTC \[(\d+)\] LOG:  (?:execute [^:]*|statement): ", re.MULTILINE)
_ASKS = re.compile(r"(?:\s*--[^\n]*\n)*\s*(select|insert|update|delete|with)\b", re.IGNORECASE)
_OF_THE_DRIVER = ("pg_advisory_unlock_all", "pg_catalog.pg_type", "pg_catalog.set_config")
"""What asyncpg asks by itself when a connection is opened or given back."""


class Statements:
    """What was sent by some role in one database since this was made. Not of transactions themselves."""

    def __init__(self, database: Database, role: str) -> None:
        """Count from now on."""
        self._database, self._role = database, role
        self.forget()

    def forget(self) -> None:
        """Count anew from now on."""
        self._from = self._database.server.place.log.stat().st_size

    def sent(self) -> list[str]:
        """Give the statements, in turn."""
        with self._database.server.place.log.open("rb") as log:
            log.seek(self._from)
            text = log.read().decode("utf-8", "replace")
        own = asyncio.run(self._processes())
        _, *parts = _LINE.split(text)
        said = [(int(pid), statement.strip()) for pid, statement in zip(parts[::2], parts[1::2], strict=True)]
        return [statement for pid, statement in said if pid in own and _asks(statement)]

    async def _processes(self) -> set[int]:
        server, query = self._database.server, "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND usename = $2"
        connection = await asyncpg.connect(server.dsn(ADMIN, ADMIN))
        try:
            return {row["pid"] for row in await connection.fetch(query, self._database.name, self._role)}
        finally:
            await connection.close()


@contextmanager
def noted(database: Database, *roles: str) -> Iterator[None]:
    """Have the server note what these roles send to one database, from the next connection on."""
    admin = database.server.dsn(ADMIN, ADMIN)
    for role in roles:
        asyncio.run(execute(admin, f"ALTER ROLE {role} IN DATABASE \"{database.name}\" SET log_statement = 'all'"))
    try:
        yield
    finally:
        for role in roles:
            asyncio.run(execute(admin, f'ALTER ROLE {role} IN DATABASE "{database.name}" RESET log_statement'))


def _asks(statement: str) -> bool:
    return _ASKS.match(statement) is not None and not any(one in statement for one in _OF_THE_DRIVER)
