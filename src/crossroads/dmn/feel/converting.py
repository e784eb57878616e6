"""Values from and to plain Python, JSON and XML Schema: the doors of the room."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, DecimalException
from typing import Any, Final
from zoneinfo import ZoneInfo

from crossroads.dmn.feel.kinds import NUMBERS, Function, Range, Value, kind
from crossroads.dmn.feel.lexical import read_date, read_date_time, read_duration, read_time
from crossroads.dmn.feel.temporal import NANOSECONDS, Date, DateTime, DaysTime, Time, YearsMonths, Zone
from crossroads.dmn.feel.writing import text_of

_NANOSECONDS_A_MICROSECOND = 1000
_KEPT = (bool, str, Date, Time, DateTime, YearsMonths, DaysTime, Range, Function)


def from_python(value: object) -> Value:  # noqa: PLR0911 - one answer for each kind
    """Return the FEEL value of plain Python; TypeError for what has none, ValueError for NaN and infinity."""
    if value is None or isinstance(value, _KEPT):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(repr(value) if isinstance(value, float) else value)
    if isinstance(value, dt.datetime):
        return DateTime(Date(value.year, value.month, value.day), _time(value.timetz(), _zone(value)))
    if isinstance(value, dt.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, dt.time):
        return _time(value, _zone(value))
    if isinstance(value, dt.timedelta):
        return DaysTime((value // dt.timedelta(microseconds=1)) * _NANOSECONDS_A_MICROSECOND)
    if isinstance(value, Mapping):
        return {str(name): from_python(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [from_python(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no counterpart in FEEL.")


def to_python(value: Value) -> object:
    """Return plain Python: Decimal, str, bool, date, time, datetime, timedelta, list and dict.

    What Python has no type for stays as it is: months, ranges, functions, years outside 1 to 9999.
    """
    if isinstance(value, list):
        return [to_python(item) for item in value]
    if isinstance(value, dict):
        return {name: to_python(item) for name, item in value.items()}
    convert = _TO_PYTHON.get(type(value))
    try:
        return convert(value) if convert else value
    except (ValueError, OverflowError):
        return value


def from_json(data: object) -> Value:
    """Return the value of parsed JSON; its texts stay texts (see `from_text` for typed ones)."""
    return from_python(data)


def to_json(value: Value) -> object:
    """Return what JSON can hold: numbers as int or float, temporal values, ranges and functions as text."""
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {name: to_json(item) for name, item in value.items()}
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value if value is None or isinstance(value, bool | str) else text_of(value)


def from_text(text: str, wanted: str) -> Value:
    """Return the value that a text means as a kind of FEEL ("date", "number" …); ValueError where it means none."""
    reader = _READERS.get(wanted)
    if reader is None:
        raise ValueError(f"A text cannot be read as {wanted}.")
    return reader(text)


def from_xsd(text: str, schema_type: str) -> Value:
    """Return the value of an XML Schema lexical form; the type as `xsd:decimal` or `decimal`."""
    name = schema_type.rpartition(":")[2]
    if name in _DURATION_TYPES:
        return read_duration(text.strip())
    return from_text(text if name == "string" else text.strip(), _SCHEMA_KINDS.get(name, name))


def to_xsd(value: Value) -> tuple[str, str]:
    """Return the XML Schema type (as `xsd:decimal`) and lexical form of a scalar; TypeError for others."""
    try:
        return f"xsd:{_SCHEMA_TYPES[type(value)]}", text_of(value)
    except KeyError:
        raise TypeError("Only scalar values have a form in XML Schema.") from None


def _time(time: dt.time, zone: Zone) -> Time:
    return Time(time.hour, time.minute, time.second, time.microsecond * _NANOSECONDS_A_MICROSECOND, zone)


def _zone(value: dt.datetime | dt.time) -> Zone:
    if isinstance(value.tzinfo, ZoneInfo):
        return value.tzinfo.key
    offset = value.utcoffset()
    return None if offset is None else int(offset.total_seconds())


def _tzinfo(zone: Zone) -> dt.tzinfo | None:
    if zone is None:
        return None
    return ZoneInfo(zone) if isinstance(zone, str) else dt.timezone(dt.timedelta(seconds=zone))


def _python_time(time: Time) -> dt.time:
    microseconds = time.nanosecond // _NANOSECONDS_A_MICROSECOND
    return dt.time(time.hour, time.minute, time.second, microseconds, _tzinfo(time.zone))


def _python_date(date: Date) -> dt.date:
    return dt.date(date.year, date.month, date.day)


_TO_PYTHON: Final[dict[type, Callable[[Any], object]]] = {
    Date: _python_date,
    Time: _python_time,
    DateTime: lambda moment: dt.datetime.combine(_python_date(moment.date), _python_time(moment.time)),
    DaysTime: lambda duration: dt.timedelta(
        seconds=duration.number // NANOSECONDS,
        microseconds=duration.number % NANOSECONDS // _NANOSECONDS_A_MICROSECOND,
    ),
}


def _number(written: str | int | Decimal) -> Decimal:
    try:
        number = NUMBERS.copy().create_decimal(written)
    except DecimalException:
        raise ValueError("The text is not a number.") from None
    if not number.is_finite():
        raise ValueError("The text is not a number.")
    return number


def _boolean(text: str) -> bool:
    truths = {"true": True, "1": True, "false": False, "0": False}
    if text not in truths:
        raise ValueError("The text is not true or false.")
    return truths[text]


def _duration(text: str, wanted: type[DaysTime | YearsMonths]) -> DaysTime | YearsMonths:
    duration = read_duration(text)
    if not isinstance(duration, wanted):
        raise ValueError(f"The text is a {kind(duration)}.")  # noqa: TRY004 - the text is wrong, not its type
    return duration


_READERS: Final[dict[str, Callable[[str], Value]]] = {
    "string": str,
    "number": _number,
    "boolean": _boolean,
    "date": read_date,
    "time": read_time,
    "date and time": read_date_time,
    "days and time duration": lambda text: _duration(text, DaysTime),
    "years and months duration": lambda text: _duration(text, YearsMonths),
}
_NUMBER_TYPES = ("decimal", "double", "float", "integer", "int", "long", "short", "byte", "nonNegativeInteger")
_DURATION_TYPES = ("duration", "dayTimeDuration", "yearMonthDuration")
_SCHEMA_KINDS: Final[dict[str, str]] = {"dateTime": "date and time"} | dict.fromkeys(_NUMBER_TYPES, "number")
_SCHEMA_TYPES: Final[dict[type, str]] = {
    bool: "boolean",
    Decimal: "decimal",
    str: "string",
    Date: "date",
    Time: "time",
    DateTime: "dateTime",
    YearsMonths: "duration",
    DaysTime: "duration",
}
