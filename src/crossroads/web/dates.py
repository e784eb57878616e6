"""Days as people type them: day, month and year in three fields, or all of it in the first. Pure."""

import re
import unicodedata
from datetime import date

from babel.core import Locale

from crossroads.kernel.ssin import IncompleteDate
from crossroads.web.forms import Form

_MONTH, _YEAR = "-month", "-year"
"""What follows the name of a field for its month and its year; the day has the name itself."""
_BETWEEN = re.compile(r"[\s./,-]+")
_DAY = re.compile(r"([0-9]{1,2})(?:er|e|st|nd|rd|th)?")
_NUMBER = re.compile(r"[0-9]{1,2}")
_FULL_YEAR = re.compile(r"(?:19|2[0-9])[0-9]{2}")
_FEWEST = 3
"""Letters of the name of a month."""
_PARTS = 3


def typed_day(form: Form, field: str) -> list[str]:
    """Give what was typed of a day, in the order of people here: day, month, year; empty where nothing was."""
    parts = [form[field], form[field + _MONTH], form[field + _YEAR]]
    if not any(parts[1:]):
        parts = split_day(parts[0])
    return parts if any(parts) else []


def split_day(text: str) -> list[str]:
    """Take a day apart that was typed as one text, which may begin with the year."""
    parts = _BETWEEN.split(text.strip())
    return parts[::-1] if _FULL_YEAR.fullmatch(parts[0]) else parts


def read_day(parts: list[str], locale: Locale) -> date | None:
    """Read a day of which the month is a number or its name in a language; None where it is no day."""
    if len(parts) != _PARTS:
        return None
    day, month, year = (_folded(part) for part in parts)
    told, number = _DAY.fullmatch(day), _month(month, locale)
    if told is None or number is None or _FULL_YEAR.fullmatch(year) is None:
        return None
    try:
        return date(int(year), number, int(told[1]))
    except ValueError:
        return None


def read_birth(parts: list[str], locale: Locale) -> IncompleteDate | None:
    """Read a birth date of which the day, or day and month, may be left out or 0; None where it is none."""
    if len(parts) > _PARTS:
        return None
    day, month, year = (part.strip() for part in [*[""] * (_PARTS - len(parts)), *parts])
    no_day, no_month = (not part.strip("0") for part in (day, month))
    found = read_day(["1" if no_day else day, "1" if no_month else month, year], locale)
    if found is None or (no_month and not no_day):
        return None
    return IncompleteDate(found.year, 0 if no_month else found.month, 0 if no_day else found.day)


def _month(typed: str, locale: Locale) -> int | None:
    if _NUMBER.fullmatch(typed):
        return int(typed)
    widths = locale.months["format"]
    names = [(number, _folded(name)) for width in ("wide", "abbreviated") for number, name in widths[width].items()]
    meant = {int(number) for number, name in names if name.startswith(typed)}
    return meant.pop() if len(typed) >= _FEWEST and len(meant) == 1 else None


def _folded(text: str) -> str:
    """Give letters alone of what they are: no capitals, accents, or the dot of what is cut short."""
    parted = unicodedata.normalize("NFD", text.casefold())
    return "".join(one for one in parted if not unicodedata.combining(one)).strip(" .")
