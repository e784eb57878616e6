"""Taking the pages of a batch one after the other: each is decided, and logged, before anybody is asked about it.

Several jobs share a batch. A page is of the job that took it, until it is answered: a process that dies leaves the job
to another, and with it the pages.

What is decided of a page is kept before it is logged, so that whoever takes it up asks what the log says. It is logged
while the job is locked: nobody takes the batch over from who is about to log, not even when that process stands still.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from crossroads.access.sets import permit_sets
from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.batch import running_store as pages
from crossroads.batch import store
from crossroads.batch.asking import Tree
from crossroads.batch.deciding import Asking, DecidedPage, Judge, Logbook, decided_page, read_records
from crossroads.batch.paging import Page
from crossroads.batch.running_store import Share, Undecided
from crossroads.catalogue.service import Catalogue
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.facts_many import read_many
from crossroads.identity.database import Connection, Pool, outages
from crossroads.jobs.claims import Claim
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.wire.batches import PAGE, Record
from crossroads.wire.chunks import record_ticket


@dataclass(slots=True, kw_only=True)
class Taking:
    """The pages of one batch, for a slice of its job. `logging` is held while a page is logged."""

    pool: Pool
    log: Log
    catalogue: Catalogue
    clock: Clock
    claim: Claim
    asking: Asking
    roots: list[bytes]
    logbook: Logbook
    logging: asyncio.Lock
    _judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        """Judge by the catalogue of now."""
        self._judge = self._new_judge()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Connection]:
        """Have the job, locked, while something is written. Raises LeaseLost and Unavailable."""
        async with store.lasting(self.pool) as connection:
            await store.hold_on(connection)
            await self.claim.hold(connection)
            yield connection

    @property
    def share(self) -> Share:
        """What the job has of the batch."""
        return Share(self._ticket, self.claim.job)

    @property
    def late(self) -> bool:
        """Tell whether the deadline is there."""
        return self._now >= self.asking.batch.deadline

    async def due(self, count: int) -> list[int]:
        """Give decided pages of which somebody is to be asked now, or which only wait to be composed."""
        with outages():
            async with self.pool.acquire() as connection:
                return await pages.due(connection, self.share, self._now, count)

    async def undecided(self) -> Undecided | None:
        """Take the next page that is to be decided."""
        async with self.held() as connection:
            return await pages.take(connection, self.share)

    async def decided_before(self, number: int) -> Page:
        """Give a page that was decided before; what is not permitted any more is not asked."""
        with outages():
            async with self.pool.acquire() as connection:
                raw, decided = await pages.decided_page(connection, self._ticket, number)
        records = read_records(raw)
        decisions, _ = await self._decisions(records)
        permits = {holder: decided.logged(found) for holder, found in permit_sets(decisions).items()}
        return Page(decided, permits, Tree(self.asking, number, records, self.roots))

    async def decide(self, undecided: Undecided) -> Page:
        """Decide a page and log it; one that was logged by who died then is taken up as it was."""
        number, records = undecided.number, read_records(undecided.records)
        if undecided.drafted and await self._noted(number):
            return await self.decided_before(number)
        decisions, snapshot = await self._decisions(records)
        sets = permit_sets(decisions)
        decided = decided_page(decisions, sets, snapshot.version)
        async with self.held() as connection:
            await pages.draft(connection, self._ticket, number, decided)
        async with self.logging, self.held() as connection:
            await self.log.append_many(self.logbook.decided(number, records, decisions, snapshot.version))
            await self._note(connection, number, decided)
        return Page(decided, sets, Tree(self.asking, number, records, self.roots))

    @property
    def _ticket(self) -> UUID:
        return self.asking.ticket

    @property
    def _now(self) -> datetime:
        return self.clock.now()

    def _new_judge(self) -> Judge:
        return Judge(self.asking, self.catalogue.current, brussels_day(self._now))

    async def _noted(self, number: int) -> bool:
        """Note that a page is decided, if it is logged already."""
        async with self.held() as connection:
            if logged := await self._is_logged(number):
                await self._note(connection, number, await pages.drafted(connection, self._ticket, number))
        return logged

    async def _note(self, connection: Connection, number: int, decided: DecidedPage) -> None:
        await pages.note_decided(connection, self._ticket, number, decided, self._now)
        if self.late:
            await pages.give_up(connection, self.share)

    async def _is_logged(self, number: int) -> bool:
        ticket = record_ticket(self._ticket, number * PAGE)
        return await self.log.is_logged(Event.BATCH_RECORD_DECIDED, ticket)

    async def _decisions(self, records: list[Record]) -> tuple[list[Any], Snapshot]:
        """Decide records under the newest catalogue, on the facts of now."""
        ssins = [record.ssin for record in records]
        concerned = self.asking.voucher.asker.concerned
        while True:
            if self._judge.snapshot is not self.catalogue.current:
                self._judge = self._new_judge()
            judge = self._judge
            facts = await read_many(self.pool, ssins, concerned, judge.contexts)
            if facts[0].catalogue_version <= judge.snapshot.version:
                return judge.decide(records, facts), judge.snapshot
            # Something was granted, withdrawn or revoked since.
            await self.catalogue.refresh(facts[0].catalogue_version)
