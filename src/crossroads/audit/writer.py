"""Group commit: what is appended while one batch is on its way to the disk goes with the next one.

A process writes one stream, which it holds by a lease. A lease has an epoch, and the database takes entries only of the
newest one: whoever was slow or cut off and lost its stream is told so, writes nothing, and takes another stream.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from crossroads.audit.events import CLOSING, Event
from crossroads.audit.model import Head, Receipt, Record
from crossroads.audit.store import Store
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable

_BATCH = 2_000
"""Entries at which a batch is full; a longer append goes in a batch of its own."""
_CLOSING = frozenset(event.value for event in CLOSING)
_DECIDED = Event.QUESTION_DECIDED.value


class _Waiting(NamedTuple):
    records: Sequence[Record]
    written: "asyncio.Future[list[Receipt]]"


class Writer:
    """Appends to one stream of the log."""

    def __init__(self, store: Store, owner: UUID, lease: timedelta, queue: int) -> None:
        """Write as `owner`. At most `queue` entries may wait; more are refused at once."""
        self._store, self._owner, self._lease, self._queue = store, owner, lease, queue
        self._waiting: deque[_Waiting] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._session: Store | None = None
        self._sessions = AsyncExitStack()
        self.head: Head | None = None
        self.inherited = range(0)
        """The entries of the stream, from before it was taken, among which questions may be open."""
        self.open: dict[UUID, tuple[int, datetime]] = {}
        """Questions decided in this epoch and not yet ended, the oldest first: where and when."""

    @property
    def settled(self) -> int:
        """The entry before which no question is open."""
        if self.head is None or self.inherited:
            return self.inherited.start
        return next((index for index, _ in self.open.values()), self.head.frontier.size)

    async def append(self, records: Sequence[Record]) -> list[Receipt]:
        """Append entries, next to each other, and wait until they are on disk. Raises Unavailable."""
        if self._queued and self._queued + len(records) > self._queue:
            raise Unavailable("Too many entries wait for the log.", code=Code.OVERLOADED)
        waiting = _Waiting(records, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._queued += len(records)
        self._wake.set()
        return await waiting.written

    async def run(self) -> None:
        """Write batch after batch until cancelled; what waits then is refused."""
        try:
            while True:
                await self._wake.wait()
                await self._write(self._next_batch())
        finally:
            self._refuse(self._waiting, Unavailable("The log is closed.", code=Code.UNAVAILABLE))

    async def idle(self) -> None:
        """Wait until nothing waits to be written."""
        while self._queued:
            await asyncio.gather(*(waiting.written for waiting in self._waiting), return_exceptions=True)
            await asyncio.sleep(0)

    async def hold(self) -> Head:
        """Give the head of the stream held, and take a stream first if none is. Raises Unavailable."""
        if self._session is None:
            self._session = await self._sessions.enter_async_context(self._store.session())
        if self.head is None:
            head = await self._session.lease(self._owner, self._lease)
            if head is None:
                raise Unavailable("All streams of the log are taken by other processes.", code=Code.UNAVAILABLE)
            self.head, self.open = head, {}
            self.inherited = range(head.settled, head.frontier.size)
        return self.head

    async def renew(self) -> None:
        """Hold on to the stream, or take one."""
        head = await self.hold()
        if not await self._store.renew(head, self._lease, self.settled) and head is self.head:
            self.head = None
            await self.hold()

    async def let_go(self, *, release: bool) -> None:
        """Give up connection and stream; `release` leaves the stream to others at once."""
        head, settled, self.head, self._session = self.head, self.settled, None, None
        try:
            await self._sessions.aclose()
        finally:
            if release and head:
                await self._store.release(head, settled)

    def _next_batch(self) -> list[_Waiting]:
        batch, size = [self._waiting.popleft()], 0
        size = len(batch[0].records)
        while self._waiting and size + len(self._waiting[0].records) <= _BATCH:
            batch.append(self._waiting.popleft())
            size += len(batch[-1].records)
        return batch
