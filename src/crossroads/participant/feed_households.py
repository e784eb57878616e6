"""Who lives with whom: what a line of a feed changes in households, and who of them is concerned.

A change concerns everybody who is in the household that is left or joined, on the days on which they are in it: the
data of each of them is another from then on.
"""

from collections.abc import Iterable
from datetime import date
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import select

from crossroads.kernel.period import Period, day
from crossroads.participant.feed_changes import Altered, LineRefused, Row, entered, left
from crossroads.participant.feed_events import Position
from crossroads.participant.feed_rows import Rows
from crossroads.participant.feed_tables import HOUSEHOLD

_ALONE = "Nobody joins their own household."
_NOWHERE = "Whom the person joins is in no household on this day."
_HEADED = "The household has a reference person already."


class Place(NamedTuple):
    """A place in a household."""

    household: str
    collective: bool
    position: Position


class Rehoused(NamedTuple):
    """What changes in households."""

    change: Altered
    others: dict[str, Period]
    """Those whom it concerns beside the person, each with the days."""


class Households:
    """The households of one register, within a transaction."""

    def __init__(self, rows: Rows) -> None:
        """Work on these rows."""
        self._rows = rows

    def place(self, ssin: str, on: date, joins: str, position: Position) -> Place:
        """Give a place in the household in which somebody else is on that day. Raises LineRefused."""
        if joins == ssin:
            raise LineRefused(_ALONE)
        self._rows.known(joins)
        for row in self._rows.stored(HOUSEHOLD, joins):
            if _period(row).contains(day(on)):
                return Place(row["household"], row["collective"], position)
        raise LineRefused(_NOWHERE)

    def entering(self, own: Row, on: date, place: Place) -> Rehoused:
        """Give what changes when a person has a place from a day on. Raises LineRefused."""
        values = {"household": place.household, "collective": place.collective, "position": place.position.value}
        change = entered(self._rows.stored(HOUSEHOLD, own["ssin"]), on, values, own)
        mates = list(self._mates(own["ssin"], [*change.removed, *change.added], change.period))
        if place.position is Position.HEAD and any(_is_head(row, place.household) for row in mates):
            raise LineRefused(_HEADED)
        return Rehoused(change, _days(mates, change.period))

    def leaving(self, ssin: str, on: date) -> Rehoused | None:
        """Give what changes when a person is in no household from a day on; None where that is so already."""
        change = left(self._rows.stored(HOUSEHOLD, ssin), on)
        if change is None:
            return None
        return Rehoused(change, _days(self._mates(ssin, change.removed, change.period), change.period))

    def companions(self, ssin: str) -> dict[str, Period]:
        """Give all who are, or were, in a household with a person, each with the days."""
        days = dict[str, Period]()
        for row in self._rows.stored(HOUSEHOLD, ssin):
            for other, common in _days(self._mates(ssin, [row], _period(row)), _period(row)).items():
                days[other] = days.get(other, common).hull(common)
        return days

    def _mates(self, ssin: str, rows: Iterable[Row], period: Period) -> Iterable[dict[str, Any]]:
        """Give the rows of all others in the households, on days of a period."""
        names = {row["household"] for row in rows if _period(row).overlaps(period)}
        others = HOUSEHOLD.c.household.in_(names), HOUSEHOLD.c.ssin != ssin, self._rows.mine(HOUSEHOLD)
        for row in self._rows.connection.execute(
            select(HOUSEHOLD).where(*others).order_by(HOUSEHOLD.c.ssin)
        ).mappings():
            if _period(row).overlaps(period) and not self._rows.replaced(row["ssin"]):
                yield dict(row)


def _days(mates: Iterable[Row], period: Period) -> dict[str, Period]:
    days = dict[str, list[Period]]()
    for row in mates:
        if common := _period(row).intersection(period):
            days.setdefault(row["ssin"], []).append(common)
    return {ssin: reduce(Period.hull, parts) for ssin, parts in days.items()}


def _is_head(row: Row, household: str) -> bool:
    return bool(row["household"] == household and not row["collective"] and row["position"] == Position.HEAD)


def _period(row: Any) -> Period:
    return Period(row["start_date"], row["end_date"])
