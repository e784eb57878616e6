"""Jobs: what the hub does for an institution after it has answered. Several may share a batch; it is told as one."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Message


class JobState(StrEnum):
    """How a job stands."""

    QUEUED = "QUEUED"
    """It waits for its turn, or until it is due."""
    RUNNING = "RUNNING"
    """Somebody works on a slice of it, or died over it."""
    PAUSED = "PAUSED"
    """A slice failed and will be tried again; or an operator holds it."""
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class JobStatus(Message, frozen=True, kw_only=True):
    """What the hub does about one ticket, that of a batch. What came of it is told by the batch."""

    ticket: UUID
    environment: Environment
    kind: str
    """`batch-check`: the file is read; then `batch-answer`: its questions are answered."""
    state: JobState
    done: int
    """Of `total`: records of the file."""
    total: int
    created_at: datetime
    """When the first of it was queued."""
    deadline: datetime | None = None
    next_run_at: datetime | None = None
    """When it has its next turn, of what waits; what is PAUSED and has none is held by an operator."""
    attempts: int = 0
    """That failed, one after the other."""
    problem: str | None = None
    """Why it is PAUSED or FAILED."""
    finished_at: datetime | None = None


class JobList(Message, frozen=True, kw_only=True):
    """Some of what the hub does for an institution, the newest first; `next` asks, as `before`, for what is older."""

    jobs: tuple[JobStatus, ...]
    next: UUID | None = None
