"""Checking a file that is there: it is read into pages, and refused whole where anything of it is wrong.

It is checked in slices. How far a packed file was unpacked cannot be kept, so each slice, and whoever goes on after a
kill, unpacks it from its beginning, and passes over the lines of the pages that are there: that takes little time.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
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
from crossroads.jobs.model import Done, More, NewJob, Step
from crossroads.jobs.service import Jobs
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code
from crossroads.wire.batches import PAGE, BatchState
from crossroads.wire.pages import page_count

CHECKS_AT_ONCE = 8
"""Files that a process checks at once."""
SHARED_BY = 4
"""Jobs that share a batch, each with a page at least: so many processes work on it at once."""
SLICE = timedelta(seconds=30)
"""After this others have their turn: a huge file takes minutes."""
_MOUTHFUL = 64 * 1024
"""Bytes read before whatever else the process does has its turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """Checks files, and hands what is right to those who ask. `log` does not use connections of `pool`."""

    pool: Pool
    log: Log
    jobs: Jobs
    catalogue: CurrentCatalogue
    clock: Clock
    time: timedelta = SLICE

    async def slice(self, claim: Claim) -> Step:
        """Check some pages of the file of a batch. Raises LeaseLost and Unavailable; another slice then goes on."""
        begun = await self._begun(claim)
        if begun is None:
            return Done()
        batch, roots = begun
        try:
            if not await self._read(claim, batch, roots):
                return More()
            await self._hand_over(claim, batch)
        except FileFault as fault:
            await self._refuse(claim, batch, Refusal(fault.refusal, str(fault), fault.line))
        return Done()

    async def _begun(self, claim: Claim) -> tuple[Batch, list[bytes]] | None:
        """Give the batch, if it is still to be checked, and the roots of the pages that were read before."""
        async with transaction(self.pool) as connection:
            await claim.hold(connection)
            batch = await store.one(connection, claim.subject) if claim.subject else None
            if batch is None or batch.state is not BatchState.CHECKING:
                return None
            # The last one may be shorter than others, and is read again.
            return batch, (await store.roots(connection, batch.ticket))[:-1]

    async def _read(self, claim: Claim, batch: Batch, roots: list[bytes]) -> bool:
        """Read on, and tell whether that was all. Raises FileFault."""
        if self.clock.now() >= batch.deadline:
            raise FileFault(Code.BATCH_LATE)
        voucher, until = batch.announced, monotonic() + self.time.total_seconds()
        check = RecordCheck(voucher, self.catalogue.current, brussels_day(self.clock.now()))
        reading = Reading(voucher, check, roots)
        begun = reading.records + PAGE
        async for part in self._parts(batch):
            for page in reading.feed(part):
                await self._keep(claim, batch.ticket, page, reading.records)
                # The first page may have been read before: no slice ends where the one before it did.
                if monotonic() >= until and reading.records > begun:
                    return False
        for page in reading.finish():
            await self._keep(claim, batch.ticket, page, reading.records)
        return True

    async def _parts(self, batch: Batch) -> AsyncIterator[bytes]:
        start_at = 0
        while start_at < batch.size:
            with outages():
                async with self.pool.acquire() as connection:
                    part = await store.part(connection, batch.ticket, start_at)
            if part is None:
                # Cancelled meanwhile: who holds the job finds that out when it writes.
                return
            for at in range(0, len(part), _MOUTHFUL):
                yield part[at : at + _MOUTHFUL]
                await asyncio.sleep(0)
            start_at += len(part)

    async def _keep(self, claim: Claim, ticket: UUID, page: Page, records: int) -> None:
        async with transaction(self.pool) as connection:
            await claim.hold(connection, done=records)
            await store.add_page(connection, ticket, page)

    async def _hand_over(self, claim: Claim, batch: Batch) -> None:
        async with store.lasting(self.pool) as connection:
            await claim.hold(connection)
            await store.start_running(connection, batch.ticket)
            new = NewJob(
                kind=RUN_KIND,
                subject=batch.ticket,
                institution=batch.institution,
                deadline=batch.deadline,
                total=batch.records,
            )
            for _ in range(min(page_count(batch.records), SHARED_BY)):
                await self.jobs.add(connection, new)

    async def _refuse(self, claim: Claim, batch: Batch, refusal: Refusal) -> None:
        async with store.lasting(self.pool) as connection:
            await claim.hold(connection)
            await refuse(connection, self.log, batch, refusal, self.clock)


async def refuse(connection: Connection, log: Log, batch: Batch, refusal: Refusal, clock: Clock) -> None:
    """Log that a file is refused, and end its batch."""
    fields = {"reference": batch.reference, "code": str(refusal.code), "line": refusal.line}
    await log.append(Entry(event=Event.BATCH_FILE_REFUSED, ticket=batch.ticket, asker=batch.institution, fields=fields))
    await store.refuse(connection, batch.ticket, refusal, clock.now())
