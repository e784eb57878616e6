"""Days counted without bounds, and the offsets of named zones: what `datetime` cannot do beyond the years 1 to 9999."""

import datetime as dt
import functools
import zoneinfo

SECONDS_A_DAY = 86_400
_CYCLE = 400  # the calendar repeats every 400 years
_DAYS_A_CYCLE = 146_097
_EPOCH = 719_468  # days from 0000-03-01 to 1970-01-01
_MONTHS = 12
_REFERENCE = 2021  # the year whose standard time a time of day with a named zone has


def leap(year: int) -> bool:
    """Whether the year has a 29th of February, in the calendar carried backwards and forwards."""
    return year % 4 == 0 and (year % 100 != 0 or year % _CYCLE == 0)


def days_in_month(year: int, month: int) -> int:
    """Return the last day of a month."""
    return 28 + leap(year) if month == 2 else 30 + (month + month // 8) % 2  # noqa: PLR2004 - February


def day_number(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 (negative before)."""
    shifted = year - (month <= 2)  # noqa: PLR2004 - a year that begins in March ends with the leap day
    cycle, of_cycle = divmod(shifted, _CYCLE)
    of_year = (153 * ((month + 9) % _MONTHS) + 2) // 5 + day - 1
    return cycle * _DAYS_A_CYCLE + of_cycle * 365 + of_cycle // 4 - of_cycle // 100 + of_year - _EPOCH


def date_of(number: int) -> tuple[int, int, int]:
    """Year, month and day of a count of days since 1970-01-01."""
    cycle, of_cycle = divmod(number + _EPOCH, _DAYS_A_CYCLE)
    years = (of_cycle - of_cycle // 1460 + of_cycle // 36_524 - of_cycle // 146_096) // 365
    of_year = of_cycle - (365 * years + years // 4 - years // 100)
    shifted = (5 * of_year + 2) // 153
    month = (shifted + 2) % _MONTHS + 1
    return years + cycle * _CYCLE + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1  # noqa: PLR2004 - March


@functools.cache
def zone(name: str) -> zoneinfo.ZoneInfo:
    """Return a named time zone; ValueError for a name that the tz database does not know."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        raise ValueError("The time zone is not known.") from None


def offset_at(name: str, seconds: int, *, local: bool) -> int:
    """Return the offset, in seconds, of a named zone at a moment since 1970, on its own clock (local) or in UTC."""
    year, month, day = date_of(seconds // SECONDS_A_DAY)
    near = year if 1 < year < 9999 else 2 * _CYCLE + year % _CYCLE if year <= 1 else 8 * _CYCLE + year % _CYCLE  # noqa: PLR2004 - datetime's bounds
    moment = dt.datetime(near, month, day) + dt.timedelta(seconds=seconds % SECONDS_A_DAY)  # noqa: DTZ001 - the zone follows
    zoned = moment.replace(tzinfo=zone(name)) if local else moment.replace(tzinfo=dt.UTC).astimezone(zone(name))
    return _seconds(zoned.utcoffset())


def standard_offset(name: str) -> int:
    """Return the offset, in seconds, of a named zone where no day says whether it is summer: its standard time."""
    midwinter, midsummer = (dt.datetime(_REFERENCE, month, 1, tzinfo=zone(name)) for month in (1, 7))
    return min(_seconds(midwinter.utcoffset()), _seconds(midsummer.utcoffset()))


def _seconds(offset: dt.timedelta | None) -> int:
    return 0 if offset is None else int(offset.total_seconds())
