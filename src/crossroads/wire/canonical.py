"""Canonical JSON (RFC 8785): whatever is hashed or signed as JSON has one form only.

Members keep no place for floats: amounts are integer eurocents, so the one hard part of RFC 8785 never arises here.
"""

import hashlib
from binascii import a2b_base64, b2a_base64
from typing import Any

import msgspec
import rfc8785

from crossroads.kernel.errors import InvalidValue

# On the hot path: `base64` does the same in Python, several calls deep.
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")
"""What is of the other alphabet becomes what is of neither."""
_PADDING = (b"", b"===", b"==", b"=")


def canonical(value: Any) -> bytes:
    """Give the one canonical form of a JSON value or struct."""
    try:
        return rfc8785.dumps(msgspec.to_builtins(value))
    except (rfc8785.CanonicalizationError, TypeError, RecursionError):
        # Their messages repeat the value.
        raise InvalidValue("This value has no canonical JSON form.") from None


def sha256(data: bytes) -> bytes:
    """Give the SHA-256 of the bytes."""
    return hashlib.sha256(data).digest()


def b64url(data: bytes) -> str:
    """Give base64url without padding."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """Give the bytes of base64url without padding. Raises InvalidValue."""
    try:
        data = a2b_base64(text.encode("ascii").translate(_FROM_URL) + _PADDING[len(text) % 4])
    except ValueError:
        raise InvalidValue("Not base64.") from None
    return _canonically(data, b64url(data) == text)


def from_b64(text: str) -> bytes:
    """Give the bytes of base64 in its one canonical form: no two texts are one value. Raises InvalidValue."""
    try:
        data = a2b_base64(text)
    except ValueError:
        raise InvalidValue("Not base64.") from None
    return _canonically(data, b2a_base64(data, newline=False) == text.encode("ascii"))


def _canonically(data: bytes, same: bool) -> bytes:  # noqa: FBT001 - whether writing the bytes again gives the text
    # The decoder passes over what is not of its alphabet; writing the bytes again shows it, and loose bits as well.
    if not same:
        raise InvalidValue("Not the canonical form of base64.")
    return data
