"""Signed notes and the checkpoints written in them (C2SP signed-note and tlog-checkpoint), with Ed25519.

A note is text, an empty line, and a line for each signature: `— name base64(key id ‖ signature)`. The key id is the
first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key).
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.wire.merkle import HASH_BYTES

_ED25519 = b"\x01"
_ID_BYTES = 4
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_SIGNATURE = re.compile(r"— (\S+) (\S+)")
_MAXIMUM_SIGNATURES = 16
_CHECKPOINT_LINES = 3


class NoteVerifier:
    """A public key by its name; written as `name+hexadecimal id+base64(0x01 ‖ key)`."""

    def __init__(self, name: str, public: bytes) -> None:
        """Take the 32 bytes of an Ed25519 public key. Raises InvalidValue."""
        if not _NAME.fullmatch(name):
            raise InvalidValue("The name of a log key has no blanks and no plus sign.")
        try:
            self._key = Ed25519PublicKey.from_public_bytes(public)
        except ValueError as error:
            raise InvalidValue("This is not an Ed25519 public key.") from error
        self.name = name
        self.public = public
        self.key_id = hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_ID_BYTES]

    @classmethod
    def parse(cls, text: str) -> "NoteVerifier":
        """Read a key as it is written in configuration. Raises InvalidValue."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        if raw is None or raw[:1] != _ED25519:
            raise InvalidValue("A log key is written name+id+base64, and is an Ed25519 key.")
        verifier = cls(name, raw[1:])
        if verifier.key_id.hex() != key_id:
            raise InvalidValue("The id of the log key does not belong to its name and key.")
        return verifier

    def __str__(self) -> str:
        """Write the key as `parse` reads it."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    def verify(self, signature: bytes, text: str) -> None:
        """Check the signature over the text. Raises Tampered."""
        try:
            self._key.verify(signature, text.encode())
        except InvalidSignature:
            raise Tampered(f"The signature of {self.name} over the note does not hold.") from None


class NoteSigner:
    """A private Ed25519 key by its name."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        """Keep the key under the name that stands in the signature line; for a log that is its origin."""
        self._private = private
        self.verifier = NoteVerifier(name, private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> "NoteSigner":
        """Make a new key."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def name(self) -> str:
        """The name that stands in the signature line."""
        return self.verifier.name

    def sign(self, text: str) -> str:
        """Give the signed note over text that ends in a newline. Raises InvalidValue for text that no note can hold."""
        if not text.endswith("\n") or _CONTROL.search(text):
            raise InvalidValue("The text of a note ends in a newline and has no other control characters.")
        signature = b64encode(self.verifier.key_id + self._private.sign(text.encode())).decode()
        return f"{text}\n— {self.name} {signature}\n"


class Checkpoint(NamedTuple):
    """What a log was at one moment: its name, how many leaves it had, and their root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text of the note."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the text of a note. Extension lines are ignored. Raises Tampered."""
        lines = text.split("\n")
        if len(lines) <= _CHECKPOINT_LINES or lines[-1] or not all(lines[:-1]):
            raise Tampered("A checkpoint has at least three lines: origin, size and root.")
        origin, size, root = lines[0], lines[1], _bytes(lines[2])
        if not _SIZE.fullmatch(size) or root is None or len(root) != HASH_BYTES:
            raise Tampered("The size or the root of the checkpoint is malformed.")
        return cls(origin, int(size), root)


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """Give the checkpoint as a signed note."""
    return signer.sign(checkpoint.text)


def read_checkpoint(note: str) -> Checkpoint:
    """Read a checkpoint WITHOUT checking its signature: for notes from one's own database only."""
    return Checkpoint.parse(_split(note)[0])


def verify_checkpoint(note: str, verifiers: Iterable[NoteVerifier]) -> Checkpoint:
    """Check that a key of the log signed the checkpoint, under its own origin, and give it. Raises Tampered."""
    text, signers = verify_note(note, verifiers)
    checkpoint = Checkpoint.parse(text)
    if checkpoint.origin not in signers:
        raise Tampered("The checkpoint is not signed under its own origin.")
    return checkpoint


def verify_note(note: str, verifiers: Iterable[NoteVerifier]) -> tuple[str, set[str]]:
    """Check a note and give its text and the names that validly signed it.

    Signatures of unknown keys are ignored; one of a known key that fails, or none of a known key, raises Tampered.
    """
    text, lines = _split(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signers = set()
    for name, signature in (_signature(line) for line in lines):
        verifier = known.get((name, signature[:_ID_BYTES]))
        if verifier:
            verifier.verify(signature[_ID_BYTES:], text)
            signers.add(name)
    if not signers:
        raise Tampered("The note is signed by no key that is known here.")
    return text, signers


def _split(note: str) -> tuple[str, list[str]]:
    text, empty_line, signatures = note.rpartition("\n\n")
    lines = signatures.removesuffix("\n").split("\n")
    if not empty_line or not signatures.endswith("\n") or _CONTROL.search(note) or len(lines) > _MAXIMUM_SIGNATURES:
        raise Tampered("This is not a signed note: text, an empty line, and 1 to 16 signatures.")
    return text + "\n", lines


def _signature(line: str) -> tuple[str, bytes]:
    match = _SIGNATURE.fullmatch(line)
    raw = match and _bytes(match[2])
    if not match or not raw or len(raw) <= _ID_BYTES:
        raise Tampered("A signature line of the note is malformed.")
    return match[1], raw


def _bytes(text: str) -> bytes | None:
    """Decode base64 that is written in its one canonical form."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        return None
    return raw if b64encode(raw).decode() == text else None
