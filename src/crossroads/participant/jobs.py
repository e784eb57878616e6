"""What the hub does for an institution after it has answered, asked step by step and without input or output: `steps`.

for job in client.jobs.listed().jobs:
    print(job.ticket, job.state, job.done, job.total)
"""

from uuid import UUID

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.participant.correspondence import Correspondence, decoded
from crossroads.participant.steps import Http, Steps, SyncHttp
from crossroads.wire.jobs import JobList, JobStatus

_PATH = "/v1/jobs"
_status_decoder = msgspec.json.Decoder(JobStatus)
_list_decoder = msgspec.json.Decoder(JobList)


class Jobs:
    """The jobs of one institution. All raise Refused, Unavailable or Tampered."""

    def __init__(self, hub: Correspondence) -> None:
        """Ask over a correspondence with the hub."""
        self._hub = hub

    def status(self, ticket: UUID) -> Steps[JobStatus]:
        """Tell what is done about a batch."""
        job = decoded((yield from self._hub.call("GET", f"{_PATH}/{ticket}")), _status_decoder)
        if job.ticket != ticket:
            raise Tampered("The hub answered about another batch.")
        yield from self._hub.heard(job.environment, None)
        return job

    def listed(self, before: UUID | None) -> Steps[JobList]:
        """Tell what is done for the institution, the newest first, and was in the last month."""
        got = yield from self._hub.call("GET", _PATH if before is None else f"{_PATH}?before={before}")
        listed = decoded(got, _list_decoder)
        for job in listed.jobs:
            yield from self._hub.heard(job.environment, None)
        if before is not None and listed.next is not None and listed.next >= before:
            raise Tampered("The hub answered about other batches.")
        return listed


class AsyncJobs:
    """Jobs, from an event loop; see `Jobs`."""

    def __init__(self, jobs: Jobs, http: Http) -> None:
        """Use the connections of a client."""
        self._jobs, self._http = jobs, http

    async def status(self, ticket: UUID) -> JobStatus:
        """Tell what the hub does about a batch."""
        return await self._http.run(self._jobs.status(ticket))

    async def listed(self, before: UUID | None = None) -> JobList:
        """Tell what the hub does for you, the newest first; `next` asks, as `before`, for what is older."""
        return await self._http.run(self._jobs.listed(before))


class SyncJobs:
    """Jobs, without an event loop; see `Jobs`."""

    def __init__(self, jobs: Jobs, http: SyncHttp) -> None:
        """Use the connections of a client."""
        self._jobs, self._http = jobs, http

    def status(self, ticket: UUID) -> JobStatus:
        """Tell what the hub does about a batch."""
        return self._http.run(self._jobs.status(ticket))

    def listed(self, before: UUID | None = None) -> JobList:
        """Tell what the hub does for you, the newest first; see `AsyncJobs.listed`."""
        return self._http.run(self._jobs.listed(before))
