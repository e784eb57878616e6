"""Values to try: the least that shows how a column's cells answer between the values that they speak of.

Between two neighbours of those values no cell changes its answer. So one value of each stretch stands for all of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, DecimalException
from functools import cmp_to_key
from typing import Any

from crossroads.dmn.feel import calendar
from crossroads.dmn.feel.temporal import FIRST_YEAR, LAST_YEAR, MOST_MONTHS, MOST_NANOSECONDS, NANOSECONDS
from crossroads.dmn.feel.values import (
    NUMBERS,
    Date,
    DateTime,
    DaysTime,
    Range,
    Time,
    Value,
    YearsMonths,
    compare,
    equal,
)

_DAY = calendar.SECONDS_A_DAY


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that no cell of a column tells apart: one that stands for them, and all of them as a range.

    `span` is None for what has no order: null, true, false, or any text that no cell names.
    """

    sample: Value
    span: Range | None = None


NULL = Stretch(None)
OTHER = "(other)"


def stretches(kind: str, ends: Iterable[Value], *, ordered: bool) -> list[Stretch]:
    """Give the stretches of a kind between, at and beyond the values that cells speak of; `ordered`: some by `<`."""
    if kind == "boolean":
        return [Stretch(True), Stretch(False)]
    points = _sorted(ends)
    if kind == "string" and not ordered:
        return [*(Stretch(point, Range(point, point)) for point in points), Stretch(_unlike(points))]
    found: list[Stretch] = []
    for low, high in zip([None, *points], [*points, None], strict=True):
        sample = _between(kind, low, high)
        if sample is not None:
            span = None if low is None and high is None else Range(low, high, False, False)
            found.append(Stretch(sample, span))
        if high is not None:
            found.append(Stretch(high, Range(high, high)))
    return found


def _sorted(ends: Iterable[Value]) -> list[Value]:
    points: list[Value] = []
    for end in sorted(ends, key=cmp_to_key(lambda left, right: compare(left, right) or 0)):
        if not points or equal(points[-1], end) is not True:
            points.append(end)
    return points


def _unlike(points: Iterable[Value]) -> str:
    """Give a text that is none of them."""
    taken, text = set(points), OTHER
    while text in taken:
        text += "'"
    return text


def _between(kind: str, low: Value, high: Value) -> Value | None:
    """Give a value after one and before another (None: no bound); None where there is none."""
    for value in _CANDIDATES[kind](low, high):
        if (low is None or (compare(value, low) or 0) > 0) and (high is None or (compare(value, high) or 0) < 0):
            return value
    return None


def _numbers(low: Any, high: Any) -> Iterator[Value]:
    digits = NUMBERS.copy()
    ends = [end for end in (low, high) if end is not None]
    tries: list[tuple[Callable[..., Decimal], tuple[Decimal, ...]]] = [(Decimal, ())]
    if low is not None:
        tries += [(digits.add, (low.to_integral_value(ROUND_FLOOR), Decimal(1)))]
    if high is not None:
        tries += [(digits.subtract, (high.to_integral_value(ROUND_CEILING), Decimal(1)))]
    if len(ends) > 1:
        tries += [(lambda: digits.divide(digits.add(low, high), Decimal(2)), ()), (digits.next_plus, (low,))]
    tries += [(digits.multiply, (end, Decimal(10))) for end in ends]
    for make, arguments in tries:
        try:
            yield make(*arguments)
        except DecimalException:
            continue


def _texts(low: Any, high: Any) -> Iterator[Value]:
    if low is None:
        yield from (OTHER, "") if high is None else ("",)
    else:
        yield from (low + more for more in ("0", " ", "\x00"))


def _counted(
    number: Callable[[Any], int], value: Callable[[int], Value], units: tuple[int, ...], first: int, last: int
) -> Callable[[Any, Any], Iterator[Value]]:
    """Try values that are counted: a whole unit after the low end or before the high one, larger units first."""

    def candidates(low: Any, high: Any) -> Iterator[Value]:
        for unit in units:
            tries = [0] if low is None and high is None else []
            tries += [number(low) + unit] if low is not None else []
            tries += [number(high) - unit] if high is not None else []
            yield from (value(one) for one in tries if first <= one <= last)

    return candidates


_CANDIDATES: Mapping[str, Callable[[Any, Any], Iterator[Value]]] = {
    "number": _numbers,
    "string": _texts,
    "date": _counted(
        lambda date: int(date.number),
        Date.of_number,
        (1,),
        Date(FIRST_YEAR, 1, 1).number,
        Date(LAST_YEAR, 12, 31).number,
    ),
    "time": _counted(
        lambda time: int(time.number) // NANOSECONDS,
        lambda second: Time.of_number(second * NANOSECONDS),
        (3600, 60, 1),
        0,
        _DAY - 1,
    ),
    "date and time": _counted(
        lambda moment: int(moment.instant) // NANOSECONDS,
        lambda second: DateTime.of_number(second * NANOSECONDS),
        (_DAY, 3600, 60, 1),
        Date(FIRST_YEAR, 1, 1).number * _DAY,
        (Date(LAST_YEAR, 12, 31).number + 1) * _DAY - 1,
    ),
    "days and time duration": _counted(
        lambda duration: int(duration.number),
        DaysTime,
        (_DAY * NANOSECONDS, 3600 * NANOSECONDS, 60 * NANOSECONDS, NANOSECONDS, 1),
        -MOST_NANOSECONDS,
        MOST_NANOSECONDS,
    ),
    "years and months duration": _counted(
        lambda duration: int(duration.number), YearsMonths, (12, 1), -MOST_MONTHS, MOST_MONTHS
    ),
}
"""Values that may lie between two, the plainest first. Times are those without an offset."""
KINDS = frozenset({*_CANDIDATES, "boolean"})
"""What a column may hold to be analysed."""
