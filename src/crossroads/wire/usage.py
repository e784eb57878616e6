"""The messages about what a person may know: who looked, who knows the person, and proofs of it.

Institutions are named, never their staff: the agent stands only in what a supervisor gets. Names come in the languages
that the catalogue has, as `{"nl": …, "fr": …, "de": …, "en": …}`.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import DataGroupId, InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.acting import Side
from crossroads.wire.messages import Agent, Message, Request, SsinText
from crossroads.wire.proofs import EntryProof

MAXIMUM_USAGES = 100
"""In one page."""
MAXIMUM_FOUND = 1_000
"""In one page of `find`, as in the contract that it follows."""
MAXIMUM_SKIPPED = 100_000
MAXIMUM_PROVEN = 16
"""Entries proven by one request."""

Words = dict[str, str]
"""A name or sentence by language."""
Stream = Annotated[int, msgspec.Meta(ge=0, le=2**15 - 1)]
Index = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Action(StrEnum):
    """What was done about a person."""

    QUESTION = "question"
    """An institution asked for data."""
    BATCH = "batch"
    """An institution asked for data, in a file about many people."""
    CHANGE_TOLD = "change-told"
    """An institution was told that data changed."""
    CHANGE_NOTIFIED = "change-notified"
    """A source said that its data changed."""
    INSCRIBED = "inscribed"
    INSCRIPTION_CLOSED = "inscription-closed"
    INSCRIPTION_CUT = "inscription-cut"
    INSCRIPTION_CANCELLED = "inscription-cancelled"
    INSCRIPTION_REFUSED = "inscription-refused"
    SEARCHED = "searched"
    """An institution searched somebody and was shown number, name and birth date."""
    IDENTITY_RECORDED = "identity-recorded"
    """What is recorded of who the person is came into being or changed."""
    IDENTITY_REFUSED = "identity-refused"
    ERROR_REPORTED = "error-reported"
    ERROR_ANSWERED = "error-answered"
    USAGE_SHOWN = "usage-shown"
    """Somebody looked at what was logged: the person, who acts for the person, or a supervisor."""
    HOLDERS_SHOWN = "holders-shown"
    PROOF_SHOWN = "proof-shown"
    LOOK_REFUSED = "look-refused"
    BOX_PUBLISHED = "box-published"
    """An institution put a message into the box of the person."""
    BOX_NOT_ACTIVE = "box-not-active"
    """An institution had a message for the box, which was not active: it was told to write on paper."""
    BOX_REMINDED = "box-reminded"
    BOX_PROVEN = "box-proven"
    """A sender looked up what became of its message."""
    BOX_SHOWN = "box-shown"
    BOX_CONSENT = "box-consent"
    """The person made the box active, or ended that."""
    BOX_OPENED = "box-opened"
    """The person opened a document, which its sender gave."""
    BOX_FAILED = "box-failed"
    """The person opened a document, and its sender did not give it."""
    WATCHED = "watched"
    """A supervisor has questions about the person flagged, because many may be curious."""
    WATCH_ENDED = "watch-ended"
    MANDATE_TRIED = "mandate-tried"
    """The person is about to let another act, whom the register is asked about."""
    MANDATE_GIVEN = "mandate-given"
    """A person lets another act for him."""
    MANDATE_ACCEPTED = "mandate-accepted"
    MANDATE_ENDED = "mandate-ended"
    MANDATES_SHOWN = "mandates-shown"
    ACTING_BEGUN = "acting-begun"
    """Somebody acts for the person today, as a parent or under a mandate."""
    ACTING_REFUSED = "acting-refused"


class Outcome(StrEnum):
    """What came of it."""

    GRANTED = "granted"
    PARTLY = "partly"
    """Some of the data groups were given or might be, others were not."""
    NOTHING = "nothing"
    """It was permitted, and nobody had such data."""
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It was permitted; what came of it is not known, or not yet."""


class _Look(Request, frozen=True, kw_only=True):
    """What every request says: about whom, for which purpose, and who looks, by a pseudonym."""

    ssin: SsinText
    legal_context: LegalContextId
    agent: Agent


class UsageQuery(_Look, frozen=True, kw_only=True):
    """`POST /v1/usage/query`: what was done about a person, newest first."""

    period: Period | None = None
    """Brussels days; all that is kept when absent."""
    institution: InstitutionId | None = None
    data_group: DataGroupId | None = None
    actions: tuple[Action, ...] = ()
    """All when empty."""
    without_own: bool = False
    """Leave out what this institution did for the purpose for which it looks: what the person did, through it."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_USAGES)] = 25
    after: Annotated[str, msgspec.Meta(max_length=512)] | None = None
    """The `next` of the page before."""


class Ground(StrEnum):
    """Why somebody may act for somebody else."""

    PARENT = "parent"
    MANDATE = "mandate"


class Acted(Message, frozen=True, kw_only=True):
    """That it was done, or tried, by one human being for another."""

    ground: Ground
    side: Side
    """Which of the two the person is whose line this is: who is acted for is the giver."""
    name: str | None = None
    """Of the other, as it stands in the mandate; to the person alone, not to who acts for the person."""


class UsedGroup(Message, frozen=True, kw_only=True):
    """A data group that was asked for, or of which was told."""

    data_group: str
    names: Words
    given: bool = False
    """Whether data of it left a source for the institution."""
    sources: tuple[str, ...] = ()
    code: str | None = None
    """Why it was not given."""
    authorisation: str | None = None


class LogPlace(Message, frozen=True, kw_only=True):
    """Where an entry stands in the log: with it a proof can be asked for."""

    stream: int
    index: int


class Usage(Message, frozen=True, kw_only=True):
    """One thing that was done about the person."""

    at: Moment
    action: Action
    outcome: Outcome
    code: str | None = None
    """Why it was refused, or found nothing."""
    institution: str | None = None
    """Absent where an operator of the hub acted."""
    institution_names: Words = msgspec.field(default_factory=dict)
    legal_context: str | None = None
    purpose: Words = msgspec.field(default_factory=dict)
    """The name of the legal context."""
    explanation: Words = msgspec.field(default_factory=dict)
    """The purpose in plain words, where the catalogue has them."""
    groups: tuple[UsedGroup, ...] = ()
    period: Period | None = None
    reference_date: date | None = None
    context: str | None = None
    """Of an inscription: the capacity."""
    context_names: Words = msgspec.field(default_factory=dict)
    kind: str | None = None
    """Of a change or of what is recorded of a person: what kind of thing."""
    acted: Acted | None = None
    """Where somebody acted for somebody else, as far as the log tells."""
    catalogue_version: int | None = None
    """By which version of the catalogue it was decided, where something was."""
    ticket: UUID | None = None
    batch: UUID | None = None
    places: tuple[LogPlace, ...] = ()
    agent: str | None = None
    """The pseudonymous id of who acted, for a supervisor alone."""


class EmbargoNotice(Message, frozen=True, kw_only=True):
    """That lines for a purpose are seen later: a rule, the same in every answer, whoever it is about."""

    legal_context: str
    purpose: Words
    reason: Words
    days: int | None = None
    until: date | None = None


class UsageList(Message, frozen=True, kw_only=True):
    """A page. `totalUsages` counts all that the filters let through; `next` asks for the page after this one."""

    environment: Environment
    total_usages: int
    usages: tuple[Usage, ...]
    next: str | None = None
    embargoes: tuple[EmbargoNotice, ...] = ()
    archived: tuple[str, ...] = ()
    """Months (UTC) of the time that is asked for of which entries went to an archive: those are not here."""
    checkpoint: str | None = None


class FindUsage(Request, frozen=True, kw_only=True):
    """`POST /v1/usage/find`: the same by the Estonian contract (`findUsage` of the data tracker, protocol 1.6).

    Other than there the number stands in the body, since no URL may hold one; the purpose is said as well; who asks
    is who signed.
    """

    user_code: SsinText
    legal_context: LegalContextId
    agent: Agent
    period_start: Moment | None = None
    period_end: Moment | None = None
    """Give the moment at which you began, so that what is logged meanwhile does not shift the pages."""
    offset: Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_SKIPPED)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_FOUND)] = MAXIMUM_FOUND


class FoundUsage(Message, frozen=True, kw_only=True):
    """One thing that was done: when, what and why in a sentence, and by whom."""

    logtime: Moment
    action: str
    receiver_code: str
    receiver_name: str
    receiver_system: str


class FoundUsages(Message, frozen=True, kw_only=True):
    """Newest first; `totalUsages` ignores offset and limit."""

    total_usages: int
    usages: tuple[FoundUsage, ...]


class UsagePeriodQuery(Request, frozen=True, kw_only=True):
    """`POST /v1/usage/period`: for which time entries are kept. It is the same for everybody."""


class UsagePeriod(Message, frozen=True, kw_only=True):
    """The time for which entries are kept; without end: until now."""

    period_start: Moment
    period_end: Moment | None = None


class Heartbeat(Message, frozen=True, kw_only=True):
    """Whether the log can be read."""

    status: Literal["OK", "FAIL"]
    message: str | None = None


class ProofQuery(_Look, frozen=True, kw_only=True):
    """`POST /v1/usage/proof`: prove that entries about the person are in the log."""

    places: Annotated[tuple["ProofPlace", ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_PROVEN)]


class ProofPlace(Request, frozen=True, kw_only=True):
    """One of the `places` of a usage."""

    stream: Stream
    index: Index


class UsageProof(Message, frozen=True, kw_only=True):
    """A proof for each place. `crossroads audit check` verifies the list as a file."""

    proofs: tuple[EntryProof, ...]


class HoldersQuery(_Look, frozen=True, kw_only=True):
    """`POST /v1/usage/holders`: who has the person inscribed, or had."""


class Holder(Message, frozen=True, kw_only=True):
    """That an institution knows the person, in a capacity, for a period."""

    institution: str
    institution_names: Words
    sector: int
    sector_names: Words
    context: str
    context_names: Words
    period: Period
    provisional: bool = False


class HolderList(Message, frozen=True, kw_only=True):
    """Those of today first."""

    environment: Environment
    items: tuple[Holder, ...]
    total: int
    checkpoint: str | None = None
