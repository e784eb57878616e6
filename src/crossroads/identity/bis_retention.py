"""What the BIS register holds of a person goes some days after the person died or got a number of another register.

The days count from when the database saw that, within the hour after it was recorded. What is recorded goes, and what
was believed before; the number stays, and goes on naming the person. The log keeps its entries as long as it keeps any.
"""

from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import bis_store, store
from crossroads.identity.database import Pool, outages, transaction

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
    """Removes particulars that have served; none where no number of days is settled (`crossroads migrate`)."""

    def __init__(self, pool: Pool, log: Log) -> None:
        """Give the log connections of its own: it is awaited while one of `pool` is held."""
        self._pool, self._log = pool, log

    async def work(self) -> None:
        """Remove all that has served. Several processes may do so at once. Raises Unavailable."""
        async with transaction(self._pool) as connection:
            await bis_store.see_served(connection)
        while await self._remove_some():
            pass

    async def removed(self) -> list[Removed]:
        """Give what was removed, the newest days first. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return [Removed(*row) for row in await bis_store.removals(connection, _MOST_LISTED)]

    async def _remove_some(self) -> bool:
        async with transaction(self._pool) as connection:
            persons = [one.person for one in await bis_store.due(connection, _AT_ONCE)]
            await store.lock(connection, persons)
            # Once more, under the locks: a death may just have been taken back.
            due = await bis_store.due(connection, _AT_ONCE, persons) if persons else []
            tickets = [uuid7() for _ in due]
            if due:
                # First: the database removes nothing that the log does not tell of. Who dies here logs it once more.
                await self._log.append_many(map(_entry, due, tickets))
            for one, ticket in zip(due, tickets, strict=True):
                await bis_store.remove_all(connection, one, ticket)
        return bool(due)


def _entry(due: bis_store.Due, ticket: UUID) -> Entry:
    said: dict[str, object] = {"why": due.why, "lines": due.lines, "keptDays": due.days}
    return Entry(event=Event.BIS_REMOVED, ticket=ticket, person=due.person, asker=None, fields=said)
