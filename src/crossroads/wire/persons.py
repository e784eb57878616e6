"""The messages about the BIS register, of persons without a national number, and about finding a person."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.identifiers import InstitutionId, LegalContextId
from crossroads.kernel.names.particulars import Sex
from crossroads.wire.messages import Agent, AnsweredSsin, Line, Message, Reference, Request, SsinText

MAXIMUM_CANDIDATES = 10
"""Persons that one search shows at most."""
MAXIMUM_CONFIRMED = 2 * MAXIMUM_CANDIDATES
"""Persons that a creation or a correction can say to be others."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]
FirstNames = Annotated[str, msgspec.Meta(max_length=200, pattern=Line)]
BirthDate = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
"""`yyyy-mm-dd`; may be incomplete: `yyyy-mm-00`, `yyyy-00-00`."""
Why = Annotated[str, msgspec.Meta(min_length=3, max_length=500, pattern=Line)]
_Confirmed = Annotated[tuple[SsinText, ...], msgspec.Meta(max_length=MAXIMUM_CONFIRMED)]
_Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]


class Truth(StrEnum):
    """Where particulars come from; the two are kept apart and never mixed."""

    SHOWN = "shown"
    """What the person showed: a document, or what they said."""
    REGISTER = "register"
    """What a register of persons says."""


class PersonParticulars(Request, frozen=True, kw_only=True):
    """What is recorded of who a person is."""

    last_name: Name
    first_names: FirstNames = ""
    birth_date: BirthDate
    sex: Sex | None = None
    birth_place: _Words | None = None
    nationality: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\Z")] | None = None
    """ISO 3166-1, two letters."""
    address: _Words | None = None

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "PersonParticulars(***)"


class PersonEvidence(Request, frozen=True, kw_only=True):
    """What was seen: a passport, say, its number, and who issued it."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z-]{1,39}\Z")]
    number: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=Line)]
    issuer: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=Line)]


class PersonCreation(Request, frozen=True, kw_only=True):
    """`POST /v1/persons`: bring a person without national number into being.

    `confirmed` names persons that a search showed and that were judged to be others; then `reason` says why.
    """

    reference: Reference
    institution: InstitutionId | None = None
    """For whom it is done; absent means the one that signs."""
    particulars: PersonParticulars
    evidence: PersonEvidence
    confirmed: _Confirmed = ()
    reason: Why | None = None


class PersonCorrection(Request, frozen=True, kw_only=True):
    """`POST /v1/persons/correct`: what holds of a person of the BIS register.

    Without `since` what was recorded was wrong from its first day on; with it, it held until the day before.
    `confirmed` names persons who agree with this one from now on, and were judged to be others.
    """

    reference: Reference
    institution: InstitutionId | None = None
    ssin: SsinText
    truth: Truth = Truth.SHOWN
    particulars: PersonParticulars
    evidence: PersonEvidence
    since: date | None = None
    confirmed: _Confirmed = ()
    reason: Why


class PersonDeath(Request, frozen=True, kw_only=True):
    """`POST /v1/persons/decease`: the day on which a person of the BIS register died; null says that it was wrong."""

    reference: Reference
    institution: InstitutionId | None = None
    ssin: SsinText
    deceased_on: date | None
    reason: Why


class PersonReplacement(Request, frozen=True, kw_only=True):
    """`POST /v1/persons/replace`: a person of the BIS register has a national number from a day on.

    The register must confirm that number with last name and birth date; those given here, or else those recorded.
    """

    reference: Reference
    institution: InstitutionId | None = None
    ssin: SsinText
    national: SsinText
    since: date
    last_name: Name | None = None
    birth_date: BirthDate | None = None
    reason: Why


class PersonChanged(Message, frozen=True, kw_only=True):
    """What was asked is recorded; the number is that of today."""

    reference: str
    ticket: UUID
    ssin: AnsweredSsin


class SearchedParticulars(Request, frozen=True, kw_only=True):
    """By what a person is searched: at least a last name and the year of birth."""

    last_name: Name
    first_names: FirstNames = ""
    birth_date: BirthDate
    sex: Sex | None = None

    def __repr__(self) -> str:
        """Show nothing of the person."""
        return "SearchedParticulars(***)"


class PersonQuery(Request, frozen=True, kw_only=True):
    """`POST /v1/persons/query`: find a person by number, or by name and date; one of the two."""

    institution: InstitutionId | None = None
    agent: Agent
    legal_context: LegalContextId
    ssin: SsinText | None = None
    particulars: SearchedParticulars | None = None


class KnownParticulars(Message, frozen=True, kw_only=True):
    """What identification needs, as it is recorded, and where it comes from."""

    truth: Truth
    last_name: str
    first_names: str = ""
    birth_date: str
    sex: Sex | None = None


class PersonCandidate(Message, frozen=True, kw_only=True):
    """Somebody whom the query may mean. `known` is empty for a person of whom this register records nothing."""

    ssin: AnsweredSsin
    score: float
    """From 0 to 1; 1 where the number was asked."""
    reasons: tuple[str, ...] = ()
    known: tuple[KnownParticulars, ...] = ()


class PersonCandidates(Message, frozen=True, kw_only=True):
    """Who was found, the likeliest first. `more` says that there are others: ask with more than was given."""

    ticket: UUID
    items: tuple[PersonCandidate, ...]
    total: int
    more: bool = False
