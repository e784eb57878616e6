"""Where a page of a person's entries ended: a text that serves only to go on with the same person."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

import msgspec

from crossroads.audit.seen_store import Place
from crossroads.kernel.errors import Fault, Malformed

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"
_BYTES = 16
_decode = msgspec.json.Decoder(tuple[datetime, int, int]).decode


def cursor(place: Place, person: int, key: bytes) -> str:
    """Give the text."""
    body = msgspec.json.encode(tuple(place))
    return urlsafe_b64encode(_seal(body, person, key) + body).decode("ascii")


def place_of(text: str, person: int, key: bytes) -> Place:
    """Give the place. Raises Malformed for a text that is not of this person, or not of ours."""
    try:
        raw = urlsafe_b64decode(text)
        seal, body = raw[:_BYTES], raw[_BYTES:]
        if hmac.compare_digest(seal, _seal(body, person, key)):
            return Place(*_decode(body))
    except (ValueError, msgspec.MsgspecError):
        pass
    raise Malformed(Fault("$.after", _INVALID, "This does not say where a page about this person ended."))


def _seal(body: bytes, person: int, key: bytes) -> bytes:
    return hmac.digest(key, b"usage page\x00" + str(person).encode() + b"\x00" + body, "sha256")[:_BYTES]
