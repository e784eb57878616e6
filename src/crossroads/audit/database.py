"""What the stores of the log share: the queries, and what it means when the database fails."""

from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiosql
import asyncpg

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable

Pool = asyncpg.Pool
"""Connections to the database of the log."""

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg")

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
    except _OUTAGE as error:
        reason = f"The database of the log does not work now ({type(error).__name__})."
        raise Unavailable(reason, code=Code.UNAVAILABLE) from error


async def rows(query: AsyncIterable[Any]) -> list[Any]:
    """Give all rows of a query."""
    return [row async for row in query]
