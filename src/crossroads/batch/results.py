"""Giving results, part by part, until they are acknowledged."""

from collections import defaultdict
from uuid import UUID

from crossroads.audit.turns import Turns
from crossroads.batch import store
from crossroads.batch.errors import BatchUnknown, ResultGone
from crossroads.batch.model import Batch
from crossroads.batch.service import Batches
from crossroads.batch.uploads import AT_ONCE, WAITING
from crossroads.identity.database import Pool, outages
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict
from crossroads.wire.batches import BatchState, BatchStatus


class Results:
    """Gives results of batches to who asked, and to nobody else."""

    def __init__(self, pool: Pool, batches: Batches) -> None:
        """Give nothing yet."""
        self._pool, self._batches = pool, batches
        self._turns: defaultdict[str, Turns] = defaultdict(lambda: Turns(AT_ONCE, WAITING))

    async def part(self, ticket: UUID, institution: str, number: int) -> bytes:
        """Give a part, as JSON Lines. Raises BatchUnknown, Conflict when it is not ready, and ResultGone."""
        async with self._turns[institution].turn():
            batch = await self._completed(ticket, institution)
            if not batch.parts:
                raise ResultGone
            if not 0 <= number < batch.parts:
                raise BatchUnknown
            with outages():
                async with self._pool.acquire() as connection:
                    content = await store.result(connection, ticket, number)
        if content is None:
            raise ResultGone
        return content

    async def acknowledge(self, ticket: UUID, institution: str) -> BatchStatus:
        """Remove a result that was fetched. Raises BatchUnknown, and Conflict when it is not ready."""
        await self._completed(ticket, institution)
        async with store.lasting(self._pool) as connection:
            batch = await store.locked(connection, ticket)
            if batch is not None and batch.parts:
                await store.remove_result(connection, ticket, fetched=True)
        return await self._batches.one(ticket, institution)

    async def _completed(self, ticket: UUID, institution: str) -> Batch:
        batch = await self._batches.own(ticket, institution)
        if batch.state is not BatchState.COMPLETED:
            raise Conflict(code=Code.BATCH_OVER if batch.over else Code.RESULT_NOT_READY)
        return batch
