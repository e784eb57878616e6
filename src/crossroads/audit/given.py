"""To whom data about a person was given, as the log tells."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.audit.database import queries, rows
from crossroads.audit.events import Event
from crossroads.kernel.period import Period

EVENTS = (
    Event.QUESTION_DECIDED,
    Event.ANSWER_SENT,
    Event.BATCH_RECORD_DECIDED,
    Event.BATCH_PAGE_ANSWERED,
    Event.ITEM_DELIVERED,
)
"""What is looked at of the log."""


class Given(NamedTuple):
    """That an institution was given a data group of some days, by a source."""

    asker: str
    source: str
    period: Period


async def given(
    connection: Any,
    persons: Sequence[int],
    data_group: str,
    *,
    since: datetime | None = None,
    ticket: UUID | None = None,
    asker: str | None = None,
) -> list[Given]:
    """Give to whom: of all keys of a person, since a moment, under a ticket, to one institution where asked.

    What expired in the log is told no more.
    """
    found = queries.given(
        connection, persons=list(persons), data_group=data_group, since=since, ticket=ticket, asker=asker
    )
    return [Given(row["asker"], row["source"], Period(row["start_date"], row["end_date"])) for row in await rows(found)]


async def months_left(connection: Any, since: datetime) -> tuple[str, ...]:
    """Give the months since a moment that are not looked at: they left the database."""
    return tuple(row["month"] for row in await rows(queries.months_left(connection, since=since)))
