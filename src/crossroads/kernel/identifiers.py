"""Identifiers of bodies and of what the catalogue holds."""

import re
from typing import Annotated, NamedTuple, NewType

import msgspec

from crossroads.kernel.errors import InvalidIdentifier

INSTITUTION_PATTERN = r"^[a-z0-9-]{2,40}$"
CONTEXT_PATTERN = r"^(0|[1-9][0-9]{0,2}):(0|[1-9][0-9]{0,2})$"
DATA_GROUP_PATTERN = r"^[a-z0-9][a-z0-9-]{1,59}@[1-9][0-9]{0,2}$"
LEGAL_CONTEXT_PATTERN = r"^[a-zA-Z0-9][a-zA-Z0-9_:+\- ]*[a-zA-Z0-9_:+\-]$"
"""CBSS CommonV3: at least two characters, no blank at either end (facts: cbss.md 3.3)."""

# `\Z` where Python checks: there `$` would let a trailing newline pass.
InstitutionId = Annotated[str, msgspec.Meta(pattern=INSTITUTION_PATTERN.replace("$", r"\Z"))]
ContextId = Annotated[str, msgspec.Meta(pattern=CONTEXT_PATTERN.replace("$", r"\Z"))]
DataGroupId = Annotated[str, msgspec.Meta(pattern=DATA_GROUP_PATTERN.replace("$", r"\Z"))]
LegalContextId = Annotated[str, msgspec.Meta(pattern=LEGAL_CONTEXT_PATTERN.replace("$", r"\Z"), max_length=64)]
KeyId = NewType("KeyId", str)
"""`<institution>#<key>`, or `operator:<name>#<key>` for an operator of the hub."""

_ESTABLISHMENT = re.compile(r"[2-8][0-9]{9}\Z")


class InscriptionContext(NamedTuple):
    """The capacity in which an institution knows a person: a sector and the quality within it."""

    sector: int
    quality: int

    def __str__(self) -> str:
        """Give the form of the wire, `17:2`."""
        return f"{self.sector}:{self.quality}"


def parse_context(text: str) -> InscriptionContext:
    """Give the inscription context written as `17:2`."""
    if not re.match(CONTEXT_PATTERN.replace("$", r"\Z"), text):
        raise InvalidIdentifier("An inscription context is written sector:quality, as in 17:2.")
    sector, quality = text.split(":")
    return InscriptionContext(int(sector), int(quality))


def parse_enterprise_number(text: str) -> str:
    """Give the ten digits of an enterprise number: first 0 or 1, last two = 97 - (first eight mod 97)."""
    from stdnum.be import vat  # noqa: PLC0415 - brings pydoc, which costs each program a tenth of its start

    digits = vat.compact(text)
    if not digits.startswith(("0", "1")) or not vat.is_valid(digits):
        raise InvalidIdentifier("Not an enterprise number.")
    return digits


def parse_establishment_number(text: str) -> str:
    """Give the ten digits of an establishment unit number (first 2 to 8).

    The mod-97 form is commonly used but confirmed by no public source, so only the pattern is checked.
    """
    digits = re.sub(r"[ .]", "", text)
    if not _ESTABLISHMENT.match(digits):
        raise InvalidIdentifier("Not an establishment unit number.")
    return digits


_EMPLOYERS = {
    "NSSO": (100_006, 199_999_934),
    "provisional NSSO": (5_000_000_120, 5_999_999_989),
    "local authorities": (197, 99_999_926),
}


def parse_employer_number(text: str) -> tuple[int, str]:
    """Give an NSSO, provisional NSSO or local-authority number and which it is.

    Ranges from the NSSO glossary, zones 00011, 00109 and 00948; the ranges of NSSO and local authorities overlap, and
    the length tells them apart (nine digits, eight digits). No public source gives the check formula: it is not
    checked.
    """
    digits = re.sub(r"[ ./-]", "", text)
    if not (digits.isascii() and digits.isdigit()):
        raise InvalidIdentifier("An employer number has digits only.")
    number = int(digits)
    if _within("provisional NSSO", number):
        return number, "provisional NSSO"
    kind = "local authorities" if len(digits) <= 8 else "NSSO"  # noqa: PLR2004
    if not _within(kind, number):
        raise InvalidIdentifier("Not an employer number.")
    return number, kind


def _within(kind: str, number: int) -> bool:
    first, last = _EMPLOYERS[kind]
    return first <= number <= last
