"""What goes by itself: a message that is long unread is marked, and what lists it goes on the day it expires.

There is no mail here: the mark stands in the list of the person, and in the log as proof for the sender.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.ebox import store
from crossroads.identity.closure import closure_of, is_deceased
from crossroads.identity.database import Connection, Pool, outages
from crossroads.kernel.clock import Clock, brussels_day

NAME, EVERY = "box-reminders", timedelta(minutes=30)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """Marks messages that are long unread, and removes what lists those whose days are over."""

    pool: Pool
    log: Log
    clock: Clock

    async def work(self) -> None:
        """Do so now. Several processes may do so at once. Raises Unavailable."""
        today = brussels_day(self.clock.now())
        async with store.lasting(self.pool) as connection:
            await store.expire(connection, today)
        # Each is reminded of or passed over, so that none comes again.
        while waiting := await self._waiting(today):
            for one in waiting:
                async with store.lasting(self.pool) as connection:
                    await self._remind(connection, one)

    async def _waiting(self, today: date) -> list[store.Waiting]:
        with outages():
            async with self.pool.acquire() as connection:
                return await store.waiting(connection, today, _AT_ONCE)

    async def _remind(self, connection: Connection, one: store.Waiting) -> None:
        now = self.clock.now()
        if not await store.claim_reminder(connection, one, now) or not await self._reached(connection, one):
            # Passed over: who has no box any more is not reminded of it.
            return
        fields: dict[str, object] = {"message": str(one.message), "legalContext": one.legal_context}
        entry = Entry(event=Event.BOX_REMINDED, ticket=uuid7(), person=one.person, asker=one.sender, fields=fields)
        await store.keep_reminder(connection, one, await self.log.append(entry))

    async def _reached(self, connection: Connection, one: store.Waiting) -> bool:
        found = await closure_of(connection, one.ssin)
        if found is None or await is_deceased(connection, found.persons):
            return False
        return await store.consent(connection, found.persons, self.clock.now()) is not None
