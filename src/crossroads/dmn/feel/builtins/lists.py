"""Functions that look into lists and make new ones; positions count from 1, or from the end (DMN 1.5, 10.3.4.4)."""

import functools
from collections.abc import Hashable
from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.builtins.declaring import THROUGH, Signature, Unfit, declaring
from crossroads.dmn.feel.comparing import equal, key_of
from crossroads.dmn.feel.kinds import Function, Value

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)


@builtin("list contains", "list: list, element: any", THROUGH)
def _contains(items: list[Value], element: Value) -> Value:
    return any(equal(item, element) for item in items)


@builtin("count", "list: list")
def _count(items: list[Value]) -> Value:
    return Decimal(len(items))


@builtin("count", "c: any...")
def _count_all(items: list[Value]) -> Value:
    if len(items) < 2:  # noqa: PLR2004 - one argument is the list itself
        raise Unfit("there is no list.")
    return Decimal(len(items))


@builtin("sublist", "list: list, start position: number, length?: number?")
def _sublist(items: list[Value], start: Decimal, length: Decimal | None) -> Value:
    first = _index(items, start)
    if length is None:
        return items[first:]
    if length < 0 or first + int(length) > len(items):
        raise Unfit("the list does not have so many elements from there.")
    return items[first : first + int(length)]


@builtin("append", "list: list")
def _append_nothing(items: list[Value]) -> Value:
    return list(items)


def _append(arguments: list[Value]) -> Value:
    items, *more = arguments
    if items is None:
        raise Unfit("there is no list.")
    return [*(items if isinstance(items, list) else [items]), *more]


builtin("append", "list: any...")(_append)


@builtin("concatenate", "list: list...")
def _concatenate(lists: list[list[Value]]) -> Value:
    return [item for items in lists for item in items]


@builtin("insert before", "list: list, position: number, newItem: any")
def _insert(items: list[Value], position: Decimal, item: Value) -> Value:
    place = _index(items, position)
    return [*items[:place], item, *items[place:]]


@builtin("remove", "list: list, position: number")
def _remove(items: list[Value], position: Decimal) -> Value:
    place = _index(items, position)
    return items[:place] + items[place + 1 :]


@builtin("list replace", "list: list, position: number, newItem: any")
def _replace(items: list[Value], position: Decimal, item: Value) -> Value:
    place = _index(items, position)
    return [*items[:place], item, *items[place + 1 :]]


@builtin("list replace", "list: list, match: function, newItem: any")
def _replace_matching(items: list[Value], match: Function, new: Value) -> Value:
    if len(match.parameters) != 2:  # noqa: PLR2004 - the item and the new item
        raise Unfit("the function takes two arguments: the item and the new item.")
    answers = [match(item, new) for item in items]
    if not all(isinstance(answer, bool) for answer in answers):
        raise Unfit("the function does not answer true or false.")
    return [new if answer else item for answer, item in zip(answers, items, strict=True)]


@builtin("reverse", "list: list")
def _reverse(items: list[Value]) -> Value:
    return items[::-1]


@builtin("index of", "list: list, match: any", THROUGH)
def _index_of(items: list[Value], match: Value) -> Value:
    return [Decimal(place) for place, item in enumerate(items, 1) if equal(item, match)]


@builtin("union", "list: list...", THROUGH)
def _union(lists: list[list[Value]]) -> Value:
    return _once([item for items in lists for item in items])


@builtin("distinct values", "list: list", THROUGH)
def _distinct(items: list[Value]) -> Value:
    return _once(items)


@builtin("flatten", "list: list", THROUGH)
def _flatten(items: list[Value]) -> Value:
    return _flat(items)


@builtin("sort", "list: list, precedes: function")
def _sort(items: list[Value], precedes: Function) -> Value:
    if len(precedes.parameters) != 2:  # noqa: PLR2004 - two elements are compared
        raise Unfit("the function takes two arguments.")

    def order(one: Value, other: Value) -> int:
        return -1 if _true(precedes, one, other) else int(_true(precedes, other, one))

    return sorted(items, key=functools.cmp_to_key(order))


def _true(precedes: Function, one: Value, other: Value) -> bool:
    answer = precedes(one, other)
    if not isinstance(answer, bool):
        raise Unfit("the function does not answer true or false.")
    return answer


def _index(items: list[Value], position: Decimal) -> int:
    place = int(position)
    if place == 0 or abs(place) > len(items):
        raise Unfit(f"there is no such position in a list of {len(items)}.")
    return place - 1 if place > 0 else len(items) + place


def _once(items: list[Value]) -> list[Value]:
    kept: dict[Hashable, Value] = {}
    for item in items:
        kept.setdefault(key_of(item), item)
    return list(kept.values())


def _flat(items: list[Value]) -> list[Value]:
    flat: list[Value] = []
    for item in items:
        flat.extend(_flat(item) if isinstance(item, list) else [item])
    return flat
