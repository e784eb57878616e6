"""Persons, their numbers, and the acts of operators that change who is who."""

from datetime import date, datetime
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.identifiers import InstitutionId
from crossroads.wire.messages import Line, Reference, SsinText

Reason = Annotated[str, msgspec.Meta(min_length=3, max_length=500, pattern=Line)]


class Closure(NamedTuple):
    """The person whom a number names, and all persons linked with it: they are one human being."""

    asked: int
    persons: tuple[int, ...]
    """In key order, which is the order in which they are locked."""


class Kin(NamedTuple):
    """Persons who are one human being."""

    persons: tuple[int, ...]
    """In key order."""
    head: int
    """The one into which the others were linked."""


class Number(NamedTuple):
    """A number that is or was that of a person."""

    ssin: str
    person: int
    valid_from: date
    """`date.min` where the first day is not known here."""
    valid_until: date | None


class Belief(NamedTuple):
    """What was believed of a human being at a moment."""

    persons: tuple[int, ...]
    ssin: str
    """The number of then."""
    numbers: tuple[Number, ...]
    deceased_on: date | None


class Stamp(NamedTuple):
    """What every change is marked with: its ticket in the log, when it was recorded, why and by whom."""

    ticket: UUID
    moment: datetime
    reason: str
    actor: str


class _Act(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The form shared by all. `at` makes each act one of a kind: it is carried out once."""

    installation: str
    reason: Reason
    at: datetime


class LinkPersons(_Act, frozen=True, kw_only=True):
    """Content of an act `link-persons`: the number `from` turned out to be of the person of `into`."""

    from_: SsinText = msgspec.field(name="from")
    into: SsinText
    since: date


class UnlinkPersons(_Act, frozen=True, kw_only=True):
    """Content of an act `unlink-persons`: that link was wrong."""

    from_: SsinText = msgspec.field(name="from")
    into: SsinText


class ReplaceNumber(_Act, frozen=True, kw_only=True):
    """Content of an act `replace-number`: the person of the number `from` has the number `to` since a day."""

    from_: SsinText = msgspec.field(name="from")
    to: SsinText
    since: date


class DeceasePerson(_Act, frozen=True, kw_only=True):
    """Content of an act `decease-person`: the day on which the person died; null says that it was wrong."""

    ssin: SsinText
    deceased_on: date | None


class DistinguishPerson(_Act, frozen=True, kw_only=True):
    """Content of an act `distinguish-person`: whom a request of an institution makes known is nobody else known."""

    institution: InstitutionId
    reference: Reference
    request: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    """The digest that the refusal gave."""


LINK = "link-persons"
UNLINK = "unlink-persons"
REPLACE = "replace-number"
DECEASE = "decease-person"
DISTINGUISH = "distinguish-person"
