"""What an institution is told of its jobs: one line about each batch, however many jobs share it, and nobody else's."""

from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

from crossroads.identity.database import Pool, outages
from crossroads.jobs import store
from crossroads.jobs.errors import NoJobOfIts
from crossroads.jobs.model import Job
from crossroads.kernel.ssin import Environment
from crossroads.wire.jobs import JobList, JobState, JobStatus

PAGE_OF_JOBS = 50
"""Lines in one page of the list."""
_FIRST = (JobState.PAUSED, JobState.RUNNING, JobState.QUEUED, JobState.FAILED, JobState.CANCELLED, JobState.DONE)
"""Of jobs about one thing the state that counts: what may need somebody, then what goes on, then how it ended."""
_LAST = UUID(int=2**128 - 1)
"""After all tickets, which rise with time."""


class OwnJobs:
    """The jobs of all institutions; each sees its own alone. Those of no institution are for operators."""

    def __init__(self, pool: Pool, environment: Environment) -> None:
        """Use connections of role crossroads_hub."""
        self._pool, self._environment = pool, environment

    async def one(self, ticket: UUID, institution: str) -> JobStatus:
        """Tell what is done about a ticket. Raises NoJobOfIts, also where it is another's."""
        with outages():
            async with self._pool.acquire() as connection:
                found = await store.of_subject(connection, institution, ticket)
        if not found:
            raise NoJobOfIts
        return told(ticket, found, self._environment)

    async def listed(self, institution: str, before: UUID | None) -> JobList:
        """Tell what is done about the newest tickets of an institution, from before one on."""
        with outages():
            async with self._pool.acquire() as connection:
                found = await store.of_institution(connection, institution, before or _LAST, PAGE_OF_JOBS + 1)
        lines = [
            told(ticket, [*jobs], self._environment)
            for ticket, jobs in groupby(found, key=lambda job: job.subject)
            if ticket
        ]
        following = lines[PAGE_OF_JOBS - 1].ticket if len(lines) > PAGE_OF_JOBS else None
        return JobList(jobs=tuple(lines[:PAGE_OF_JOBS]), next=following)


def told(ticket: UUID, jobs: Sequence[Job], environment: Environment) -> JobStatus:
    """Give what is told of all jobs about one ticket, the newest first."""
    shown = min(jobs, key=lambda job: _FIRST.index(job.state))
    # One that is done shows all as done, also while others still work on the rest.
    alike = [
        job for job in jobs if job.kind == shown.kind and (job.state is JobState.DONE) == (shown.state is JobState.DONE)
    ]
    waits, stands = shown.state in {JobState.QUEUED, JobState.PAUSED}, [job for job in jobs if job.state is shown.state]
    return JobStatus(
        ticket=ticket,
        environment=environment,
        kind=shown.kind,
        state=shown.state,
        done=max(job.done for job in alike),
        total=shown.total,
        created_at=min(job.created_at for job in jobs),
        deadline=shown.deadline,
        next_run_at=min((job.due_at for job in stands if job.due_at), default=None) if waits else None,
        attempts=max(job.attempts for job in stands),
        problem=shown.problem if shown.state in {JobState.PAUSED, JobState.FAILED} else None,
        finished_at=max(job.finished_at for job in jobs if job.finished_at) if shown.over else None,
    )
