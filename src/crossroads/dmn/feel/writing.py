"""Values as text: what `string()` gives, and the literal that reads back as the same value."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from crossroads.dmn.feel.kinds import Function, Range, Value
from crossroads.dmn.feel.lexical import write_date, write_date_time, write_duration, write_time
from crossroads.dmn.feel.temporal import Date, DateTime, DaysTime, Time, YearsMonths

_ESCAPED: Final[dict[int, str]] = {code: f"\\u{code:04x}" for code in (*range(32), *range(0xD800, 0xE000))} | {
    ord(character): f"\\{letter}"
    for character, letter in (("\\", "\\"), ('"', '"'), ("\n", "n"), ("\r", "r"), ("\t", "t"))
}


def number_text(number: Decimal) -> str:
    """Return a number in digits, without exponent."""
    return f"{number.copy_abs() if number.is_zero() else number:f}"


_SCALARS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    Decimal: number_text,
    str: str,
    Date: write_date,
    Time: write_time,
    DateTime: write_date_time,
    YearsMonths: write_duration,
    DaysTime: write_duration,
}


def text_of(value: Value) -> str:
    """Return what `string(value)` gives: the bare text of a scalar, FEEL for lists, contexts and ranges."""
    scalar = _SCALARS.get(type(value))
    return scalar(value) if scalar else _structure(value, _inside)


def literal(value: Value) -> str:
    """Return the FEEL expression that gives the value."""
    return _structure(value, literal) if type(value) not in _SCALARS else _literal_scalar(value)


def _literal_scalar(value: Value) -> str:
    if isinstance(value, str):
        return _quoted(value)
    text = text_of(value)
    return text if value is None or isinstance(value, bool | Decimal) else f'@"{text}"'


def _inside(value: Value) -> str:
    return _quoted(value) if isinstance(value, str) else text_of(value)


def _structure(value: Value, inner: Callable[[Value], str]) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(inner(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_name(name)}: {inner(item)}" for name, item in value.items()) + "}"
    if isinstance(value, Range):
        return _range(value, inner)
    if isinstance(value, Function):
        return f"function({', '.join(value.parameters)})"
    raise TypeError(f"{type(value).__name__} is not a value of FEEL.")


def _range(value: Range, inner: Callable[[Value], str]) -> str:
    if value.start is None and value.end is not None and not value.start_included:
        return f"({'<=' if value.end_included else '<'} {inner(value.end)})"
    if value.end is None and value.start is not None and not value.end_included:
        return f"({'>=' if value.start_included else '>'} {inner(value.start)})"
    opening, closing = "[" if value.start_included else "(", "]" if value.end_included else ")"
    return f"{opening}{inner(value.start)}..{inner(value.end)}{closing}"


def _name(name: str) -> str:
    return (
        name if name and name.replace(" ", "").replace("_", "").isalnum() and not name[0].isdigit() else _quoted(name)
    )


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'
