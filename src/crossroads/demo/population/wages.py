"""Wages and working time by quarter or year, as an employer declares them when it is over."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from crossroads.demo.population import parameters
from crossroads.demo.population.model import Employment
from crossroads.demo.population.spans import QUARTER, days, finished, working_days
from crossroads.kernel.period import Period


class Wage(NamedTuple):
    """What was worked and paid in one quarter or year."""

    whole: Period
    """The quarter or year."""
    period: Period
    """The part of it in which there was a contract."""
    days: int
    """Paid days."""
    assimilated: int
    """Days of incapacity or of an accident; those of a career break count nowhere."""
    gross: int
    """Eurocents."""


def held_since(on: date) -> date:
    """Give the first day of which wages are still held."""
    return date(on.year - parameters.WAGE_YEARS, 1, 1)


def wages(contract: Employment, on: date, months: int = QUARTER) -> Iterator[Wage]:
    """Give the wages of a contract that are still held; those of students are declared elsewhere."""
    if contract.worker_type == "STU":
        return
    for whole, period in finished(contract.period, months, held_since(on), on):
        away = contract.absence.period.intersection(period) if contract.absence else None
        absent = days(away) if away else 0
        present = days(period) - absent
        counted = absent if contract.absence and contract.absence.kind != "career-break" else 0
        yield Wage(
            whole=whole,
            period=period,
            days=working_days(present, contract.percent),
            assimilated=working_days(counted, contract.percent),
            gross=contract.monthly_wage * months * present // days(whole),
        )
