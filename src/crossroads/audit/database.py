"""What all stores share of the database: rows of a query, and what it means when it fails. And the log's queries."""

from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiosql
import asyncpg
from aiosql.adapters.asyncpg import AsyncPGAdapter

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
"""Connections to the database, of one role."""


_Adapter: Any = AsyncPGAdapter


class Driver(_Adapter):  # type: ignore[misc] # its methods have no types
    """How aiosql asks asyncpg, for hot queries: a pool has the methods of a connection.

    The adapter of aiosql lists all names that a connection has before each query, to see whether it is a pool.
    """

    async def select(self, on: Any, name: str, sql: str, given: Any, _: None = None) -> AsyncIterator[Any]:
        """Give the rows."""
        for row in await on.fetch(sql, *self.maybe_order_params(name, given)):
            yield row

    async def select_one(self, on: Any, name: str, sql: str, given: Any, _: None = None) -> Any:
        """Give one row, or None."""
        return await on.fetchrow(sql, *self.maybe_order_params(name, given))

    async def select_value(self, on: Any, name: str, sql: str, given: Any) -> Any:
        """Give the first value of one row, or None."""
        return await on.fetchval(sql, *self.maybe_order_params(name, given))

    async def insert_update_delete(self, on: Any, name: str, sql: str, given: Any) -> Any:
        """Change rows, and give what the database says of it."""
        return await on.execute(sql, *self.maybe_order_params(name, given))

    async def insert_update_delete_many(self, on: Any, name: str, sql: str, given: Sequence[Mapping[str, Any]]) -> None:
        """Change rows once for each of what is given."""
        await on.executemany(sql, [self.maybe_order_params(name, one) for one in given])


queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", Driver)

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
    asyncpg.ObjectNotInPrerequisiteStateError,
)


@contextmanager
def outages() -> Iterator[None]:
    """Turn whatever keeps the database from working into Unavailable."""
    try:
        yield
    except asyncpg.DiskFullError as error:
        raise Unavailable("The disk of the database is full.", code=Code.UNAVAILABLE) from error
    except _OUTAGE as error:
        reason = f"The database does not work now ({type(error).__name__})."
        raise Unavailable(reason, code=Code.UNAVAILABLE) from error


async def rows(query: AsyncIterable[Any]) -> list[Any]:
    """Give all rows of a query."""
    return [row async for row in query]
