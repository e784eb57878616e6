"""The national register of the demo at work: it writes into its own database, a change and its notice together."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, insert, select

from crossroads.demo.databases import table_of, writing
from crossroads.demo.institutions import REGISTER
from crossroads.demo.notifying import Change
from crossroads.demo.population.chance import DAY
from crossroads.demo.stage import Stage
from crossroads.wire.mutations import Mutation

CONTEXT = "0:1"
"""The capacity in which the register knows people."""
_PEOPLE = table_of("identification")


def admit(stage: Stage, person: dict[str, Any]) -> None:
    """Record somebody whom the register did not know."""
    with writing(stage, REGISTER) as connection:
        connection.execute(insert(_PEOPLE), {"institution": REGISTER, "context": CONTEXT, **person})


def moving(notice: Mutation, house_number: Callable[[int], int]) -> Change:
    """Give what a move within a street changes: what was recorded held until the day before that of its notice."""
    ssin, day = notice.ssin, notice.period.start_date

    def change(connection: Connection) -> list[Mutation]:
        mine = (_PEOPLE.c.ssin == ssin) & _PEOPLE.c.end_date.is_(None)
        now = dict(connection.execute(select(_PEOPLE).where(mine)).mappings().one())
        moved = {"start_date": day.isoformat(), "house_number": str(house_number(int(now["house_number"])))}
        if now["start_date"] < day.isoformat():
            connection.execute(_PEOPLE.update().where(mine).values(end_date=(day - DAY).isoformat()))
            connection.execute(insert(_PEOPLE), {**now, **moved})
        else:
            connection.execute(_PEOPLE.update().where(mine).values(moved))
        return [notice]

    return change
