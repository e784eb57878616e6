"""What an operator sees, read from PostgreSQL. Private to this room."""

from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import aiosql

from crossroads.audit.database import Pool, outages, rows
from crossroads.operation.model import JobStanding, Mailbox, Source, Whole

_queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg")

_MOST_JOBS = 100

T = TypeVar("T")


class Store:
    """Reads it, with connections of any role that may read the views. Raises Unavailable."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections."""
        self._pool = pool

    async def whole(self) -> Whole:
        """Give what there is one of."""
        with outages():
            return Whole(**await _queries.whole(self._pool))

    async def sources(self) -> list[Source]:
        """Give the sources that were asked lately, or fail."""
        return await self._every(Source, _queries.sources(self._pool))

    async def mailboxes(self) -> list[Mailbox]:
        """Give the mailboxes in which something waits or is parked."""
        return await self._every(Mailbox, _queries.mailboxes(self._pool))

    async def jobs(self, since: datetime) -> list[JobStanding]:
        """Give the jobs that are not over, and those that failed since a moment: those with a problem first."""
        return await self._every(JobStanding, _queries.jobs(self._pool, since=since, count=_MOST_JOBS))

    async def _every(self, kind: type[T], query: Any) -> list[T]:
        with outages():
            return [kind(**row) for row in await rows(query)]
