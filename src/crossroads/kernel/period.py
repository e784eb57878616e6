"""Periods of whole days, ends inclusive; an absent end is open. Days are Europe/Brussels days."""

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from crossroads.kernel.errors import InvalidPeriod

_DAY = timedelta(days=1)


class Period(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """A period of days: `startDate`, and `endDate` inclusive or absent when open."""

    start_date: date
    end_date: date | None = None

    def __post_init__(self) -> None:
        """Refuse a period that ends before it starts, or on the last day that exists: after it nothing can begin."""
        if self.end_date == date.max:
            raise InvalidPeriod("An open period has no end date.")
        if self.end_date is not None and self.end_date < self.start_date:
            raise InvalidPeriod("The period ends before it starts.")

    @property
    def last(self) -> date:
        """The last day; an open end counts as the last day that exists."""
        return self.end_date or date.max

    def overlaps(self, other: "Period") -> bool:
        """Tell whether the two share a day."""
        return self.start_date <= other.last and other.start_date <= self.last

    def contains(self, other: "Period") -> bool:
        """Tell whether every day of the other is a day of this one."""
        return self.start_date <= other.start_date and other.last <= self.last

    def intersection(self, other: "Period") -> "Period | None":
        """Give the days both have, if any."""
        if self.contains(other):
            return other
        if not self.overlaps(other):
            return None
        return Period(max(self.start_date, other.start_date), _open(min(self.last, other.last)))

    def hull(self, other: "Period") -> "Period":
        """Give the shortest period that has every day of both."""
        return Period(min(self.start_date, other.start_date), _open(max(self.last, other.last)))

    def without(self, other: "Period") -> list["Period"]:
        """Give what is left after the days of the other are cut out: none, one or two periods."""
        if not self.overlaps(other):
            return [self]
        left = []
        if self.start_date < other.start_date:
            left.append(Period(self.start_date, other.start_date - _DAY))
        if other.last < self.last:
            left.append(Period(other.last + _DAY, self.end_date))
        return left


def day(when: date) -> Period:
    """Give the period of one day."""
    return Period(when, _open(when))


def merged(periods: Iterable[Period]) -> list[Period]:
    """Give the union as the fewest periods, in order; adjacent days join."""
    result: list[Period] = []
    for period in sorted(periods, key=lambda p: p.start_date):
        if result and (result[-1].last == date.max or period.start_date <= result[-1].last + _DAY):
            result[-1] = Period(result[-1].start_date, _open(max(result[-1].last, period.last)))
        else:
            result.append(period)
    return result


def covered(asked: Period, by: Iterable[Period]) -> bool:
    """Tell whether the union of `by` has every day asked."""
    periods = list(by)
    # One alone has every day nearly always.
    for period in periods:
        if period.contains(asked):
            return True
    return len(periods) > 1 and any(period.contains(asked) for period in merged(periods))


def _open(last: date) -> date | None:
    return None if last == date.max else last
