"""While people wait for answers to single questions, jobs are worked on at half the pace."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from audit_log import Clock, entry, open_log, until
from crossroads.audit.events import Event
from crossroads.identity.database import transaction
from crossroads.jobs.claims import Claim
from crossroads.jobs.model import Done, NewJob, Step
from crossroads.jobs.pace import Pace
from crossroads.jobs.service import Jobs
from crossroads.jobs.worker import Kind, Worker
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.priority import confine
from database import OpenPool

LATELY = timedelta(minutes=1)


@pytest.mark.parametrize("event", [Event.QUESTION_DECIDED, Event.QUESTION_REFUSED, Event.ANSWER_SENT])
async def test_whoever_asks_is_seen_in_the_log_for_a_while(pool: OpenPool, event: Event) -> None:
    async with open_log(pool) as log, open_log(pool) as other:
        assert not await other.asked_within(LATELY)
        await log.append(entry(event))
        assert await other.asked_within(LATELY)
        assert not await other.asked_within(timedelta())


async def test_whoever_asks_is_seen_when_something_else_was_written_since(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        await log.append_many([entry(Event.QUESTION_DECIDED), *[entry(Event.INSCRIPTION_OPENED)] * 50])
        assert await log.asked_within(LATELY)


async def test_an_entry_from_after_now_keeps_nothing_slow_for_longer_than_another(pool: OpenPool) -> None:
    async with open_log(pool, clock=Clock(datetime.now(UTC) + timedelta(hours=5))) as log:
        await log.append(entry(Event.QUESTION_REFUSED))
        assert not await log.asked_within(LATELY)


async def test_what_is_asked_in_a_file_keeps_nobody_waiting(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        await log.append(entry(Event.BATCH_RECORD_DECIDED))
        assert not await log.asked_within(LATELY)


class _People:
    """Who may ask, or be unheard of because the database is away, or for another reason."""

    def __init__(self) -> None:
        self.ask: bool | Exception = True

    async def asked(self) -> bool:
        if isinstance(self.ask, Exception):
            raise self.ask
        return self.ask


@asynccontextmanager
async def following(pace: Pace, people: _People) -> AsyncIterator[None]:
    """Have a pace kept; the cores of this process are its own again afterwards."""
    task = asyncio.create_task(pace.follow(people.asked))
    try:
        yield
    finally:
        task.cancel()
        confine(os.getpid(), half=False)


async def test_a_spare_process_begins_nothing_while_people_wait_and_another_goes_on(pool: OpenPool) -> None:
    connections, people, done = await pool("crossroads_hub"), _People(), list[str]()
    async with open_log(pool) as log:
        jobs = Jobs(connections, log)

        def worker(name: str, kind: str, pace: Pace) -> Worker:
            async def work(_: Claim) -> Step:
                done.append(name)
                return Done()

            return Worker(connections, kinds=[Kind(name=kind, slice=work)], pace=pace)

        spare, other = Pace(spare=True), Pace()
        async with following(spare, people), following(other, people):
            await until(lambda: _are(halved=True, paces=[spare, other]))
            working = [
                asyncio.create_task(worker(*which).run()) for which in (("spare", "a", spare), ("other", "b", other))
            ]
            async with transaction(connections) as connection:
                for kind in ("a", "b"):
                    await jobs.add(connection, NewJob(kind=kind, subject=uuid4()))
            await until(lambda: _holds(done == ["other"]))
            for failure in (Unavailable(), ValueError()):
                people.ask = failure
                await asyncio.sleep(0.6)
                assert done == ["other"]
            people.ask = False
            await until(lambda: _holds(done == ["other", "spare"]))
            assert not other.halved
            for task in working:
                task.cancel()


async def test_a_spare_process_begins_something_now_and_then_for_the_others_may_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("crossroads.jobs.pace._LONGEST_SECONDS", 0.01)
    await Pace(spare=True, halved=True).turn()


async def test_work_rests_for_as_long_as_it_took_while_people_wait_and_not_else() -> None:
    rests = [asyncio.create_task(Pace(halved=halved).rest(3600)) for halved in (True, False)]
    done, waiting = await asyncio.wait(rests, return_when=asyncio.FIRST_COMPLETED)
    assert (done, waiting) == ({rests[1]}, {rests[0]})
    rests[0].cancel()


async def _are(*, halved: bool, paces: list[Pace]) -> bool:
    return all(pace.halved is halved for pace in paces)


async def _holds(condition: bool) -> bool:
    return condition
