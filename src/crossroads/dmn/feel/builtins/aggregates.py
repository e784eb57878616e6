"""Functions that make one value of a list: sums, means, extremes, all and any (DMN 1.5, 10.3.4.4)."""

import functools
from collections import Counter
from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.arithmetic import add, divide
from crossroads.dmn.feel.builtins.declaring import THROUGH, Signature, Unfit, declaring
from crossroads.dmn.feel.comparing import compare
from crossroads.dmn.feel.kinds import NUMBERS, Value
from crossroads.dmn.feel.temporal import DaysTime, YearsMonths

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)


def _both(name: str, argument: str = "list: list") -> list[tuple[str, str]]:
    return [(name, argument), (name, "c: any...")]


def _numbers(items: list[Value]) -> list[Decimal]:
    numbers = [item for item in items if isinstance(item, Decimal)]
    if len(numbers) != len(items):
        raise Unfit("not every element is a number.")
    return numbers


def _extreme(items: list[Value], sign: int) -> Value:
    def further(one: Value, other: Value) -> Value:
        order = compare(other, one)
        if order is None:
            raise Unfit("the elements cannot be compared with each other.")
        return other if order * sign > 0 else one

    if not items:
        return None
    if compare(items[0], items[0]) is None:
        raise Unfit("the elements have no order.")
    return functools.reduce(further, items)


def _min(items: list[Value]) -> Value:
    return _extreme(items, -1)


def _max(items: list[Value]) -> Value:
    return _extreme(items, 1)


def _sum(items: list[Value]) -> Value:
    if not items:
        return None
    if not all(isinstance(item, Decimal | DaysTime | YearsMonths) for item in items):
        raise Unfit("not every element is a number or a duration.")
    total = functools.reduce(add, items)
    if total is None:
        raise Unfit("the elements cannot be added.")
    return total


def _mean(items: list[Value]) -> Value:
    return divide(_sum(items), Decimal(len(items))) if items else None


def _product(items: list[Value]) -> Value:
    return functools.reduce(NUMBERS.copy().multiply, _numbers(items)) if items else None


def _median(items: list[Value]) -> Value:
    numbers = sorted(_numbers(items))
    if not numbers:
        return None
    middle, odd = divmod(len(numbers), 2)
    return numbers[middle] if odd else divide(add(numbers[middle - 1], numbers[middle]), Decimal(2))


def _stddev(items: list[Value]) -> Value:
    numbers = _numbers(items)
    if len(numbers) < 2:  # noqa: PLR2004 - one number does not spread
        raise Unfit("there are fewer than two numbers.")
    context = NUMBERS.copy()
    context.prec += 6
    mean = context.divide(functools.reduce(context.add, numbers), Decimal(len(numbers)))
    squares = (context.power(context.subtract(number, mean), 2) for number in numbers)
    spread = context.divide(functools.reduce(context.add, squares), Decimal(len(numbers) - 1))
    return NUMBERS.copy().plus(context.sqrt(spread))


def _mode(items: list[Value]) -> Value:
    counted = Counter(_numbers(items))
    most = max(counted.values(), default=0)
    return sorted(number for number, count in counted.items() if count == most)


def _all(items: list[Value]) -> Value:
    _booleans(items)
    return False if False in items else None if None in items else True


def _any(items: list[Value]) -> Value:
    _booleans(items)
    return True if True in items else None if None in items else False


def _booleans(items: list[Value]) -> None:
    if not all(item is None or isinstance(item, bool) for item in items):
        raise Unfit("not every element is true or false.")


for _name, _function in {
    "min": _min, "max": _max, "sum": _sum, "mean": _mean, "product": _product, "median": _median,
    "stddev": _stddev, "mode": _mode, "all": _all, "any": _any, "and": _all, "or": _any,
}.items():  # fmt: skip
    for _pair in _both(_name):
        builtin(*_pair, THROUGH)(_function)
