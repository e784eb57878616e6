"""Jobs: one process at a time, fair turns, nothing lost when a process dies or a clock goes back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from audit_log import until
from crossroads.audit.service import Log
from crossroads.identity.database import transaction
from crossroads.jobs.claims import Claim
from crossroads.jobs.errors import JobUnknown, LeaseLost
from crossroads.jobs.model import Done, Failed, More, NewJob, Step, Wait
from crossroads.jobs.service import Jobs
from crossroads.jobs.worker import Kind, Worker
from crossroads.kernel.errors import Unavailable
from crossroads.wire.jobs import JobState
from crossroads.wire.notes import NoteSigner
from database import OpenPool

SHORT = timedelta(milliseconds=300)


@dataclass
class Hub:
    """The queue, and processes that work on it."""

    pool: Any
    jobs: Jobs
    done: list[UUID] = field(default_factory=list)

    async def add(self, **about: Any) -> UUID:
        given: dict[str, Any] = {"kind": "count", "subject": uuid4()} | about
        async with transaction(self.pool) as connection:
            return await self.jobs.add(connection, NewJob(**given))

    def worker(self, lease: timedelta = timedelta(seconds=15)) -> Worker:
        return Worker(self.pool, lease)

    async def count(self, claim: Claim) -> Step:
        """Do one of the total, written in the transaction that holds the job."""
        async with transaction(self.pool) as connection:
            await claim.hold(connection, done=claim.done + 1)
        self.done.append(claim.job)
        return More() if claim.done + 1 < claim.total else Done()

    @property
    def counting(self) -> Kind:
        return Kind(name="count", slice=self.count)

    async def state(self, job: UUID) -> JobState:
        found = await self.jobs.one(job)
        assert found is not None
        return found.state


@pytest.fixture
async def hub(pool: OpenPool) -> AsyncIterator[Hub]:
    connections = await pool("crossroads_hub")
    async with Log(connections, NoteSigner.generate("crossroads-test/log")) as log:
        yield Hub(connections, Jobs(connections, log))


async def test_a_job_is_done_slice_by_slice(hub: Hub) -> None:
    job = await hub.add(total=3)
    worker = hub.worker()
    while await worker.work(hub.counting):
        pass
    found = await hub.jobs.one(job)
    assert found is not None
    assert (found.state, found.done, found.over, hub.done) == (JobState.DONE, 3, True, [job] * 3)
    assert (await hub.jobs.listed(), len(await hub.jobs.listed(everything=True))) == ([], 1)


async def test_a_job_of_a_hundred_slices_never_keeps_a_small_one_waiting(hub: Hub) -> None:
    huge = await hub.add(total=100)
    worker = hub.worker()
    for _ in range(10):
        await worker.work(hub.counting)
    small = await hub.add(total=2)
    for _ in range(4):
        await worker.work(hub.counting)
    assert Counter(hub.done[10:]) == {huge: 2, small: 2}
    assert await hub.state(small) is JobState.DONE


async def test_jobs_about_one_thing_have_one_turn_together(hub: Hub) -> None:
    thing = uuid4()
    shared = [await hub.add(total=100, subject=thing) for _ in range(3)]
    small = await hub.add(total=2)
    worker = hub.worker()
    for _ in range(4):
        await worker.work(hub.counting)
    assert [job in shared for job in hub.done] == [True, False, True, False]
    assert await hub.state(small) is JobState.DONE


async def test_a_process_works_on_one_job_about_a_thing_at_a_time_and_another_on_another(hub: Hub) -> None:
    thing = uuid4()
    for _ in range(2):
        await hub.add(total=1, subject=thing)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(claim: Claim) -> Step:
        begun.set()
        await go_on.wait()
        return await hub.count(claim)

    worker = hub.worker()
    first = asyncio.create_task(worker.work(Kind(name="count", slice=slow)))
    await begun.wait()
    assert not await worker.work(hub.counting)
    assert await hub.worker().work(hub.counting)
    go_on.set()
    assert await first
    assert not await worker.work(hub.counting)


async def test_what_is_urgent_comes_first(hub: Hub) -> None:
    await hub.add(total=1, priority=1)
    urgent = await hub.add(total=1)
    await hub.worker().work(hub.counting)
    assert hub.done == [urgent]


async def test_two_processes_never_have_one_job(hub: Hub) -> None:
    jobs = [await hub.add(total=20) for _ in range(3)]
    working: Counter[UUID] = Counter()

    async def alone(claim: Claim) -> Step:
        working[claim.job] += 1
        assert working[claim.job] == 1
        step = await hub.count(claim)
        working[claim.job] -= 1
        return step

    async def work(worker: Worker) -> None:
        while await hub.jobs.listed():
            await worker.work(Kind(name="count", slice=alone))

    await asyncio.gather(*(work(hub.worker()) for _ in range(4)))
    assert Counter(hub.done) == dict.fromkeys(jobs, 20)


async def test_who_lost_its_lease_writes_nothing_any_more(hub: Hub) -> None:
    job = await hub.add(total=1)
    stopped, go_on = asyncio.Event(), asyncio.Event()
    outcomes: list[str] = []

    async def slow(claim: Claim) -> Step:
        stopped.set()
        await go_on.wait()
        try:
            return await hub.count(claim)
        except LeaseLost:
            outcomes.append("lost")
            raise

    first = asyncio.create_task(hub.worker().work(Kind(name="count", slice=slow)))
    await stopped.wait()
    # As if the process had stood still for so long that its lease ended.
    await hub.pool.execute("UPDATE job SET lease_until = clock_timestamp() - interval '1 hour'")
    assert await hub.worker().work(hub.counting)
    go_on.set()
    await first
    assert (outcomes, hub.done, await hub.state(job)) == (["lost"], [job], JobState.DONE)


async def test_a_job_of_a_process_that_died_is_taken_over(hub: Hub) -> None:
    job = await hub.add(total=1)
    async with transaction(hub.pool) as connection:
        await connection.execute(
            "UPDATE job SET state = 'RUNNING', epoch = 1, lease_owner = $1, lease_until = clock_timestamp() + $2",
            uuid4(),
            SHORT,
        )
    assert not await hub.worker(SHORT).work(hub.counting)
    await until(lambda: hub.worker(SHORT).work(hub.counting))
    assert await hub.state(job) is JobState.DONE


async def test_a_lease_lives_as_long_as_the_work(hub: Hub) -> None:
    await hub.add(total=1)

    async def long(claim: Claim) -> Step:
        await asyncio.sleep(4 * SHORT.total_seconds())
        return await hub.count(claim)

    working = asyncio.create_task(hub.worker(SHORT).work(Kind(name="count", slice=long)))
    await asyncio.sleep(2 * SHORT.total_seconds())
    assert not await hub.worker(SHORT).work(hub.counting)
    assert await working
    assert len(hub.done) == 1


@pytest.mark.parametrize("ahead", ["lease_until", "due_at"])
async def test_a_clock_that_went_back_keeps_no_job_waiting(hub: Hub, ahead: str) -> None:
    job = await hub.add(total=1)
    # What was written before it went back lies further ahead than anything written now can.
    await hub.pool.execute(f"UPDATE job SET {ahead} = clock_timestamp() + interval '3 days'")  # noqa: S608 - ours
    assert await hub.worker().work(hub.counting)
    assert await hub.state(job) is JobState.DONE


async def test_turns_do_not_depend_on_the_clock(hub: Hub) -> None:
    jobs = [await hub.add(total=3) for _ in range(3)]
    await hub.pool.execute("UPDATE job SET created_at = clock_timestamp() - random() * interval '1 day'")
    for _ in range(6):
        await hub.worker().work(hub.counting)
    assert Counter(hub.done) == dict.fromkeys(jobs, 2)


async def test_what_fails_is_tried_again_and_says_why(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    job = await hub.add(total=1)
    errors = [Unavailable("The disk is full."), RuntimeError("85210112345")]

    async def fail(_: Claim) -> Step:
        raise errors.pop(0)

    for problem in ("The disk is full.", "The hub failed in a way that was not foreseen (RuntimeError)."):
        await hub.worker().work(Kind(name="count", slice=fail))
        found = await hub.jobs.one(job)
        assert found is not None
        assert (found.state, found.problem) == (JobState.PAUSED, problem)
        assert not await hub.worker().work(hub.counting)
        await hub.jobs.resume(job)
    told = capsys.readouterr()
    assert ("test_jobs.py" in told.out, "85210112345" in told.out + told.err) == (True, False)
    await hub.worker().work(hub.counting)
    assert await hub.state(job) is JobState.DONE


async def test_each_failure_makes_the_next_try_later(hub: Hub) -> None:
    job = await hub.add(total=1)

    async def fail(_: Claim) -> Step:
        raise Unavailable("The disk is full.")

    pauses = []
    for _ in range(12):
        await hub.pool.execute("UPDATE job SET due_at = clock_timestamp()")
        await hub.worker().work(Kind(name="count", slice=fail))
        pauses.append(await hub.pool.fetchval("SELECT due_at - clock_timestamp() FROM job WHERE job = $1", job))
    assert sorted(pauses[:8]) == pauses[:8]
    assert timedelta(minutes=4) < pauses[-1] <= timedelta(minutes=5)


async def test_what_can_never_be_done_has_failed(hub: Hub) -> None:
    job = await hub.add(total=1)

    async def fail(_: Claim) -> Step:
        return Failed("There is no such thing.")

    await hub.worker().work(Kind(name="count", slice=fail))
    assert await hub.state(job) is JobState.FAILED
    assert not await hub.worker().work(hub.counting)


async def test_what_waits_is_not_taken_before(hub: Hub) -> None:
    await hub.add(total=1)

    async def wait(_: Claim) -> Step:
        return Wait(SHORT)

    await hub.worker().work(Kind(name="count", slice=wait))
    assert not await hub.worker().work(hub.counting)
    await until(lambda: hub.worker().work(hub.counting))


async def test_an_operator_holds_a_job_and_lets_it_go_on(hub: Hub) -> None:
    job = await hub.add(total=1)
    await hub.jobs.hold_back(job)
    assert not await hub.worker().work(hub.counting)
    assert await hub.state(job) is JobState.PAUSED
    await hub.jobs.resume(job)
    await hub.worker().work(hub.counting)
    assert await hub.state(job) is JobState.DONE
    for doing in (hub.jobs.hold_back(job), hub.jobs.resume(job), hub.jobs.resume(uuid4())):
        with pytest.raises(JobUnknown):
            await doing
    logged = await hub.pool.fetch("SELECT event, content ->> 'job' AS job FROM log_entry ORDER BY index")
    assert [tuple(row) for row in logged] == [("jobs:job:held", str(job)), ("jobs:job:resumed", str(job))]


async def test_who_holds_a_job_holds_all_about_the_same_and_no_other(hub: Hub) -> None:
    thing = uuid4()
    one, two, over = [await hub.add(total=1, subject=thing) for _ in range(3)]
    other = await hub.add(total=1)
    await hub.pool.execute("UPDATE job SET state = 'DONE', finished_at = now() WHERE job = $1", over)
    await hub.jobs.hold_back(one)
    states = [await hub.state(job) for job in (one, two, over, other)]
    assert states == [JobState.PAUSED, JobState.PAUSED, JobState.DONE, JobState.QUEUED]
    await hub.jobs.resume(two)
    states = [await hub.state(job) for job in (one, two, over, other)]
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.DONE, JobState.QUEUED]
    with pytest.raises(JobUnknown):
        await hub.jobs.hold_back(over)


async def test_of_jobs_about_one_thing_one_that_is_paused_is_told(hub: Hub) -> None:
    thing = uuid4()
    paused, _ = [await hub.add(total=1, subject=thing) for _ in range(2)]
    for job, others in ((paused, "QUEUED"), (paused, "RUNNING")):
        await hub.pool.execute("UPDATE job SET state = CASE job WHEN $1 THEN 'PAUSED' ELSE $2 END", job, others)
        async with transaction(hub.pool) as connection:
            assert (await hub.jobs.about(connection, [thing]))[thing].job == paused


async def test_what_is_given_up_is_never_done(hub: Hub) -> None:
    subject = uuid4()
    job = await hub.add(total=1, subject=subject)
    async with transaction(hub.pool) as connection:
        assert await hub.jobs.cancel(connection, subject) == 1
        assert await hub.jobs.cancel(connection, subject) == 0
    assert not await hub.worker().work(hub.counting)
    assert await hub.state(job) is JobState.CANCELLED


async def test_a_process_that_stops_leaves_its_job_to_others_at_once(hub: Hub) -> None:
    job = await hub.add(total=1)
    begun = asyncio.Event()

    async def endless(_: Claim) -> Step:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    worker = hub.worker()
    worker.kinds.append(Kind(name="count", slice=endless))
    running = asyncio.create_task(worker.run())
    await begun.wait()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert await hub.worker().work(hub.counting)
    assert await hub.state(job) is JobState.DONE


async def test_lanes_work_at_once_and_what_recurs_is_done_by_one(hub: Hub) -> None:
    jobs = [await hub.add(total=1) for _ in range(4)]
    here, recurred = asyncio.Barrier(4), []

    async def together(claim: Claim) -> Step:
        await here.wait()
        return await hub.count(claim)

    async def recur() -> None:
        recurred.append(1)

    async def over() -> bool:
        return not [job for job in await hub.jobs.listed() if job.kind == "count"] and bool(recurred)

    workers = [hub.worker(), hub.worker()]
    for worker in workers:
        worker.kinds.append(Kind(name="count", slice=together, lanes=4))
        worker.schedule("recurring", timedelta(minutes=10), recur)
    running = [asyncio.create_task(worker.run()) for worker in workers]
    await until(over)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert (sorted(hub.done), len(recurred)) == (sorted(jobs), 1)


async def test_who_waits_for_others_leaves_its_lane(hub: Hub) -> None:
    """One lane: a job that waits keeps no other waiting, and works on only when it has the lane again."""
    waiting = [await hub.add(total=1) for _ in range(2)]
    others_done, at_work = asyncio.Event(), Counter[str]()

    async def wait(claim: Claim) -> Step:
        if claim.job in waiting:
            async with claim.lane.left():
                await others_done.wait()
        at_work["now"] += 1
        assert at_work["now"] == 1
        await asyncio.sleep(0)
        step = await hub.count(claim)
        at_work["now"] -= 1
        return step

    async def others_over() -> bool:
        return set(hub.done) == {*others}

    async def over() -> bool:
        return not [job for job in await hub.jobs.listed() if job.kind == "count"]

    worker = hub.worker()
    worker.kinds.append(Kind(name="count", slice=wait, waiting=2))
    running = asyncio.create_task(worker.run())
    others = [await hub.add(total=2) for _ in range(3)]
    await until(others_over)
    for job in waiting:
        assert await hub.state(job) is JobState.RUNNING
    others_done.set()
    await until(over)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert sorted(hub.done) == sorted([*waiting, *others, *others])


async def test_only_so_many_wait_without_a_lane(hub: Hub) -> None:
    jobs = [await hub.add(total=1) for _ in range(3)]
    begun, go_on = list[UUID](), asyncio.Event()

    async def wait(claim: Claim) -> Step:
        begun.append(claim.job)
        async with claim.lane.left():
            await go_on.wait()
        return await hub.count(claim)

    async def two_wait() -> bool:
        return len(begun) == 2

    async def over() -> bool:
        return len(hub.done) == 3

    worker = hub.worker()
    worker.kinds.append(Kind(name="count", slice=wait, waiting=1))
    running = asyncio.create_task(worker.run())
    await until(two_wait)
    assert await hub.state(jobs[2]) is JobState.QUEUED
    go_on.set()
    await until(over)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_worker_outlives_a_database_that_is_away(hub: Hub) -> None:
    job = await hub.add(total=1)
    pool, away = hub.pool, [True]

    class Away:
        """Connections that break, and then work again."""

        def acquire(self, **options: Any) -> Any:
            if away:
                away.pop()
                raise asyncpg.InterfaceError
            return pool.acquire(**options)

    worker = Worker(Away())
    worker.kinds.append(hub.counting)
    running = asyncio.create_task(worker.run())

    async def over() -> bool:
        return await hub.state(job) is JobState.DONE

    await until(over)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_has_been_over_for_long_is_forgotten(hub: Hub) -> None:
    old, new = await hub.add(total=1), await hub.add(total=1)
    while await hub.worker().work(hub.counting):
        pass
    await hub.pool.execute("UPDATE job SET finished_at = finished_at - interval '31 days' WHERE job = $1", old)
    await hub.jobs.forget(timedelta(days=30))
    assert [job.job for job in await hub.jobs.listed(everything=True)] == [new]
