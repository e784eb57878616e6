"""Changes of the institutions' own data: each is written with its notices in one stroke, and the hub is told of it."""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy import Connection, select

from crossroads.demo.databases import writing
from crossroads.demo.stage import Stage
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.outbox import ACCEPTED, OUTBOX, write
from crossroads.wire.mutations import Mutation

_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.1
_TOLD = select(OUTBOX.c.outcome, OUTBOX.c.reason, OUTBOX.c.ticket)

Change = Callable[[Connection], Sequence[Mutation]]
"""Writes into an institution's database, and gives the notices that go with it."""


def notify(stage: Stage, institution: str, change: Change) -> list[UUID]:
    """Record a change with its notices, and give the tickets under which the hub took them.

    Raises Refused, and Unavailable where the hub was not told in time.
    """
    with writing(stage, institution) as connection:
        notices = change(connection)
        for notice in notices:
            write(connection, notice)
    return [_ticket(stage, institution, notice.reference) for notice in notices]


def _ticket(stage: Stage, institution: str, reference: str) -> UUID:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with writing(stage, institution) as connection:
            told = connection.execute(_TOLD.where(OUTBOX.c.reference == reference)).one()
        if told.outcome == ACCEPTED:
            return UUID(told.ticket)
        if told.outcome:
            raise Refused(f"The hub did not take the change. {told.reason}")
        time.sleep(_POLL_SECONDS)
    raise Unavailable(f"{stage.name(institution)} did not tell the hub within {_PATIENCE_SECONDS:.0f} s.")
