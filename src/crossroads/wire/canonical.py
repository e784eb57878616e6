"""Canonical JSON (RFC 8785): whatever is hashed or signed as JSON has one form only.

Members keep no place for floats: amounts are integer eurocents, so the one hard part of RFC 8785 never arises here.
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec
import rfc8785

from crossroads.kernel.errors import InvalidValue


def canonical(value: Any) -> bytes:
    """Give the one canonical form of a JSON value or struct."""
    try:
        return rfc8785.dumps(msgspec.to_builtins(value))
    except rfc8785.CanonicalizationError as error:
        raise InvalidValue(f"This value has no canonical JSON form: {error}") from error


def sha256(data: bytes) -> bytes:
    """Give the SHA-256 of the bytes."""
    return hashlib.sha256(data).digest()


def b64url(data: bytes) -> str:
    """Give base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """Give the bytes of base64url without padding. Raises InvalidValue."""
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise InvalidValue("Not base64url.") from error
