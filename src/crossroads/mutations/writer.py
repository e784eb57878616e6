"""The right to fill the mailboxes: one process of the hub has it at a time, under a lease with an epoch."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from crossroads.identity.database import Connection, Pool, transaction
from crossroads.kernel.errors import Unavailable
from crossroads.mutations import store
from crossroads.mutations.errors import NotTheWriter

_LEASE = timedelta(seconds=5)
_STANDBY_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class Writer:
    """That right, as one process has it or seeks it. All that writes to the mailboxes in the process shares one."""

    def __init__(self, owner: UUID | None = None) -> None:
        """Have no right yet."""
        self._owner = owner or uuid4()
        self._epoch: int | None = None

    async def hold(self, connection: Connection) -> None:
        """Have the right until the transaction ends, and go on having it for a while. Raises NotTheWriter."""
        if self._epoch is not None and await store.hold_writer(connection, self._owner, self._epoch, _LEASE):
            return
        self._epoch = await store.take_writer(connection, self._owner, _LEASE)
        if self._epoch is None:
            raise NotTheWriter
        _log.info("filling the mailboxes", epoch=self._epoch)

    async def keep(self, pool: Pool, step: Callable[[], Awaitable[int]], work: str, idle: float) -> None:
        """Take steps until cancelled, whenever no other process does; `idle` seconds after one that did nothing."""
        try:
            while True:
                pause = await self._paused(step, work, idle)
                await asyncio.sleep(pause)
        finally:
            await self.release(pool)

    async def _paused(self, step: Callable[[], Awaitable[int]], work: str, idle: float) -> float:
        try:
            return 0 if await step() else idle
        except NotTheWriter:
            return _STANDBY_SECONDS
        except Unavailable as error:
            _log.warning(work + " not done", reason=str(error))
        except Exception:  # noqa: BLE001 - whatever it was, the work waits, and a later attempt may do
            _log.exception(work + " not done")
        return _STANDBY_SECONDS

    async def release(self, pool: Pool) -> None:
        """Leave the mailboxes to others."""
        if self._epoch is None:
            return
        try:
            async with transaction(pool) as connection:
                await store.release_writer(connection, self._owner, self._epoch)
        except Unavailable as error:
            _log.warning("mailboxes left without goodbye", reason=str(error))
