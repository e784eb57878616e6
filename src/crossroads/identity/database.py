"""What the rooms about people share of the database: one transaction, and what it means when the database fails."""

from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import asyncpg

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Unavailable

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"

_OUTAGE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)


class NotStaged(CrossroadsError):
    """The database does not take a value of the file."""


async def copy_into(connection: Connection, table: str, columns: list[str], source: AsyncIterator[bytes]) -> None:
    """Copy CSV into a table. Raises NotStaged, which names the error of the database and no value."""
    try:
        await connection.copy_to_table(table, source=source, columns=columns, format="csv")
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise NotStaged(type(error).__name__) from None


@contextmanager
def outages() -> Iterator[None]:
    """Turn whatever keeps the database from working into Unavailable."""
    try:
        yield
    except _OUTAGE as error:
        reason = f"The database does not work now ({type(error).__name__})."
        raise Unavailable(reason, code=Code.UNAVAILABLE) from error


async def rows(query: AsyncIterable[Any]) -> list[Any]:
    """Give all rows of a query."""
    return [row async for row in query]


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """Do all or nothing, in READ COMMITTED: each statement sees what was committed before it began.

    That is what the rules on people stand on: take the locks in one statement, look in the next. Raises Unavailable.
    """
    with outages():
        async with pool.acquire() as connection, connection.transaction(isolation="read_committed"):
            yield connection
