"""What a path may ask of temporal values and ranges: `.year`, `.time offset`, `.start included` (DMN 1.5, table 65)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from crossroads.dmn.feel.kinds import Range, Value
from crossroads.dmn.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths, Zone

_Reading = Callable[[Any], Value]


def property_of(value: Value, name: str) -> tuple[bool, Value]:
    """Return whether values of this kind have such a property, and what it is (perhaps null)."""
    reading = _PROPERTIES.get(type(value), {}).get(name)
    return (False, None) if reading is None else (True, reading(value))


def _offset(zone: Zone, offset: int | None) -> Value:
    return None if zone is None or offset is None else DaysTime.of_seconds(offset)


def _zone_name(zone: Zone) -> Value:
    return zone if isinstance(zone, str) else None


_OF_DATE: Final[dict[str, _Reading]] = {
    "year": lambda date: Decimal(date.year),
    "month": lambda date: Decimal(date.month),
    "day": lambda date: Decimal(date.day),
    "weekday": lambda date: Decimal(date.weekday),
}
_OF_TIME: Final[dict[str, _Reading]] = {
    "hour": lambda time: Decimal(time.hour),
    "minute": lambda time: Decimal(time.minute),
    "second": lambda time: Decimal(time.second),
    "time offset": lambda time: _offset(time.zone, time.offset),
    "timezone": lambda time: _zone_name(time.zone),
}


def _through(part: str, reading: _Reading) -> _Reading:
    return lambda moment: reading(getattr(moment, part))


def _part(place: int) -> _Reading:
    return lambda duration: Decimal(duration.parts[place])


_OF_DATE_TIME: Final[dict[str, _Reading]] = (
    {name: _through("date", reading) for name, reading in _OF_DATE.items()}
    | {name: _through("time", reading) for name, reading in _OF_TIME.items()}
    | {"time offset": lambda moment: _offset(moment.zone, moment.offset)}
)
_PROPERTIES: Final[dict[type, dict[str, _Reading]]] = {
    Date: _OF_DATE,
    Time: _OF_TIME,
    DateTime: _OF_DATE_TIME,
    YearsMonths: {
        "years": lambda duration: Decimal(duration.years),
        "months": lambda duration: Decimal(duration.months),
    },
    DaysTime: {name: _part(place) for place, name in enumerate(("days", "hours", "minutes", "seconds"))},
    Range: {
        "start": lambda value: value.start,
        "end": lambda value: value.end,
        "start included": lambda value: value.start_included,
        "end included": lambda value: value.end_included,
    },
}
