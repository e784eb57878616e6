"""Taking a file, part by part; after a break it goes on where it ended."""

from collections import defaultdict
from uuid import UUID

from crossroads.audit.turns import Turns
from crossroads.batch import store
from crossroads.batch.errors import BatchUnknown, PartRefused
from crossroads.batch.model import CHECK_KIND, Batch
from crossroads.batch.service import Batches
from crossroads.identity.database import Connection, Pool
from crossroads.jobs.model import NewJob
from crossroads.jobs.service import Jobs
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict
from crossroads.wire.batches import BatchState, BatchStatus

AT_ONCE = 2
"""Parts, and results, that a process takes or gives at once for one institution."""
WAITING = 16
"""More of them that may wait. What comes beyond is refused."""


class Uploads:
    """Takes parts of files, and gives their checking in when they are whole."""

    def __init__(self, pool: Pool, batches: Batches, jobs: Jobs, clock: Clock) -> None:
        """Take nothing yet."""
        self._pool, self._batches, self._jobs, self._clock = pool, batches, jobs, clock
        self._turns: defaultdict[str, Turns] = defaultdict(lambda: Turns(AT_ONCE, WAITING))

    async def take(self, ticket: UUID, institution: str, start_at: int, content: bytes) -> BatchStatus:
        """Take the part of a file that begins at a byte; the last one that was taken may come again.

        Raises BatchUnknown, PartRefused, which says where to go on, and Conflict when no part is awaited any more.
        """
        async with self._turns[institution].turn(), store.lasting(self._pool) as connection:
            batch = await store.locked(connection, ticket)
            if batch is None or batch.institution != institution:
                raise BatchUnknown
            if not await _repeated(connection, batch, start_at, content):
                await self._add(connection, batch, start_at, content)
        return await self._batches.one(ticket, institution)

    async def _add(self, connection: Connection, batch: Batch, start_at: int, content: bytes) -> None:
        if batch.state is not BatchState.ANNOUNCED:
            raise Conflict(code=Code.BATCH_OVER)
        if self._clock.now() >= batch.deadline:
            raise Conflict(code=Code.BATCH_LATE)
        if start_at != batch.received:
            raise PartRefused(Code.UPLOAD_OFFSET, batch.received)
        if not 0 < len(content) <= batch.size - start_at:
            raise PartRefused(Code.UPLOAD_SIZE, batch.received)
        await store.add_part(connection, batch, content)
        if start_at + len(content) == batch.size:
            new = NewJob(
                kind=CHECK_KIND,
                subject=batch.ticket,
                institution=batch.institution,
                deadline=batch.deadline,
                total=batch.records,
            )
            await self._jobs.add(connection, new)


async def _repeated(connection: Connection, batch: Batch, start_at: int, content: bytes) -> bool:
    """Tell whether a part is the last one that was taken, whose answer was perhaps lost."""
    if not content or start_at + len(content) != batch.received:
        return False
    if batch.state is not BatchState.ANNOUNCED:
        # The file may be read and gone; whether it was the one announced is told by its digest.
        return batch.state is not BatchState.CANCELLED
    return await store.part(connection, batch.ticket, start_at) == content
