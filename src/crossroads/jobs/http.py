"""Institutions look how what the hub does for them stands. URLs hold tickets alone."""

from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from crossroads.jobs.own import OwnJobs
from crossroads.kernel.guards import Guard, Signed
from crossroads.wire.jobs import JobList, JobStatus

_GUARDED = {"guard": Guard.INSTITUTION}
_TAGS = ["jobs"]


@get("/v1/jobs", opt=_GUARDED, tags=_TAGS)
async def list_jobs(
    signed: NamedDependency[Signed], own_jobs: NamedDependency[OwnJobs], before: FromQuery[UUID | None] = None
) -> JobList:
    """Tell what the hub does for the institution, and did in the last month: a line a batch, from before one on."""
    return await own_jobs.listed(signed.institution, before)


@get("/v1/jobs/{ticket:uuid}", opt=_GUARDED, tags=_TAGS)
async def job_status(
    ticket: FromPath[UUID], signed: NamedDependency[Signed], own_jobs: NamedDependency[OwnJobs]
) -> JobStatus:
    """Tell what the hub does about a batch of one's own."""
    return await own_jobs.one(ticket, signed.institution)


ROUTES = (list_jobs, job_status)
