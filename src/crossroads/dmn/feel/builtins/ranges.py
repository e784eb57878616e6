"""How points and ranges lie to each other (DMN 1.5, 10.3.4.9): Allen's relations, with points where they make sense.

A point is taken for the range that holds only it; an end of None lies beyond all values.
"""

from collections.abc import Callable
from typing import Final

from crossroads.dmn.feel.builtins.declaring import Signature, Unfit, declaring
from crossroads.dmn.feel.comparing import compare
from crossroads.dmn.feel.kinds import Range, Value

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)

_Relation = Callable[[Range, Range], bool]
_BEYOND: Final = {"start": -1, "end": 1}


def _order(one: Range, its: str, other: Range, others: str) -> int:
    """Compare an end ("start" or "end") of one range with an end of another."""
    left, right = getattr(one, its), getattr(other, others)
    if left is None or right is None:
        here, there = (_BEYOND[its] if left is None else 0), (_BEYOND[others] if right is None else 0)
        return here - there
    order = compare(left, right)
    if order is None:
        raise Unfit("the values cannot be compared with each other.")
    return order


def _before(one: Range, other: Range) -> bool:
    order = _order(one, "end", other, "start")
    return order < 0 or (order == 0 and not (one.end_included and other.start_included))


def _meets(one: Range, other: Range) -> bool:
    return one.end_included and other.start_included and _order(one, "end", other, "start") == 0


def _overlaps(one: Range, other: Range) -> bool:
    return not _before(one, other) and not _before(other, one)


def _starts_first(one: Range, other: Range) -> bool:
    order = _order(one, "start", other, "start")
    return order < 0 or (order == 0 and one.start_included and not other.start_included)


def _ends_last(one: Range, other: Range) -> bool:
    order = _order(one, "end", other, "end")
    return order > 0 or (order == 0 and one.end_included and not other.end_included)


def _same_start(one: Range, other: Range) -> bool:
    return _order(one, "start", other, "start") == 0 and one.start_included == other.start_included


def _same_end(one: Range, other: Range) -> bool:
    return _order(one, "end", other, "end") == 0 and one.end_included == other.end_included


def _overlaps_before(one: Range, other: Range) -> bool:
    return _starts_first(one, other) and not _before(one, other) and not _ends_last(one, other)


def _finishes(one: Range, other: Range) -> bool:
    return _same_end(one, other) and not _starts_first(one, other)


def _includes(one: Range, other: Range) -> bool:
    return not _starts_first(other, one) and not _ends_last(other, one)


def _starts(one: Range, other: Range) -> bool:
    return _same_start(one, other) and not _ends_last(one, other)


def _coincides(one: Range, other: Range) -> bool:
    return _same_start(one, other) and _same_end(one, other)


def _turned(relation: _Relation) -> _Relation:
    return lambda one, other: relation(other, one)


def _of_values(relation: _Relation) -> Callable[[Value, Value], Value]:
    return lambda one, other: relation(_range(one), _range(other))


def _range(value: Value) -> Range:
    if not isinstance(value, Range):
        return Range(value, value)
    if (value.start is None and value.start_included) or (value.end is None and value.end_included):
        raise Unfit("a range cannot include null.")
    return value


_POINTS: Final = "point1: point, point2: point"
_POINT_RANGE: Final = "point: point, range: range"
_RANGE_POINT: Final = "range: range, point: point"
_RANGES: Final = "range1: range, range2: range"
_RELATIONS: Final[dict[str, tuple[_Relation, tuple[str, ...]]]] = {
    "before": (_before, (_POINTS, _POINT_RANGE, _RANGE_POINT, _RANGES)),
    "after": (_turned(_before), (_POINTS, _POINT_RANGE, _RANGE_POINT, _RANGES)),
    "meets": (_meets, (_RANGES,)),
    "met by": (_turned(_meets), (_RANGES,)),
    "overlaps": (_overlaps, (_RANGES,)),
    "overlaps before": (_overlaps_before, (_RANGES,)),
    "overlaps after": (_turned(_overlaps_before), (_RANGES,)),
    "finishes": (_finishes, (_POINT_RANGE, _RANGES)),
    "finished by": (_turned(_finishes), (_RANGE_POINT, _RANGES)),
    "includes": (_includes, (_RANGE_POINT, _RANGES)),
    "during": (_turned(_includes), (_POINT_RANGE, _RANGES)),
    "starts": (_starts, (_POINT_RANGE, _RANGES)),
    "started by": (_turned(_starts), (_RANGE_POINT, _RANGES)),
    "coincides": (_coincides, (_POINTS, _RANGES)),
}
for _name, (_relation, _signatures) in _RELATIONS.items():
    for _signature in _signatures:
        builtin(_name, _signature)(_of_values(_relation))
