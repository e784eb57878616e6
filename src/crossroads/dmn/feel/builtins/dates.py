"""Functions of the calendar and the clock (DMN 1.5, 10.3.4.6, 10.3.4.10 and 10.3.4.11)."""

import datetime as dt
from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.builtins.declaring import THROUGH, Signature, declaring
from crossroads.dmn.feel.comparing import same
from crossroads.dmn.feel.converting import from_python
from crossroads.dmn.feel.kinds import Value
from crossroads.dmn.feel.temporal import Date, DateTime

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)

_DAY: Final = "date: date or date and time"
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _date(day: Date | DateTime) -> Date:
    return day.date if isinstance(day, DateTime) else day


def _day_of_year(date: Date) -> int:
    return date.number - Date(date.year, 1, 1).number + 1


@builtin("day of year", _DAY)
def _of_year(day: Date | DateTime) -> Value:
    return Decimal(_day_of_year(_date(day)))


@builtin("day of week", _DAY)
def _of_week(day: Date | DateTime) -> Value:
    return _DAYS[_date(day).weekday - 1]


@builtin("month of year", _DAY)
def _month(day: Date | DateTime) -> Value:
    return _MONTHS[_date(day).month - 1]


@builtin("week of year", _DAY)
def _week(day: Date | DateTime) -> Value:
    """Return the week of ISO 8601: it belongs to the year of its Thursday."""
    date = _date(day)
    thursday = Date.of_number(date.number + 4 - date.weekday)
    return Decimal((_day_of_year(thursday) - 1) // 7 + 1)


@builtin("is", "value1: any, value2: any", THROUGH)
def _is(one: Value, other: Value) -> Value:
    return same(one, other)


@builtin("now", "")
def _now() -> Value:
    return from_python(dt.datetime.now().astimezone())


@builtin("today", "")
def _today() -> Value:
    return from_python(dt.datetime.now().astimezone().date())
