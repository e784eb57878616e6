"""The log: everybody writes, few read. It cannot be switched off."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

import structlog

from crossroads.audit.checkpoints import Checkpointer
from crossroads.audit.database import Pool
from crossroads.audit.events import Event
from crossroads.audit.model import Entry, Receipt, UsagePage, record_of
from crossroads.audit.prover import Prover
from crossroads.audit.reading import Reading
from crossroads.audit.recovery import GRACE, Recovery
from crossroads.audit.store import Store
from crossroads.audit.usage import usage_page
from crossroads.audit.writer import Writer
from crossroads.kernel.clock import Clock, SystemClock
from crossroads.kernel.errors import Unavailable
from crossroads.wire.notes import NoteSigner

STREAMS = 8
QUEUE = 20_000
"""Entries that may wait to be written: two pages of a batch."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How long things take."""

    lease: timedelta = timedelta(seconds=10)
    """A stream stays so long with a process that does not renew it; each pulse and each append renew."""
    grace: timedelta = GRACE
    pulse: timedelta = timedelta(seconds=1)
    """Between checkpoints."""


class Log(Prover):
    """The log as one process of the hub writes and reads it: `async with Log(...) as log`.

    Each process holds a stream; there must be at least as many `streams` as processes.
    """

    def __init__(
        self,
        pool: Pool,
        signer: NoteSigner,
        *,
        clock: Clock | None = None,
        streams: int = STREAMS,
        queue: int = QUEUE,
        rhythm: Rhythm = Rhythm(),
    ) -> None:
        """Write with these connections (role crossroads_hub) and sign checkpoints with the key of the log."""
        self._store, self._reading, owner = Store(pool), Reading(pool), uuid4()
        super().__init__(self._reading)
        self._clock = clock or SystemClock()
        self._streams, self._rhythm = streams, rhythm
        self._writer = Writer(self._store, owner, rhythm.lease, queue)
        self._checkpointer = Checkpointer(self._store, self._reading, signer, owner)
        self._recovery = Recovery(self._store, self._writer, uuid4(), self._clock, rhythm.grace)
        self._pulse: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take a stream and know a checkpoint. Raises Unavailable."""
        await self._store.add_streams(self._streams)
        await self._checkpointer.start()
        await self._writer.start()
        await self._checkpointer.tick()
        self._pulse = asyncio.create_task(self._beat(), name="log pulse")

    async def stop(self) -> None:
        """Write what waits, sign it and leave the stream to others."""
        if self._pulse:
            self._pulse.cancel()
            await asyncio.gather(self._pulse, return_exceptions=True)
        try:
            await self._writer.stop()
            await self._checkpointer.stop()
        except Unavailable as error:
            _log.warning("log left without goodbye", reason=str(error))

    async def __aenter__(self) -> Self:
        """Start; what was started is stopped again when that fails."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    @property
    def checkpoint(self) -> str:
        """The newest checkpoint, as a signed note; at most about a second old."""
        return self._checkpointer.note

    async def append(self, entry: Entry) -> Receipt:
        """Append an entry and wait until it is on disk.

        Raises Unavailable when it cannot be written now (it may then be in the log all the same, if the database failed
        in the middle of it), and InvalidValue for a field that no log can hold.
        """
        return (await self.append_many([entry]))[0]

    async def append_many(self, entries: Iterable[Entry]) -> list[Receipt]:
        """Append entries next to each other, all or none. Raises as `append`."""
        now = self._clock.now()
        records = [record_of(entry, now) for entry in entries]
        return await self._writer.append(records) if records else []

    async def is_logged(self, event: Event, ticket: UUID, page: int | None = None) -> bool:
        """Tell whether an event of a ticket stands in the log: for whoever takes up what another left unfinished."""
        return await self._reading.is_logged(ticket, event.value, page)

    async def asked_within(self, within: timedelta) -> bool:
        """Tell whether somebody asked a single question so lately, of whichever process."""
        return await self._reading.asked_within(within)

    async def usage(
        self, persons: Sequence[int], first: datetime, until: datetime, after: str | None = None, limit: int = 100
    ) -> UsagePage:
        """Give what was logged about a person (all keys that are this person) from `first` until before `until`.

        `after` is the `next` of the page before. Raises InvalidValue when it is not.
        """
        return await usage_page(self._reading, persons, first, until, after, limit)

    async def close_open(self) -> int:
        """Close, as of unknown outcome, the questions that nobody answers any more. Done each second too."""
        return await self._recovery.close_open()

    async def sign_checkpoint(self) -> str:
        """Sign what is new, unless another process does that, and give the newest checkpoint. Done each second too."""
        await self._checkpointer.tick()
        return self.checkpoint

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._rhythm.pulse.total_seconds())
            try:
                await self._writer.renew()
                await self._checkpointer.tick()
                await self._recovery.close_open()
            except Unavailable as error:
                _log.warning("log pulse missed", reason=str(error))
            except Exception:  # noqa: BLE001 - one beat may fail for any reason; the heart goes on
                _log.exception("log pulse failed")
