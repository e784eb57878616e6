"""The temporal values of FEEL: dates, times, dates and times, and the two kinds of duration.

`==` compares what is written (a zone is not its offset); FEEL's own equality stands in `comparing`.
"""

from dataclasses import dataclass
from typing import Self, TypeAlias

from crossroads.dmn.feel import calendar

FIRST_YEAR, LAST_YEAR = -999_999_999, 999_999_999
NANOSECONDS = 1_000_000_000
NANOSECONDS_A_DAY = calendar.SECONDS_A_DAY * NANOSECONDS
LONGEST_OFFSET = 18 * 3600
MOST_MONTHS = 10**12
MOST_NANOSECONDS = 10**30
MONTHS_A_YEAR = 12

Zone: TypeAlias = int | str | None
"""An offset in seconds, the name of a zone, or None: local time."""


def _within(name: str, number: int, lowest: int, highest: int) -> None:
    if not lowest <= number <= highest:
        raise ValueError(f"The {name} is not between {lowest} and {highest}.")


@dataclass(frozen=True, slots=True)
class Date:
    """A day of the calendar; ValueError where there is no such day."""

    year: int
    month: int
    day: int

    def __post_init__(self) -> None:
        """Refuse days that are not in the calendar."""
        _within("year", self.year, FIRST_YEAR, LAST_YEAR)
        _within("month", self.month, 1, MONTHS_A_YEAR)
        _within("day", self.day, 1, calendar.days_in_month(self.year, self.month))

    @classmethod
    def of_number(cls, days: int) -> Self:
        """Return the day that is so many days after 1970-01-01."""
        return cls(*calendar.date_of(days))

    @property
    def number(self) -> int:
        """Days since 1970-01-01."""
        return calendar.day_number(self.year, self.month, self.day)

    @property
    def weekday(self) -> int:
        """Monday is 1, Sunday is 7."""
        return (self.number + 3) % 7 + 1

    def plus_months(self, months: int) -> Self:
        """So many months later; the last day of the month where that month is shorter."""
        year, month = divmod(self.year * MONTHS_A_YEAR + self.month - 1 + months, MONTHS_A_YEAR)
        return type(self)(year, month + 1, min(self.day, calendar.days_in_month(year, month + 1)))


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, local (no zone), at an offset (seconds) or in a named zone."""

    hour: int
    minute: int
    second: int
    nanosecond: int = 0
    zone: Zone = None

    def __post_init__(self) -> None:
        """Refuse times that no clock shows, and zones that nobody knows."""
        for name, number, highest in (
            ("hour", self.hour, 23),
            ("minute", self.minute, 59),
            ("second", self.second, 59),
        ):
            _within(name, number, 0, highest)
        _within("fraction of a second", self.nanosecond, 0, NANOSECONDS - 1)
        if isinstance(self.zone, str):
            calendar.zone(self.zone)
        elif self.zone is not None:
            _within("offset", self.zone, -LONGEST_OFFSET, LONGEST_OFFSET)

    @classmethod
    def of_number(cls, nanoseconds: int, zone: Zone = None) -> Self:
        """Return the time so many nanoseconds after midnight, around the clock."""
        seconds, fraction = divmod(nanoseconds % NANOSECONDS_A_DAY, NANOSECONDS)
        return cls(seconds // 3600, seconds // 60 % 60, seconds % 60, fraction, zone)

    @property
    def number(self) -> int:
        """Nanoseconds since midnight, on its own clock."""
        return (self.hour * 3600 + self.minute * 60 + self.second) * NANOSECONDS + self.nanosecond

    @property
    def offset(self) -> int | None:
        """Seconds ahead of UTC (standard time for a named zone); None for local time."""
        return calendar.standard_offset(self.zone) if isinstance(self.zone, str) else self.zone


@dataclass(frozen=True, slots=True)
class DateTime:
    """A time on a day; its zone is that of its time."""

    date: Date
    time: Time

    @classmethod
    def of_number(cls, nanoseconds: int, zone: Zone = None) -> Self:
        """Return the date and time so many nanoseconds after 1970-01-01T00:00:00 on the clock of its own zone."""
        days, of_day = divmod(nanoseconds, NANOSECONDS_A_DAY)
        return cls(Date.of_number(days), Time.of_number(of_day, zone))

    @classmethod
    def of_instant(cls, nanoseconds: int, zone: Zone) -> Self:
        """Return the date and time that a clock of the zone shows so many nanoseconds after 1970-01-01T00:00:00Z."""
        seconds = nanoseconds // NANOSECONDS
        offset = calendar.offset_at(zone, seconds, local=False) if isinstance(zone, str) else zone or 0
        return cls.of_number(nanoseconds + offset * NANOSECONDS, zone)

    @property
    def zone(self) -> Zone:
        """An offset in seconds, the name of a zone, or None: local time."""
        return self.time.zone

    @property
    def number(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00, on its own clock."""
        return self.date.number * NANOSECONDS_A_DAY + self.time.number

    @property
    def offset(self) -> int | None:
        """Seconds ahead of UTC on that day; None for local time."""
        if isinstance(self.zone, str):
            return calendar.offset_at(self.zone, self.number // NANOSECONDS, local=True)
        return self.zone

    @property
    def instant(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00Z; local time is taken for UTC."""
        return self.number - (self.offset or 0) * NANOSECONDS

    def plus(self, nanoseconds: int) -> Self:
        """So much later as time passes, summer time included."""
        return self.of_instant(self.instant + nanoseconds, self.zone)


@dataclass(frozen=True, slots=True, order=True)
class YearsMonths:
    """A duration in months, of either sign; ValueError beyond 10**12."""

    number: int

    def __post_init__(self) -> None:
        """Refuse what would be too long to write."""
        _within("number of months", self.number, -MOST_MONTHS, MOST_MONTHS)

    @property
    def years(self) -> int:
        """Whole years, with the sign of the duration."""
        return _towards_zero(self.number, MONTHS_A_YEAR)

    @property
    def months(self) -> int:
        """Months beside the whole years, with the sign of the duration."""
        return self.number - self.years * MONTHS_A_YEAR


@dataclass(frozen=True, slots=True, order=True)
class DaysTime:
    """A duration in nanoseconds, of either sign; ValueError beyond 10**30."""

    number: int

    def __post_init__(self) -> None:
        """Refuse what would be too long to write."""
        _within("number of nanoseconds", self.number, -MOST_NANOSECONDS, MOST_NANOSECONDS)

    @classmethod
    def of_seconds(cls, seconds: int) -> Self:
        """Return a duration of whole seconds."""
        return cls(seconds * NANOSECONDS)

    @property
    def parts(self) -> tuple[int, int, int, int, int]:
        """Days, hours, minutes, seconds and nanoseconds, each with the sign of the duration."""
        sign = -1 if self.number < 0 else 1
        seconds, fraction = divmod(abs(self.number), NANOSECONDS)
        days, rest = divmod(seconds, calendar.SECONDS_A_DAY)
        return sign * days, sign * (rest // 3600), sign * (rest // 60 % 60), sign * (rest % 60), sign * fraction


Duration: TypeAlias = YearsMonths | DaysTime
UTC_MIDNIGHT = Time(0, 0, 0, 0, 0)


def at_midnight(date: Date) -> DateTime:
    """Return a date where a date and time is wanted: midnight UTC (DMN 1.3, 10.3.2.9.4)."""
    return DateTime(date, UTC_MIDNIGHT)


def _towards_zero(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)
