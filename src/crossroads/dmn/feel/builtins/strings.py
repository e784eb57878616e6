"""Functions of strings; positions count characters from 1, or from the end when negative (DMN 1.5, 10.3.4.3)."""

from decimal import Decimal
from typing import Final

from crossroads.dmn.feel.builtins import patterns
from crossroads.dmn.feel.builtins.declaring import THROUGH, Cost, Signature, Unfit, declaring
from crossroads.dmn.feel.kinds import Value
from crossroads.dmn.feel.scope import LARGEST, Work

DECLARED: Final[dict[str, list[Signature]]] = {}
builtin = declaring(DECLARED)

_CLOCKED: Final = Cost(clocked=True)
_PAIR: Final = "string: string, match: string"


@builtin("substring", "string: string, start position: number, length?: number?")
def _substring(text: str, start: Decimal, length: Decimal | None) -> Value:
    position = int(start)
    if position == 0 or abs(position) > len(text):
        raise Unfit(f"there is no such position in a text of {len(text)} characters.")
    if length is not None and length < 1:
        raise Unfit("the length is less than 1.")
    first = position - 1 if position > 0 else len(text) + position
    return text[first:] if length is None else text[first : first + int(length)]


@builtin("string length", "string: string")
def _length(text: str) -> Value:
    return Decimal(len(text))


@builtin("upper case", "string: string")
def _upper(text: str) -> Value:
    return text.upper()


@builtin("lower case", "string: string")
def _lower(text: str) -> Value:
    return text.lower()


@builtin("substring before", _PAIR)
def _before(text: str, match: str) -> Value:
    return text.partition(match)[0] if match and match in text else ""


@builtin("substring after", _PAIR)
def _after(text: str, match: str) -> Value:
    return text.partition(match)[2] if match else text


@builtin("contains", _PAIR)
def _contains(text: str, match: str) -> Value:
    return match in text


@builtin("starts with", _PAIR)
def _starts(text: str, match: str) -> Value:
    return text.startswith(match)


@builtin("ends with", _PAIR)
def _ends(text: str, match: str) -> Value:
    return text.endswith(match)


@builtin("matches", "input: string, pattern: string, flags?: string?", _CLOCKED)
def _matches(text: str, pattern: str, flags: str | None, work: Work) -> Value:
    return patterns.matches(text, pattern, flags or "", work)


@builtin("replace", "input: string, pattern: string, replacement: string, flags?: string?", _CLOCKED)
def _replace(text: str, pattern: str, replacement: str, flags: str | None, work: Work) -> Value:
    return patterns.replace(text, pattern, replacement, flags or "", work)


@builtin("split", "string: string, delimiter: string", _CLOCKED)
def _split(text: str, delimiter: str, work: Work) -> Value:
    return list(patterns.split(text, delimiter, work))


@builtin("string join", "list: list, delimiter?: string?", THROUGH)
def _join(items: list[Value], delimiter: str | None) -> Value:
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) < len(items) - items.count(None):
        raise Unfit("only strings can be joined.")
    between = delimiter or ""
    if sum(map(len, texts)) + len(between) * len(texts) > LARGEST:
        raise Unfit("the string becomes too long.")
    return between.join(texts)
