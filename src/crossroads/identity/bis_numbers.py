"""Which number a person of the BIS register gets: the birth date, a counter of three digits, two check digits.

The month is 20 higher where the sex is unknown and 40 where it is known; then men have odd counters and women even
ones (facts: cbss.md 10). In a test environment it is 60 higher, whatever is known: a number that was made up can never
pass for one of a living person. The price: there the month tells neither the register nor whether the sex is known. And
counters count down there, away from those of a made-up national register, which has the same months.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from crossroads.kernel.errors import Fault, Malformed
from crossroads.kernel.names.particulars import Sex
from crossroads.kernel.ssin import Environment, IncompleteDate, check_digits

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_SEX_UNKNOWN, _SEX_KNOWN, _MOCK = 20, 40, 60
_FIRST_YEAR, _MILLENNIUM = 1900, 2000
_COUNTERS: dict[Sex | None, tuple[int, int, int]] = {Sex.MALE: (1, 997, 2), Sex.FEMALE: (2, 998, 2), None: (1, 998, 1)}
"""The lowest, the highest, and how far they lie apart."""
_SPILL_OVER_DAYS = 100


class Series(NamedTuple):
    """The numbers of one birth date, for men, for women or for whoever comes."""

    born: str
    """`yyyymmdd` as the numbers have it, with what is added to the month."""
    counters: range

    @property
    def name(self) -> str:
        """What names the series."""
        return f"{self.born} {self.counters[0]}/{abs(self.counters.step)}"

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return len(self.counters)

    def number(self, nth: int) -> str:
        """Give the n-th number, counted from 1."""
        nine = f"{self.born[2:]}{self.counters[nth - 1]:03d}"
        return nine + check_digits(nine, born_from_2000=int(self.born[:4]) >= _MILLENNIUM)


def all_series(born: IncompleteDate, sex: Sex | None, environment: Environment) -> Iterator[Series]:
    """Give the series from which a number may be taken, in order.

    Once those of the birth date are used up, month and day become 00, and then the day counts on.
    """
    added = _MOCK if environment is Environment.TEST else _SEX_KNOWN if sex else _SEX_UNKNOWN
    lowest, highest, step = _COUNTERS[sex]
    counters = range(lowest, highest + 1, step)
    days = [(born.month, born.day)] if born.month else []
    days += [(0, day) for day in range(_SPILL_OVER_DAYS)]
    for month, day in days:
        yield Series(f"{born.year:04d}{month + added:02d}{day:02d}", counters[::-1] if added == _MOCK else counters)


def birth_of(text: str, place: str, today: date) -> IncompleteDate:
    """Give the birth date `yyyy-mm-dd`, of which month and day may be 00. Raises Malformed, which names the place."""
    year, month, day = (int(part) for part in text.split("-"))
    born = IncompleteDate(year, month, day)
    if day and not month:
        raise Malformed(Fault(place, _INVALID, "A birth date without its month has no day either: yyyy-00-00."))
    if not _exists(born):
        raise Malformed(Fault(place, _INVALID, "There is no such day."))
    if year < _FIRST_YEAR or _earliest(born) > today:
        raise Malformed(Fault(place, _INVALID, "A birth date lies between 1900 and today."))
    return born


def _earliest(born: IncompleteDate) -> date:
    return date(born.year, max(born.month, 1), max(born.day, 1))


def _exists(born: IncompleteDate) -> bool:
    try:
        _earliest(born)
    except ValueError:
        return False
    return True
