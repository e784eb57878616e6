"""The messages about acting for somebody else: mandates that people give each other, and beginning to act.

Who gave a mandate is shown the number that was typed, and who got it the number of the other while it counts. A parent
needs no mandate: the register says whose child it is.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import LegalContextId
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Agent, Line, Message, Reference, Request, SsinText
from crossroads.wire.persons import BirthDate

DESCENT = "descent@1"
"""The data group in which the register says who the parents and the children of a person are."""
PARENTAL = "PERSON:PARENTAL_AUTHORITY"
"""For which the portal asks the register about the parent, before that one acts."""
AS_PARENT = "PERSON:ACTING_PARENT"
AS_MANDATARY = "PERSON:ACTING_MANDATE"
ACTING = frozenset({AS_PARENT, AS_MANDATARY})
"""The legal contexts for which somebody must be acting for the person: the hub looks each time whether that stands."""
ADULT = 18
"""At this age nobody acts for a person as parent any more."""
MAXIMUM_MANDATES = 50
"""That one person gave and that are not over."""
MAXIMUM_GIVEN = 10
"""That one person gives on a day."""
MAXIMUM_TRIES = 5
"""That one person makes on a day, and that the register does not confirm."""
MAXIMUM_BETWEEN = 20
"""That one person gives to the same other within a year, over or not."""
MAXIMUM_YEARS = 5
"""For which a mandate is given at most."""
_MAXIMUM_EVIDENCE = 32_000

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]


class Scope(StrEnum):
    """What a mandate is for."""

    USAGE = "usage"
    """See who looked, and who knows the person."""
    DATA = "data"
    """See what the sources have recorded."""
    BOX = "box"
    """Read what institutions send."""
    REPORTS = "reports"
    """Say that something is wrong, and see what came of it."""


class Side(StrEnum):
    """Which of the two somebody is."""

    GIVER = "giver"
    RECEIVER = "receiver"


class _OfPerson(Request, frozen=True, kw_only=True):
    """What every request says: whose mandates, why, and who looks, by a pseudonym."""

    ssin: SsinText
    legal_context: LegalContextId
    agent: Agent


class MandateTo(Request, frozen=True, kw_only=True):
    """Who is to act: as the register must confirm."""

    ssin: SsinText
    last_name: Name
    birth_date: BirthDate
    """May be incomplete: `yyyy-mm-00`, `yyyy-00-00`."""


class GiveMandate(_OfPerson, frozen=True, kw_only=True):
    """`POST /v1/mandates`: let somebody else act for one. It counts once the other accepts it."""

    reference: Reference
    """Used once; the same mandate sent again has the same outcome."""
    name: Name
    """Of the person who gives it, as the other is to see it."""
    to: MandateTo
    scopes: Annotated[frozenset[Scope], msgspec.Meta(min_length=1)]
    start_date: date
    end_date: date


class MandateQuery(_OfPerson, frozen=True, kw_only=True):
    """`POST /v1/mandates/query`: who acts for the person, and for whom the person acts."""


class MandateChoice(_OfPerson, frozen=True, kw_only=True):
    """`POST /v1/mandates/accept` by who got it, `POST /v1/mandates/end` by either: one mandate."""

    mandate: UUID


class MandateLine(Message, frozen=True, kw_only=True):
    """A mandate, as one of the two sees it."""

    mandate: UUID
    side: Side
    """What the person who looks is in it."""
    name: str
    """Of the other."""
    ssin: str | None = None
    """To who gave it, the number as it was typed; to who got it, the other's number of today, while it counts."""
    scopes: tuple[Scope, ...]
    start_date: date
    end_date: date
    given_at: Moment
    accepted_at: Moment | None = None
    ended_at: Moment | None = None
    """When one of the two ended it, before its last day."""
    ended_by: Side | None = None


class MandateList(Message, frozen=True, kw_only=True):
    """All that are not over, then the newest of those that are; each the newest first."""

    environment: Environment
    items: tuple[MandateLine, ...]
    checkpoint: str | None = None


class BeginActing(Request, frozen=True, kw_only=True):
    """`POST /v1/acting`: from now on, today, this agent acts for a person. The hub looks whether that may be.

    For a child the evidence is the block of the data group descent that the register signed about the parent, under a
    ticket of today of the same agent; else a mandate.
    """

    ssin: SsinText
    """Of the person for whom."""
    legal_context: LegalContextId
    agent: Agent
    by: SsinText
    """Of the person who acts."""
    mandate: UUID | None = None
    descent: Annotated[str, msgspec.Meta(max_length=_MAXIMUM_EVIDENCE)] | None = None
    """The block as compact JWS, as it was in the seal."""

    def __post_init__(self) -> None:
        """Refuse two grounds, and none."""
        if (self.mandate is None) == (self.descent is None):
            raise ValueError("somebody acts under a mandate, or as a parent by the descent")


class ActingBegun(Message, frozen=True, kw_only=True):
    """That the agent acts for the person, until the day is over."""

    environment: Environment
    ticket: UUID
    scopes: tuple[Scope, ...]
    day: date
    checkpoint: str | None = None


class Child(Message, frozen=True, kw_only=True):
    """A child, in the content of the data group."""

    ssin: str
    last_name: str
    first_names: str
    birth_date: str
    """May be incomplete."""

    def minor(self, on: date) -> bool:
        """Tell whether the child is certainly under age on a day: of an incomplete date the earliest day counts."""
        year, month, day = (int(part) for part in self.birth_date.split("-"))
        return (year + ADULT, max(month, 1), max(day, 1)) > (on.year, on.month, on.day)


class Parent(Message, frozen=True, kw_only=True):
    """A parent, in the content of the data group."""

    ssin: str


class Descent(Message, frozen=True, kw_only=True):
    """The content of the data group descent."""

    parents: tuple[Parent, ...]
    children: tuple[Child, ...]
