"""What institutions are told of their jobs: a line a batch, nobody else's, and nothing about a person."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import msgspec
import pytest
from uuid6 import uuid7

from batch_running import Hall, hall
from batching import CENTRE, OTHER, asked
from crossroads.batch.model import CHECK_KIND, RUN_KIND
from crossroads.identity.database import transaction
from crossroads.jobs.claims import Claim
from crossroads.jobs.errors import NoJobOfIts
from crossroads.jobs.model import NewJob, Step
from crossroads.jobs.own import PAGE_OF_JOBS, OwnJobs
from crossroads.jobs.worker import Kind
from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import PAGE, BatchState
from crossroads.wire.jobs import JobState
from database import OpenPool
from people import ssin

RECORDS = PAGE + 1
"""Of a file that two jobs share."""


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Hall]:
    async with hall(pool) as made:
        await made.hold(0, CENTRE, "17:1")
        await made.hold(0, OTHER)
        yield made


@pytest.fixture
def own(here: Hall) -> OwnJobs:
    return OwnJobs(here.office.pool, Environment.TEST)


async def add(here: Hall, institution: str | None = CENTRE, subject: UUID | None = None) -> UUID:
    """Queue a job, and give what it is about."""
    about = subject or uuid7()
    async with transaction(here.office.pool) as connection:
        await here.office.jobs.add(connection, NewJob(kind="test", institution=institution, subject=about, total=3))
    return about


async def test_a_batch_that_several_jobs_share_is_one_line(here: Hall, own: OwnJobs) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    jobs = await here.office.jobs.listed(everything=True)
    assert sorted(job.kind for job in jobs) == [RUN_KIND, RUN_KIND, CHECK_KIND]
    (line,) = (await own.listed(CENTRE, None)).jobs
    assert (line.ticket, line.kind, line.state) == (ticket, RUN_KIND, JobState.QUEUED)
    assert (line.done, line.total, line.attempts, line.problem) == (0, RECORDS, 0, None)
    assert (line.deadline, line.created_at) == (jobs[0].deadline, min(job.created_at for job in jobs))
    assert line == await own.one(ticket, CENTRE)
    await here.answered()
    after = await own.one(ticket, CENTRE)
    assert (after.state, after.done, after.next_run_at) == (JobState.DONE, RECORDS, None)
    assert after.finished_at is not None


async def test_how_much_is_done_is_not_told_as_all_while_one_of_its_jobs_has_work_left(
    here: Hall, own: OwnJobs
) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    first, second = [job for job in await here.office.jobs.listed() if job.kind == RUN_KIND]
    await here.office.pool.execute(
        "UPDATE job SET state = 'DONE', done = total, finished_at = now() WHERE job = $1", first.job
    )
    await here.office.pool.execute("UPDATE job SET done = $2 WHERE job = $1", second.job, PAGE)
    line = await own.one(ticket, CENTRE)
    assert (line.state, line.done, line.finished_at) == (JobState.QUEUED, PAGE, None)


async def test_the_job_of_another_is_not_there(here: Hall, own: OwnJobs) -> None:
    ticket = await here.sent(asked(1) * 2)
    said = set()
    for wanted, institution in ((ticket, OTHER), (uuid4(), OTHER), (uuid4(), CENTRE)):
        with pytest.raises(NoJobOfIts) as refused:
            await own.one(wanted, institution)
        said.add(str(refused.value))
    assert said == {"The institution has no such job."}
    assert (await own.listed(OTHER, None)).jobs == ()


async def test_jobs_of_no_institution_are_for_operators_alone(here: Hall, own: OwnJobs) -> None:
    about = await add(here, None)
    # Of the hub itself, though about something of an institution.
    of_both = await add(here)
    await add(here, None, of_both)
    assert [line.ticket for line in (await own.listed(CENTRE, None)).jobs] == [of_both]
    with pytest.raises(NoJobOfIts):
        await own.one(about, CENTRE)
    await here.office.pool.execute("UPDATE job SET state = 'PAUSED', problem = 'x' WHERE institution IS NULL")
    assert (await own.one(of_both, CENTRE)).state is JobState.QUEUED


async def test_a_job_that_an_operator_holds_says_so_and_so_does_the_batch(here: Hall, own: OwnJobs) -> None:
    ticket = await here.sent(asked(1) * RECORDS)
    await here.office.jobs.hold_back((await here.office.jobs.listed())[0].job)
    line = await own.one(ticket, CENTRE)
    assert (line.state, line.next_run_at, line.problem) == (JobState.PAUSED, None, "An operator holds it.")
    assert (await here.status(ticket)).state is BatchState.PAUSED


async def test_a_slice_that_fails_tells_when_it_is_tried_again_and_nothing_about_a_person(
    here: Hall, own: OwnJobs
) -> None:
    about = await add(here)

    async def fails(_: Claim) -> Step:
        raise KeyError(ssin(0))

    await here.office.worker.work(Kind(name="test", slice=fails))
    line = await own.one(about, CENTRE)
    assert (line.state, line.attempts) == (JobState.PAUSED, 1)
    assert line.next_run_at is not None
    assert line.problem == "The hub failed in a way that was not foreseen (KeyError)."
    listed = msgspec.json.encode(await own.listed(CENTRE, None)).decode()
    assert ssin(0) not in listed


async def test_pages_give_each_line_once_also_when_more_come_meanwhile(here: Hall, own: OwnJobs) -> None:
    added = [await add(here) for _ in range(PAGE_OF_JOBS + 2)]
    for about in added:
        await add(here, subject=about)
    page = await own.listed(CENTRE, None)
    await add(here)
    rest = await own.listed(CENTRE, page.next)
    assert [line.ticket for line in (*page.jobs, *rest.jobs)] == added[::-1]
    assert (len(page.jobs), rest.next) == (PAGE_OF_JOBS, None)
