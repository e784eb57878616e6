"""What a job is, and what may come of a slice of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias
from uuid import UUID

from crossroads.wire.jobs import JobState

MAXIMUM_WAIT = timedelta(hours=1)
"""Until a job that waits is looked at again. What seems further away tells that the clock went back: it is due."""
KEPT = timedelta(days=30)
"""For which a job is still known that is over."""
_FIRST_PAUSE = timedelta(seconds=1)
_LONGEST_PAUSE = timedelta(minutes=5)


class Job(NamedTuple):
    """A job as it stands."""

    job: UUID
    kind: str
    institution: str | None
    subject: UUID | None
    state: JobState
    due_at: datetime | None
    deadline: datetime | None
    done: int
    total: int
    attempts: int
    problem: str | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def over(self) -> bool:
        """Tell whether nothing more will come of it."""
        return self.finished_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Work to be queued. What has the lower `priority` comes first; those alike take turns."""

    kind: str
    subject: UUID | None = None
    institution: str | None = None
    priority: int = 0
    deadline: datetime | None = None
    total: int = 0


@dataclass(frozen=True, slots=True)
class More:
    """There is more to do; others have their turn first. `done` of the total is done, when given."""

    done: int | None = None


@dataclass(frozen=True, slots=True)
class Wait:
    """There will be something to do after a while, at most `MAXIMUM_WAIT`."""

    pause: timedelta
    done: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It is all done."""


@dataclass(frozen=True, slots=True)
class Paused:
    """It cannot go on now, and says why; it is tried again, each time after a longer while."""

    problem: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It can never go on, and says why."""

    problem: str


Step: TypeAlias = More | Wait | Done | Paused | Failed
"""What came of a slice."""


class Settlement(NamedTuple):
    """How a job stands after a slice. `done` stays as it was where it is None."""

    state: JobState
    pause: timedelta | None
    attempts: int
    problem: str | None = None
    done: int | None = None


def settled(step: Step, attempts: int) -> Settlement:
    """Give how a job stands after a slice; `attempts` failed before it."""
    match step:
        case More(done):
            return Settlement(JobState.QUEUED, timedelta(), 0, done=done)
        case Wait(pause, done):
            return Settlement(JobState.QUEUED, min(max(pause, timedelta()), MAXIMUM_WAIT), 0, done=done)
        case Paused(problem):
            return Settlement(JobState.PAUSED, _pause_after(attempts), attempts + 1, problem)
        case Failed(problem):
            return Settlement(JobState.FAILED, None, attempts, problem)
    return Settlement(JobState.DONE, None, 0)


def _pause_after(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts, 16)), _LONGEST_PAUSE)
