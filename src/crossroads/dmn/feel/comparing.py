"""Equality, order and membership: true, false, or None where two values cannot be compared (DMN 1.5, 10.3.2.13)."""

from collections.abc import Callable, Hashable, Iterable
from decimal import Decimal
from typing import Any, Final

from crossroads.dmn.feel.kinds import Function, Range, Value
from crossroads.dmn.feel.temporal import NANOSECONDS, Date, DateTime, DaysTime, Time, YearsMonths, at_midnight


def _second_of_time(time: Time) -> int:
    return time.number // NANOSECONDS - (time.offset or 0)


def _second(moment: DateTime) -> int:
    return moment.instant // NANOSECONDS


_MEASURES: Final[dict[type, Callable[[Any], Any]]] = {
    Decimal: lambda number: number,
    str: lambda text: text,
    Date: lambda date: (date.year, date.month, date.day),
    Time: _second_of_time,
    DateTime: _second,
    YearsMonths: lambda duration: duration.number,
    DaysTime: lambda duration: duration.number,
}
"""What values of a kind are equal and ordered by; times to the second and with their offset, as the text says."""


def all_of(answers: Iterable[bool | None]) -> bool | None:
    """Return the conjunction of answers in three-valued logic."""
    unsure = False
    for answer in answers:
        if answer is False:
            return False
        unsure = unsure or answer is None
    return None if unsure else True


def equal(left: Value, right: Value) -> bool | None:
    """Return whether two values are equal; null equals only null; None for values of different kinds."""
    if left is None or right is None:
        return left is right
    left, right = _alike(left, right)
    if type(left) is not type(right):
        return None
    if measure := _MEASURES.get(type(left)):
        return bool(measure(left) == measure(right))
    return _STRUCTURES[type(left)](left, right)


def compare(left: Value, right: Value) -> int | None:
    """Return a number below, at or above zero as left is less than, equal to or more than right; None otherwise."""
    left, right = _alike(left, right)
    measure = _MEASURES.get(type(left))
    if measure is None or type(left) is not type(right):
        return None
    one, other = measure(left), measure(right)
    return int(one > other) - int(one < other)


def contains(container: Range, value: Value) -> bool | None:
    """Return whether a value lies in a range; None where it cannot be compared with an end, as one of null included."""
    if container.start is None and container.end is None:
        return None
    return all_of((_after_start(container, value), _before_end(container, value)))


def same(left: Value, right: Value) -> bool:
    """Return whether two values are the same element: of one kind and, for times, with one clock and offset (`is`)."""
    if type(left) is not type(right):
        return False
    if isinstance(left, Time | DateTime) and isinstance(right, Time | DateTime):
        return (left.number, left.offset) == (right.number, right.offset)
    return equal(left, right) is True


def key_of(value: Value) -> Hashable:
    """Return what two values have in common exactly when they are equal: to find equals without comparing each pair."""
    if isinstance(value, list):
        return list, tuple(key_of(item) for item in value)
    if isinstance(value, dict):
        return dict, frozenset((name, key_of(item)) for name, item in value.items())
    if isinstance(value, Range):
        return Range, key_of(value.start), key_of(value.end), value.start_included, value.end_included
    if isinstance(value, Date):
        return DateTime, _second(at_midnight(value))
    measure = _MEASURES.get(type(value))
    return type(value), value if measure is None else measure(value)


def _alike(left: Value, right: Value) -> tuple[Value, Value]:
    if isinstance(left, Date) and isinstance(right, DateTime):
        return at_midnight(left), right
    if isinstance(left, DateTime) and isinstance(right, Date):
        return left, at_midnight(right)
    return left, right


def _equal_lists(left: list[Value], right: list[Value]) -> bool | None:
    return len(left) == len(right) and all_of(equal(one, other) for one, other in zip(left, right, strict=True))


def _equal_contexts(left: dict[str, Value], right: dict[str, Value]) -> bool | None:
    return left.keys() == right.keys() and all_of(equal(left[name], right[name]) for name in left)


def _equal_ranges(left: Range, right: Range) -> bool | None:
    if (left.start_included, left.end_included) != (right.start_included, right.end_included):
        return False
    return all_of((equal(left.start, right.start), equal(left.end, right.end)))


def _after_start(container: Range, value: Value) -> bool | None:
    if container.start is None:
        return None if container.start_included else True
    order = compare(value, container.start)
    return None if order is None else order > 0 or (order == 0 and container.start_included)


def _before_end(container: Range, value: Value) -> bool | None:
    if container.end is None:
        return None if container.end_included else True
    order = compare(value, container.end)
    return None if order is None else order < 0 or (order == 0 and container.end_included)


def _equal_booleans(left: bool, right: bool) -> bool:  # noqa: FBT001 - values, not options
    return left == right


def _equal_functions(left: Function, right: Function) -> bool:
    return left is right


_STRUCTURES: Final[dict[type, Callable[[Any, Any], bool | None]]] = {
    bool: _equal_booleans,
    list: _equal_lists,
    dict: _equal_contexts,
    Range: _equal_ranges,
    Function: _equal_functions,
}
