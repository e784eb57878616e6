"""No question stays open: one that was decided and not answered within the grace is closed as *outcome unknown*."""

import asyncio
from datetime import timedelta
from uuid import UUID

from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Head, record_of
from crossroads.audit.store import Store
from crossroads.audit.writer import Writer
from crossroads.kernel.clock import Clock

GRACE = timedelta(seconds=30)
"""Nobody answers a question any more this long after it was decided: sources have four seconds."""
_LEASE = timedelta(seconds=30)
_CHUNK = 1_000


class Recovery:
    """Closes what a process that died, or a failure of this one, left open."""

    def __init__(self, store: Store, writer: Writer, owner: UUID, clock: Clock, grace: timedelta) -> None:
        """Write the closing entries with this writer; `owner` takes streams that nobody holds."""
        self._store, self._writer, self._owner, self._clock, self._grace = store, writer, owner, clock, grace
        self._turn = asyncio.Lock()
        self._inherited_by: Head | None = None
        self._inherited_at = clock.now()

    async def close_open(self) -> int:
        """Close what is open for longer than the grace, here and in streams without a writer. Gives how many."""
        async with self._turn:
            return await self._close_own() + await self._close_inherited() + await self._close_orphans()

    async def _close_own(self) -> int:
        latest = self._clock.now() - self._grace
        tickets = []
        for ticket, (_, decided_at) in self._writer.open.items():
            if decided_at > latest:
                break
            tickets.append(ticket)
        return await self._close(tickets)

    async def _close_inherited(self) -> int:
        """Give the last holder of the stream, which may have lost it and yet live, the grace too."""
        head, inherited = self._writer.head, self._writer.inherited
        if head is None or not inherited:
            return 0
        if head is not self._inherited_by:
            self._inherited_by, self._inherited_at = head, self._clock.now()
        if self._clock.now() - self._inherited_at < self._grace:
            return 0
        closed = await self._close(await self._store.open_questions(head.stream, inherited.start, inherited.stop))
        if self._writer.head is head:
            self._writer.inherited = range(0)
        return closed

    async def _close_orphans(self) -> int:
        closed = 0
        while head := await self._store.lease_orphan(self._owner, _LEASE, self._grace):
            size = head.frontier.size
            closed += await self._close(await self._store.open_questions(head.stream, head.settled, size))
            await self._store.release(head, size)
        return closed

    async def _close(self, tickets: list[UUID]) -> int:
        now = self._clock.now()
        entries = [Entry(event=Event.OUTCOME_UNKNOWN, ticket=ticket, fields={}) for ticket in tickets]
        for start in range(0, len(entries), _CHUNK):
            await self._writer.append([record_of(entry, now) for entry in entries[start : start + _CHUNK]])
        return len(tickets)
