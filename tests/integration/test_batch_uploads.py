"""Uploads that break and go on, what is fetched and acknowledged, and what goes by itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from batching import CENTRE, NEVER, NOTHING, Office, asked, lines, office
from crossroads.batch import store
from crossroads.batch.errors import BatchUnknown, PartRefused, ResultGone
from crossroads.batch.model import CHECK_KIND
from crossroads.jobs.errors import LeaseLost
from crossroads.jobs.model import Done, NewJob, Paused, Step
from crossroads.jobs.worker import Kind, Worker
from crossroads.kernel.errors import Conflict
from crossroads.wire.batches import BatchState, BatchStatus
from database import OpenPool

RECORDS = asked(3)
FILE = lines(RECORDS)


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Office]:
    async with office(pool) as made:
        yield made


async def announced(here: Office) -> BatchStatus:
    return await here.announce(here.authors[CENTRE].voucher(FILE, RECORDS))


async def completed(here: Office, kept: timedelta = timedelta(days=30)) -> BatchStatus:
    """Give a batch with a result of two parts."""
    status = await here.sent(FILE, RECORDS)
    async with store.lasting(here.pool) as connection:
        for part in (b'{"line":"record"}\n', b'{"line":"summary"}\n'):
            await connection.execute(
                "INSERT INTO batch_result SELECT $1, count(*), $2 FROM batch_result WHERE ticket = $1",
                status.ticket,
                part,
            )
        now = datetime.now(UTC)
        await here.jobs.cancel(connection, status.ticket)
        await store.complete(
            connection,
            status.ticket,
            counts={"DATA_FOUND": 3},
            source_counts={},
            parts=2,
            finished_at=now,
            kept_until=now + kept,
        )
    return await here.batches.one(status.ticket, CENTRE)


async def test_a_broken_upload_goes_on_where_it_ended(here: Office) -> None:
    status = await announced(here)
    status = await here.uploads.take(status.ticket, CENTRE, 0, FILE[:40])
    assert (status.received, status.state) == (40, BatchState.ANNOUNCED)
    for start, part in ((50, FILE[50:]), (0, FILE), (39, FILE[39:]), (0, b"x" * 40), (20, FILE[20:40])):
        with pytest.raises(PartRefused, match="first 40 bytes") as refused:
            await here.uploads.take(status.ticket, CENTRE, start, part)
        assert (refused.value.received, refused.value.code) == (40, "CR-UPLOAD-OFFSET")
    again = await here.uploads.take(status.ticket, CENTRE, 0, FILE[:40])
    assert (again.received, again.state) == (40, BatchState.ANNOUNCED)
    assert (await here.rest())["batch_part"] == 1
    for part in (b"", FILE[40:] + b"x"):
        with pytest.raises(PartRefused) as refused:
            await here.uploads.take(status.ticket, CENTRE, 40, part)
        assert refused.value.code == "CR-UPLOAD-SIZE"
    whole = await here.uploads.take(status.ticket, CENTRE, 40, FILE[40:])
    assert (whole.received, whole.state) == (len(FILE), BatchState.CHECKING)
    assert (await here.uploads.take(status.ticket, CENTRE, 40, FILE[40:])).state is BatchState.CHECKING
    assert len(await here.jobs.listed()) == 1
    await here.checked()
    assert (await here.uploads.take(status.ticket, CENTRE, 40, FILE[40:])).state is BatchState.RUNNING
    with pytest.raises(Conflict) as over:
        await here.uploads.take(status.ticket, CENTRE, len(FILE), b"x")
    assert over.value.code == "CR-BATCH-OVER"


async def test_the_same_part_sent_twice_at_once_is_kept_once(here: Office) -> None:
    status = await announced(here)
    parts = (here.uploads.take(status.ticket, CENTRE, 0, FILE) for _ in range(4))
    assert {found.received for found in await asyncio.gather(*parts)} == {len(FILE)}
    assert (await here.rest())["batch_part"] == len(await here.jobs.listed()) == 1


async def test_a_file_that_never_comes_whole_is_late(here: Office) -> None:
    status = await announced(here)
    await here.uploads.take(status.ticket, CENTRE, 0, FILE[:40])
    await here.retention.work()
    assert (await here.batches.one(status.ticket, CENTRE)).state is BatchState.ANNOUNCED
    here.clock.by = timedelta(days=5)
    with pytest.raises(Conflict) as late:
        await here.uploads.take(status.ticket, CENTRE, 40, FILE[40:])
    assert late.value.code == "CR-BATCH-LATE"
    await here.retention.work()
    refused = await here.batches.one(status.ticket, CENTRE)
    assert (refused.state, refused.problem and refused.problem.code) == (BatchState.REFUSED, "CR-BATCH-LATE")
    assert await here.rest() == NOTHING
    assert [entry["code"] for entry in await here.logged("batch:file:refused")] == ["CR-BATCH-LATE"]


@pytest.mark.parametrize("checked", [True, False])
async def test_a_batch_that_is_held_beyond_its_deadline_leaves_nothing(here: Office, checked: bool) -> None:
    status = await here.upload(await announced(here), FILE)
    if checked:
        await here.checked()
    (job,) = await here.jobs.listed()
    await here.jobs.hold_back(job.job)
    await here.retention.work()
    assert (await here.batches.one(status.ticket, CENTRE)).state is BatchState.PAUSED
    here.clock.by = timedelta(days=5)
    await here.retention.work()
    ended = await here.batches.one(status.ticket, CENTRE)
    assert (ended.state, ended.problem and ended.problem.code) == (BatchState.CANCELLED, "CR-BATCH-HELD")
    assert (await here.rest(), await here.jobs.listed()) == (NOTHING, [])
    (entry,) = await here.logged("batch:file:cancelled")
    assert (entry["by"], entry["code"], entry["asker"]) == ("hub", "CR-BATCH-HELD", CENTRE)


async def test_a_result_is_there_until_it_is_acknowledged(here: Office) -> None:
    running = await here.sent(lines(asked(2)), asked(2))
    for doing in (here.results.part(running.ticket, CENTRE, 0), here.results.acknowledge(running.ticket, CENTRE)):
        with pytest.raises(Conflict) as early:
            await doing
        assert early.value.code == "CR-RESULT-NOT-READY"
    status = await completed(here)
    assert (status.parts, status.counts, status.fetched) == (2, {"DATA_FOUND": 3}, False)
    assert await here.results.part(status.ticket, CENTRE, 0) == b'{"line":"record"}\n'
    assert await here.results.part(status.ticket, CENTRE, 1) == b'{"line":"summary"}\n'
    with pytest.raises(BatchUnknown):
        await here.results.part(status.ticket, CENTRE, 2)
    for _ in range(2):
        assert (await here.results.acknowledge(status.ticket, CENTRE)).fetched
    with pytest.raises(ResultGone):
        await here.results.part(status.ticket, CENTRE, 0)
    assert (await here.rest())["batch_result"] == 0


async def test_a_result_that_nobody_fetches_goes_when_its_days_are_over(here: Office) -> None:
    status = await completed(here, timedelta(days=2))
    await here.retention.work()
    assert (await here.rest())["batch_result"] == 2
    here.clock.by = timedelta(days=3)
    await here.retention.work()
    gone = await here.batches.one(status.ticket, CENTRE)
    assert (gone.state, gone.parts, gone.fetched) == (BatchState.COMPLETED, 0, False)
    with pytest.raises(ResultGone):
        await here.results.part(status.ticket, CENTRE, 0)
    assert await here.rest() == NOTHING


async def test_a_batch_that_is_given_up_leaves_nothing(here: Office) -> None:
    status = await here.sent(FILE, RECORDS)
    begun, go_on = asyncio.Event(), asyncio.Event()
    lost = []

    async def work(claim: object) -> Step:
        begun.set()
        await go_on.wait()
        async with store.lasting(here.pool) as connection:
            try:
                await claim.hold(connection)  # type: ignore[attr-defined] # of a claim
            except LeaseLost:
                lost.append(claim)
                raise
        return Done()

    running = asyncio.create_task(here.worker.work(Kind(name=NEVER.name, slice=work)))
    await begun.wait()
    assert (await here.batches.cancel(status.ticket, CENTRE)).state is BatchState.CANCELLED
    go_on.set()
    await running
    assert len(lost) == 1
    assert await here.rest() == NOTHING
    assert (await here.batches.cancel(status.ticket, CENTRE)).state is BatchState.CANCELLED
    (entry,) = await here.logged("batch:file:cancelled")
    assert (entry["ticket"], entry["by"]) == (status.ticket, "institution")
    assert await here.jobs.listed() == []


async def test_a_job_that_is_queued_while_a_batch_is_given_up_is_ended_as_well(here: Office) -> None:
    """Else it would go on with a batch that was open when it looked, and write what nobody removes."""
    status = await announced(here)
    async with store.lasting(here.pool) as connection:
        await store.locked(connection, status.ticket)
        giving_up = asyncio.create_task(here.batches.cancel(status.ticket, CENTRE))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while not await here.pool.fetchval(waits):  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.01)
        await here.jobs.add(connection, NewJob(kind=CHECK_KIND, subject=status.ticket, institution=CENTRE))
    assert (await giving_up).state is BatchState.CANCELLED
    assert await here.jobs.listed() == []


async def test_the_log_says_when_an_operator_gave_a_batch_up(here: Office) -> None:
    status = await here.sent(FILE, RECORDS)
    await here.batches.cancel(status.ticket, CENTRE, by="operator")
    (entry,) = await here.logged("batch:file:cancelled")
    assert (entry["ticket"], entry["asker"], entry["by"]) == (status.ticket, CENTRE, "operator")


async def test_a_batch_that_was_answered_cannot_be_given_up(here: Office) -> None:
    status = await completed(here)
    with pytest.raises(Conflict) as over:
        await here.batches.cancel(status.ticket, CENTRE)
    assert over.value.code == "CR-BATCH-OVER"
    assert (await here.rest())["batch_result"] == 2


async def test_a_batch_whose_job_is_paused_says_so(here: Office) -> None:
    status = await here.sent(FILE, RECORDS)

    async def fail(_: object) -> Step:
        return Paused("The disk is full.")

    await Worker(here.pool).work(Kind(name=NEVER.name, slice=fail))
    paused = await here.batches.one(status.ticket, CENTRE)
    assert paused.problem is not None
    assert (paused.state, paused.problem.code) == (BatchState.PAUSED, "CR-BATCH-PAUSED")
    assert paused.problem.detail == "The disk is full."
    (job,) = await here.jobs.listed()
    await here.jobs.resume(job.job)
    await here.worker.work(NEVER)
    assert (await here.batches.one(status.ticket, CENTRE)).state is BatchState.RUNNING
