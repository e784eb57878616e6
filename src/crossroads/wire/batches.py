"""Batches: many questions in one file, announced by a voucher that the asker signs.

The records of a file are committed to, asked for and answered in *pages* of `PAGE`. The asker's statement holds the
root of a Merkle tree over the pages, each the root of a tree over its records; a source gets the openings of the
records that it is asked about and what it needs to compute the root, and learns nothing of the others.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.kernel.errors import Tampered
from crossroads.kernel.identifiers import DataGroupId, InstitutionId, LegalContextId
from crossroads.kernel.period import Period
from crossroads.kernel.sentences import Sentence
from crossroads.kernel.ssin import Environment
from crossroads.wire.messages import (
    Agent,
    AnsweredSsin,
    Asker,
    Compact,
    CustomerTicket,
    DataGroups,
    Filtered,
    Line,
    Message,
    Request,
    Salt,
    SourceOutcome,
    SsinText,
    Status,
    Thumbprint,
)
from crossroads.wire.statements import Digest, Nonce, group_digest

PAGE = 10_000
"""Records of a page; only the last may have fewer."""
MAXIMUM_RECORDS = 10_000_000
MAXIMUM_LINE = 4096
"""Bytes of a line of the file, its end not counted."""
MAXIMUM_FILE = 4 * 1024**3
"""Bytes of a file as it is sent, and of one that is packed when it is unpacked."""
MAXIMUM_PART = 1024 * 1024
"""Bytes of a part of an upload."""
MAXIMUM_SEQUENCE = 10**15 - 1
MAXIMUM_LIFE = timedelta(days=31)
"""Between voucher and deadline."""
STATEMENT_KIND = "crossroads-batch-statement+jws"
_AHEAD = timedelta(seconds=5)

Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=36, pattern=Line)]
Sequence = Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_SEQUENCE)]
Records = Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_RECORDS)]


class FileFormat(StrEnum):
    """How records stand in the file."""

    JSON_LINES = "application/jsonl"
    """An object a line, with the members of `Record`."""
    CSV = "text/csv"
    """A header with those of `ssin,customerTicket,startDate,endDate,referenceDate` that are used, then the lines."""


class Packing(StrEnum):
    """How the file is packed."""

    PLAIN = "plain"
    GZIP = "gzip"
    ZSTD = "zstd"


class Record(Request, frozen=True, kw_only=True):
    """One question of a file. Period and reference date are the voucher's where the record has none: see `days_of`."""

    ssin: SsinText
    customer_ticket: CustomerTicket | None = None
    period: Period | None = None
    reference_date: date | None = None


class BatchStatement(Request, frozen=True, kw_only=True):
    """What the asker signs of a whole file; `Statement` says what the members mean that both have."""

    asker: InstitutionId
    on_behalf_of: InstitutionId | None = None
    agent: Agent
    legal_context: LegalContextId
    data_groups: tuple[Digest, ...]
    period: Period | None = None
    reference_date: date | None = None
    records: Records
    root: Digest
    """Of the Merkle tree (RFC 6962) whose leaves are the roots of the pages."""
    encryption_key: Thumbprint
    nonce: Nonce
    issued_at: Moment
    expires_at: Moment
    """The deadline of the batch."""
    installation: str
    environment: Environment
    checkpoint: Annotated[str, msgspec.Meta(max_length=1024)] = ""

    def covers(self, group: str, salt: str) -> bool:
        """Tell whether the statement asks for the data group, given its salt."""
        return group_digest(group, salt) in self.data_groups

    def check_valid(self, now: datetime, installation: str, environment: Environment) -> None:
        """Refuse a statement that is expired, too long-lived or for another installation. Raises Tampered."""
        if (self.installation, self.environment) != (installation, environment):
            raise Tampered("The statement is for another installation.")
        if self.expires_at - self.issued_at > MAXIMUM_LIFE:
            raise Tampered(Sentence("The statement of a batch lives at most %(most)s days.", most=MAXIMUM_LIFE.days))
        if not self.issued_at <= now + _AHEAD or not now < self.expires_at:
            raise Tampered("The statement is not, or no longer, valid.")


class Voucher(Request, frozen=True, kw_only=True):
    """`POST /v1/batches`: announces a file. `digest` is the SHA-256 of its bytes as they are sent."""

    reference: Reference
    file_sequence_number: Sequence
    """Without gaps for each institution that asks."""
    asker: Asker
    legal_context: LegalContextId
    data_groups: DataGroups
    period: Period | None = None
    reference_date: date | None = None
    records: Records
    format: FileFormat = FileFormat.JSON_LINES
    packing: Packing = Packing.PLAIN
    size: Annotated[int, msgspec.Meta(ge=1, le=MAXIMUM_FILE)]
    digest: Digest
    deadline: Moment
    statement: Compact
    openings: dict[DataGroupId, Salt]
    records_key: Salt
    """From which the salt of each record is made. The hub passes on salts alone."""


class Days(NamedTuple):
    """What days a record is asked about: a period, for groups of a moment a reference date, or both."""

    period: Period | None
    reference_date: date | None


class BatchState(StrEnum):
    """How far a batch has come."""

    ANNOUNCED = "ANNOUNCED"
    """The file, or a part of it, is still to come."""
    CHECKING = "CHECKING"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    """It goes on by itself when what is wrong with the hub (`problem`) is mended."""
    COMPLETED = "COMPLETED"
    REFUSED = "REFUSED"
    """The file is not what the voucher announced; `problem` says where. Nobody was asked anything."""
    CANCELLED = "CANCELLED"


class BatchProblem(Message, frozen=True, kw_only=True):
    """Why a batch was refused or is paused."""

    code: str
    detail: str
    line: int | None = None
    """Of the file, from 1."""


class BatchStatus(Message, frozen=True, kw_only=True):
    """What is known of a batch: the answer to a voucher, to each part of an upload, and to who asks how far it is."""

    ticket: UUID
    environment: Environment
    reference: str
    file_sequence_number: int
    state: BatchState
    records: int
    received: int
    """Bytes of the file that the hub has for good: the upload goes on from there."""
    size: int
    decided: int = 0
    """Records that are decided and logged."""
    answered: int = 0
    """Records whose line of the result is ready."""
    submitted_at: datetime
    deadline: datetime
    finished_at: datetime | None = None
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    """Records by the status of their line."""
    parts: int = 0
    """Of the result; part n is page n, the last is the summary."""
    kept_until: datetime | None = None
    """The result is removed then, or when it is acknowledged."""
    fetched: bool = False
    """The result was acknowledged and is gone."""
    problem: BatchProblem | None = None
    checkpoint: str | None = None


class BatchList(Message, frozen=True, kw_only=True):
    """Some batches of an institution, the newest first; `next` asks, as `before`, for those before them."""

    batches: tuple[BatchStatus, ...]
    next: int | None = None


class ChunkLine(Message, frozen=True, kw_only=True, tag="chunk", tag_field="line"):
    """A line of a result: what one source signed of its blocks in the lines of records that follow."""

    page: int
    source: str
    chunk: str


class RecordLine(Message, frozen=True, kw_only=True, tag="record", tag_field="line"):
    """A line of a result: what came of one record."""

    number: int
    """Of the record in the file, from 0."""
    ticket: UUID
    customer_ticket: str | None = None
    ssin: AnsweredSsin
    status: Status
    blocks: tuple["SourceBlock", ...] = ()
    sources: tuple[SourceOutcome, ...] = ()
    filtered: tuple[Filtered, ...] = ()


class SourceBlock(Message, frozen=True, kw_only=True):
    """A block of a record; `chunk` says in which of the chunk lines of its page its source signed it."""

    chunk: int
    data_group: str
    source: str
    period: Period
    media_type: str
    sealed: str | None = None
    content: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    content_bytes: str | None = None


class SummaryLine(Message, frozen=True, kw_only=True, tag="summary", tag_field="line"):
    """The last line of a result."""

    ticket: UUID
    reference: str
    file_sequence_number: int
    environment: Environment
    records: int
    counts: dict[str, int]
    sources: dict[str, dict[str, int]]
    """For each source asked: records by status."""
    submitted_at: datetime
    finished_at: datetime


ResultLine = ChunkLine | RecordLine | SummaryLine
