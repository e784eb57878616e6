"""A batch under way, page by page: decided and logged, asked, composed. Whatever dies, the next slice goes on from it.

While the sources work on a page, the next one is decided. What is decided of a page is kept before it is logged, so
that whoever takes it up asks what the log says, and logs nothing twice.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

from crossroads.access.sets import permit_sets
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.batch import running_store as pages
from crossroads.batch import store
from crossroads.batch.asking import Tree
from crossroads.batch.composing import compose, summary
from crossroads.batch.deciding import Asking, Judge, Logbook, decided_page, read_records
from crossroads.batch.model import Batch
from crossroads.batch.paging import Page, PageAsking
from crossroads.batch.ports import PageSources
from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.facts_many import read_many
from crossroads.exchange.keys import asker_keys
from crossroads.identity.database import Pool, outages
from crossroads.jobs.claims import Claim
from crossroads.jobs.model import Done, More, Step, Wait
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code
from crossroads.wire.batches import PAGE, BatchState, Record, SummaryLine
from crossroads.wire.chunks import record_ticket

RUN_AT_ONCE = 2
"""Batches that a process answers at once: one goes on while the other waits for its sources."""
SLICE = timedelta(seconds=5)
"""After this no further page is begun; others have their turn."""
PAGES_ASKED = 2
"""Pages that the sources work on at once; they are in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Answers batches whose files were read. `log` does not use connections of `pool`."""

    pool: Pool
    log: Log
    catalogue: Catalogue
    sources: PageSources
    clock: Clock
    subject_key: bytes
    kept: timedelta
    """For which a result stays, unless it is acknowledged before."""
    time: timedelta = SLICE
    logging: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a page is logged: so there is room in the queue of the log."""

    async def slice(self, claim: Claim) -> Step:
        """Answer some pages of a batch. Raises LeaseLost and Unavailable; another slice then goes on."""
        async with store.lasting(self.pool) as connection:
            await claim.hold(connection)
            batch = await store.one(connection, claim.subject) if claim.subject else None
            if batch is None or batch.state is not BatchState.RUNNING:
                return Done()
            roots = await pages.roots(connection, batch.ticket)
        return await _Slice(self, claim, batch, roots).run()


class _Slice:
    """Some pages of one batch."""

    def __init__(self, hub: Running, claim: Claim, batch: Batch, roots: list[bytes]) -> None:
        self._hub, self._claim, self._roots = hub, claim, roots
        self._asking = Asking(batch, batch.announced)
        self._ticket = batch.ticket
        self._logbook = Logbook(self._asking, hub.subject_key)
        self._judge = self._new_judge()

    async def run(self) -> Step:
        await self._log_answered()
        if code := self._forbidden():
            return await self._stop(code)
        if self._late:
            async with store.lasting(self._hub.pool) as connection:
                await self._claim.hold(connection)
                await pages.give_up(connection, self._ticket)
        await self._answer_some()
        return await self._next()

    def _new_judge(self) -> Judge:
        return Judge(self._asking, self._hub.catalogue.current, brussels_day(self._hub.clock.now()))

    @property
    def _late(self) -> bool:
        return self._hub.clock.now() >= self._asking.batch.deadline

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
                    ended, asking = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                    await asyncio.gather(*ended)
            await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    async def _pages(self) -> AsyncIterator[Page]:
        """Give decided pages: those of which somebody is due, and then the next ones, as long as there is time."""
        until = monotonic() + self._hub.time.total_seconds()
        with outages():
            async with self._hub.pool.acquire() as connection:
                due = await pages.due(connection, self._ticket, self._hub.clock.now(), PAGES_ASKED)
        for number in due:
            yield await self._taken_up(number)
        while undecided := await self._undecided():
            yield await self._decide(undecided)
            if monotonic() >= until:
                return

    async def _undecided(self) -> pages.Undecided | None:
        with outages():
            async with self._hub.pool.acquire() as connection:
                return await pages.undecided(connection, self._ticket)

    async def _taken_up(self, number: int) -> Page:
        """Give a page that was decided before; what is not permitted any more is not asked."""
        with outages():
            async with self._hub.pool.acquire() as connection:
                raw, decided = await pages.decided_page(connection, self._ticket, number)
        records = read_records(raw)
        decisions, _ = await self._decisions(records)
        permits = {holder: decided.logged(found) for holder, found in permit_sets(decisions).items()}
        return Page(decided, permits, Tree(self._asking, number, records, self._roots))

    async def _decide(self, undecided: pages.Undecided) -> Page:
        number, records = undecided.number, read_records(undecided.records)
        if undecided.drafted and await self._is_logged(number):
            async with store.lasting(self._hub.pool) as connection:
                await self._claim.hold(connection)
                decided = await pages.drafted(connection, self._ticket, number)
                await pages.note_decided(connection, self._ticket, number, decided, self._hub.clock.now())
                if self._late:
                    await pages.give_up(connection, self._ticket)
            return await self._taken_up(number)
        decisions, snapshot = await self._decisions(records)
        sets = permit_sets(decisions)
        decided = decided_page(decisions, sets, snapshot.version)
        async with store.lasting(self._hub.pool) as connection:
            await self._claim.hold(connection)
            await pages.draft(connection, self._ticket, number, decided)
        async with self._hub.logging:
            await self._hub.log.append_many(self._logbook.decided(number, records, decisions, snapshot.version))
        async with store.lasting(self._hub.pool) as connection:
            await self._claim.hold(connection)
            await pages.note_decided(connection, self._ticket, number, decided, self._hub.clock.now())
            if self._late:
                await pages.give_up(connection, self._ticket)
        return Page(decided, sets, Tree(self._asking, number, records, self._roots))

    async def _is_logged(self, number: int) -> bool:
        ticket = record_ticket(self._ticket, number * PAGE)
        return await self._hub.log.is_logged(Event.BATCH_RECORD_DECIDED, ticket)

    async def _decisions(self, records: list[Record]) -> tuple[list[Any], Snapshot]:
        """Decide records under the newest catalogue, on the facts of now."""
        ssins = [record.ssin for record in records]
        concerned = self._asking.voucher.asker.concerned
        while True:
            if self._judge.snapshot is not self._hub.catalogue.current:
                self._judge = self._new_judge()
            judge = self._judge
            facts = await read_many(self._hub.pool, ssins, concerned, judge.contexts)
            if facts[0].catalogue_version <= judge.snapshot.version:
                return judge.decide(records, facts), judge.snapshot
            # Something was granted, withdrawn or revoked since.
            await self._hub.catalogue.refresh(facts[0].catalogue_version)

    async def _answer(self, page: Page) -> None:
        """Ask who is due about a page; compose it when all have answered, or failed for good."""
        snapshot, voucher = self._hub.catalogue.current, self._asking.voucher
        signer = self._asking.batch.signer
        keys = await asker_keys(self._hub.catalogue, snapshot, signer, voucher.asker.encryption_key)
        hub = self._hub
        asking = PageAsking(
            pool=hub.pool,
            log=hub.log,
            catalogue=hub.catalogue,
            sources=hub.sources,
            clock=hub.clock,
            claim=self._claim,
            page=page,
            keys=keys,
            time=hub.time,
        )
        chunks = await asking.run()
        if chunks is None:
            return
        composed = compose(self._asking, page.number, page.tree.records, page.decided, chunks)
        async with store.lasting(self._hub.pool) as connection:
            await self._claim.hold(connection)
            await pages.note_answered(connection, self._ticket, page.number, composed, len(page.tree.records))
        await self._log(Event.BATCH_PAGE_ANSWERED, composed.fields)
        await self._note_logged(page.number)

    async def _log_answered(self) -> None:
        """Log the pages that were answered by somebody who may have died before that."""
        with outages():
            async with self._hub.pool.acquire() as connection:
                unlogged = await pages.unlogged(connection, self._ticket)
        for number, fields in unlogged:
            if not await self._hub.log.is_logged(Event.BATCH_PAGE_ANSWERED, self._ticket, number):
                await self._log(Event.BATCH_PAGE_ANSWERED, fields)
            await self._note_logged(number)

    async def _note_logged(self, number: int) -> None:
        async with store.lasting(self._hub.pool) as connection:
            await self._claim.hold(connection)
            await pages.note_logged(connection, self._ticket, [number])

    async def _log(self, event: Event, fields: dict[str, Any]) -> None:
        asker = self._asking.voucher.asker.concerned
        await self._hub.log.append(Entry(event=event, ticket=self._ticket, asker=asker, fields=fields))

    async def _next(self) -> Step:
        """Tell what is to be done next, or end the batch."""
        with outages():
            async with self._hub.pool.acquire() as connection:
                left = await pages.unanswered(connection, self._ticket)
                due_at = await pages.next_due(connection, self._ticket)
                batch = await store.one(connection, self._ticket)
        if not left:
            return await self._complete()
        now, done = self._hub.clock.now(), batch.answered if batch else None
        if due_at is None or due_at <= now or await self._undecided():
            return More(done)
        return Wait(min(due_at, self._asking.batch.deadline) - now, done)

    async def _complete(self) -> Step:
        with outages():
            async with self._hub.pool.acquire() as connection:
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
        if not await self._hub.log.is_logged(Event.BATCH_COMPLETED, batch.ticket):
            fields = {"reference": batch.reference, "counts": dict(counts.whole), "sources": sources}
            await self._log(Event.BATCH_COMPLETED, {**fields, "records": batch.records})
        parts = len(self._roots)
        async with store.lasting(self._hub.pool) as connection:
            await self._claim.hold(connection, batch.records)
            await pages.add_summary(connection, batch.ticket, parts, summary(line))
            await store.complete(
                connection,
                batch.ticket,
                counts=counts.whole,
                source_counts=sources,
                parts=parts + 1,
                finished_at=now,
                kept_until=now + self._hub.kept,
            )
        return Done()

    async def _stop(self, code: Code) -> Step:
        """End a batch that may not go on. What was decided until then stands in its entries."""
        batch = self._asking.batch
        progress = {"decided": batch.decided, "answered": batch.answered}
        if not await self._hub.log.is_logged(Event.BATCH_CANCELLED, batch.ticket):
            fields = {"reference": batch.reference, "by": "hub", "code": str(code), **progress}
            await self._log(Event.BATCH_CANCELLED, fields)
        async with store.lasting(self._hub.pool) as connection:
            await self._claim.hold(connection)
            await store.cancel(connection, batch.ticket, self._hub.clock.now())
            await pages.stop(connection, batch.ticket, code, self._hub.clock.now())
        return Done()
