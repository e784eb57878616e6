"""What the rooms about people share of the database: one transaction, and the copying of a file."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from crossroads.audit.database import Pool, outages, rows
from crossroads.kernel.errors import CrossroadsError

# The rooms about people find all of it here.
__all__ = ["Connection", "NotStaged", "Pool", "copy_into", "outages", "rows", "transaction"]

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_PATIENCE_SECONDS = 5


class NotStaged(CrossroadsError):
    """The database does not take a value of the file."""


async def copy_into(connection: Connection, table: str, columns: list[str], source: AsyncIterator[bytes]) -> None:
    """Copy CSV into a table. Raises NotStaged, which names the error of the database and no value."""
    try:
        await connection.copy_to_table(table, source=source, columns=columns, format="csv")
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise NotStaged(type(error).__name__) from None


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Do all or nothing, in READ COMMITTED: each statement sees what was committed before it began.

    That is what the rules on people stand on: take the locks in one statement, look in the next. Raises Unavailable,
    also where no connection is free for long.
    """
    with outages():
        async with (
            pool.acquire(timeout=_PATIENCE_SECONDS) as connection,
            connection.transaction(isolation="read_committed"),
        ):
            yield connection
