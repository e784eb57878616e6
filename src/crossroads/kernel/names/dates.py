"""Birth dates of which parts may be unknown or mistaken."""

import re
from typing import NamedTuple

from rapidfuzz.distance import OSA

from crossroads.kernel.names.reasons import Reason

_NUMBER = re.compile(r"[0-9]{1,4}")
_YEAR, _MONTH = 4, 2
_MONTHS = 12


class BirthDate(NamedTuple):
    """Year, month and day as texts; `0000` and `00` where unknown."""

    year: str
    month: str
    day: str

    @property
    def complete(self) -> bool:
        """Whether nothing is unknown."""
        return bool(int(self.year) and int(self.month) and int(self.day))

    @property
    def new_year(self) -> bool:
        """Whether it is a first of January, which many a register writes for "some day in that year"."""
        return (self.month, self.day) == ("01", "01")

    @property
    def text(self) -> str:
        """The date as it is written."""
        return "-".join(self)

    @property
    def likely(self) -> tuple[str, ...]:
        """How a register may have written this date, the likeliest first."""
        year, month, day = self
        swapped = [f"{year}-{day}-{month}"] if self.complete and int(day) <= _MONTHS else []
        return tuple(dict.fromkeys([self.text, *swapped, f"{year}-{month}-00", f"{year}-00-00", f"{year}-01-01"]))


def birth_date(text: str) -> BirthDate:
    """Read a birth date; what is not a number of at most four digits counts as unknown."""
    parts = [*text.split("-"), "", "", ""][:3]
    year, month, day = (part if _NUMBER.fullmatch(part) else "0" for part in parts)
    return BirthDate(year.zfill(_YEAR), month.zfill(_MONTH), day.zfill(_MONTH))


def compare_dates(one: BirthDate, other: BirthDate) -> tuple[float, Reason]:
    """Give how much of the certainty two birth dates leave, and why. The same both ways round."""
    if not int(one.year) or not int(other.year):
        return 0.7, Reason.DATE_UNKNOWN
    if one.complete and other.complete:
        return _complete(one, other)
    if one.year != other.year:
        return 0.3, Reason.DATE_DIFFERS
    months = {one.month, other.month} - {"00"}
    if one.month == other.month != "00":
        return 0.86, Reason.DATE_INCOMPLETE
    return (0.8, Reason.DATE_INCOMPLETE) if len(months) < 2 else (0.45, Reason.DATE_DIFFERS)  # noqa: PLR2004 - both known


def _complete(one: BirthDate, other: BirthDate) -> tuple[float, Reason]:
    if one == other:
        return (0.93 if one.new_year else 1.0), Reason.DATE_SAME
    if one == BirthDate(other.year, other.day, other.month):
        return 0.92, Reason.DATE_SWAPPED
    if OSA.distance(one.text, other.text) == 1:
        return 0.8, Reason.DATE_CLOSE
    if sum(a == b for a, b in zip(one, other, strict=True)) == 2:  # noqa: PLR2004 - two of the three parts
        return 0.72, Reason.DATE_CLOSE
    if one.year != other.year:
        return 0.3, Reason.DATE_DIFFERS
    return (0.7, Reason.DATE_INCOMPLETE) if one.new_year or other.new_year else (0.45, Reason.DATE_DIFFERS)
