"""The national register of the demo at work: it writes into its own database, a change and its notice together."""

import time
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select

from crossroads.demo.databases import table_of, writing
from crossroads.demo.institutions import REGISTER
from crossroads.demo.population.chance import DAY
from crossroads.demo.stage import Stage
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.outbox import ACCEPTED, OUTBOX, write
from crossroads.wire.mutations import Mutation

CONTEXT = "0:1"
"""The capacity in which the register knows people."""
_PATIENCE_SECONDS = 30.0
_POLL_SECONDS = 0.1
_PEOPLE = table_of("identification")
_TOLD = select(OUTBOX.c.outcome, OUTBOX.c.reason, OUTBOX.c.ticket)

Change = Callable[[Connection], None]


def notify(stage: Stage, change: Change, notice: Mutation) -> UUID:
    """Record a change with its notice, and give the ticket under which the hub took it. Raises Refused."""
    with writing(stage, REGISTER) as connection:
        change(connection)
        write(connection, notice)
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with writing(stage, REGISTER) as connection:
            told = connection.execute(_TOLD.where(OUTBOX.c.reference == notice.reference)).one()
        if told.outcome == ACCEPTED:
            return UUID(told.ticket)
        if told.outcome:
            raise Refused(f"The hub did not take the change. {told.reason}")
        time.sleep(_POLL_SECONDS)
    raise Unavailable(f"The register did not tell the hub within {_PATIENCE_SECONDS:.0f} s.")


def admit(stage: Stage, person: dict[str, Any]) -> None:
    """Record somebody whom the register did not know."""
    with writing(stage, REGISTER) as connection:
        connection.execute(insert(_PEOPLE), {"institution": REGISTER, "context": CONTEXT, **person})


def moving(ssin: str, day: date, house_number: Callable[[int], int]) -> Change:
    """Give what a move within a street changes: what was recorded held until the day before."""

    def change(connection: Connection) -> None:
        mine = (_PEOPLE.c.ssin == ssin) & _PEOPLE.c.end_date.is_(None)
        now = dict(connection.execute(select(_PEOPLE).where(mine)).mappings().one())
        moved = {"start_date": day.isoformat(), "house_number": str(house_number(int(now["house_number"])))}
        if now["start_date"] < day.isoformat():
            connection.execute(_PEOPLE.update().where(mine).values(end_date=(day - DAY).isoformat()))
            connection.execute(insert(_PEOPLE), {**now, **moved})
        else:
            connection.execute(_PEOPLE.update().where(mine).values(moved))

    return change
