"""Whether rules can match the same row: where none can, a table needs no counting of matches.

A cell of constants is a set of values: stretches between two ends. What is not understood is taken to hold for
anything, so that the answer "never together" can be relied upon, and "perhaps" costs only time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from crossroads.dmn.feel.kinds import Range
from crossroads.dmn.feel.values import compare, equal

_ENDS = {
    "=": lambda value: Range(value, value),
    "<": lambda value: Range(None, value, False, False),
    "<=": lambda value: Range(None, value, False, True),
    ">": lambda value: Range(value, None, False, False),
    ">=": lambda value: Range(value, None, True, False),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The values for which a cell may hold: any of the stretches, or null; None stands for anything at all."""

    stretches: tuple[Range, ...] | None = None
    null: bool = True


ANYTHING = Cell()


def cell(values: Sequence[object], *, negated: bool) -> Cell:
    """Give the cell of constants: each equals a value, or lies in a range or list; ANYTHING where that is not clear."""
    stretches: list[Range] = []
    null = False
    for value in _flat(values):
        if value is None:
            null = True
        elif (found := _stretch(value)) is None:
            return ANYTHING
        else:
            stretches.append(found)
    return _outside(stretches) if negated else Cell(tuple(stretches), null)


def against(relation: str, value: object) -> object:
    """Give the values that stand in a relation to a constant, as a range; None where that is not one range."""
    return _ENDS[relation](value) if relation in _ENDS else None


def never_together(rules: Sequence[Sequence[Cell]]) -> bool:
    """Whether any two rules have a column in which no value suits both."""
    return all(
        any(_apart(one, other) for one, other in zip(left, right, strict=True))
        for left, right in combinations(rules, 2)
    )


def _flat(values: Iterable[object]) -> Iterable[object]:
    for value in values:
        yield from value if isinstance(value, list) else (value,)


def _stretch(value: object) -> Range | None:
    if isinstance(value, list | dict):
        return None
    if not isinstance(value, Range):
        return Range(value, value)
    order = None if value.start is None or value.end is None else compare(value.start, value.end)
    understood = order is not None or (value.start is None) != (value.end is None)
    return value if understood else None


def _outside(stretches: list[Range]) -> Cell:
    """Give what `not(...)` of one stretch leaves; what it leaves of several is not worked out."""
    if len(stretches) != 1:
        return ANYTHING
    only, left = stretches[0], []
    if only.start is not None:
        left.append(Range(None, only.start, False, not only.start_included))
    if only.end is not None:
        left.append(Range(only.end, None, not only.end_included, False))
    return Cell(tuple(left))


def _apart(one: Cell, other: Cell) -> bool:
    if one.stretches is None or other.stretches is None or (one.null and other.null):
        return False
    return all(_before(a, b) or _before(b, a) or _unequal(a, b) for a in one.stretches for b in other.stretches)


def _before(first: Range, second: Range) -> bool:
    """Whether all of the first stretch lies before the second."""
    if first.end is None or second.start is None:
        return False
    order = compare(first.end, second.start)
    return order is not None and (order < 0 or (order == 0 and not (first.end_included and second.start_included)))


def _unequal(one: Range, other: Range) -> bool:
    """Whether both are single values that differ: truth values have no order."""
    single = all(stretch.start is not None and equal(stretch.start, stretch.end) for stretch in (one, other))
    return single and equal(one.start, other.start) is False
