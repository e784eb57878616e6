"""The queue of jobs: what others put in, look at and end."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.jobs import store
from crossroads.jobs.errors import JobUnknown
from crossroads.jobs.model import Job, NewJob
from crossroads.wire.jobs import JobState

FORGETTING = "jobs-forgotten"
"""The job that removes those that have been over for some time."""
_HELD = "An operator holds it."


class Jobs:
    """Jobs of all processes. Methods that take a connection are part of the caller's transaction."""

    def __init__(self, pool: Pool, log: Log) -> None:
        """Use connections of role crossroads_hub; the log has others."""
        self._pool, self._log = pool, log

    async def add(self, connection: Connection, new: NewJob) -> UUID:
        """Queue a job, and give its number."""
        job = uuid7()
        await store.add(connection, job, new)
        return job

    async def cancel(self, connection: Connection, subject: UUID) -> int:
        """End the jobs about something, and count them. It locks them: do it before other rows are locked."""
        return len(await store.cancel_subject(connection, subject))

    async def cancel_held(self, connection: Connection, subject: UUID) -> bool:
        """End the jobs about something that an operator holds; False when none is held any more. It locks them."""
        return bool(await store.cancel_held(connection, subject))

    async def about(self, connection: Connection, subjects: Sequence[UUID]) -> dict[UUID, Job]:
        """Give a job that is not over about each of some things: one that is paused, if any is."""
        found = sorted(await store.about(connection, subjects), key=lambda job: job.state is JobState.PAUSED)
        return {job.subject: job for job in found if job.subject}

    async def hold_back(self, job: UUID) -> None:
        """Stop a job, and all about the same, until `resume`, for an operator, as the log says. Raises JobUnknown."""
        async with transaction(self._pool) as connection:
            if not await store.hold_back(connection, job, _HELD):
                raise JobUnknown
            await self._note(Event.JOB_HELD, await store.one(connection, job))

    async def resume(self, job: UUID) -> None:
        """Let a job that is paused or waits go on now, and all about the same, for an operator, as the log says.

        Raises JobUnknown.
        """
        async with transaction(self._pool) as connection:
            if not await store.resume(connection, job):
                raise JobUnknown
            await self._note(Event.JOB_RESUMED, await store.one(connection, job))

    async def process_started(self) -> None:
        """Note that an operator started a process that works on jobs."""
        await self._log.append(Entry(event=Event.JOBS_STARTED, fields={}))

    async def held_late(self, now: datetime, count: int) -> list[UUID]:
        """Give what those jobs are about that an operator holds beyond their deadline."""
        with outages():
            async with self._pool.acquire() as connection:
                return await store.held_late(connection, now, count)

    async def one(self, job: UUID) -> Job | None:
        """Give a job."""
        with outages():
            async with self._pool.acquire() as connection:
                return await store.one(connection, job)

    async def listed(self, count: int = 100, *, everything: bool = False) -> list[Job]:
        """Give the newest jobs: those that are not over, or all."""
        with outages():
            async with self._pool.acquire() as connection:
                return await store.listed(connection, count, everything=everything)

    async def forget(self, age: timedelta) -> None:
        """Remove jobs that have been over for some time."""
        async with transaction(self._pool) as connection:
            await store.forget(connection, age)

    async def _note(self, event: Event, job: Job | None) -> None:
        if job is not None:
            fields = {"job": str(job.job), "kind": job.kind, "by": "operator"}
            await self._log.append(Entry(event=event, ticket=job.subject, asker=job.institution, fields=fields))
