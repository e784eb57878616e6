"""What the end of retention does to the log. A store, private to this room."""

from datetime import datetime

from crossroads.audit.database import Pool, outages, queries, rows
from crossroads.audit.model import Expirable
from crossroads.audit.terms import Term


class RetentionStore:
    """Terms, what is due by them, and its removal. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of the role crossroads_hub."""
        self._pool = pool

    async def terms(self) -> list[Term]:
        """Give for how long the classes are kept."""
        with outages():
            return [Term(*row) for row in await rows(queries.terms(self._pool))]

    async def due(self, log_class: str, since: datetime, before: datetime) -> list[Expirable]:
        """Give the ranges of entries of a class, of a stretch of time, that still say something."""
        with outages():
            found = await rows(queries.expirable(self._pool, log_class=log_class, since=since, before=before))
        return [Expirable(log_class, *row) for row in found]

    async def expire(self, due: Expirable) -> int:
        """Remove what the entries of a class in a range say, as far as their days are over; gives how many."""
        with outages():
            return int(
                await queries.expire_range(
                    self._pool, stream=due.stream, first=due.first, last=due.last, log_class=due.log_class
                )
            )

    async def looked_until(self, log_class: str) -> datetime | None:
        """Give the moment up to which the entries of a class have expired by themselves."""
        with outages():
            found: datetime | None = await queries.expired_before(self._pool, log_class=log_class)
            return found

    async def looked(self, log_class: str, before: datetime) -> None:
        """Keep that moment."""
        with outages():
            await queries.keep_expired(self._pool, log_class=log_class, before=before)
