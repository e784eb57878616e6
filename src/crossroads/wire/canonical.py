"""Canonical JSON (RFC 8785): whatever is hashed or signed as JSON has one form only.

Members keep no place for floats: amounts are integer eurocents, so the one hard part of RFC 8785 never arises here.
"""

import hashlib
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import msgspec
import rfc8785

from crossroads.kernel.errors import InvalidValue


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
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """Give the bytes of base64url without padding. Raises InvalidValue."""
    return _decoded(text, text + "=" * (-len(text) % 4), urlsafe_b64decode, b64url)


def from_b64(text: str) -> bytes:
    """Give the bytes of base64 in its one canonical form: no two texts are one value. Raises InvalidValue."""
    return _decoded(text, text, b64decode, lambda data: b64encode(data).decode("ascii"))


def _decoded(text: str, padded: str, decode: Callable[[str], bytes], encode: Callable[[bytes], str]) -> bytes:
    # The decoders pass over what is not of their alphabet; writing the bytes again shows it, and loose bits as well.
    try:
        data = decode(padded)
    except ValueError:
        raise InvalidValue("Not base64.") from None
    if encode(data) != text:
        raise InvalidValue("Not the canonical form of base64.")
    return data
