"""Whether rules can match the same row: where none can, a table needs no counting of matches.

What is not analysed is taken to hold for anything, so that "never together" can be relied upon, and "perhaps" costs
only time.
"""

from collections.abc import Sequence
from itertools import combinations

from crossroads.dmn.analysing.cells import taken
from crossroads.dmn.analysing.constants import Constant, NotConstant, NoValue, constants
from crossroads.dmn.analysing.samples import KINDS, NULL, stretches
from crossroads.dmn.analysing.subjects import MOST_TRIES, is_ordered
from crossroads.dmn.feel.syntax import UnaryTests
from crossroads.dmn.feel.values import kind

MOST_RULES = 1_000
"""Each is compared with each other: half a million pairs at most."""
_ANYTHING = -1
_TOLD = KINDS - {"time"}
"""Times of day with an offset lie beyond those without one, so that their stretches do not tell all."""


def never_together(rules: Sequence[Sequence[UnaryTests]]) -> bool:
    """Tell whether any two rules have a column in which no value suits both; of too many rules this is not told."""
    if len(rules) > MOST_RULES:
        return False
    columns = [_taken(column) for column in zip(*rules, strict=True)]
    pairs = combinations(range(len(rules)), 2)
    return all(any(not column[one] & column[other] for column in columns) for one, other in pairs)


def _taken(column: Sequence[UnaryTests]) -> list[int]:
    """Give for each cell of a column the stretches that it takes, as bits."""
    spoken = [_spoken(tests) for tests in column]
    ends = [one for found in spoken for one in found or () if one.value is not None]
    kinds = {kind(one.value) for one in ends} or {"boolean"}
    if len(kinds) > 1 or not kinds <= _TOLD or len(ends) * len(column) > MOST_TRIES:
        return [_ANYTHING] * len(column)
    (known,) = kinds
    parts = [*stretches(known, [one.value for one in ends], ordered=is_ordered(known, ends)), NULL]
    pairs = zip(column, spoken, strict=True)
    return [_ANYTHING if found is None else taken(tests, parts) for tests, found in pairs]


def _spoken(tests: UnaryTests) -> tuple[Constant, ...] | None:
    try:
        return constants(tests)
    except (NotConstant, NoValue):
        return None
