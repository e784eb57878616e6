"""What goes by itself: files that never came, and results that nobody fetched."""

from dataclasses import dataclass
from datetime import timedelta

from crossroads.audit.service import Log
from crossroads.batch import store
from crossroads.batch.checking import refuse
from crossroads.batch.model import Refusal
from crossroads.identity.database import Pool, outages
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.wire.batches import BatchState

NAME, EVERY = "batch-retention", timedelta(minutes=10)
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Ends batches whose file is late, and removes results whose days are over."""

    pool: Pool
    log: Log
    clock: Clock

    async def work(self) -> None:
        """Do so now; what many there are is done next time. Raises Unavailable."""
        now = self.clock.now()
        with outages():
            async with self.pool.acquire() as connection:
                late = await store.awaited_in_vain(connection, now, _AT_ONCE)
                expired = await store.expired(connection, now, _AT_ONCE)
        for ticket in late:
            async with store.lasting(self.pool) as connection:
                batch = await store.locked(connection, ticket)
                if batch is not None and batch.state is BatchState.ANNOUNCED:
                    refusal = Refusal(Code.BATCH_LATE, Code.BATCH_LATE.description)
                    await refuse(connection, self.log, batch, refusal, self.clock)
        for ticket in expired:
            async with store.lasting(self.pool) as connection:
                await store.remove_result(connection, ticket, fetched=False)
