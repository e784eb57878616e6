"""The clock, as a port: time is not ours."""

from datetime import UTC, date, datetime
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

import msgspec

BRUSSELS = ZoneInfo("Europe/Brussels")

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment as it travels: always with its offset, for without one it cannot be compared."""


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> datetime:
        """Give the moment, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Give the moment, in UTC."""
        return datetime.now(UTC)


def in_brussels(moment: datetime) -> datetime:
    """Give a moment as the clocks of people show it."""
    return moment.astimezone(BRUSSELS)


def brussels_day(moment: datetime) -> date:
    """Give the day that it is in Brussels; rules of law count in those."""
    return in_brussels(moment).date()
