"""The keys by which a person is found: what the names sound like, with the year, the date, or each other."""

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from crossroads.kernel.names.dates import birth_date
from crossroads.kernel.names.normal import Form, form
from crossroads.kernel.names.particulars import Particulars
from crossroads.kernel.names.phonetics import codes

_UNKNOWN_YEAR = "0000"


class Probes(NamedTuple):
    """Keys to look for, the most telling first; each group finds people whom the others miss."""

    by_date: tuple[str, ...]
    """Born on that day, and one name begins with that sound."""
    by_both_names: tuple[str, ...]
    """Last and first name sound so, in any order, whatever the date."""
    by_one_name: tuple[str, ...]
    """One name sounds so, born in that year; without a year, the last name alone."""


def keys(particulars: Particulars) -> list[str]:
    """Give the keys under which a person is stored, sorted."""
    last, first = _codes(particulars.last_name), _codes(particulars.first_names)
    birth = birth_date(particulars.birth_date)
    found = {*(last or first), *_pairs(last, first), *_joined(last | first, [birth.year])}
    if birth.complete:
        found |= _joined(_initials(last | first), [birth.text])
    return sorted(found)


def probes(particulars: Particulars) -> Probes:
    """Give the keys under which to look for a person."""
    last, first = _codes(particulars.last_name), _codes(particulars.first_names)
    birth = birth_date(particulars.birth_date)
    days = birth.likely[:2] if birth.complete else ()
    years = {birth.year, _UNKNOWN_YEAR}
    one = (last or first) if birth.year == _UNKNOWN_YEAR else _joined(last | first, years)
    by_date, both = _joined(_initials(last | first), days), _pairs(last, first)
    return Probes(tuple(sorted(by_date)), tuple(sorted(both)), tuple(sorted(one)))


def _codes(name: str) -> frozenset[str]:
    words = [word for word in _words(form(name)) if word]
    full = [word for word in words if len(word) > 1] or words
    return frozenset(code for word in full for code in codes(word))


def _words(name: Form) -> tuple[str, ...]:
    return (*name.core, name.joined, name.stem, name.unglued)


def _pairs(last: Iterable[str], first: Iterable[str]) -> set[str]:
    """Join each code of one name with each of the other, in order of the alphabet: which is the last is open."""
    return {"+".join(sorted(pair)) for pair in product(last, first)}


def _joined(found: Iterable[str], with_each: Iterable[str]) -> set[str]:
    return {f"{code}|{other}" for code, other in product(found, with_each)}


def _initials(found: Iterable[str]) -> set[str]:
    return {code[0] for code in found}
