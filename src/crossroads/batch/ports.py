"""What a batch needs from others: somebody who asks a source about a whole page."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from crossroads.access.model import PermitSet
from crossroads.kernel.codes import Code
from crossroads.wire.bulk import BulkRecord
from crossroads.wire.messages import ProvenKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PageErrand:
    """What a source is asked of a page, with all it needs to check that it may answer."""

    ticket: UUID
    """Of the batch."""
    page: int
    permits: PermitSet
    statement: str
    openings: dict[str, str]
    """Of the groups of these permits alone."""
    records: tuple[BulkRecord, ...]
    size: int
    siblings: bytes
    path: tuple[bytes, ...]
    asker_keys: tuple[ProvenKey, ...]
    encryption_key: str
    received_on: date
    """The Brussels day of the voucher: the catalogue counts as of then."""
    deadline: datetime
    """Of the batch."""
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReply:
    """How it went at a source. It never raises: what failed is in the code."""

    code: Code
    asked_at: datetime
    answered_at: datetime
    answer: bytes | None = None
    """What the source answered and signed, not yet looked into; None where it did not."""
    signature: dict[str, str] | None = None
    """What is kept of the signature of the source's answer."""


class PageSources(Protocol):
    """Whoever asks the sources."""

    async def ask_page(self, errand: PageErrand) -> PageReply:
        """Ask one source about records of a page. Asked again alike, it answers alike."""
        ...
