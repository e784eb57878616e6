"""The messages of the committee: decisions on authorisations are drafted, compared and agreed to by two people.

What comes of it is a plan of the catalogue, which operators sign: nothing here is in force by itself.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import Line, Message, Request
from crossroads.wire.supervision import Office, Reason

Reference = Annotated[str, msgspec.Meta(min_length=2, max_length=80, pattern=Line)]


class DecisionKind(StrEnum):
    """What a decision does."""

    GRANT = "grant"
    """An authorisation is given, or gets other terms."""
    SUSPEND = "suspend"
    """An authorisation is not in force on some days."""
    WITHDRAW = "withdraw"
    """An authorisation is over from a day on."""


class Decision(Request, frozen=True, kw_only=True):
    """The text of a draft."""

    kind: DecisionKind
    reference: Reference
    """Of the authorisation."""
    reason: Reason
    authorisation: dict[str, Any] | None = None
    """What is granted, as the catalogue writes it."""
    first_day: date | None = None
    """On which it is not in force any more."""
    last_day: date | None = None
    """Of a suspension: after it, the authorisation is in force again. Absent: until another decision."""


class DraftSaving(Office, frozen=True, kw_only=True):
    """`POST /v1/committee/drafts`: save a text. `base` is the version that was read; 0 begins a draft."""

    draft: UUID | None = None
    base: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 0
    decision: Decision


class DraftsQuery(Office, frozen=True, kw_only=True):
    """`POST /v1/committee/drafts/query`: all drafts, the newest first."""


class DraftQuery(Office, frozen=True, kw_only=True):
    """`POST /v1/committee/drafts/show`, and `/v1/committee/drafts/plan`, which gives an act that operators sign."""

    draft: UUID


class DraftAct(Office, frozen=True, kw_only=True):
    """`POST /v1/committee/drafts/agree` and `/v1/committee/drafts/drop`: of the version that was read."""

    draft: UUID
    version: Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class DraftState(StrEnum):
    """Where a decision stands."""

    DRAFTED = "drafted"
    AGREED_BY_ONE = "agreed-by-one"
    AGREED_BY_TWO = "agreed-by-two"
    """Decided, but no plan can be made of it now: the catalogue changed meanwhile. A list does not tell it."""
    WAITING = "waiting"
    """Decided: the plan waits for the signatures of operators."""
    IN_FORCE = "in-force"
    """The catalogue says what was decided."""
    DROPPED = "dropped"


class By(Message, frozen=True, kw_only=True):
    """Who did something, and when."""

    agent: str
    name: str
    at: Moment


class PlannedChange(Message, frozen=True, kw_only=True):
    """One entry of the catalogue that would change: what it says before and after."""

    action: str
    kind: str
    key: str
    valid_from: date
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class Draft(Message, frozen=True, kw_only=True):
    """A draft as it stands."""

    draft: UUID
    version: int
    state: DraftState
    decision: Decision
    saved: By
    agreed: tuple[By, ...] = ()
    decided_at: Moment | None = None
    in_force_since: Moment | None = None
    """When the catalogue came to say what was decided."""


class DraftShown(Message, frozen=True, kw_only=True):
    """A draft with what it would change of what stands, and what keeps it from being put in force."""

    environment: Environment
    draft: Draft
    changes: tuple[PlannedChange, ...] = ()
    faults: tuple[str, ...] = ()
    operators_needed: int = 2
    versions: tuple["DraftVersion", ...] = ()
    """Every text that was saved, the newest first."""


class DraftVersion(Message, frozen=True, kw_only=True):
    """A text as it was saved."""

    version: int
    saved: By
    decision: Decision


class DraftList(Message, frozen=True, kw_only=True):
    """Drafts, the newest first."""

    environment: Environment
    items: tuple[Draft, ...]
