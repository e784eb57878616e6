"""What a person typed in a cell, from what the spreadsheet program made of it. What could be two things is refused."""

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from crossroads.dmn.feel.values import from_python, literal, text_of

QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb"
"""Quotation marks that programs put in the place of straight ones."""
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
_BLANKS = " \u00a0\u202f"
_TRUTHS = {
    **dict.fromkeys(("true", "waar", "vrai", "wahr"), "true"),
    **dict.fromkeys(("false", "onwaar", "faux", "falsch"), "false"),
}
_DIGITS = 15
"""What spreadsheet programs keep of a number."""
_DAY = re.compile(r"(?<![\w.@-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![\w-])")
_OTHER_DAY = re.compile(r"(?<![\w.])[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}(?![\w.])")
_COMMA = re.compile(r"(?<![\w.,])[0-9]+,[0-9]+(?![\w,])")


class Refused(ValueError):
    """A cell could mean several things, or lost what it meant; says what to write."""


def plain(value: object) -> str:
    """Give a cell of words as text."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _written(value)[0]


def feel(value: object, of: str | None) -> str:
    """Give what a program made of a cell of FEEL in a column of a kind (None: unknown) as FEEL. Raises Refused."""
    if value is None or isinstance(value, str):
        return value or ""
    text, kind = _written(value)
    if of in (None, kind):
        return text
    if of == "date and time" and kind == "date":
        return text.replace("date(", "date and time(").replace('")', 'T00:00:00")')
    if of == "string" and kind == "number":
        raise Refused(f'the program made a number of it: write it between quotes, "{text}", with its zeros in front')
    raise Refused(f"the program made a {kind} of it, and the column has values of the kind {of}: write it as text")


def understood(text: str, of: str | None) -> str:
    """Give FEEL that a person typed as it was meant: quotes, dashes, truths and days. Raises Refused."""
    trimmed = text.strip().removeprefix("'").strip()
    if trimmed and not trimmed.strip(DASHES):
        return "-"
    if of == "boolean" and trimmed.lower() in _TRUTHS:
        return _TRUTHS[trimmed.lower()]
    return "".join(part if part.startswith('"') else _outside(part, of) for part in _parts(trimmed))


def _written(value: object) -> tuple[str, str]:
    """Write what is not a text as FEEL, with its kind."""
    for kinds, write in _WRITERS.items():
        if isinstance(value, kinds):
            return write(value)
    raise Refused("the program made something of it that is no value: write it as text")


def _number(value: object) -> tuple[str, str]:
    number = Decimal(repr(value) if isinstance(value, float) else str(value))
    if not number.is_finite() or len(number.normalize().as_tuple().digits) > _DIGITS:
        raise Refused(f"the program keeps {_DIGITS} digits of a number: write it as text")
    found = number.to_integral_value() if number == number.to_integral_value() else number
    return text_of(from_python(found)), "number"


def _moment(value: object) -> tuple[str, str]:
    assert isinstance(value, dt.datetime)  # noqa: S101 - the table below says so
    if value.time() == dt.time():
        return f'date("{value.date().isoformat()}")', "date"
    return f'date and time("{value.isoformat(timespec="seconds")}")', "date and time"


_WRITERS: dict[type, Callable[[object], tuple[str, str]]] = {
    bool: lambda value: (literal(value), "boolean"),
    int: _number,
    float: _number,
    Decimal: _number,
    dt.datetime: _moment,
    dt.date: lambda value: (f'date("{value}")', "date"),
    dt.time: lambda value: (f'time("{value}")', "time"),
}


def _parts(text: str) -> Iterator[str]:
    """Give what stands between quotes (with straight ones around), and what stands outside."""
    at, begun = 0, 0
    while at < len(text):
        if text[at] == '"' or text[at] in QUOTES:
            yield text[begun:at]
            begun = _end(text, at)
            yield _quoted(text[at:begun])
            at = begun
        else:
            at += 1
    yield text[begun:]


def _end(text: str, start: int) -> int:
    """Give where a string that begins here is over: a straight quote ends a straight one, any quote another."""
    ends = '"' if text[start] == '"' else '"' + QUOTES
    at = start + 1
    while at < len(text) and text[at] not in ends:
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _quoted(string: str) -> str:
    if string[0] == '"':
        return string
    inner, end = string[1:-1], string[-1]
    if len(string) == 1 or end not in '"' + QUOTES:
        raise Refused("a quotation mark is not closed")
    return '"' + (inner.strip(_BLANKS) if end in "\u00ab\u00bb" else inner) + '"'


def _outside(part: str, of: str | None) -> str:
    """Read what stands outside quotes: a day is a day, and what could be a fraction or two values is refused."""
    text = re.sub(rf"[{DASHES}](?=\s*[0-9.])", "-", part)
    if of in ("date", "date and time"):
        text = _DAY.sub(lambda found: f'date("{found[0]}")', text)
        if found := _OTHER_DAY.search(re.sub(r'"[^"]*"', '""', text)):
            raise Refused(f"{found[0]} is a division here: write a day as 2026-01-31")
    if found := _COMMA.search(text):
        whole, fraction = found[0].split(",")
        raise Refused(
            f"{found[0]} could be {whole}.{fraction} or the two values {whole}, {fraction}: write one of them"
        )
    return text
