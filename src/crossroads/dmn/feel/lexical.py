"""The written forms of temporal values: XML Schema's, with FEEL's named zones (`T10:00:00@Europe/Paris`)."""

import re
from collections.abc import Callable
from typing import Final

from crossroads.dmn.feel.temporal import (
    MONTHS_A_YEAR,
    NANOSECONDS,
    Date,
    DateTime,
    DaysTime,
    Duration,
    Time,
    YearsMonths,
    Zone,
)

_DATE: Final = r"(?P<year>-?(?:[1-9]\d{3,8}|0\d{3}))-(?P<month>\d\d)-(?P<day>\d\d)"
_ZONE: Final = r"(?P<zone>[Zz]|[+-]\d\d:\d\d(?::\d\d)?|@[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*)?"
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?" + _ZONE
_DATE_FORM: Final = re.compile(_DATE, re.ASCII)
_TIME_FORM: Final = re.compile("T?" + _TIME, re.ASCII)
_DATE_TIME_FORM: Final = re.compile(_DATE + "T" + _TIME, re.ASCII)
_MONTHS_FORM: Final = re.compile(r"(?P<sign>-?)P(?=\d)(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?", re.ASCII)
_DAYS_FORM: Final = re.compile(
    r"(?P<sign>-?)P(?=\d|T\d)(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<fraction>\d*))?S)?)?",
    re.ASCII,
)
_DIGITS_OF_A_NANOSECOND = 9


def read_date(text: str) -> Date:
    """Return a date as `2020-01-31`; ValueError otherwise."""
    found = _read(_DATE_FORM, text, "a date")
    return Date(int(found["year"]), int(found["month"]), int(found["day"]))


def read_time(text: str) -> Time:
    """Return a time as `10:30:00`, with fraction and zone where wanted; ValueError otherwise."""
    return _time(_read(_TIME_FORM, text, "a time"))


def read_date_time(text: str) -> DateTime:
    """Return a date and time as `2020-01-31T10:30:00`, or a date alone for its first moment; ValueError otherwise."""
    if _DATE_FORM.fullmatch(text):
        return DateTime(read_date(text), Time(0, 0, 0))
    found = _read(_DATE_TIME_FORM, text, "a date and time")
    date = Date(int(found["year"]), int(found["month"]), int(found["day"]))
    if found["hour"] == "24":
        return _end_of_day(date, found)
    return DateTime(date, _time(found))


def read_duration(text: str) -> Duration:
    """Return a duration as `P1Y2M` or `P1DT2H3M4.5S`; ValueError otherwise, as for months and days together."""
    if months := _MONTHS_FORM.fullmatch(text):
        return YearsMonths(
            _signed(months["sign"], int(months["years"] or 0) * MONTHS_A_YEAR + int(months["months"] or 0))
        )
    found = _read(_DAYS_FORM, text, "a duration")
    hours = int(found["days"] or 0) * 24 + int(found["hours"] or 0)
    seconds = (hours * 60 + int(found["minutes"] or 0)) * 60 + int(found["seconds"] or 0)
    return DaysTime(_signed(found["sign"], seconds * NANOSECONDS + _fraction(found["fraction"])))


def write_date(date: Date) -> str:
    """Return a date as XML Schema writes it."""
    return f"{'-' if date.year < 0 else ''}{abs(date.year):04d}-{date.month:02d}-{date.day:02d}"


def write_time(time: Time) -> str:
    """Return a time with its zone, without needless zeros in the fraction."""
    clock = f"{time.hour:02d}:{time.minute:02d}:{time.second:02d}"
    return clock + _written_fraction(time.nanosecond) + _written_zone(time.zone)


def write_date_time(moment: DateTime) -> str:
    """Return a date and time with its zone."""
    return f"{write_date(moment.date)}T{write_time(moment.time)}"


def write_duration(duration: Duration) -> str:
    """Return a duration in normal form: no more than 11 months, 23 hours, 59 minutes and 59 seconds."""
    sign = "-" if duration.number < 0 else ""
    return sign + "P" + (_written_months(duration) if isinstance(duration, YearsMonths) else _written_days(duration))


_READERS: Final[tuple[Callable[[str], Date | Time | DateTime | Duration], ...]] = (
    read_date,
    read_time,
    read_date_time,
    read_duration,
)


def read_at_literal(text: str) -> Date | Time | DateTime | Duration:
    """Return what stands in quotes after `@`: a date, a time, a date and time or a duration; ValueError otherwise."""
    for reader in _READERS:
        try:
            return reader(text)
        except ValueError:
            continue
    raise ValueError("The text is not a date, a time, a date and time or a duration.")


def _read(form: re.Pattern[str], text: str, name: str) -> re.Match[str]:
    found = form.fullmatch(text)
    if found is None:
        raise ValueError(f"The text is not {name}.")
    return found


def _time(found: re.Match[str]) -> Time:
    clock = (int(found["hour"]), int(found["minute"]), int(found["second"]))
    return Time(*clock, _fraction(found["fraction"]), _zone(found["zone"]))


def _end_of_day(date: Date, found: re.Match[str]) -> DateTime:
    if int(found["minute"]) or int(found["second"]) or _fraction(found["fraction"]):
        raise ValueError("The hour 24 is only midnight.")
    return DateTime(Date.of_number(date.number + 1), Time(0, 0, 0, 0, _zone(found["zone"])))


def _fraction(digits: str | None) -> int:
    return int((digits or "0")[:_DIGITS_OF_A_NANOSECOND].ljust(_DIGITS_OF_A_NANOSECOND, "0"))


def _zone(text: str | None) -> Zone:
    if not text:
        return None
    if text.startswith("@"):
        return text[1:]
    if text in "Zz":
        return 0
    hours, minutes, seconds = (int(part) for part in (text[1:] + ":00").split(":")[:3])
    if minutes > 59 or seconds > 59:  # noqa: PLR2004 - as on a clock
        raise ValueError("The minutes and seconds of an offset are below 60.")
    return _signed(text[0], hours * 3600 + minutes * 60 + seconds)


def _signed(sign: str, number: int) -> int:
    return -number if sign == "-" else number


def _written_fraction(nanosecond: int) -> str:
    return f".{nanosecond:09d}".rstrip("0") if nanosecond else ""


def _written_zone(zone: Zone) -> str:
    if zone is None:
        return ""
    if isinstance(zone, str):
        return f"@{zone}"
    if zone == 0:
        return "Z"
    hours, rest = divmod(abs(zone), 3600)
    seconds = f":{rest % 60:02d}" if rest % 60 else ""
    return f"{'-' if zone < 0 else '+'}{hours:02d}:{rest // 60:02d}{seconds}"


def _written_months(duration: YearsMonths) -> str:
    years, months = divmod(abs(duration.number), MONTHS_A_YEAR)
    return (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")


def _written_days(duration: DaysTime) -> str:
    number = abs(duration.number)
    days, hours, minutes, seconds, fraction = DaysTime(number).parts
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction or not number:
        clock += f"{seconds}{_written_fraction(fraction)}S"
    return (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
