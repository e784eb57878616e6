"""What goes by itself: files that never came, batches held beyond their deadline, and results that nobody fetched."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from crossroads.audit.service import Log
from crossroads.batch import store
from crossroads.batch.checking import refuse
from crossroads.batch.ending import stop
from crossroads.batch.model import Refusal
from crossroads.identity.database import Pool, outages
from crossroads.jobs.service import Jobs
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.wire.batches import BatchState

NAME, EVERY = "batch-retention", timedelta(minutes=10)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Ends batches that are late, and removes results whose days are over."""

    pool: Pool
    log: Log
    jobs: Jobs
    clock: Clock

    async def work(self) -> None:
        """Do so now; what many there are is done next time. Raises Unavailable."""
        now = self.clock.now()
        with outages():
            async with self.pool.acquire() as connection:
                late = await store.awaited_in_vain(connection, now, _AT_ONCE)
                expired = await store.expired(connection, now, _AT_ONCE)
        for ticket in late:
            await self._refuse(ticket)
        for ticket in await self.jobs.held_late(now, _AT_ONCE):
            await self._give_up(ticket)
        for ticket in expired:
            async with store.lasting(self.pool) as connection:
                await store.remove_result(connection, ticket, fetched=False)

    async def _refuse(self, ticket: UUID) -> None:
        async with store.lasting(self.pool) as connection:
            batch = await store.locked(connection, ticket)
            if batch is not None and batch.state is BatchState.ANNOUNCED:
                refusal = Refusal(Code.BATCH_LATE, Code.BATCH_LATE.description)
                await refuse(connection, self.log, batch, refusal, self.clock)

    async def _give_up(self, ticket: UUID) -> None:
        """End a batch that an operator holds: nobody would be answered any more, and its file does not stay."""
        async with store.lasting(self.pool) as connection:
            # Whoever works on it locks the job first, too; resumed meanwhile, it ends by itself.
            if not await self.jobs.cancel_held(connection, ticket):
                return
            batch = await store.locked(connection, ticket)
            if batch is not None and not batch.over:
                await stop(connection, self.log, batch, Code.BATCH_HELD, self.clock)
