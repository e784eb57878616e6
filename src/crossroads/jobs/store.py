"""Jobs in PostgreSQL. Private to this room."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import aiosql

from crossroads.identity.database import Connection, rows
from crossroads.jobs.model import MAXIMUM_WAIT, Job, NewJob, Settlement
from crossroads.wire.jobs import JobState

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)

Lease = tuple[UUID, UUID, int]
"""Of a job, by an owner, with an epoch."""


async def add(connection: Connection, job: UUID, new: NewJob) -> None:
    """Queue a job, once under this number."""
    await queries.add(
        connection,
        job=job,
        kind=new.kind,
        institution=new.institution,
        subject=new.subject,
        priority=new.priority,
        deadline=new.deadline,
        total=new.total,
    )


async def claim(connection: Connection, kind: str, owner: UUID, lease: timedelta) -> Any:
    """Take the next job of a kind that is due, if there is one."""
    return await queries.claim(connection, kind=kind, owner=owner, lease=lease, longest_wait=MAXIMUM_WAIT)


async def hold(connection: Connection, lease: Lease, until: timedelta, done: int | None) -> bool:
    """Go on having a job until the transaction ends; False when another has it, or it is over."""
    job, owner, epoch = lease
    return await queries.hold(connection, job=job, owner=owner, epoch=epoch, lease=until, done=done) is not None


async def settle(connection: Connection, lease: Lease, now: Settlement) -> bool:
    """Write how a job stands after a slice; False when another has it, or it is over."""
    job, owner, epoch = lease
    written = await queries.settle(
        connection,
        job=job,
        owner=owner,
        epoch=epoch,
        state=now.state.value,
        pause=now.pause,
        attempts=now.attempts,
        problem=now.problem,
        done=now.done,
    )
    return written is not None


async def release(connection: Connection, lease: Lease) -> None:
    """Leave a job to others."""
    job, owner, epoch = lease
    await queries.release(connection, job=job, owner=owner, epoch=epoch)


async def cancel_subject(connection: Connection, subject: UUID) -> list[UUID]:
    """End the jobs about something."""
    return [row["job"] for row in await rows(queries.cancel_subject(connection, subject=subject))]


async def cancel_held(connection: Connection, subject: UUID) -> list[UUID]:
    """End the jobs about something that an operator holds."""
    return [row["job"] for row in await rows(queries.cancel_held(connection, subject=subject))]


async def hold_back(connection: Connection, job: UUID, problem: str) -> bool:
    """Stop a job until an operator lets it go on; False when it is over."""
    return bool(_count(await queries.hold_back(connection, job=job, problem=problem)))


async def resume(connection: Connection, job: UUID) -> bool:
    """Let a job go on now; False when it is over, or runs."""
    return bool(_count(await queries.resume(connection, job=job)))


async def one(connection: Connection, job: UUID) -> Job | None:
    """Give a job."""
    row = await queries.one(connection, job=job)
    return _job(row) if row else None


async def listed(connection: Connection, count: int, *, everything: bool) -> list[Job]:
    """Give jobs, the newest first."""
    return [_job(row) for row in await rows(queries.listed(connection, all=everything, count=count))]


async def about(connection: Connection, subjects: Sequence[UUID]) -> list[Job]:
    """Give the jobs about some things that are not over."""
    return [_job(row) for row in await rows(queries.about(connection, subjects=list(subjects)))]


async def of_subject(connection: Connection, institution: str, subject: UUID) -> list[Job]:
    """Give the jobs that do something for an institution, the newest first."""
    return [_job(row) for row in await rows(queries.of_subject(connection, institution=institution, subject=subject))]


async def of_institution(connection: Connection, institution: str, before: UUID, count: int) -> list[Job]:
    """Give the jobs about the newest things of an institution, from before one on; they stand together."""
    found = queries.of_institution(connection, institution=institution, before=before, count=count)
    return [_job(row) for row in await rows(found)]


async def held_late(connection: Connection, now: datetime, count: int) -> list[UUID]:
    """Give what those jobs are about that an operator holds beyond their deadline."""
    return [row["subject"] for row in await rows(queries.held_late(connection, now=now, count=count))]


async def forget(connection: Connection, age: timedelta) -> None:
    """Remove jobs that have been over for some time."""
    await queries.forget(connection, age=age)


def _job(row: Any) -> Job:
    found = Job(*row)
    return found._replace(state=JobState(found.state))


def _count(status: str) -> int:
    """Read how many rows a statement touched from what the database says (`UPDATE 1`)."""
    return int(status.rsplit(" ", 1)[-1])
