"""What all entries of the catalogue have: a period of validity, where they come from, and names in four languages."""

from datetime import date
from enum import StrEnum
from typing import Annotated

import msgspec

from crossroads.kernel.period import Period


class Provenance(StrEnum):
    """Where an entry comes from."""

    OFFICIAL = "official"
    """Stands so in a published official source."""
    DERIVED = "derived"
    """Follows from published facts; the form is ours."""
    ILLUSTRATIVE = "illustrative"
    """Invented to make the network work; nobody granted or published it."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """The form shared by all: camelCase in YAML and JSON, unknown fields refused."""


class Text(Struct, frozen=True, kw_only=True):
    """A name or sentence in the languages in which the facts have it; never translated by guess."""

    nl: str | None = None
    fr: str | None = None
    de: str | None = None
    en: str | None = None

    def in_language(self, language: str) -> str:
        """Give the text in the language, or in the first that exists of en, nl, fr, de."""
        return next((text for text in (getattr(self, language, None), self.en, self.nl, self.fr, self.de) if text), "")


class Entry(Struct, frozen=True, kw_only=True):
    """What every entry has: its period of validity, where it comes from, and the source to check it by."""

    valid_from: date
    valid_until: date | None = None
    provenance: Provenance
    source: Annotated[str, msgspec.Meta(min_length=3)]

    @property
    def validity(self) -> Period:
        """The days on which the entry is in force."""
        return Period(self.valid_from, self.valid_until)

    def in_force(self, on: date) -> bool:
        """Tell whether the entry is in force on a day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)
