"""Arithmetic of numbers, strings, dates, times and durations: null where it has no meaning (DMN 1.5, 10.3.2.13)."""

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from crossroads.dmn.feel.kinds import NUMBERS, Value
from crossroads.dmn.feel.temporal import (
    NANOSECONDS_A_DAY,
    Date,
    DateTime,
    DaysTime,
    Time,
    YearsMonths,
    at_midnight,
)

_Table = dict[tuple[type, type], Callable[[Any, Any], Value]]


def add(left: Value, right: Value) -> Value:
    """Return left + right, or null."""
    return _apply(_ADDING, left, right)


def subtract(left: Value, right: Value) -> Value:
    """Return left - right, or null."""
    return _apply(_SUBTRACTING, left, right)


def multiply(left: Value, right: Value) -> Value:
    """Return left * right, or null."""
    return _apply(_MULTIPLYING, left, right)


def divide(left: Value, right: Value) -> Value:
    """Return left / right, or null, as for a division by zero."""
    return _apply(_DIVIDING, left, right)


def power(left: Value, right: Value) -> Value:
    """Return left ** right, or null, as for the square root of a negative number."""
    return _apply(_RAISING, left, right)


def negate(value: Value) -> Value:
    """Return -value for numbers and durations, else null."""
    if isinstance(value, Decimal):
        return NUMBERS.copy().minus(value)
    return type(value)(-value.number) if isinstance(value, YearsMonths | DaysTime) else None


def _apply(table: _Table, left: Value, right: Value) -> Value:
    operation = table.get((type(left), type(right)))
    if operation is None:
        return None
    try:
        return operation(left, right)
    except (ValueError, OverflowError, decimal.DecimalException):  # beyond the calendar or the numbers
        return None


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=decimal.ROUND_DOWN))


def _scaled(duration: YearsMonths | DaysTime, factor: Decimal) -> Value:
    """Multiply without rounding to 34 digits before the end: nanoseconds of long durations are many digits."""
    wide = decimal.Context(prec=80)
    return type(duration)(_whole(wide.multiply(Decimal(duration.number), factor)))


def _shared(duration: YearsMonths | DaysTime, divisor: Decimal) -> Value:
    wide = decimal.Context(prec=80)
    return type(duration)(_whole(wide.divide(Decimal(duration.number), divisor))) if divisor else None


def _ratio(left: YearsMonths | DaysTime, right: YearsMonths | DaysTime) -> Value:
    return NUMBERS.copy().divide(Decimal(left.number), Decimal(right.number)) if right.number else None


def _moved_date(date: Date, duration: DaysTime) -> Date:
    return Date.of_number((date.number * NANOSECONDS_A_DAY + duration.number) // NANOSECONDS_A_DAY)


def _moved_time(time: Time, duration: DaysTime) -> Time:
    return Time.of_number(time.number + duration.number, time.zone)


def _later(moment: DateTime, duration: YearsMonths) -> DateTime:
    return DateTime(moment.date.plus_months(duration.number), moment.time)


def _between_times(left: Time, right: Time) -> Value:
    if (left.offset is None) != (right.offset is None):
        return None
    seconds = (right.offset or 0) - (left.offset or 0)
    return DaysTime(left.number - right.number + DaysTime.of_seconds(seconds).number)


def _between(left: DateTime, right: DateTime) -> Value:
    if (left.zone is None) != (right.zone is None):
        return None
    return DaysTime(left.instant - right.instant)


def _power(base: Decimal, exponent: Decimal) -> Value:
    if not exponent:
        return Decimal(1)
    result = NUMBERS.copy().power(base, exponent)
    if not result.is_finite():
        return None
    return result if exponent == exponent.to_integral_value() else NUMBERS.copy().normalize(result)


def _either_way(table: _Table) -> _Table:
    return table | {(two, one): _swapped(operation) for (one, two), operation in table.items() if one is not two}


def _swapped(operation: Callable[[Any, Any], Value]) -> Callable[[Any, Any], Value]:
    return lambda left, right: operation(right, left)


_ADDING: Final = _either_way(
    {
        (Decimal, Decimal): lambda a, b: NUMBERS.copy().add(a, b),
        (str, str): lambda a, b: a + b,
        (YearsMonths, YearsMonths): lambda a, b: YearsMonths(a.number + b.number),
        (DaysTime, DaysTime): lambda a, b: DaysTime(a.number + b.number),
        (Date, YearsMonths): lambda a, b: a.plus_months(b.number),
        (Date, DaysTime): _moved_date,
        (DateTime, YearsMonths): _later,
        (DateTime, DaysTime): lambda a, b: a.plus(b.number),
        (Time, DaysTime): _moved_time,
    }
)
_SUBTRACTING: Final[_Table] = {
    (Decimal, Decimal): lambda a, b: NUMBERS.copy().subtract(a, b),
    (YearsMonths, YearsMonths): lambda a, b: YearsMonths(a.number - b.number),
    (DaysTime, DaysTime): lambda a, b: DaysTime(a.number - b.number),
    (Date, Date): lambda a, b: DaysTime((a.number - b.number) * NANOSECONDS_A_DAY),
    (DateTime, DateTime): _between,
    (Date, DateTime): lambda a, b: _between(at_midnight(a), b),
    (DateTime, Date): lambda a, b: _between(a, at_midnight(b)),
    (Time, Time): _between_times,
    (Date, YearsMonths): lambda a, b: a.plus_months(-b.number),
    (Date, DaysTime): lambda a, b: _moved_date(a, DaysTime(-b.number)),
    (DateTime, YearsMonths): lambda a, b: _later(a, YearsMonths(-b.number)),
    (DateTime, DaysTime): lambda a, b: a.plus(-b.number),
    (Time, DaysTime): lambda a, b: _moved_time(a, DaysTime(-b.number)),
}
_MULTIPLYING: Final = _either_way(
    {
        (Decimal, Decimal): lambda a, b: NUMBERS.copy().multiply(a, b),
        (YearsMonths, Decimal): _scaled,
        (DaysTime, Decimal): _scaled,
    }
)
_DIVIDING: Final[_Table] = {
    (Decimal, Decimal): lambda a, b: NUMBERS.copy().divide(a, b),
    (YearsMonths, Decimal): _shared,
    (DaysTime, Decimal): _shared,
    (YearsMonths, YearsMonths): _ratio,
    (DaysTime, DaysTime): _ratio,
}
_RAISING: Final[_Table] = {(Decimal, Decimal): _power}
