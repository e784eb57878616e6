"""Conversions: from texts and parts to numbers, dates, times, durations and ranges (DMN 1.5, 10.3.4.1)."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from crossroads.dmn.feel.builtins.declaring import THROUGH, Signature, Unfit, declaring
from crossroads.dmn.feel.builtins.range_text import read_range
from crossroads.dmn.feel.kinds import NUMBERS, Value
from crossroads.dmn.feel.lexical import read_date, read_date_time, read_duration, read_time
from crossroads.dmn.feel.temporal import NANOSECONDS, Date, DateTime, DaysTime, Time, YearsMonths, Zone
from crossroads.dmn.feel.writing import text_of

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)

_NUMBER: Final = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SEPARATORS: Final = {"decimal": (".", ","), "grouping": (" ", ",", ".")}


def whole(number: Decimal) -> int:
    """Return the whole part of a number."""
    return int(number)


@builtin("date", "from: string")
def _date_of_text(text: str) -> Value:
    return read_date(text)


@builtin("date", "from: date and time")
def _date_of_moment(moment: DateTime) -> Value:
    return moment.date


@builtin("date", "year: number, month: number, day: number")
def _date_of_parts(year: Decimal, month: Decimal, day: Decimal) -> Value:
    return Date(whole(year), whole(month), whole(day))


@builtin("time", "from: string")
def _time_of_text(text: str) -> Value:
    return read_time(text)


@builtin("time", "from: time")
def _time_of_time(time: Time) -> Value:
    return time


@builtin("time", "from: date and time")
def _time_of_moment(moment: DateTime) -> Value:
    return moment.time


@builtin("time", "hour: number, minute: number, second: number, offset?: days and time duration?")
def _time_of_parts(hour: Decimal, minute: Decimal, second: Decimal, offset: DaysTime | None) -> Value:
    return _clock(hour, minute, second, None if offset is None else offset.number // NANOSECONDS)


@builtin("date and time", "from: string")
def _moment_of_text(text: str) -> Value:
    return read_date_time(text)


@builtin("date and time", "date: date or date and time, time: time")
def _moment_of_parts(date: Date | DateTime, time: Time) -> Value:
    return DateTime(date.date if isinstance(date, DateTime) else date, time)


_SIX: Final = "year: number, month: number, day: number, hour: number, minute: number, second: number"


@builtin("date and time", _SIX)
def _moment_of_numbers(*parts: Decimal) -> Value:
    return _zoned(parts, None)


@builtin("date and time", _SIX + ", offset: days and time duration")
def _moment_with_offset(*given: Any) -> Value:
    *parts, offset = given
    return _zoned(parts, offset.number // NANOSECONDS)


@builtin("date and time", _SIX + ", timezone: string")
def _moment_with_zone(*given: Any) -> Value:
    *parts, zone = given
    return _zoned(parts, zone)


@builtin("date and time", _SIX + ", hour offset: number")
def _moment_with_hours(*given: Decimal) -> Value:
    *parts, hours = given
    return _zoned(parts, whole(hours * 3600))


@builtin("duration", "from: string")
def _duration(text: str) -> Value:
    return read_duration(text)


@builtin("years and months duration", "from: date, to: date")
def _months_between_dates(start: Date, end: Date) -> Value:
    months = (end.year - start.year) * 12 + end.month - start.month
    days = end.day - start.day
    if months > 0 > days:
        months -= 1
    elif months < 0 < days:
        months += 1
    return YearsMonths(months)


@builtin("years and months duration", "from: date and time, to: date and time")
def _months_between(start: DateTime, end: DateTime) -> Value:
    return _months_between_dates(start.date, end.date)


@builtin("string", "from: any", THROUGH)
def _string(value: Value) -> Value:
    return None if value is None else text_of(value)


@builtin("number", "from: string")
def _number_of_text(text: str) -> Value:
    return _read_number(text)


@builtin("number", "from: string, grouping separator: string?, decimal separator: string?")
def _number(text: str, grouping: str | None, decimal: str | None) -> Value:
    if grouping not in (None, *_SEPARATORS["grouping"]) or decimal not in (None, *_SEPARATORS["decimal"]):
        raise Unfit("the separators are a space, a comma or a point.")
    if grouping is not None and grouping == (decimal or "."):
        raise Unfit("the two separators are the same.")
    digits = text if grouping is None else text.replace(grouping, "")
    return _read_number(digits if decimal is None else _with_point(digits, decimal))


@builtin("range", "from: string")
def _range(text: str) -> Value:
    return read_range(text)


@builtin("number", "from: number")
def _number_of_number(number: Decimal) -> Value:
    return number


def _with_point(digits: str, decimal: str) -> str:
    if decimal != "." and "." in digits:
        raise Unfit("the text is not a number.")
    return digits.replace(decimal, ".")


def _read_number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise Unfit("the text is not a number.")
    return NUMBERS.copy().create_decimal(text)


def _clock(hour: Decimal, minute: Decimal, second: Decimal, zone: Zone) -> Time:
    seconds = whole(second)
    return Time(whole(hour), whole(minute), seconds, whole((second - seconds) * NANOSECONDS), zone)


def _zoned(parts: Sequence[Decimal], zone: Zone) -> DateTime:
    return DateTime(Date(*map(whole, parts[:3])), _clock(parts[3], parts[4], parts[5], zone))
