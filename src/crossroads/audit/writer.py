"""Group commit: what is appended while one batch is on its way to the disk goes with the next one.

A process writes one stream, which it holds by a lease. A lease has an epoch, and the database takes entries only of the
newest one: whoever was slow or cut off and lost its stream writes nothing any more, notices, and takes another stream.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from crossroads.audit.database import outages
from crossroads.audit.events import CLOSING, Event
from crossroads.audit.model import Head, Receipt, Record
from crossroads.audit.store import Store
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable

_BATCH = 2_000
"""Entries at which a batch is full; a longer append is a batch of its own."""
_PATIENCE_SECONDS = 5
"""After this a batch has failed, a larger one later; whether it was written is seen when the stream is taken again."""
_RETRY_SECONDS = 0.2

_CLOSING = frozenset(event.value for event in CLOSING)
_DECIDED = Event.QUESTION_DECIDED.value

_log = structlog.get_logger()


class _Waiting(NamedTuple):
    records: Sequence[Record]
    written: "asyncio.Future[list[Receipt]]"


class Writer:
    """Appends to one stream of the log, and takes another when it loses it."""

    def __init__(self, store: Store, owner: UUID, lease: timedelta, queue: int) -> None:
        """Write as `owner`. At most `queue` entries wait; more are refused at once."""
        self._store, self._owner, self._lease, self._queue = store, owner, lease, queue
        self._waiting: deque[_Waiting] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._tried = asyncio.Event()
        self._failure: str | None = "The log is not open."
        self._task: asyncio.Task[None] | None = None
        self.head: Head | None = None
        self.inherited = range(0)
        """The entries from before the stream was taken, among which questions may be open."""
        self.open: dict[UUID, tuple[int, datetime]] = {}
        """Questions decided since and not yet ended, the oldest first: where and when."""

    async def start(self) -> None:
        """Take a stream. Raises Unavailable, and goes on trying, when that does not work at once."""
        self._task = asyncio.create_task(self._run(), name="log writer")
        await self._tried.wait()
        self._check_works()

    async def stop(self) -> None:
        """Write what waits and give the stream back; what cannot be written is refused."""
        self._failure = "The log is closed."
        if unwritten := [waiting.written for waiting in self._waiting]:
            await asyncio.wait(unwritten, timeout=_PATIENCE_SECONDS)
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if head := self.head:
            self.head, settled = None, self.settled
            await self._store.release(head, settled)

    @property
    def settled(self) -> int:
        """The entry before which no question is open."""
        if self.inherited:
            return self.inherited.start
        return next((index for index, _ in self.open.values()), self.head.frontier.size if self.head else 0)

    async def append(self, records: Sequence[Record]) -> list[Receipt]:
        """Append entries, next to each other, and wait until they are on disk. Raises Unavailable."""
        self._check_works()
        if self._queued and self._queued + len(records) > self._queue:
            raise Unavailable("Too many entries wait for the log.", code=Code.OVERLOADED)
        waiting = _Waiting(records, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._queued += len(records)
        self._wake.set()
        return await waiting.written

    async def renew(self) -> None:
        """Hold on to the stream."""
        head = self.head
        if head and not await self._store.renew(head, self._lease, self.settled) and self.head is head:
            self.head = None

    def _check_works(self) -> None:
        if self._failure:
            raise Unavailable(self._failure, code=Code.UNAVAILABLE)

    async def _run(self) -> None:
        try:
            while True:
                await self._write_until_failure()
                await asyncio.sleep(_RETRY_SECONDS)
        finally:
            self._refuse_all("The log is closed.")

    async def _write_until_failure(self) -> None:
        try:
            async with self._store.session() as session:
                await self._take_stream(session)
                _log.info("log stream taken", stream=self.head and self.head.stream)
                self._failure = None
                self._tried.set()
                while True:
                    await self._wake.wait()
                    await self._write(session)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must be told, and writing goes on later
            reason = str(error) if isinstance(error, Unavailable) else f"The log failed ({type(error).__name__})."
            _log.error("log cannot be written", reason=reason)
            self.head = None
            self._refuse_all(reason)
            self._tried.set()

    async def _take_stream(self, session: Store) -> Head:
        head = await session.lease(self._owner, self._lease)
        if head is None:
            raise Unavailable("All streams of the log are taken by other processes.", code=Code.UNAVAILABLE)
        self.head, self.open = head, {}
        self.inherited = range(head.settled, head.frontier.size)
        return head

    async def _write(self, session: Store) -> None:
        size = count = 0
        for waiting in self._waiting:
            if count and size + len(waiting.records) > _BATCH:
                break
            count, size = count + 1, size + len(waiting.records)
        records = [record for waiting in list(self._waiting)[:count] for record in waiting.records]
        receipts = iter(await self._commit(session, records))
        for _ in range(count):
            waiting = self._waiting.popleft()
            self._queued -= len(waiting.records)
            mine = [next(receipts) for _ in waiting.records]
            if not waiting.written.done():
                waiting.written.set_result(mine)
        if not self._waiting:
            self._wake.clear()

    async def _commit(self, session: Store, records: Sequence[Record]) -> list[Receipt]:
        """Write a batch; a stream that was taken by another took nothing of it, so it goes to a new one."""
        with outages():
            async with asyncio.timeout(_PATIENCE_SECONDS * max(1, len(records) / _BATCH)):
                head = self.head or await self._take_stream(session)
                first = head.frontier.size
                while not await session.append(head, records, self._lease):
                    _log.warning("log stream lost", stream=head.stream)
                    head = await self._take_stream(session)
                    first = head.frontier.size
        self._follow(records, first)
        return [Receipt(head.stream, first + at, record.leaf) for at, record in enumerate(records)]

    def _follow(self, records: Iterable[Record], first: int) -> None:
        """Know which questions are open."""
        for index, record in enumerate(records, first):
            if record.ticket is None:
                continue
            if record.event == _DECIDED:
                self.open[record.ticket] = (index, record.at)
            elif record.event in _CLOSING:
                self.open.pop(record.ticket, None)

    def _refuse_all(self, reason: str) -> None:
        """Nobody waits for a log that cannot be written."""
        self._failure = reason
        self._wake.clear()
        while self._waiting:
            waiting = self._waiting.popleft()
            self._queued -= len(waiting.records)
            if not waiting.written.done():
                waiting.written.set_exception(Unavailable(reason, code=Code.UNAVAILABLE))
