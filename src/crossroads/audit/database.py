"""What all stores share of the database: rows of a query, and what it means when it fails. And the log's queries."""

from collections.abc import AsyncIterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import aiosql
import asyncpg

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
"""Connections to the database, of one role."""

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
    except asyncpg.DiskFullError as error:
        raise Unavailable("The disk of the database is full.", code=Code.UNAVAILABLE) from error
    except _OUTAGE as error:
        reason = f"The database does not work now ({type(error).__name__})."
        raise Unavailable(reason, code=Code.UNAVAILABLE) from error


async def rows(query: AsyncIterable[Any]) -> list[Any]:
    """Give all rows of a query."""
    return [row async for row in query]
