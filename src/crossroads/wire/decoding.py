"""Reading input: what is wrong is said with its place, in the words of the Belgif guide, and never repeats a value."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import msgspec

from crossroads.kernel.errors import Fault, Malformed

T = TypeVar("T")

_SCHEMA = "urn:problem-type:belgif:input-validation:schemaViolation"
_UNKNOWN = "urn:problem-type:belgif:input-validation:unknownInput"
_PERIOD = "urn:problem-type:belgif-ext:input-validation:invalidPeriod"
UNREADABLE = (msgspec.MsgspecError, json.JSONDecodeError, UnicodeDecodeError, RecursionError, OverflowError)
"""What reading JSON of strangers can raise: no JSON, another form, no UTF-8, nested without end, numbers likewise."""

_UNKNOWN_NAME = re.compile(r"unknown field (?!`[A-Za-z]{1,40}`(?: - at `[$A-Za-z.\[\]]+`)?\Z).*", re.DOTALL)
_CLEARER = {
    "Invalid RFC3339 encoded date": "There is no such day; a date is written yyyy-mm-dd",
    "Invalid RFC3339 encoded datetime": "There is no such moment; it is written yyyy-mm-ddThh:mm:ss, with its zone",
}
_NO_PERIOD = re.compile("ends before it starts|open period has no end date")
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{1,40}")
_anything = msgspec.json.Decoder(float_hook=str)
"""Numbers stay text: to make one of `9e307` takes 200 times as long as to read it."""


class RepeatedMember(ValueError):
    """A member of a JSON object is repeated."""

    def __init__(self, path: str) -> None:
        """Keep where it stands."""
        self.fault = Fault(path, _SCHEMA, "A member of the JSON object is repeated.")
        super().__init__(self.fault.detail)


def decode(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """Decode a JSON body. Raises Malformed with the place of the fault.

    A member that stands twice is one: a signature over the body would cover two readings of it. In what the decoder
    leaves raw it is found when that is decoded.
    """
    try:
        value = decoder.decode(body)
        refuse_repeated_members(body, value)
    except msgspec.ValidationError as error:
        # Not `from error`: the message of the error may repeat the value.
        raise Malformed(fault(error)) from None
    except RepeatedMember as error:
        raise Malformed(error.fault) from None
    except UNREADABLE:
        raise Malformed(Fault("$", _SCHEMA, "The body is not JSON in UTF-8.")) from None
    return value


def check_json(body: bytes) -> None:
    """Check a body that is decoded elsewhere: JSON without a repeated member. Raises Malformed."""
    decode(body, _anything)


def convert(value: Any, kind: type[T]) -> T:
    """Convert plain JSON values. Raises Malformed with the place of the fault."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Malformed(fault(error)) from None


def refuse_repeated_members(raw: bytes, value: Any) -> None:
    """Refuse JSON in which an object has a member twice: others may read the first. Raises RepeatedMember.

    `value` is what was read from `raw`. Where it is written just so, which is usual, nothing is repeated.
    """
    if msgspec.json.encode(value) == raw:
        return
    text = raw.decode()
    try:
        json.loads(text, object_pairs_hook=_once_each, parse_int=str, parse_float=str)
    except RepeatedMember:
        members = json.loads(text, object_pairs_hook=_Members, parse_int=str, parse_float=str)
        raise RepeatedMember(next(_repeated(members, "$"))) from None


class _Members(NamedTuple):
    pairs: list[tuple[str, Any]]


def _once_each(members: list[tuple[str, Any]]) -> None:
    if len(dict(members)) != len(members):
        raise RepeatedMember("$")


def _repeated(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _repeated(inner, f"{path}[{number}]")
    elif isinstance(value, _Members):
        met = set()
        for name, inner in value.pairs:
            # A name can be anything, so that one that is no plain word is not shown.
            place = f"{path}.{name}" if _WORD.fullmatch(name) else f"{path}[...]"
            if name in met:
                yield place
            met.add(name)
            yield from _repeated(inner, place)


def fault(error: msgspec.ValidationError) -> Fault:
    """Give place and kind of what msgspec found wrong; its message never repeats the value."""
    # msgspec says "what - at `$.path`". Of its messages the one on enums repeats the input, and the one on unknown
    # fields its name, which is shown where it is a plain word.
    text = _UNKNOWN_NAME.sub("unknown field", str(error))
    match = _PLACE.match(text)
    what, path = (match["what"], match["path"] or "$") if match else (text, "$")
    what = _CLEARER.get(what, what)
    if "unknown field" in what:
        return Fault(path, _UNKNOWN, what + ".")
    if _NO_PERIOD.search(what):
        return Fault(path, _PERIOD, what)
    return Fault(path, _SCHEMA, re.sub(r"Invalid enum value .*", "Invalid value", what) + ".")
