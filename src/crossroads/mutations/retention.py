"""Items of mailboxes that have served: they are removed some days after they were first given, once acknowledged.

With the last item that leads to a change goes the change, and with the last change of a month its partition. A change
about a report of an error stays besides until the report was answered so many days ago: a source finds the open ones by
it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.kernel.clock import Clock
from crossroads.mutations import retention_store
from crossroads.mutations.retention_store import Removed

_Remove: TypeAlias = Callable[[Connection, str, datetime], Awaitable[list[Removed]]]


class ItemRetention:
    """Removes them; what waits or is parked stays, however long, and so does the change that it is about."""

    def __init__(self, pool: Pool, clock: Clock, kept: timedelta) -> None:
        """Remove items that were first given longer ago than `kept`."""
        self._pool, self._clock, self._kept = pool, clock, kept

    async def expire(self) -> None:
        """Look at every mailbox once. Several processes may do so at once. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                recipients = await retention_store.recipients(connection)
        for recipient in recipients:
            await self._removed(recipient, retention_store.remove_late)
            while await self._removed(recipient, retention_store.remove_next):
                pass
        async with transaction(self._pool) as connection:
            await retention_store.remove_reported_changes(connection, self._clock.now() - self._kept)
        with outages():
            async with self._pool.acquire() as connection:
                await retention_store.drop_months(connection)

    async def _removed(self, recipient: str, remove: _Remove) -> bool:
        """Remove items, and what only they led to; False when there were none."""
        async with transaction(self._pool) as connection:
            removed = await remove(connection, recipient, self._clock.now() - self._kept)
            if removed:
                await retention_store.remove_changes(connection, removed)
        return bool(removed)
