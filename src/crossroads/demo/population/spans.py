"""Months, quarters and years that are over."""

from collections.abc import Iterator
from datetime import date

from crossroads.demo.population.chance import DAY, add_months
from crossroads.kernel.period import Period

MONTH, QUARTER, YEAR = 1, 3, 12
_WEEK, _WORKING_WEEK = 7, 5


def finished(period: Period, months: int, since: date, on: date) -> Iterator[tuple[Period, Period]]:
    """Give each whole month, quarter or year that is over, with the days of it that belong to the period.

    `since` is the first day of one; nothing before it is given.
    """
    first = max(period.start_date, since)
    starts = date(first.year, first.month - (first.month - 1) % months, 1)
    while starts <= period.last:
        following = add_months(starts, months)
        if following > on:
            return
        whole = Period(starts, following - DAY)
        part = period.intersection(whole)
        if part:
            yield whole, part
        starts = following


def quarter_name(quarter: Period) -> str:
    """Give the name of a quarter, as 2026Q1."""
    return f"{quarter.start_date.year}Q{quarter.start_date.month // QUARTER + 1}"


def days(period: Period) -> int:
    """Count the days of a period that has an end."""
    return (period.last - period.start_date).days + 1


def working_days(calendar_days: int, percent: int = 100) -> int:
    """Give the working days among days of the calendar: five in seven, fewer for part-time work."""
    return calendar_days * _WORKING_WEEK * percent // (_WEEK * 100)
