"""Several processes work on one batch at once: each page is of one of them, and what ends the batch ends it once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest

from audit_log import until
from batch_running import Hall, Source, hall, honest
from batching import CENTRE, OTHER, asked
from crossroads.batch.model import RUN_KIND, WHOLE_KIND
from crossroads.batch.places import Places
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.jobs.pace import Pace
from crossroads.jobs.worker import Kind, Worker
from crossroads.kernel.codes import Code
from crossroads.wire.batches import PAGE, BatchState
from crossroads.wire.jobs import JobState
from crossroads.wire.pages import page_count
from database import OpenPool
from small_pages import SMALL, small_pages

RECORDS = SMALL + 1
"""Of a file: two pages, and so many jobs share it."""


@pytest.fixture
async def large(pool: OpenPool) -> AsyncIterator[Hall]:
    """Give a hall whose pages have the size that they have."""
    async with hall(pool) as made:
        await made.hold(0, CENTRE, "17:1")
        await made.hold(0, OTHER)
        yield made


@pytest.fixture
def here(large: Hall) -> Iterator[Hall]:
    with small_pages():
        yield large


@dataclass
class Gate:
    """A source that answers when it is told to."""

    asked: list[int] = field(default_factory=list)
    """The pages that it was asked about."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def behave(self, source: Source, errand: PageErrand) -> PageReply:
        """Answer then."""
        self.asked.append(errand.page)
        await self.opened.wait()
        return await honest(source, errand)

    async def is_asked(self, pages: int) -> bool:
        """Tell whether it was asked about so many pages."""
        return len(set(self.asked)) == pages


def process(here: Hall) -> tuple[Worker, Kind]:
    """Give what a process has of its own: who works, and what is locked and held in memory. It has a page a slice."""
    running = replace(here.running, logging=asyncio.Lock(), composing=asyncio.Lock(), places=Places(), time=timedelta())
    return Worker(here.office.pool), Kind(name=RUN_KIND, slice=running.slice)


@contextmanager
def gate(here: Hall) -> Iterator[Gate]:
    """Let the source wait."""
    made = Gate()
    here.neighbours.sources[OTHER].behaves = made.behave
    try:
        yield made
    finally:
        made.opened.set()


@asynccontextmanager
async def at_work(here: Hall, processes: int = 2) -> AsyncIterator[list[asyncio.Task[bool]]]:
    """Have some processes that work on a slice each, with a page each at the source when this begins."""
    with gate(here) as waiting:
        slices = [asyncio.create_task(worker.work(kind)) for worker, kind in (process(here) for _ in range(processes))]
        await until(lambda: waiting.is_asked(processes))
        yield slices
        waiting.opened.set()
        assert await asyncio.gather(*slices) == [True] * processes


async def finished(here: Hall) -> None:
    """Work as two processes do until nothing is due."""

    async def work(worker: Worker, kind: Kind) -> None:
        while await worker.work(kind):
            pass

    await asyncio.gather(*(work(*process(here)) for _ in range(2)))


async def check_answered(here: Hall, ticket: UUID, count: int) -> None:
    """Check that each record was decided, answered and counted once, and each page and the batch logged once."""
    status = await here.status(ticket)
    assert (status.state, status.decided, status.answered) == (BatchState.COMPLETED, count, count)
    records = await here.records(ticket)
    assert [one.number for one in records] == list(range(count))
    assert status.counts == Counter(one.status.value for one in records)
    assert sorted(entry["number"] for entry in await here.decided()) == list(range(count))
    pages = [entry["page"] for entry in await here.office.logged("batch:page:answered")]
    assert sorted(pages) == list(range(page_count(count)))
    assert len(await here.office.logged("batch:file:completed")) == 1
    assert {job.state for job in await here.office.jobs.listed(everything=True)} == {JobState.DONE}


async def test_two_processes_share_a_batch_and_ask_once_about_each_page(large: Hall) -> None:
    ticket = await large.sent(asked(1) * (PAGE + 1))
    async with at_work(large):
        pass
    await finished(large)
    await check_answered(large, ticket, PAGE + 1)
    assert sorted(page for _, page, _, _ in large.neighbours.asked) == [0, 1]


async def test_a_process_has_one_job_of_a_batch_at_a_time(here: Hall) -> None:
    """Else a huge batch would take all lanes of a process, and twice the memory."""
    await here.sent(asked(1) * RECORDS)
    worker, kind = process(here)
    with gate(here) as waiting:
        slicing = asyncio.create_task(worker.work(kind))
        await until(lambda: waiting.is_asked(1))
        assert not await worker.work(kind)
        waiting.opened.set()
        assert await slicing


async def test_a_process_that_stands_back_ends_its_slice_with_the_page(here: Hall) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    worker = Worker(here.office.pool, pace=Pace(spare=True, halved=True))
    kind = Kind(name=RUN_KIND, slice=here.running.slice)
    assert await worker.work(kind)
    assert (await here.status(ticket)).answered == SMALL
    await finished(here)
    await check_answered(here, ticket, RECORDS)


async def test_the_pages_of_a_process_that_died_are_gone_on_with_and_nobody_else_has_them(here: Hall) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    async with at_work(here) as slices:
        slices[0].cancel()
        await asyncio.gather(slices[0], return_exceptions=True)
        slices[0] = asyncio.create_task(asyncio.sleep(0, True))
    await finished(here)
    await check_answered(here, ticket, RECORDS)
    asked_of = Counter(page for _, page, _, _ in here.neighbours.asked)
    assert sorted(asked_of.values()) == [1, 2]


async def test_a_batch_that_is_cancelled_while_two_work_on_it_leaves_nothing(here: Hall) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    async with at_work(here):
        await here.office.batches.cancel(ticket, CENTRE)
    await finished(here)
    await _check_ended(here, ticket, None)


async def test_a_key_that_is_revoked_while_two_work_on_a_batch_ends_it_once(here: Hall) -> None:
    ticket = await here.sent(asked(1) * (RECORDS + SMALL))
    async with at_work(here):
        await here.revoke(here.office.authors[CENTRE].seal.key_id)
    await finished(here)
    await _check_ended(here, ticket, Code.KEY_REVOKED)


async def test_who_works_on_a_page_while_another_ends_the_batch_writes_nothing_any_more(here: Hall) -> None:
    ticket = await here.sent(asked(1) * (RECORDS + SMALL))
    async with at_work(here):
        await here.revoke(here.office.authors[CENTRE].seal.key_id)
        worker, kind = process(here)
        assert await worker.work(kind)
        await _check_ended(here, ticket, Code.KEY_REVOKED)
    await _check_ended(here, ticket, Code.KEY_REVOKED)


async def _check_ended(here: Hall, ticket: UUID, code: Code | None) -> None:
    status = await here.status(ticket)
    told = status.problem.code if status.problem else None
    assert (status.state, told) == (BatchState.CANCELLED, str(code) if code else None)
    assert not any((await here.office.rest()).values())
    assert len(await here.office.logged("batch:file:cancelled")) == 1
    assert await here.office.logged("batch:file:completed") == []
    assert await here.office.jobs.listed() == []


async def test_who_gives_up_at_the_deadline_leaves_alone_what_another_is_asking(here: Hall) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    async with at_work(here, processes=1):
        here.office.clock.by += timedelta(days=5)
        await finished(here)
        assert (await here.status(ticket)).answered == 1
    await finished(here)
    await check_answered(here, ticket, RECORDS)
    assert (await here.status(ticket)).counts == {"DATA_FOUND": SMALL, "INCOMPLETE_DATA": 1}


async def test_a_source_that_fails_is_tried_by_each_until_the_deadline(here: Hall) -> None:
    here.neighbours.sources[OTHER].behaves = here.silent
    ticket = await here.sent(asked(1) * RECORDS)
    await finished(here)
    assert (await here.status(ticket)).decided == RECORDS
    here.office.clock.by += timedelta(days=5)
    for job in await here.office.jobs.listed():
        await here.office.jobs.resume(job.job)
    await finished(here)
    await check_answered(here, ticket, RECORDS)
    assert (await here.status(ticket)).counts == {"INCOMPLETE_DATA": RECORDS}


async def test_an_operator_holds_a_batch_with_all_its_jobs(here: Hall) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    job, *_ = await here.office.jobs.listed()
    async with at_work(here):
        await here.office.jobs.hold_back(job.job)
    assert {one.state for one in await here.office.jobs.listed()} == {JobState.PAUSED}
    held = await here.status(ticket)
    assert (held.state, held.answered) == (BatchState.PAUSED, 0)
    await finished(here)
    assert (await here.status(ticket)).answered == 0
    await here.office.jobs.resume(job.job)
    await finished(here)
    await check_answered(here, ticket, RECORDS)


async def test_a_batch_that_is_held_beyond_its_deadline_ends_with_all_its_jobs(here: Hall) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    job, *_ = await here.office.jobs.listed()
    await here.office.jobs.hold_back(job.job)
    here.office.clock.by += timedelta(days=5)
    assert await here.office.jobs.held_late(here.office.clock.now(), 10) == [ticket]
    await here.office.retention.work()
    await _check_ended(here, ticket, Code.BATCH_HELD)


async def test_a_batch_of_which_one_job_was_made_by_the_last_version_is_answered(here: Hall) -> None:
    """That version notes of no page whose it is."""
    here.running = here.at_a_page_a_slice()
    ticket = await here.sent(asked(1) * RECORDS)
    one, *others = await here.office.jobs.listed()
    await here.office.pool.execute("UPDATE job SET kind = $1 WHERE job = $2", WHOLE_KIND, one.job)
    await here.office.pool.execute("DELETE FROM job WHERE job = ANY ($1)", [other.job for other in others])
    here.neighbours.sources[OTHER].behaves = here.silent
    whole = Kind(name=WHOLE_KIND, slice=here.running.slice)
    assert await here.office.worker.work(whole)
    await here.office.pool.execute("UPDATE batch_page SET job = NULL")
    here.neighbours.sources[OTHER].behaves = honest
    here.office.clock.by += timedelta(seconds=30)
    while await here.office.worker.work(whole):
        pass
    await check_answered(here, ticket, RECORDS)
