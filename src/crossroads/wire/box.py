"""The messages of a person's box (eBox): an institution publishes a message, the person opens its documents.

The documents stay with the sender. The hub keeps whose message it is and what is needed to list it: the subject, and
name, size and digest of each document. Each opening is asked by the portal, in a statement that names the document by
its digest, and answered by the sender in a block that only the portal can open.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import InstitutionId, LegalContextId
from crossroads.kernel.ssin import Environment
from crossroads.wire.canonical import b64url, sha256
from crossroads.wire.messages import (
    Agent,
    AnsweredSsin,
    Block,
    Compact,
    DataRequest,
    Line,
    Message,
    Receipt,
    Reference,
    Request,
    Salt,
    SsinText,
    Status,
    Thumbprint,
)
from crossroads.wire.proofs import EntryProof
from crossroads.wire.statements import Digest
from crossroads.wire.usage import LogPlace, Words

BOX = "box@1"
"""The data group of what is in a box: who may show it to the person."""
POSTING = "box-delivery@1"
"""The data group of a message that comes in: who may put one there, about people inscribed how."""
DOCUMENT = "box-document@1"
"""The data group of a document of a message."""
DOCUMENT_TYPE = "application/octet-stream"
"""Of every block with a document: what kind of file it is stands in the message."""
MAXIMUM_DOCUMENTS = 16
"""Of one message."""
MAXIMUM_DOCUMENT = 4 * 1024 * 1024
"""Bytes of a document: signed and sealed it still fits into the answer of a source."""
MAXIMUM_WORDS = 4096
"""Bytes of what lists a message, subject in all languages and names and kinds of the documents, so that a list fits."""
MAXIMUM_LISTED = 20
"""Messages of a person that are listed at once, the newest first; what is older is asked for after them."""
MAXIMUM_A_DAY = 20
"""Messages that a sender puts into one box in a day; and of which one day is that of receipt."""

MediaType = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*\Z")]
# What a file may be called on every system; as in every line that others read, nothing that is not seen.
FileName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=120,
        pattern=r"^(?!\.)[^/\\\x00-\x1f\x7f-\x9f\"<>|:*?\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+\Z",
    ),
]
SubjectLine = Annotated[str, msgspec.Meta(min_length=1, max_length=150, pattern=Line)]


class Sort(StrEnum):
    """What a message is."""

    DECISION = "decision"
    CERTIFICATE = "certificate"
    REQUEST = "request"
    INVITATION = "invitation"
    INFORMATION = "information"


class Delivery(StrEnum):
    """What became of a message that was published."""

    PUBLISHED = "published"
    NOT_ACTIVE = "not-active"
    """The person has no active box: send it on paper."""


class Subject(Request, frozen=True, kw_only=True):
    """What a message is about, in at least one language; no number of a person, and nothing one would not say aloud."""

    nl: SubjectLine | None = None
    fr: SubjectLine | None = None
    de: SubjectLine | None = None
    en: SubjectLine | None = None

    def __post_init__(self) -> None:
        """Refuse a subject in no language."""
        if not self.words:
            raise ValueError("a subject is given in at least one of nl, fr, de, en")

    @property
    def words(self) -> Words:
        """The subject by language."""
        return {name: text for name in self.__struct_fields__ if (text := getattr(self, name))}


class DocumentCard(Request, frozen=True, kw_only=True):
    """A document, which stays with the sender: what it is called, what it is, and the digest by which it is known."""

    name: FileName
    media_type: MediaType
    size: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_DOCUMENT)]
    digest: Digest
    """SHA-256 of its bytes, base64url."""


class BoxPublication(Request, frozen=True, kw_only=True):
    """`POST /v1/box/messages`: a message for a person."""

    reference: Reference
    """The sender's own; used once. The same message sent again has the same outcome."""
    ssin: SsinText
    legal_context: LegalContextId
    subject: Subject
    sort: Sort
    received_on: date
    """The day on which it counts as received: today, or later."""
    expires_on: date
    """The first day on which it is not listed any more."""
    documents: Annotated[tuple[DocumentCard, ...], msgspec.Meta(min_length=1, max_length=MAXIMUM_DOCUMENTS)]
    on_behalf_of: InstitutionId | None = None
    """The sender, where the institution that signs manages it."""

    def __post_init__(self) -> None:
        """Refuse a message that is over before it is received, one with a document twice, and too many words."""
        if self.expires_on <= self.received_on:
            raise ValueError("a message expires after the day on which it is received")
        if len({document.digest for document in self.documents}) != len(self.documents):
            raise ValueError("a document stands in a message once")
        words = [*self.subject.words.values(), *(f"{one.name}{one.media_type}" for one in self.documents)]
        if len("".join(words).encode()) > MAXIMUM_WORDS:
            raise ValueError("the subject and the names and kinds of the documents are at most 4096 bytes together")


class BoxPublished(Message, frozen=True, kw_only=True):
    """What became of it; the receipt promises that the log has it, and serves as proof of the publication."""

    environment: Environment
    reference: str
    message: UUID
    delivery: Delivery
    receipt: Receipt
    checkpoint: str | None = None


class BoxEvidenceQuery(Request, frozen=True, kw_only=True):
    """`POST /v1/box/evidence`: what became of a message that one published."""

    reference: Reference
    on_behalf_of: InstitutionId | None = None
    """The sender, where the institution that signs manages it."""


class BoxEvidence(Message, frozen=True, kw_only=True):
    """What became of it, with a proof from the log of each step. It says nothing else of the person."""

    environment: Environment
    reference: str
    message: UUID
    delivery: Delivery
    published_at: Moment
    published: EntryProof
    """Of the publication, or of that the box was not active."""
    reminded_at: Moment | None = None
    reminded: EntryProof | None = None
    opened_at: Moment | None = None
    """When a document of it was given to the person first."""
    opened: EntryProof | None = None
    expires_on: date | None = None
    checkpoint: str | None = None


class _Look(Request, frozen=True, kw_only=True):
    """Whose box, for which purpose, and who looks, by a pseudonym."""

    ssin: SsinText
    legal_context: LegalContextId
    agent: Agent


class BoxQuery(_Look, frozen=True, kw_only=True):
    """`POST /v1/box/query`: what is in a person's box, what is not opened first, each newest first; or one of it."""

    after: UUID | None = None
    """Only what stands behind this message, the last of a list before."""
    after_opened: bool | None = None
    """Whether that one was opened when it was listed; as it is now where nothing is said."""
    message: UUID | None = None
    """Only this message."""

    def __post_init__(self) -> None:
        """Refuse one message and what comes after another."""
        if self.after is not None and self.message is not None:
            raise ValueError("ask for one message, or for those after one")


class BoxMessage(Message, frozen=True, kw_only=True):
    """A message in a box."""

    message: UUID
    sender: str
    sender_names: Words = msgspec.field(default_factory=dict)
    subject: Words
    sort: Sort
    received_on: date
    expires_on: date
    published_at: Moment
    reminded_at: Moment | None = None
    """Since when it is long unread."""
    opened_at: Moment | None = None
    documents: tuple[DocumentCard, ...]
    places: tuple[LogPlace, ...] = ()
    """Where the log has its publication, the reminder and its first opening, as far as there are."""


class BoxList(Message, frozen=True, kw_only=True):
    """Whether the box is active, since and until when, and what is in it, as far as was asked."""

    environment: Environment
    active: bool
    active_from: Moment | None = None
    active_until: Moment | None = None
    items: tuple[BoxMessage, ...] = ()
    more: bool = False
    """Whether there is older: ask again after the last."""
    total: int = 0
    """Messages that are listed in all."""
    checkpoint: str | None = None


class BoxConsent(_Look, frozen=True, kw_only=True):
    """`POST /v1/box/consent`: the person wants messages in the box from now on, or not any more."""

    active: bool
    last_day: date | None = None
    """The last day on which it is active; without one, until it is ended."""

    def __post_init__(self) -> None:
        """Refuse an end with a last day: it ends at once."""
        if not self.active and self.last_day is not None:
            raise ValueError("who ends it names no last day: it ends at once")


class BoxConsented(Message, frozen=True, kw_only=True):
    """How the box stands now."""

    environment: Environment
    active: bool
    active_from: Moment | None = None
    active_until: Moment | None = None
    receipt: Receipt | None = None
    checkpoint: str | None = None


class BoxOpening(_Look, frozen=True, kw_only=True):
    """`POST /v1/box/documents`: fetch a document of a message from its sender.

    The statement asks for `box-document@1` on `reference_date`, and holds the digest of the document's opening too.
    """

    message: UUID
    digest: Digest
    """Which document."""
    encryption_key: Thumbprint
    reference_date: date
    statement: Compact
    opening: Salt
    """Of the data group."""
    document_opening: Salt
    """Of the document."""


class BoxOpened(Message, frozen=True, kw_only=True):
    """The sender's answer: the document, sealed to who asks; or why there is none."""

    ticket: UUID
    environment: Environment
    status: Status
    ssin: AnsweredSsin
    """The number under which the sender published, and the one asked where it is another."""
    block: Block | None = None
    receipt: Receipt | None = None
    checkpoint: str | None = None


class DocumentRequest(DataRequest, frozen=True, kw_only=True):
    """Hub to participant: `POST <endpoint>/v1/documents`. A data request, and which document of which message."""

    reference: Reference
    digest: Digest
    document_opening: Salt


def digest_of(content: bytes) -> str:
    """Give the digest by which a document is known."""
    return b64url(sha256(content))


def document_digest(digest: str, salt: str) -> str:
    """Give the digest of the SD-JWT disclosure `[salt, "document", digest]`, as it stands in a statement."""
    disclosure = b64url(msgspec.json.encode([salt, "document", digest]))
    return b64url(sha256(disclosure.encode("ascii")))
