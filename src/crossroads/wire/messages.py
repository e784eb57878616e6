"""The messages of the core, as they travel. Fields may be added, not renamed.

Requests refuse unknown fields; answers accept them, so that an older client understands a newer hub.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.identifiers import ContextId, DataGroupId, InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire.keys import Jwk
from crossroads.wire.proofs import EntryProof
from crossroads.wire.registrations import SignedAct

MAXIMUM_DATA_GROUPS = 32
MAXIMUM_REQUEST = 64 * 1024
"""Bytes of a request body at the hub."""
MAXIMUM_SOURCE_ANSWER = 8 * 1024 * 1024
"""Bytes of one source's answer."""
MAXIMUM_STATEMENT = 16 * 1024
"""Characters of a statement, as compact JWS."""

# Text that others read and that is logged: no control characters, which neither jsonb nor a screen can hold, no line or
# paragraph separators, and no bidi marks, with which a screen shows another text than the one that is logged.
Line = r"^[^\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]*\Z"
CustomerTicket = Annotated[str, msgspec.Meta(max_length=36, pattern=Line)]
Agent = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=Line)]
SsinText = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{11}\Z")]
Thumbprint = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
Salt = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22,44}\Z")]
Compact = Annotated[
    str, msgspec.Meta(max_length=MAXIMUM_STATEMENT, pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\Z")
]
DataGroups = Annotated[tuple[DataGroupId, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_DATA_GROUPS)]


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What comes back: unknown fields are ignored."""


class Request(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """What is asked: unknown fields are refused."""


class Asker(Request, frozen=True, kw_only=True):
    """Who asks: an institution, perhaps for one it manages; the agent is its pseudonymous user id, never an SSIN."""

    institution: InstitutionId
    on_behalf_of: InstitutionId | None = None
    agent: Agent
    encryption_key: Thumbprint

    @property
    def concerned(self) -> str:
        """The institution whose authorisation and inscription count."""
        return self.on_behalf_of or self.institution


class Question(Request, frozen=True, kw_only=True):
    """`POST /v1/exchanges`. `openings` gives the salt of each data group's digest in the statement."""

    customer_ticket: CustomerTicket | None = None
    asker: Asker
    legal_context: LegalContextId
    ssin: SsinText
    data_groups: DataGroups
    period: Period | None = None
    reference_date: date | None = None
    statement: Compact
    openings: dict[DataGroupId, Salt]
    mutation: UUID | None = None
    """The ticket of a change that the asker was told of, whose data it fetches: the question is of mode push."""


class Status(Message, frozen=True, kw_only=True):
    """How it ended; `detail` keeps apart what one code does not."""

    value: StatusValue
    code: str
    description: str = ""
    detail: str | None = None


class AnsweredSsin(Message, frozen=True, kw_only=True):
    """The person's number now, and the one asked when it was replaced."""

    value: str
    replaces: str | None = None


class Block(Message, frozen=True, kw_only=True):
    """One data group of one person from one source: sealed to the asker, or open with its detached signature.

    Open JSON is in canonical form and passes through the hub byte for byte.
    """

    data_group: str
    source: str
    period: Period
    media_type: str
    sealed: str | None = None
    content: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    content_bytes: str | None = None
    signature: str | None = None


class SourceOutcome(Message, frozen=True, kw_only=True):
    """How it went at one holder that was asked."""

    institution: str
    status: StatusValue
    code: str
    milliseconds: int


class Filtered(Message, frozen=True, kw_only=True):
    """A data group that was asked and not given, with its reason."""

    data_group: str
    code: str
    reason: str
    detail: str | None = None
    authorisation: str | None = None


class Receipt(Message, frozen=True, kw_only=True):
    """The promise that the entry of this answer is in the log within two seconds."""

    stream: int
    index: int
    leaf: bytes


class Answer(Message, frozen=True, kw_only=True):
    """The answer to a question. `receipt` and `checkpoint` are outside the digest that the log keeps of it."""

    ticket: UUID
    customer_ticket: str | None = None
    environment: Environment
    received_at: datetime
    replied_at: datetime
    status: Status
    ssin: AnsweredSsin
    blocks: tuple[Block, ...] = ()
    sources: tuple[SourceOutcome, ...] = ()
    filtered: tuple[Filtered, ...] = ()
    receipt: Receipt | None = None
    checkpoint: str | None = None


class PermitClaims(Request, frozen=True, kw_only=True):
    """What the hub permits, signed with its permit key as the body of the data request."""

    audience: InstitutionId
    """The participant that is asked: the holder, or the manager of a secondary holder."""
    holder: InstitutionId
    issued_at: Moment
    expires_at: Moment
    asker: InstitutionId
    on_behalf_of: InstitutionId | None = None
    ssin: SsinText
    data_groups: dict[DataGroupId, Period]
    """Each group with the part of the period asked that this holder answers for."""
    legal_context: LegalContextId
    catalogue_version: int
    authorisations: dict[DataGroupId, str]
    rule: str
    encryption_key: Thumbprint
    known_as: SsinText | None = None
    """The number the person had in the question, where it was replaced since: the statement speaks of that one."""


class ProvenKey(Request, frozen=True, kw_only=True):
    """A key with what proves that the hub did not slip it in: its registration, and that the log has it."""

    registration: SignedAct
    inclusion: EntryProof


class DataRequest(Request, frozen=True, kw_only=True):
    """Hub to participant: `POST <endpoint>/v1/data-requests`."""

    ticket: UUID
    permit: PermitClaims
    statement: Compact
    openings: dict[DataGroupId, Salt]
    asker_keys: tuple[ProvenKey, ...]
    deadline: Moment
    checkpoint: str


class SourceTimes(Message, frozen=True, kw_only=True):
    """When the question came in at the source, was put to its own data, was answered there, and left."""

    received_at: Moment
    read_from: Moment
    read_until: Moment
    replied_at: Moment


class DataAnswer(Message, frozen=True, kw_only=True):
    """Participant to hub: the status and the blocks it has."""

    ticket: UUID
    status: Status
    blocks: tuple[Block, ...] = ()
    times: SourceTimes | None = None


class MatchRequest(Request, frozen=True, kw_only=True):
    """Hub to the register's participant: does this person exist, and do the particulars match? Never data."""

    ticket: UUID
    ssin: SsinText
    birth_date: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    """May be incomplete: `yyyy-mm-00`, `yyyy-00-00`."""
    last_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]


class MatchAnswer(Message, frozen=True, kw_only=True):
    """The register's answer."""

    ticket: UUID
    exists: bool
    matches: bool


class Issue(Message, frozen=True, kw_only=True):
    """One thing that is wrong with an input (Belgif `issues`)."""

    type: str
    title: str
    detail: str
    location: str = msgspec.field(name="in", default="body")
    name: str | None = None


class Problem(Message, frozen=True, kw_only=True):
    """An error as RFC 9457 problem, in the Belgif vocabulary; `code` never changes."""

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    instance: str | None = None
    ticket: UUID | None = None
    retry_after_sec: int | None = None
    received: int | None = None
    """Of an upload: the bytes of the file that the hub has for good."""
    issues: tuple[Issue, ...] = ()


class InscriptionEvidence(Request, frozen=True, kw_only=True):
    """What shows that the institution may inscribe the person: a file reference or the number of a document."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^(reference|document)\Z")]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=Line)]


class InscriptionLine(Request, frozen=True, kw_only=True):
    """`POST /v1/inscriptions` and close, cut, cancel: one line of the directory, kept by the institution itself."""

    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=Line)]
    institution: InstitutionId
    ssin: SsinText
    context: ContextId
    period: Period
    phase: Annotated[int, msgspec.Meta(ge=0, le=999)] = 0
    evidence: InscriptionEvidence | None = None


class KeySetEntry(Message, frozen=True, kw_only=True):
    """One key of the hub with its use and period."""

    key_id: str
    use: str
    jwk: Jwk
    valid_from: Moment
    valid_until: Moment


Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=Line)]


class InscriptionQuery(Request, frozen=True, kw_only=True):
    """`POST /v1/inscriptions/query`: the asker's own lines about a person that overlap a period."""

    institution: InstitutionId
    ssin: SsinText
    period: Period
    context: ContextId | None = None


class Inscribed(Message, frozen=True, kw_only=True):
    """One line of the directory, as its institution sees it. A line that is changed gets a new number."""

    inscription: int
    institution: str
    context: str
    period: Period
    phase: int = 0


class InscriptionOutcome(Message, frozen=True, kw_only=True):
    """What came of a request on lines: those it ended, and those that the institution has now in this context."""

    reference: str
    ticket: UUID
    ended: tuple[int, ...]
    items: tuple[Inscribed, ...]


class InscriptionList(Message, frozen=True, kw_only=True):
    """The lines found."""

    items: tuple[Inscribed, ...]
    total: int


class PersonConfirmation(Request, frozen=True, kw_only=True):
    """`POST /v1/persons/confirm`: that a person with these particulars exists, to be confirmed by the register."""

    reference: Reference
    ssin: SsinText
    birth_date: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]
    """May be incomplete: `yyyy-mm-00`, `yyyy-00-00`."""
    last_name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=Line)]


class PersonConfirmed(Message, frozen=True, kw_only=True):
    """The register confirmed the person, who may now be inscribed."""

    reference: str
    ticket: UUID
    ssin: AnsweredSsin
