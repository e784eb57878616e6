"""What a log entry commits to: each field apart, so that one can be opened to an outsider without the rest.

The commitment of a field is HMAC-SHA256(salt, name ‖ 0x00 ‖ JCS(value)) with 16 random bytes of salt; the leaf of the
entry is SHA-256(0x00 ‖ JCS({name: base64url of the commitment})).

This is on the hot path: canonical forms come from msgspec, whose deterministic order is that of RFC 8785 for the values
allowed here (a test holds the two together), and the HMAC is written out, which halves the cost of the general one.
What the names of the fields alone decide is kept for entries with the same names; salts, digests and text are cut up
and put together for all fields of an entry at once.
"""

import hashlib
import os
import re
from binascii import b2a_base64
from collections.abc import Mapping
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.sentences import Sentence
from crossroads.wire.merkle import leaf_hash

SALT_BYTES = 16

_sha256 = hashlib.sha256
_encoder = msgspec.json.Encoder(order="deterministic")
_encode, _encode_lines = _encoder.encode, _encoder.encode_lines
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_SAFE_INTEGER = 2**53
"""JSON numbers are exact below this in every language (RFC 8785, 3.2.2.3)."""
_DEPTH = 16
_PLAIN = frozenset({str, bool, type(None)})
_NUL = b"\\u0000"

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_TO_URL = bytes.maketrans(b"+/", b"-_")


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
    layout = _layout(tuple(fields))
    salts = os.urandom(SALT_BYTES * len(fields))
    return Committed(leaf_hash(layout.object % _texts(fields, salts, layout)), salts)


def commitments_of(fields: Mapping[str, Any], salts: bytes) -> dict[str, str]:
    """Give the commitment of every field, in base64url. Raises InvalidValue when the salts do not fit the fields."""
    if len(salts) != SALT_BYTES * len(fields):
        raise InvalidValue("There is not one salt for each field.")
    layout = _layout(tuple(fields))
    return {name: text.decode("ascii") for name, text in zip(layout.names, _texts(fields, salts, layout), strict=True)}


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
    return _canonical_values([value])[0]


def _canonical_values(values: list[Any]) -> list[bytes]:
    """Give the canonical JSON of values: text has no line break in JSON, so each is a line of its own."""
    checked = [value if type(value) in _PLAIN else _checked(value, _DEPTH) for value in values]
    try:
        lines = _encode_lines(checked)
    except UnicodeEncodeError as error:
        raise InvalidValue("Text with half a surrogate pair cannot be logged.") from error
    if _NUL in lines:
        # Six characters of a text may read like this too: looked at one by one.
        _checked(checked, _DEPTH + 1)
    return lines.splitlines()


class _Layout(NamedTuple):
    """What the names of the fields of an entry decide; all in the order of the names."""

    names: list[str]
    prefixes: list[bytes]
    """What stands before each value in its inner hash."""
    salts: Struct
    padded: Struct
    """The salts, each filled up with zeros to a block."""
    blocks: Struct
    texts: Struct
    """The commitments in base64, with the character behind each."""
    object: bytes
    """The canonical object of all commitments, with a place for each."""


@lru_cache(maxsize=1024)
def _layout(fields: tuple[str, ...]) -> _Layout:
    names, count = sorted(fields), len(fields)
    return _Layout(
        names,
        [_prefix(name) for name in names],
        Struct(f"{SALT_BYTES}s" * count),
        Struct(f"{SALT_BYTES}s{_BLOCK_BYTES - SALT_BYTES}x" * count),
        Struct(f"{_BLOCK_BYTES}s" * count),
        Struct("43sx" * count),
        b"{" + b",".join(b'"%b":"%%b"' % name.encode("ascii") for name in names) + b"}",
    )


def _texts(fields: Mapping[str, Any], salts: bytes, layout: _Layout) -> tuple[bytes, ...]:
    """Give the commitments in base64url, in the order of the names."""
    keys = layout.padded.pack(*layout.salts.unpack(salts))
    inner, outer = layout.blocks.unpack(keys.translate(_INNER)), layout.blocks.unpack(keys.translate(_OUTER))
    values = _canonical_values([fields[name] for name in layout.names])
    digests = [
        _sha256(last + _sha256(first + prefix + value).digest()).digest()
        for last, first, prefix, value in zip(outer, inner, layout.prefixes, values, strict=True)
    ]
    # A zero byte after each makes 33 bytes, exactly 44 characters: one base64 call serves all, and the first 43 of each
    # are what the commitment alone would give.
    return layout.texts.unpack(b2a_base64(b"\x00".join([*digests, b""]), newline=False).translate(_TO_URL))


def _prefix(name: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise InvalidValue("The name of a logged field is up to 64 ASCII letters and digits, a letter first.")
    return name.encode("ascii") + b"\x00"


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
