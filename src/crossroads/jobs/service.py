"""The queue of jobs: what others put in, look at and end."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from uuid6 import uuid7

from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.jobs import store
from crossroads.jobs.errors import JobUnknown
from crossroads.jobs.model import Job, NewJob

FORGETTING = "jobs-forgotten"
"""The job that removes those that have been over for some time."""
_HELD = "An operator holds it."


class Jobs:
    """Jobs of all processes. Methods that take a connection are part of the caller's transaction."""

    def __init__(self, pool: Pool) -> None:
        """Use connections of role crossroads_hub."""
        self._pool = pool

    async def add(self, connection: Connection, new: NewJob) -> UUID:
        """Queue a job, and give its number."""
        job = uuid7()
        await store.add(connection, job, new)
        return job

    async def cancel(self, connection: Connection, subject: UUID) -> int:
        """End the jobs about something, and count them. It locks them: do it before other rows are locked."""
        return len(await store.cancel_subject(connection, subject))

    async def about(self, connection: Connection, subjects: Sequence[UUID]) -> dict[UUID, Job]:
        """Give the job that is not over about each of some things."""
        return {job.subject: job for job in await store.about(connection, subjects) if job.subject}

    async def hold_back(self, job: UUID) -> None:
        """Stop a job until `resume`. Raises JobUnknown."""
        async with transaction(self._pool) as connection:
            if not await store.hold_back(connection, job, _HELD):
                raise JobUnknown

    async def resume(self, job: UUID) -> None:
        """Let a job that is paused or waits go on now. Raises JobUnknown."""
        async with transaction(self._pool) as connection:
            if not await store.resume(connection, job):
                raise JobUnknown

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
