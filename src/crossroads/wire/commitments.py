"""What a log entry commits to: each field apart, so that one can be opened to an outsider without the rest.

The commitment of a field is HMAC-SHA256(salt, name ‖ 0x00 ‖ JCS(value)) with 16 random bytes of salt; the leaf of the
entry is SHA-256(0x00 ‖ JCS({name: base64url of the commitment})).

This is on the hot path: canonical forms come from msgspec, whose deterministic order is that of RFC 8785 for the values
allowed here (a test holds the two together), and the HMAC is written out, which halves the cost of the general one.
"""

import hashlib
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.sentences import Sentence
from crossroads.wire.merkle import leaf_hash

SALT_BYTES = 16

_sha256 = hashlib.sha256
_encode = msgspec.json.Encoder(order="deterministic").encode
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_SAFE_INTEGER = 2**53
"""JSON numbers are exact below this in every language (RFC 8785, 3.2.2.3)."""
_DEPTH = 16

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_INNER_REST = b"\x36" * (_BLOCK_BYTES - SALT_BYTES)
_OUTER_REST = b"\x5c" * (_BLOCK_BYTES - SALT_BYTES)


class Committed(NamedTuple):
    """The leaf of an entry, and its salts: 16 bytes for each field, in the order of the field names."""

    leaf: bytes
    salts: bytes


class Opening(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """One field shown: its value and the salt that opens its commitment."""

    value: Any
    salt: bytes


def commit(fields: Mapping[str, Any]) -> Committed:
    """Commit to all fields with fresh salts.

    A value is str, int within ±2^53, bool, None, or a list or dict (with ASCII keys) of those. Raises InvalidValue for
    anything else, and for text with NUL or half a surrogate pair, which the database cannot hold.
    """
    salts = os.urandom(SALT_BYTES * len(fields))
    return Committed(leaf_of(commitments_of(fields, salts)), salts)


def commitments_of(fields: Mapping[str, Any], salts: bytes) -> dict[str, str]:
    """Give the commitment of every field, in base64url. Raises InvalidValue when the salts do not fit the fields."""
    if len(salts) != SALT_BYTES * len(fields):
        raise InvalidValue("There is not one salt for each field.")
    layout, inner, outer = _layout(tuple(fields)), salts.translate(_INNER), salts.translate(_OUTER)
    digests = [
        _sha256(
            outer[salt] + _OUTER_REST + _sha256(inner[salt] + prefix + canonical_value(fields[name])).digest()
        ).digest()
        for name, prefix, salt, _ in layout
    ]
    # A zero byte after each makes 33 bytes, exactly 44 characters: one base64 call serves all, and the first 43 of each
    # are what the commitment alone would give.
    text = urlsafe_b64encode(b"\x00".join([*digests, b""])).decode("ascii")
    return {name: text[characters] for name, _, _, characters in layout}


def leaf_of(commitments: Mapping[str, str]) -> bytes:
    """Give the leaf of an entry from the commitments of all its fields."""
    return leaf_hash(_encode(commitments))


def open_field(fields: Mapping[str, Any], salts: bytes, name: str) -> Opening:
    """Give what shows one field to an outsider. Raises InvalidValue when there is no such field."""
    if name not in fields:
        raise InvalidValue(Sentence("The entry has no field %(name)s.", name=name))
    at = sorted(fields).index(name) * SALT_BYTES
    return Opening(fields[name], salts[at : at + SALT_BYTES])


def verify_opening(name: str, value: Any, salt: bytes, commitments: Mapping[str, str]) -> bytes:
    """Check that the field has this value, and give the leaf of its entry. Raises Tampered."""
    try:
        expected = commitments_of({name: value}, salt)[name]
    except InvalidValue as error:
        raise Tampered(
            Sentence("The opening of field %(name)s is not one that a log can hold: %(why)s", name=name, why=error)
        ) from error
    if commitments.get(name) != expected:
        raise Tampered(Sentence("The value of field %(name)s is not the one that was logged.", name=name))
    return leaf_of(commitments)


def canonical_value(value: Any) -> bytes:
    """Give the canonical JSON (RFC 8785) of a value that a log can hold. Raises InvalidValue."""
    if value is None:
        return b"null"
    if type(value) is not str or "\x00" in value:
        value = _checked(value, _DEPTH)
    try:
        return _encode(value)
    except UnicodeEncodeError as error:
        raise InvalidValue("Text with half a surrogate pair cannot be logged.") from error


class _Place(NamedTuple):
    """Where a field goes: what stands before its value in the inner hash, its salt, its commitment in base64."""

    name: str
    prefix: bytes
    salt: slice
    characters: slice


@lru_cache(maxsize=1024)
def _layout(names: tuple[str, ...]) -> list[_Place]:
    return [
        _Place(name, _prefix(name), slice(at * SALT_BYTES, (at + 1) * SALT_BYTES), slice(at * 44, at * 44 + 43))
        for at, name in enumerate(sorted(names))
    ]


def _prefix(name: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise InvalidValue("The name of a logged field is up to 64 ASCII letters and digits, a letter first.")
    return _INNER_REST + name.encode("ascii") + b"\x00"


def _checked(value: Any, depth: int) -> Any:
    kind = type(value)
    if value is None or kind is bool or (kind is str and "\x00" not in value):
        return value
    if isinstance(value, str):
        if "\x00" in value:
            raise InvalidValue("Text with a NUL character cannot be logged.")
        return str.__str__(value)
    if kind is int or isinstance(value, int):
        if not -_SAFE_INTEGER < value < _SAFE_INTEGER:
            raise InvalidValue("An integer of 2^53 or more cannot be logged; write it as text.")
        return value
    return _checked_container(value, depth)


def _checked_container(value: Any, depth: int) -> Any:
    if depth == 0:
        raise InvalidValue(Sentence("A logged value is nested at most %(depth)s deep.", depth=_DEPTH))
    if isinstance(value, (list, tuple)):
        return [_checked(item, depth - 1) for item in value]
    if isinstance(value, dict) and all([isinstance(key, str) and key.isascii() for key in value]):  # noqa: C419 - faster
        return {str.__str__(key): _checked(item, depth - 1) for key, item in value.items()}
    raise InvalidValue(Sentence("A value of type %(kind)s cannot be logged.", kind=type(value).__name__))
