"""Bulk: what a source is asked of one page of a batch, and what it answers."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.identifiers import DataGroupId, InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.wire.batches import MAXIMUM_RECORDS, PAGE, BatchStatement, Days, Record, Voucher
from crossroads.wire.messages import Compact, Message, ProvenKey, Request, Salt, SourceTimes, SsinText, Thumbprint

MAXIMUM_BULK_REQUEST = 16 * 1024 * 1024
"""Bytes of what a source is asked about a page."""
MAXIMUM_BULK_ANSWER = 32 * 1024 * 1024
"""Bytes of a source's answer to a page; what does not fit is asked for again."""
CHUNK_KIND = "crossroads-chunk+jws"
_NOTHING = msgspec.Raw(b"null")

Index = Annotated[int, msgspec.Meta(ge=0, lt=PAGE)]
PageNumber = Annotated[int, msgspec.Meta(ge=0, lt=MAXIMUM_RECORDS // PAGE)]


class Scope(Request, frozen=True, kw_only=True):
    """What is permitted about some records of a page."""

    data_groups: dict[DataGroupId, Period]
    """Each group with the part of the days asked that this holder answers for."""
    authorisations: dict[DataGroupId, str]
    rule: str


class BulkPermit(Request, frozen=True, kw_only=True):
    """`PermitClaims` for a page: signed, as the body of the request, with the hub's permit key."""

    audience: InstitutionId
    holder: InstitutionId
    issued_at: Moment
    expires_at: Moment
    """At most a minute after, as of a single permit."""
    asker: InstitutionId
    on_behalf_of: InstitutionId | None = None
    legal_context: LegalContextId
    catalogue_version: int
    encryption_key: Thumbprint
    scopes: tuple[Scope, ...]


class BulkRecord(Request, frozen=True, array_like=True):
    """One record that a source is asked about."""

    index: Index
    """In its page, from 0; records come in this order."""
    ssin: SsinText
    """The person's number now."""
    scope: Annotated[int, msgspec.Meta(ge=0)]
    """Which of the permit's scopes counts."""
    salt: Salt
    stated: SsinText | None = None
    """The number in the file, where it was replaced since."""
    period: Period | None = None
    """The record's own, as it stands in the file."""
    reference_date: date | None = None


def days_of(record: Record | BulkRecord, common: Voucher | BatchStatement) -> Days:
    """Give the record's own period and reference date; each is the voucher's where the record has none."""
    return Days(record.period or common.period, record.reference_date or common.reference_date)


class BulkRequest(Request, frozen=True, kw_only=True):
    """Hub to participant: `POST <endpoint>/v1/data-requests/bulk`. Asked again alike, it is answered alike."""

    ticket: UUID
    """Of the batch."""
    page: PageNumber
    permit: BulkPermit
    statement: Compact
    openings: dict[DataGroupId, Salt]
    records: Annotated[tuple[BulkRecord, ...], msgspec.Meta(min_length=1, max_length=PAGE)]
    size: Annotated[int, msgspec.Meta(ge=1, le=PAGE)]
    """Records of the whole page."""
    siblings: bytes
    """Hashes of the subtrees without a record that is asked about, left to right, 32 bytes each."""
    path: tuple[bytes, ...]
    """From the page's root to that of the statement (RFC 6962 inclusion)."""
    asker_keys: tuple[ProvenKey, ...]
    deadline: Moment
    checkpoint: str

    def __post_init__(self) -> None:
        """Refuse records that are not in order, not of the page, or of a scope that the permit has not."""
        last, scopes = -1, len(self.permit.scopes)
        for record in self.records:
            if record.index <= last:
                raise ValueError("the records are not in the order of the page, each once")
            if record.scope >= scopes:
                raise ValueError("a record names a scope that the permit does not have")
            last = record.index
        if last >= self.size:
            raise ValueError("a record lies beyond the end of the page")


class BulkBlock(Message, frozen=True, array_like=True):
    """One data group of one record: `sealed` (base64url), or `content` (canonical JSON) or `contentBytes` (base64).

    Two of the three are null.
    """

    index: int
    data_group: str
    period: Period
    media_type: str
    """Of the content, sealed or not."""
    sealed: str | None = None
    content: msgspec.Raw = msgspec.field(default_factory=lambda: _NOTHING)
    content_bytes: str | None = None


class ChunkClaims(Message, frozen=True, kw_only=True):
    """What a source signs of all its blocks to a page, as the payload of a JWS."""

    ticket: UUID
    nonce: str
    """Of the statement."""
    page: int
    source: str
    encryption_key: str
    """Thumbprint of the key that is sealed to."""
    epk: str
    """The source's X25519 key of this chunk alone, base64url."""
    blocks: int
    root: str
    """Of the Merkle tree over the blocks, in their order."""


class BulkAnswer(Message, frozen=True, kw_only=True):
    """A source's answer to a page: about the first `answered` of the records asked; the others are asked for again."""

    ticket: UUID
    page: int
    answered: int
    blocks: tuple[BulkBlock, ...] = ()
    """In order of record and data group."""
    failed: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Codes by index (as text) and data group of what could not be given."""
    chunk: str
    """`ChunkClaims` as compact JWS."""
    times: SourceTimes | None = None
