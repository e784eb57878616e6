"""A pattern for a supervisor to look at: an institution inscribes somebody, asks, and soon ends the inscription."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.audit.reading import Reading

EVENTS = (
    Event.INSCRIPTION_OPENED,
    Event.INSCRIPTION_CLOSED,
    Event.INSCRIPTION_CUT,
    Event.INSCRIPTION_CANCELLED,
    Event.QUESTION_DECIDED,
    Event.BATCH_RECORD_DECIDED,
)
"""What is looked at of the log."""


class Pattern(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One such inscription. The person is named by the key of the log; tickets lead to the entries."""

    institution: str
    person: int
    context: str
    opened_at: datetime
    opened: UUID
    closed: UUID | None
    """The ticket with which it was closed, cut or withdrawn; absent where its period ended it from the outset."""
    closed_at: datetime | None
    ends: date | None
    questions: int
    tickets: tuple[UUID, ...]
    """Of the first ten questions."""


async def patterns(reading: Reading, days: int, since: datetime, until: datetime) -> AsyncIterator[Pattern]:
    """Give, in order of time and with little memory, what was inscribed in a period and ended within so many days."""
    async with reading.snapshot() as snapshot:
        async for row in snapshot.patterns(days, since, until):
            yield Pattern(**dict(row) | {"tickets": tuple(row["tickets"])})
