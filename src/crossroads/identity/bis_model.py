"""What the BIS register holds of a person, and what it hands to other rooms."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from crossroads.wire.persons import PersonEvidence, PersonParticulars, Truth


class Recorded(NamedTuple):
    """Particulars of a person for some days, from one kind of source."""

    person: int
    truth: Truth
    start_date: date
    end_date: date | None
    particulars: PersonParticulars
    evidence: PersonEvidence
    recorded_by: str
    """The institution that recorded them."""


class Given(NamedTuple):
    """A number that the register gave out."""

    person: int
    ssin: str
    creator: str


class ChangeKind(StrEnum):
    """What happened to who a person is, as told in the outbox `identity_event`."""

    CREATED = "created"
    CORRECTED = "corrected"
    DECEASED = "deceased"
    NUMBER_REPLACED = "number-replaced"
    MERGED = "merged"
    """Two persons turned out to be one; the payload has the inscriptions that overlap since."""
    UNMERGED = "unmerged"


class Change(NamedTuple):
    """A row of the outbox. Of a merge, `related` was linked into the person."""

    kind: ChangeKind
    person: int
    related: int | None = None
    happened_on: date | None = None
    payload: str = "{}"
