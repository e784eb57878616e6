"""Working on jobs: each kind has lanes, and in a lane one slice of one job is worked on after the other.

A slice that waits for others leaves its lane to the next job, as long as not too many wait so. After a slice the job
goes to the end of the row, so that a huge one never starves small ones. Jobs about one thing go there together, and a
process works on one of them at a time. A process that dies loses its lease, and another takes the job over under a new
epoch; whoever lost it writes nothing any more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from traceback import extract_tb
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

import structlog

from crossroads.identity.database import Pool, transaction
from crossroads.jobs import store
from crossroads.jobs.claims import LEASE, Claim
from crossroads.jobs.errors import LeaseLost
from crossroads.jobs.lanes import Lane
from crossroads.jobs.model import NewJob, Paused, Step, Wait, settled
from crossroads.jobs.pace import Pace
from crossroads.kernel.errors import Unavailable
from crossroads.wire.jobs import JobState

_BEATS = 5
"""In the time of a lease."""
_IDLE_SECONDS = 0.25
_OUTAGE_SECONDS = 1
_FRAMES = 8

Slice = Callable[[Claim], Awaitable[Step]]
"""Works on a slice of a job. What it raises pauses the job; it is tried again."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of job: how a slice of it is done, and how many are done at once by a process."""

    name: str
    slice: Slice
    lanes: int = 1
    waiting: int = 0
    """Slices under way besides, while they wait for others."""
    scheduled: bool = False
    """That there is always one, without subject."""


@dataclass(slots=True)
class Worker:
    """Works on the jobs of the kinds that it knows."""

    pool: Pool
    lease: timedelta = LEASE
    owner: UUID = field(default_factory=uuid4)
    kinds: list[Kind] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)

    def schedule(self, name: str, every: timedelta, work: Callable[[], Awaitable[None]]) -> None:
        """Have something done from time to time, by one process at a time; `every` is an hour at most."""

        async def work_and_wait(_: Claim) -> Step:
            await work()
            return Wait(every)

        self.kinds.append(Kind(name=name, slice=work_and_wait, scheduled=True))

    async def run(self) -> None:
        """Work until cancelled; what is being worked on is left to others."""
        async with asyncio.TaskGroup() as lanes:
            for kind in self.kinds:
                claiming, free = asyncio.Lock(), asyncio.Semaphore(kind.lanes)
                for _ in range(kind.lanes + kind.waiting):
                    lanes.create_task(self._go_on(kind, claiming, Lane(free)), name=f"job {kind.name}")

    async def work(self, kind: Kind) -> bool:
        """Work on one slice of the next job of a kind; False when none is due. Raises Unavailable."""
        claim = await self._claim(kind, Lane(asyncio.Semaphore()))
        if claim is None:
            return False
        await self._work(kind, claim)
        return True

    async def _go_on(self, kind: Kind, claiming: asyncio.Lock, lane: Lane) -> None:
        while True:
            try:
                await self._work_in(lane, kind, claiming)
            except Unavailable as error:
                _log.warning("jobs wait", kind=kind.name, reason=str(error))
                await asyncio.sleep(_OUTAGE_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever it was, the lane goes on
                _log.error("job not settled", kind=kind.name, error=type(error).__name__, where=_where(error))
                await asyncio.sleep(_OUTAGE_SECONDS)

    async def _work_in(self, lane: Lane, kind: Kind, claiming: asyncio.Lock) -> None:
        """Work on the next slice, when a lane is free."""
        try:
            # Only one looks, and the others wait for what it finds.
            async with claiming:
                await self.pace.turn()
                await lane.take()
                claim = await self._claim(kind, lane)
                if claim is None:
                    lane.leave()
                    await asyncio.sleep(_IDLE_SECONDS)
                    return
            await self._work(kind, claim)
        finally:
            lane.leave()

    async def _claim(self, kind: Kind, lane: Lane) -> Claim | None:
        async with transaction(self.pool) as connection:
            if kind.scheduled:
                await store.add(connection, uuid5(NAMESPACE_URL, kind.name), NewJob(kind=kind.name))
            row = await store.claim(connection, kind.name, self.owner, self.lease)
        return Claim(owner=self.owner, lane=lane, lease=self.lease, pace=self.pace, **dict(row)) if row else None

    async def _work(self, kind: Kind, claim: Claim) -> None:
        beating = asyncio.create_task(self._beat(claim))
        try:
            step = await _outcome(kind, claim)
        except LeaseLost:
            _log.info("job left", kind=kind.name, job=str(claim.job))
            return
        except asyncio.CancelledError:
            await self._release(claim)
            raise
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        await self._settle(claim, step)

    async def _settle(self, claim: Claim, step: Step) -> None:
        now = settled(step, claim.attempts)
        async with transaction(self.pool) as connection:
            written = await store.settle(connection, (claim.job, claim.owner, claim.epoch), now)
        if now.state in {JobState.PAUSED, JobState.FAILED} and written:
            _log.warning("job " + now.state.lower(), kind=claim.kind, job=str(claim.job), problem=now.problem)

    async def _beat(self, claim: Claim) -> None:
        """Renew the lease while a slice is worked on. Who lost it finds out when it wants to write."""
        while True:
            await asyncio.sleep(self.lease.total_seconds() / _BEATS)
            try:
                async with transaction(self.pool) as connection:
                    await claim.hold(connection)
            except (LeaseLost, Unavailable) as error:
                _log.info("lease not renewed", job=str(claim.job), reason=str(error))

    async def _release(self, claim: Claim) -> None:
        try:
            async with transaction(self.pool) as connection:
                await claim.release(connection)
        except Unavailable as error:
            _log.warning("job left without goodbye", job=str(claim.job), reason=str(error))


async def _outcome(kind: Kind, claim: Claim) -> Step:
    """Work on a slice; what keeps it from working pauses the job."""
    try:
        return await kind.slice(claim)
    except LeaseLost:
        raise
    except Unavailable as error:
        return Paused(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it was, the job waits, and a later attempt may do
        # The words of an unforeseen error, and what its frames hold, may be numbers of persons; kind and place are not.
        failed = type(error).__name__
        _log.error("job slice failed", kind=kind.name, job=str(claim.job), error=failed, where=_where(error))
        return Paused(f"The hub failed in a way that was not foreseen ({failed}).")


def _where(error: BaseException) -> list[str]:
    return [f"{Path(frame.filename).name}:{frame.lineno}" for frame in extract_tb(error.__traceback__)[-_FRAMES:]]
