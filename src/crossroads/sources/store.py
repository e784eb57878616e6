"""The state of the circuit breakers, in the database."""

from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
import asyncpg

from crossroads.kernel.errors import Unavailable

_queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg")


class BreakerState(NamedTuple):
    """What all processes know of one participant."""

    participant: str
    failures: int
    open_seconds: float


class BreakerStore:
    """Reads and writes breaker states. Raises Unavailable when the database does not answer."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """Use the pool of the process."""
        self._pool = pool

    async def count_failure(self, participant: str, limit: int, pause: timedelta) -> None:
        """Count a failure; from `limit` in a row on the participant is left alone for `pause`."""
        try:
            await _queries.count_failure(self._pool, participant=participant, limit=limit, pause=pause)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable from error

    async def reset(self, participant: str) -> None:
        """Forget the failures of a participant."""
        try:
            await _queries.reset_failures(self._pool, participant=participant)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable from error

    async def read(self) -> list[BreakerState]:
        """Give the participants that failed since they last answered."""
        try:
            return [BreakerState(*row) async for row in _queries.read_breakers(self._pool)]
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            raise Unavailable from error
