"""A job in the hands of a process."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from crossroads.identity.database import Connection
from crossroads.jobs import store
from crossroads.jobs.errors import LeaseLost
from crossroads.jobs.lanes import Lane
from crossroads.jobs.pace import Pace

LEASE = timedelta(seconds=15)
"""For which a job stays with a process that does not renew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job that this process works on, until it is done with a slice, loses the lease, or the job is ended."""

    job: UUID
    kind: str
    institution: str | None
    subject: UUID | None
    epoch: int
    attempts: int
    """Slices in a row that failed before."""
    done: int
    total: int
    deadline: datetime | None
    owner: UUID
    lane: Lane
    """In which it is worked on; to be left while the slice does nothing but wait for others."""
    pace: Pace
    """Of the process; what goes on for long ends its slice when it stands back, and rests between its steps."""
    lease: timedelta = LEASE

    async def hold(self, connection: Connection, done: int | None = None) -> None:
        """Have the job until the transaction ends, before anything is written in it. Raises LeaseLost.

        It locks the row of the job: do it first. `done` of the total is then done.
        """
        if not await store.hold(connection, (self.job, self.owner, self.epoch), self.lease, done):
            raise LeaseLost

    async def release(self, connection: Connection) -> None:
        """Leave the job to others."""
        await store.release(connection, (self.job, self.owner, self.epoch))
