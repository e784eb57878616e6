"""Compare who is asked for with who was found: a score that is the product of what each difference leaves."""

from typing import NamedTuple

from crossroads.kernel.names.dates import BirthDate, birth_date, compare_dates
from crossroads.kernel.names.normal import form
from crossroads.kernel.names.particulars import Particulars, Sex
from crossroads.kernel.names.reasons import Reason
from crossroads.kernel.names.similarity import Likeness, compare_first, compare_last
from crossroads.kernel.names.spoken import Spoken, spoken

POSSIBLE = 0.5
"""From this score on it may be the same person: two differences of the common kinds, or three small ones."""
DUPLICATE = 0.9
"""From this score on it is the same person, as far as name and date can tell: what differs is small.

Both were found with `crossroads bench search`, on other seeds than the one it reports: POSSIBLE as low as people of
another name or birth date allow, DUPLICATE where fewer than one in a thousand new people meets another of that score.
First names not given, initials, and a birth date of which a part is unknown never make a duplicate, however much is the
same; a first of January, often written for an unknown day, weighs a little less than another day.
"""

_TRANSPOSED, _SEX = 0.95, 0.85


class Match(NamedTuple):
    """How sure it is that two are one person, from 0 to 1, and why."""

    score: float
    reasons: tuple[Reason, ...]


class Prepared(NamedTuple):
    """Particulars as they are compared; prepare once what is compared often."""

    last: Spoken
    first: Spoken
    birth: BirthDate
    sex: Sex | None


def prepare(particulars: Particulars) -> Prepared:
    """Make ready to compare."""
    last, first = spoken(form(particulars.last_name)), spoken(form(particulars.first_names))
    return Prepared(last, first, birth_date(particulars.birth_date), particulars.sex)


def compare(asked: Particulars, found: Particulars) -> Match:
    """Compare two people; the same both ways round."""
    return compare_prepared(prepare(asked), prepare(found))


def possible_dates(asked: Prepared, found: Particulars) -> bool:
    """Tell whether the birth dates let the two be one person. Far cheaper than to compare the names."""
    return compare_dates(asked.birth, birth_date(found.birth_date))[0] >= POSSIBLE


def compare_prepared(asked: Prepared, found: Prepared) -> Match:
    """Compare two people made ready."""
    names = _names(asked, found)
    share, date = compare_dates(asked.birth, found.birth)
    score, reasons = names.share * share, (*names.reasons, date)
    if asked.sex and found.sex and asked.sex is not found.sex:
        return Match(score * _SEX, (*reasons, Reason.SEX_DIFFERS))
    return Match(score, reasons)


def _names(asked: Prepared, found: Prepared) -> Likeness:
    direct = _both(compare_last(asked.last, found.last), compare_first(asked.first, found.first))
    given = (asked.last, asked.first, found.last, found.first)
    if direct.share >= POSSIBLE or not all(name.words for name in given):
        return direct
    transposed = max(_transposed(asked, found), _transposed(found, asked), key=lambda names: names.share)
    return transposed if transposed.share >= POSSIBLE else direct


def _transposed(one: Prepared, other: Prepared) -> Likeness:
    """Take the first names of one for the last name, and the other way round."""
    swapped = _both(compare_last(one.first, other.last), compare_first(one.last, other.first))
    return Likeness(swapped.share * _TRANSPOSED, (*swapped.reasons, Reason.NAMES_TRANSPOSED))


def _both(last: Likeness, first: Likeness) -> Likeness:
    return Likeness(last.share * first.share, last.reasons + first.reasons)
