"""Changes that the hub itself causes: of who people are, and inscriptions whose last day is over.

One process at a time brings them among the changes for the mailboxes, with the right of who fills those. What is told
and that it is told commit together, under the locks of the persons: each once, in the order in which it happened to a
person, whenever a process dies.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity.bis_model import ChangeKind
from crossroads.identity.closure import lock_linked
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.mutations import hub_store, store
from crossroads.mutations.causes import People, causes, of_line, overlapping
from crossroads.mutations.hub_store import Ends
from crossroads.mutations.model import Caused, Happening
from crossroads.mutations.writer import Writer
from crossroads.wire.mutations import NoticeKind

BATCH = 500
"""Inscriptions that ended, and changes of who people are, that are looked at together at most."""
_AFTER_MIDNIGHT = timedelta(hours=1)
"""A day is over for the daily look when whoever wrote a line on it has committed."""
_IDLE_SECONDS = 0.2
_DAY = timedelta(days=1)


class HubChanges:
    """Makes changes for the mailboxes of what the hub itself causes, while it may."""

    def __init__(self, pool: Pool, log: Log, clock: Clock, hub: str, writer: Writer) -> None:
        """`hub` is the institution that the hub is. Share the writer with the distributor of the process."""
        self._pool, self._log, self._clock, self._hub, self._writer = pool, log, clock, hub, writer

    async def run(self) -> None:
        """Make them until cancelled, whenever no other process does."""
        await self._writer.keep(self._pool, self.step, "changes of the hub", _IDLE_SECONDS)

    async def step(self) -> int:
        """Look once for what waits, and count what was dealt with. Raises NotTheWriter and Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                work = await hub_store.work(connection)
                waiting = await hub_store.happenings(connection, BATCH) if work.events else []
        dealt = await self._tell_all(waiting)
        if work.day is None or work.day < self._today:
            dealt += await self._tell_ends()
        return dealt

    async def _tell_all(self, waiting: Sequence[Happening]) -> int:
        births = [one for one in waiting if one.kind == ChangeKind.CREATED]
        if births:  # nobody has inscribed them yet
            async with transaction(self._pool) as connection:
                await hub_store.take(connection, births)
        for one in waiting:
            if one.kind != ChangeKind.CREATED:
                await self._tell(one)
        return len(waiting)

    async def _tell(self, one: Happening) -> None:
        persons = [person for person in (one.person, one.related) if person is not None]
        async with store.lasting(self._pool) as connection:
            await self._writer.hold(connection)
            await lock_linked(connection, persons)
            if not await hub_store.take(connection, [one]):
                return
            people = People(
                await hub_store.numbers(connection, persons),
                await hub_store.replaced(connection, persons, one.ticket),
                await hub_store.overlapping(connection, one, overlapping(one)),
            )
            await self._write(connection, causes(one, people, self._hub), one.ticket)

    async def _tell_ends(self) -> int:
        """Tell of a batch of inscriptions that ended, or go on to the next day; give 1 while there may be more."""
        async with store.lasting(self._pool) as connection:
            await self._writer.hold(connection)
            await hub_store.begin_ends(connection, self._today)
            last = await hub_store.ends(connection)
            if last.day >= self._today:
                return 0
            ended = await hub_store.ended(connection, last, BATCH)
            await lock_linked(connection, {one.person for one in ended})
            told = [of_line(one, NoticeKind.INSCRIPTION_ENDED, self._hub, one.period.last) for one in ended]
            await self._write(connection, told, None)
            after = Ends(last.day, ended[-1].person, ended[-1].inscription) if ended else Ends(last.day + _DAY)
            await hub_store.move_ends(connection, after)
            return 1

    async def _write(self, connection: Connection, told: Sequence[Caused], cause: UUID | None) -> None:
        caused = [(uuid7(), one) for one in told]
        await hub_store.add(connection, caused)
        await self._log.append_many(_entry(ticket, one, cause) for ticket, one in caused)

    @property
    def _today(self) -> date:
        return brussels_day(self._clock.now() - _AFTER_MIDNIGHT)


def _entry(ticket: UUID, one: Caused, cause: UUID | None) -> Entry:
    return Entry(
        event=Event.CHANGE_CAUSED,
        ticket=ticket,
        person=one.person,
        fields={
            "kind": str(one.kind),
            "cause": str(cause) if cause else None,
            "addressee": one.addressee,
            "dataGroup": one.data_group,
            "context": one.context,
            "happenedOn": one.happened_on.isoformat(),
        },
    )
