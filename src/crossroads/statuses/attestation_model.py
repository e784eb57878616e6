"""What an attestation says, and what is said of one to whoever shows its code. No input or output here."""

import secrets
from datetime import date
from enum import StrEnum
from hashlib import sha256
from hmac import digest
from typing import Literal

import msgspec

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
"""Of RFC 4648: without 0, 1 and 8, which are read as O, I and B."""
LENGTH, _GROUP = 28, 4
"""Of a code: 140 bits, so that nobody guesses one."""
_READ_AS = str.maketrans("018", "OIB", "- \t\r\n")


class Statement(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an attestation says, in words a program reads; it stands in the PDF and is signed with it."""

    kind: Literal["crossroads-attestation@1"] = "crossroads-attestation@1"
    environment: Environment
    institution: str
    right: str
    name: str
    """Of the right, in the language of the attestation."""
    days: Period
    made: date
    until: date
    """The last day on which it may be relied on."""
    code: str


class Standing(StrEnum):
    """How an attestation stands."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """No attestation has this code, or it is so old that nothing is kept of it."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What whoever shows a code learns: no more than the attestation says."""

    standing: Standing
    holder: bool | None = None
    """Whether it is the attestation of the person whose number was given; None where none was, or it is not valid."""
    right: str | None = None
    days: Period | None = None
    made: date | None = None
    until: date | None = None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What an institution keeps of an attestation: neither its code nor whose it is can be read from it."""

    key: bytes
    holder: bytes
    right: str
    days: Period
    made: date
    until: date
    revoked: date | None = None
    wrong: int = 0
    """How many numbers were given that are not its holder's."""

    def standing(self, today: date) -> Standing:
        """Tell how it stands on a day."""
        if self.revoked is not None:
            return Standing.REVOKED
        return Standing.VALID if today <= self.until else Standing.EXPIRED

    def verdict(self, today: date, *, holder: bool | None) -> Verdict:
        """Give what is told of it on a day."""
        return Verdict(
            standing=self.standing(today),
            holder=holder,
            right=self.right,
            days=self.days,
            made=self.made,
            until=self.until,
        )


def new_code() -> str:
    """Make a code, in groups."""
    text = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
    return "-".join(text[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def length_of(text: str) -> int:
    """Tell how many letters and digits of a code were typed; a code has `LENGTH`."""
    return len(_read(text))


def key_of(code: str) -> bytes:
    """Give the digest under which the attestation with this code is kept; with or without blanks, dashes, capitals."""
    return sha256(_plain(code)).digest()


def holder_of(code: str, ssin: str) -> bytes:
    """Give the digest of the number of the holder. The code is its salt: who has not the code can try no numbers."""
    return digest(_plain(code), ssin.encode(), "sha256")


def foreign_to(text: str) -> str:
    """Give the characters that were typed and are in no code, each once."""
    return "".join(dict.fromkeys(one for one in _read(text) if one not in _ALPHABET))


def _plain(code: str) -> bytes:
    return _read(code).encode("utf-8", "replace")


def _read(text: str) -> str:
    return text.upper().translate(_READ_AS)
