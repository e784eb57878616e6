"""Functions of contexts (DMN 1.5, 10.3.4.12)."""

from typing import Final

from crossroads.dmn.feel.builtins.declaring import THROUGH, Signature, Unfit, declaring
from crossroads.dmn.feel.kinds import Value

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)

_Context = dict[str, Value]


@builtin("get value", "m: context, key: string")
def _value(context: _Context, key: str) -> Value:
    return context.get(key)


@builtin("get entries", "m: context", THROUGH)
def _entries(context: _Context) -> Value:
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list", THROUGH)
def _context(entries: list[Value]) -> Value:
    made: _Context = {}
    for entry in entries:
        key, value = _entry(entry)
        if key in made:
            raise Unfit("a key stands there twice.")
        made[key] = value
    return made


@builtin("context put", "context: context, key: string, value: any")
def _put(context: _Context, key: str, value: Value) -> Value:
    return {**context, key: value}


@builtin("context put", "context: context, keys: list, value: any")
def _put_deep(context: _Context, keys: list[Value], value: Value) -> Value:
    if not keys:
        raise Unfit("there are no keys.")
    first, *rest = keys
    if not isinstance(first, str):
        raise Unfit("a key is not a string.")
    if not rest:
        return {**context, first: value}
    inner = context.get(first)
    if inner is not None and not isinstance(inner, dict):
        raise Unfit("a key before the last does not lead to a context.")
    return {**context, first: _put_deep(inner or {}, rest, value)}


@builtin("context merge", "contexts: list")
def _merge(contexts: list[Value]) -> Value:
    merged: _Context = {}
    for context in contexts:
        if not isinstance(context, dict):
            raise Unfit("not every element is a context.")
        merged |= context
    return merged


def _entry(entry: Value) -> tuple[str, Value]:
    if isinstance(entry, dict) and "value" in entry and isinstance(key := entry.get("key"), str):
        return key, entry["value"]
    raise Unfit("an entry has a key, which is a string, and a value.")
