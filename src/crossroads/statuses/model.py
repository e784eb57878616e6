"""Statuses, the people who have them, and the rights that they open. No input or output here.

A *status* is what an authentic source says of a person for a period (a living wage, say). A *right* is what a client
grants for it (the social tariff). Who learns of a right learns yes or no and its days, never the status behind it.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import msgspec

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.period import Period


class WrongDefinition(CrossroadsError):
    """A status, a right or its table cannot be used as it is written."""


class Undecided(CrossroadsError):
    """A table gives no answer for a status that somebody has: it contradicts itself, or fails."""


class Reach(StrEnum):
    """Whose statuses open a right."""

    PERSON = "person"
    HOUSEHOLD = "household"
    """Of the person or of anybody who lives with them."""


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """That a person has a status for a period, as its source said on a day."""

    ssin: str
    status: str
    source: str
    period: Period
    extracted: date
    """The day on which the source said so; before the day of the load where it has said nothing since."""


class Home(msgspec.Struct, frozen=True, kw_only=True):
    """With whom a person lives, as the register says it of that person on the day of the load."""

    ssin: str
    members: frozenset[str]
    """The person is one of them."""
    collective: bool
    """A rest home, say: nobody in it opens a right for the others."""


class Resident(msgspec.Struct, frozen=True, kw_only=True):
    """What the register says of one person, apart from the home."""

    ssin: str
    birth: date | None
    """None where the register knows only the year."""
    death: date | None = None
    postcode: str | None = None


class Entitlement(msgspec.Struct, frozen=True, kw_only=True):
    """That a right is open for a person, and by which rule of which table."""

    ssin: str
    right: str
    period: Period
    rule: int
    """Its number in the table, from 1."""
    version: str
    """Of the table: the digest of its XML."""


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What the buffer holds now."""

    number: int
    day: date
    """The day that the facts are about."""
    until: date
    """After this day everything goes, whether or not another load has come."""
    sources: Mapping[str, date | None]
    """When each source last said all that it was asked; None for one that never did."""
    failed: Mapping[str, int] = {}
    """About how many people a source said nothing at this load, or nothing that can be."""

    def over(self, today: date) -> bool:
        """Tell whether its time is over: nothing of it is told any more, whether or not it was removed."""
        return today > self.until

    def stale(self) -> Mapping[str, date | None]:
        """Give the sources that did not say all they were asked at this load, with the day on which they last did."""
        return {source: day for source, day in self.sources.items() if day is None or day < self.day}


_MONTHS_OF_QUARTER = 3


def quarter_start(day: date) -> date:
    """Give the first day of the quarter of a day."""
    return date(day.year, day.month - (day.month - 1) % _MONTHS_OF_QUARTER, 1)


def year_end(day: date) -> date:
    """Give the last day of the calendar year of a day."""
    return date(day.year, 12, 31)


def age_on(birth: date, day: date) -> int:
    """Give how many birthdays a person has had; whoever was born on 29 February has it on 1 March in other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
