"""What the directory holds, and what one hot read gives."""

from datetime import date, datetime
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.period import Period


class Phase(IntEnum):
    """How firm an inscription is (facts: cbss.md 6.1). 999, a number that was replaced, is never written here."""

    DEFINITIVE = 0
    PROVISIONAL = 902


class Line(NamedTuple):
    """One inscription: that an institution knows the person in a context during a period."""

    inscription: int
    institution: str
    context: str
    period: Period
    phase: int


class Held(NamedTuple):
    """A line with the person it was written about."""

    person: int
    line: Line


class Piece(NamedTuple):
    """Days to be written about a person."""

    person: int
    period: Period
    phase: int


class FactsQuery(NamedTuple):
    """What a request gives the hot read: who signed it, its nonce, when it was created, and whom it is about."""

    institution: str
    nonce: str
    created_at: datetime
    ssin: str


class PersonFacts(NamedTuple):
    """The person whom the number means."""

    person: int
    """The key of today, into which others may have been linked."""
    ssin: str
    """The number of today."""
    replaced: bool
    """Whether the number asked is another one."""
    deceased_on: date | None


class Facts(NamedTuple):
    """What the database knows, of one moment."""

    catalogue_version: int
    accepted_since: datetime
    """Requests created before this are refused: the store of nonces may have forgotten them."""
    nonce_new: bool
    requests_this_second: int
    person: PersonFacts | None
    inscriptions: tuple[Line, ...]
    """The lines of the person and of all linked with it, of every institution."""


class KnownOverlap(msgspec.Struct, frozen=True, rename="camel"):
    """Two lines, each right by itself, that overlap in an exclusive context since two persons turned out to be one."""

    context: str
    inscriptions: tuple[int, int]
    link: UUID
    """The ticket of the merge."""
    recorded_at: datetime
    """When the merge was recorded."""
    since: date
    """The day since which the two are one, as the merge says."""


class Check(NamedTuple):
    """What a look over the whole table found."""

    inscriptions: int
    persons: int
    exclusive: int
    """Lines in exclusive contexts."""
    conflicts: tuple[int, ...]
    """Lines that overlap one of another institution in an exclusive context though no rule let them: of the first
    hundred such pairs."""
    known: tuple[KnownOverlap, ...]
    """The first hundred."""
