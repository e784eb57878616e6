"""Ranges written in a text: `[1..3]`, `(date("2020-01-01")..)`; ends are literals (DMN 1.5, 10.3.4.1)."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.builtins.declaring import Unfit
from crossroads.dmn.feel.comparing import compare
from crossroads.dmn.feel.kinds import Range, Value
from crossroads.dmn.feel.lexer import SyntaxFault
from crossroads.dmn.feel.lexical import read_at_literal, read_date, read_date_time, read_duration, read_time
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.syntax import AtLiteral, Call, Expression, Literal, Name, Negation

_END: Final = r'(?:"(?:[^"\\]|\\.)*"|[^".]|\.(?!\.))*?'
_FORM: Final = re.compile(
    rf"\s*(?P<open>[\[(\]])\s*(?P<start>{_END})\s*\.\.\s*(?P<end>{_END})\s*(?P<close>[\])\[])\s*", re.DOTALL
)
_CALLS: Final[dict[str, Callable[[str], Value]]] = {
    "date": read_date,
    "time": read_time,
    "date and time": read_date_time,
    "duration": read_duration,
}


def read_range(text: str) -> Range:
    """Return the range that a text holds; Unfit or ValueError where it holds none."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise Unfit("the text is not a range.")
    read = Range(_end(found["start"]), _end(found["end"]), found["open"] == "[", found["close"] == "]")
    if not _ordered(read):
        raise Unfit("a range goes from a value to a greater one of the same kind.")
    return read


def _ordered(read: Range) -> bool:
    if read.start is None or read.end is None:
        missing_is_open = not (read.start_included if read.start is None else read.end_included)
        return missing_is_open and read.start is not read.end
    if type(read.start) is not type(read.end):
        return False
    order = compare(read.start, read.end)
    return order is not None and order <= 0


def _end(text: str) -> Value:
    try:
        return _value(parse(text)) if text else None
    except SyntaxFault:
        raise Unfit("the end of a range is not a literal.") from None


def _value(written: Expression) -> Value:
    match written:
        case Literal(Decimal() | str() as value):
            return value
        case Negation(Literal(Decimal() as number)):
            return number.copy_negate()
        case AtLiteral(text):
            return read_at_literal(text)
        case Call(Name(name), (Literal(str() as text),), ()) if name in _CALLS:
            return _CALLS[name](text)
        case _:
            raise Unfit("the end of a range is not a literal.")
