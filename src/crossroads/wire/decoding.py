"""Reading input: what is wrong is said with its place, in the words of the Belgif guide, and never repeats a value."""

import re
from typing import Any, TypeVar

import msgspec

from crossroads.kernel.errors import Fault, Malformed

T = TypeVar("T")

_SCHEMA = "urn:problem-type:belgif:input-validation:schemaViolation"
_UNKNOWN = "urn:problem-type:belgif:input-validation:unknownInput"
_PERIOD = "urn:problem-type:belgif-ext:input-validation:invalidPeriod"
_PLACE = re.compile(r"^(?P<what>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)


def decode(body: bytes, decoder: "msgspec.json.Decoder[T]") -> T:
    """Decode a JSON body. Raises Malformed with the place of the fault."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise Malformed(fault(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(Fault("$", _SCHEMA, "The body is not JSON in UTF-8.")) from error


def convert(value: Any, kind: type[T]) -> T:
    """Convert plain JSON values. Raises Malformed with the place of the fault."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise Malformed(fault(error)) from error


def fault(error: msgspec.ValidationError) -> Fault:
    """Give place and kind of what msgspec found wrong; its message never repeats the value."""
    text = str(error)
    # msgspec says "what - at `$.path`"; of its messages only the one on enums repeats the input, in quotes.
    match = _PLACE.match(text)
    what, path = (match["what"], match["path"] or "$") if match else (text, "$")
    if "unknown field" in what:
        return Fault(path, _UNKNOWN, what + ".")
    if "ends before it starts" in what:
        return Fault(path, _PERIOD, what)
    return Fault(path, _SCHEMA, re.sub(r"Invalid enum value .*", "Invalid value", what) + ".")
