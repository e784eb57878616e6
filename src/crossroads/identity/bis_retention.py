"""What the BIS register holds of a person goes some days after the person died or got a number of another register.

The days count from when that was recorded here. What is recorded goes, and what was believed before; the number stays,
and goes on naming the person. The log keeps its entries for as long as it keeps any.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import bis_store, store
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.kernel.clock import Clock

NAME, EVERY = "bis-retention", timedelta(hours=1)
_AT_ONCE = 100
_MOST_LISTED = 1_000


class Removed(NamedTuple):
    """Of how many persons it went on a day, and in how many lines."""

    day: date
    why: str
    persons: int
    lines: int


class BisRetention:
    """Removes particulars that have served; none where no number of days is set."""

    def __init__(self, pool: Pool, log: Log, clock: Clock, kept: timedelta | None) -> None:
        """Give the log connections of its own: it is awaited while one of `pool` is held."""
        self._pool, self._log, self._clock, self._kept = pool, log, clock, kept

    async def work(self) -> None:
        """Remove all that has served. Several processes may do so at once. Raises Unavailable."""
        if self._kept is None:
            return
        before = self._clock.now() - self._kept
        while await self._remove_some(before, self._kept.days):
            pass

    async def removed(self) -> list[Removed]:
        """Give what was removed, the newest days first. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return [Removed(*row) for row in await bis_store.removals(connection, _MOST_LISTED)]

    async def _remove_some(self, before: datetime, days: int) -> bool:
        async with transaction(self._pool) as connection:
            persons = list(await bis_store.served(connection, before, _AT_ONCE))
            await store.lock(connection, persons)
            # Once more, under the locks: a death may just have been taken back.
            served = await bis_store.served(connection, before, _AT_ONCE, persons) if persons else {}
            entries = [await self._remove(connection, person, why, days) for person, why in served.items()]
            if entries:
                await self._log.append_many(entries)
        return bool(served)

    async def _remove(self, connection: Connection, person: int, why: str, days: int) -> Entry:
        ticket = uuid7()
        lines = await bis_store.remove_all(connection, person, why, ticket)
        said: dict[str, object] = {"why": why, "lines": lines, "keptDays": days}
        return Entry(event=Event.BIS_REMOVED, ticket=ticket, person=person, asker=None, fields=said)
