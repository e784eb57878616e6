"""Checking a file that is there: it is read into pages, and refused whole where anything of it is wrong.

A check that was broken off begins anew: how far a packed file was unpacked cannot be kept. What it had written goes.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.batch import store
from crossroads.batch.errors import FileFault
from crossroads.batch.model import RUN_KIND, Batch, Page, Refusal
from crossroads.batch.reading import Reading, RecordCheck
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.jobs.claims import Claim
from crossroads.jobs.model import Done, NewJob, Step
from crossroads.jobs.service import Jobs
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code
from crossroads.wire.batches import BatchState

CHECKS_AT_ONCE = 8
"""Files that a process checks at once, in turns: a file is not cut in slices, and a huge one takes minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """Checks files, and hands what is right to those who ask. `log` does not use connections of `pool`."""

    pool: Pool
    log: Log
    jobs: Jobs
    catalogue: CurrentCatalogue
    clock: Clock

    async def slice(self, claim: Claim) -> Step:
        """Check the whole file of a batch. Raises LeaseLost and Unavailable; then it is checked again."""
        batch = await self._begun(claim)
        if batch is None:
            return Done()
        try:
            await self._read(claim, batch)
            await self._hand_over(claim, batch)
        except FileFault as fault:
            await self._refuse(claim, batch, Refusal(fault.refusal, str(fault), fault.line))
        return Done()

    async def _begun(self, claim: Claim) -> Batch | None:
        """Give the batch, if it is still to be checked, with nothing left of an attempt before this one."""
        async with transaction(self.pool) as connection:
            await claim.hold(connection, done=0)
            batch = await store.one(connection, claim.subject) if claim.subject else None
            if batch is None or batch.state is not BatchState.CHECKING:
                return None
            await store.remove_pages(connection, batch.ticket)
        return batch

    async def _read(self, claim: Claim, batch: Batch) -> None:
        if self.clock.now() >= batch.deadline:
            raise FileFault(Code.BATCH_LATE)
        voucher = batch.announced
        check = RecordCheck(voucher, self.catalogue.current, brussels_day(self.clock.now()))
        reading = Reading(voucher, check)
        async for part in self._parts(batch):
            for page in reading.feed(part):
                await self._keep(claim, batch.ticket, page, reading.records)
        for page in reading.finish():
            await self._keep(claim, batch.ticket, page, reading.records)

    async def _parts(self, batch: Batch) -> AsyncIterator[bytes]:
        start_at = 0
        while start_at < batch.size:
            with outages():
                async with self.pool.acquire() as connection:
                    part = await store.part(connection, batch.ticket, start_at)
            if part is None:
                # Cancelled meanwhile: who holds the job finds that out when it writes.
                return
            yield part
            start_at += len(part)

    async def _keep(self, claim: Claim, ticket: UUID, page: Page, records: int) -> None:
        async with transaction(self.pool) as connection:
            await claim.hold(connection, done=records)
            await store.add_page(connection, ticket, page)

    async def _hand_over(self, claim: Claim, batch: Batch) -> None:
        async with store.lasting(self.pool) as connection:
            await claim.hold(connection)
            await store.start_running(connection, batch.ticket)
            await self.jobs.add(
                connection,
                NewJob(
                    kind=RUN_KIND,
                    subject=batch.ticket,
                    institution=batch.institution,
                    deadline=batch.deadline,
                    total=batch.records,
                ),
            )

    async def _refuse(self, claim: Claim, batch: Batch, refusal: Refusal) -> None:
        async with store.lasting(self.pool) as connection:
            await claim.hold(connection)
            await refuse(connection, self.log, batch, refusal, self.clock)


async def refuse(connection: Connection, log: Log, batch: Batch, refusal: Refusal, clock: Clock) -> None:
    """Log that a file is refused, and end its batch."""
    fields = {"reference": batch.reference, "code": str(refusal.code), "line": refusal.line}
    await log.append(Entry(event=Event.BATCH_FILE_REFUSED, ticket=batch.ticket, asker=batch.institution, fields=fields))
    await store.refuse(connection, batch.ticket, refusal, clock.now())
