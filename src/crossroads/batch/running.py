"""A batch under way, page by page: decided and logged, asked, composed. Whatever dies, the next slice goes on from it.

A batch is shared by several jobs, so that several processes work on it at once; what is said here of a batch in memory
is so of each, for a process works on one of them at a time. The last one ends the batch.

While the sources work on a page, the next one is decided; while nothing but waiting for them is left, the slices of
other batches have the lane.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.batch import running_store as pages
from crossroads.batch import store
from crossroads.batch.composing import Chunk, Composed, compose, summary
from crossroads.batch.deciding import Asking, Logbook
from crossroads.batch.ending import stop
from crossroads.batch.model import Batch
from crossroads.batch.paging import Page, PageAsking
from crossroads.batch.places import Places
from crossroads.batch.ports import PageSources
from crossroads.batch.running_store import Share
from crossroads.batch.taking import Taking
from crossroads.catalogue.service import Catalogue
from crossroads.exchange.keys import asker_keys
from crossroads.identity.database import Connection, Pool, outages
from crossroads.jobs.claims import Claim
from crossroads.jobs.model import Done, More, Step, Wait
from crossroads.jobs.service import Jobs
from crossroads.kernel.clock import Clock
from crossroads.kernel.codes import Code
from crossroads.wire.batches import BatchState, SummaryLine

RUN_AT_ONCE = 2
"""Batches that a process works on at once."""
WAIT_AT_ONCE = 6
"""More of them that wait for their sources meanwhile; their pages are in memory."""
SLICE = timedelta(seconds=5)
"""After this no further page is begun; others have their turn."""
PAGES_ASKED = 2
"""Pages of a batch that the sources work on at once; they are in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Answers batches whose files were read. `log` does not use connections of `pool`."""

    pool: Pool
    log: Log
    jobs: Jobs
    catalogue: Catalogue
    sources: PageSources
    clock: Clock
    subject_key: bytes
    kept: timedelta
    """For which a result stays, unless it is acknowledged before."""
    time: timedelta = SLICE
    logging: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a page is logged: so there is room in the queue of the log."""
    composing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a page is composed: all answers to it are in memory then."""
    places: Places = field(default_factory=Places)

    async def slice(self, claim: Claim) -> Step:
        """Answer some pages of a batch. Raises LeaseLost and Unavailable; another slice then goes on."""
        async with store.lasting(self.pool) as connection:
            await claim.hold(connection)
            batch = await store.one(connection, claim.subject) if claim.subject else None
            if batch is None or batch.state is not BatchState.RUNNING:
                return Done()
            await pages.wake(connection, Share(batch.ticket, claim.job), self.clock.now())
            roots = await store.roots(connection, batch.ticket)
        return await _Slice(self, claim, batch, roots).run()


class _Slice:
    """Some pages of one batch."""

    def __init__(self, hub: Running, claim: Claim, batch: Batch, roots: list[bytes]) -> None:
        self._hub, self._claim, self._parts = hub, claim, len(roots)
        self._asking = Asking(batch, batch.announced)
        self._ticket = batch.ticket
        self._taking = Taking(
            pool=hub.pool,
            log=hub.log,
            catalogue=hub.catalogue,
            clock=hub.clock,
            claim=claim,
            asking=self._asking,
            roots=roots,
            logbook=Logbook(self._asking, hub.subject_key),
            logging=hub.logging,
        )

    async def run(self) -> Step:
        await self._log_answered()
        if code := self._forbidden():
            return await self._stop(code)
        if self._taking.late:
            async with self._taking.held() as connection:
                await pages.give_up(connection, self._taking.share)
        await self._answer_some()
        return await self._next()

    def _forbidden(self) -> Code | None:
        """Tell why the batch may not go on: a key that it rests on was revoked since."""
        snapshot, voucher = self._hub.catalogue.current, self._asking.voucher
        keys = snapshot.key(self._asking.batch.signer), snapshot.sealing_key(voucher.asker.encryption_key)
        return Code.KEY_REVOKED if any(key is None or key.revoked_at is not None for key in keys) else None

    async def _answer_some(self) -> None:
        asking: set[asyncio.Task[None]] = set()
        try:
            async for page in self._pages():
                asking.add(asyncio.create_task(self._answer(page)))
                while len(asking) >= PAGES_ASKED:
                    asking = await self._wait(asking)
            while asking:
                asking = await self._wait(asking)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _wait(self, asking: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Wait until a page is answered or postponed, without the lane, and give those that are not."""
        async with self._claim.lane.left():
            ended, others = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.gather(*ended)
        return others

    async def _pages(self) -> AsyncIterator[Page]:
        """Give decided pages: those of which somebody is due, and then the next ones, as long as there is time."""
        until = monotonic() + self._hub.time.total_seconds()
        for number in await self._taking.due(PAGES_ASKED):
            yield await self._taking.decided_before(number)
        while undecided := await self._taking.undecided():
            began = monotonic()
            page = await self._taking.decide(undecided)
            worked = monotonic() - began
            yield page
            if monotonic() >= until or self._claim.pace.stands_back:
                return
            async with self._claim.lane.left():
                await self._claim.pace.rest(worked)

    async def _answer(self, page: Page) -> None:
        """Ask who is due about a page; compose it when all have answered, or failed for good."""
        snapshot, voucher = self._hub.catalogue.current, self._asking.voucher
        signer = self._asking.batch.signer
        keys = await asker_keys(self._hub.catalogue, snapshot, signer, voucher.asker.encryption_key)
        hub = self._hub
        with hub.places.holding() as held:
            asking = PageAsking(
                pool=hub.pool,
                log=hub.log,
                catalogue=hub.catalogue,
                sources=hub.sources,
                clock=hub.clock,
                claim=self._claim,
                places=hub.places,
                held=held,
                page=page,
                keys=keys,
                time=hub.time,
            )
            last = await asking.run()
            if last is None:
                return
            async with hub.composing:
                composed = await self._composed(page, last)
                async with self._taking.held() as connection:
                    await pages.note_answered(connection, self._ticket, page.number, composed, len(page.tree.records))
        await self._log_page(page.number, composed.fields)

    async def _composed(self, page: Page, last: list[Chunk]) -> Composed:
        with outages():
            async with self._hub.pool.acquire() as connection:
                kept = await pages.chunks(connection, self._ticket, page.number)
        return compose(self._asking, page.number, page.tree.records, page.decided, [*kept, *last])

    async def _log_answered(self) -> None:
        """Log the pages that were answered by somebody who may have died before that."""
        with outages():
            async with self._hub.pool.acquire() as connection:
                unlogged = await pages.unlogged(connection, self._taking.share)
        for number, fields in unlogged:
            await self._log_page(number, fields, again=True)

    async def _log_page(self, number: int, fields: dict[str, Any], *, again: bool = False) -> None:
        """Log that a page was answered, while nobody can take the batch over; `again` if somebody may have done so."""
        async with self._taking.held() as connection:
            if not (again and await self._hub.log.is_logged(Event.BATCH_PAGE_ANSWERED, self._ticket, number)):
                await self._log(Event.BATCH_PAGE_ANSWERED, fields)
            await pages.note_logged(connection, self._ticket, [number])

    async def _log(self, event: Event, fields: dict[str, Any]) -> None:
        asker = self._asking.voucher.asker.concerned
        await self._hub.log.append(Entry(event=event, ticket=self._ticket, asker=asker, fields=fields))

    async def _next(self) -> Step:
        """Tell what is to be done next, or end the batch."""
        with outages():
            async with self._hub.pool.acquire() as connection:
                left = await pages.left(connection, self._taking.share)
                due_at = await pages.next_due(connection, self._taking.share)
                batch = await store.one(connection, self._ticket)
        if not left.pages:
            return await self._complete()
        if not left.own:
            # The other jobs have the rest, and the last of them ends the batch.
            return Done()
        now, done = self._hub.clock.now(), batch.answered if batch else None
        if due_at is None or due_at <= now or left.undecided:
            return More(done)
        return Wait(min(due_at, self._asking.batch.deadline) - now, done)

    async def _complete(self) -> Step:
        """End the batch, unless another of its jobs just did."""
        async with self._taking.held() as connection:
            await self._claim.hold(connection, self._asking.batch.records)
            batch = await store.locked(connection, self._ticket)
            if batch is not None and not batch.over:
                await self._finish(connection)
        return Done()

    async def _finish(self, connection: Connection) -> None:
        counts = await pages.counts(connection, self._ticket)
        batch, now = self._asking.batch, self._hub.clock.now()
        sources = {source: dict(found) for source, found in counts.sources.items()}
        line = SummaryLine(
            ticket=batch.ticket,
            reference=batch.reference,
            file_sequence_number=batch.file_sequence_number,
            environment=self._hub.catalogue.current.genesis.environment,
            records=batch.records,
            counts=dict(counts.whole),
            sources=sources,
            submitted_at=batch.accepted_at,
            finished_at=now,
        )
        fields = {"reference": batch.reference, "counts": dict(counts.whole), "sources": sources}
        if not await self._hub.log.is_logged(Event.BATCH_COMPLETED, batch.ticket):
            await self._log(Event.BATCH_COMPLETED, {**fields, "records": batch.records})
        await pages.add_summary(connection, batch.ticket, self._parts, summary(line))
        await store.complete(
            connection,
            batch.ticket,
            counts=counts.whole,
            source_counts=sources,
            parts=self._parts + 1,
            finished_at=now,
            kept_until=now + self._hub.kept,
        )

    async def _stop(self, code: Code) -> Step:
        """End a batch that may not go on, and all its jobs, this one too."""
        async with store.lasting(self._hub.pool) as connection:
            await store.hold_on(connection)
            await self._hub.jobs.cancel(connection, self._ticket)
            batch = await store.locked(connection, self._ticket)
            if batch is not None and not batch.over:
                await stop(connection, self._hub.log, batch, code, self._hub.clock)
        return Done()
