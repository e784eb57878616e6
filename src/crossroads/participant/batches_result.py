"""Reading a result: is each line what it should be, of the record that it is said to be? Whose are the blocks? Pure.

What is wrong with the lines themselves is the hub's doing and ends the reading. A block that does not hold is rejected
by itself, and where a source's signature of a page does not hold, all its blocks of that page.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import CrossroadsError, Tampered
from crossroads.participant import replies
from crossroads.participant.datagroups import Group
from crossroads.participant.provenkeys import Proven
from crossroads.participant.questions import Asking
from crossroads.participant.replies import BlockRefused, BlockRejected, OpenedBlock
from crossroads.wire.batches import (
    PAGE,
    BatchStatement,
    ChunkLine,
    Record,
    RecordLine,
    ResultLine,
    SourceBlock,
    SummaryLine,
    Voucher,
)
from crossroads.wire.bulk import BulkBlock, days_of
from crossroads.wire.chunks import ChunkName, ChunkOpener, SignedChunk, bulk_block, record_ticket, verify_chunk
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.registrations import KeyUse

_ANSWERED = (StatusValue.DATA_FOUND, StatusValue.NO_DATA_FOUND)

_lines_decoder = msgspec.json.Decoder(ResultLine)


class Asked(NamedTuple):
    """The batch whose result is read."""

    ticket: UUID
    voucher: Voucher
    statement: BatchStatement
    asking: Asking


class AnsweredRecord(NamedTuple):
    """What came of one record: its line of the result, the blocks that hold, and those that do not."""

    line: RecordLine
    blocks: tuple[OpenedBlock, ...]
    rejected: tuple[BlockRejected, ...]


class Page(NamedTuple):
    """The lines of a page, with the records that they answer."""

    number: int
    asked: Sequence[Record]
    chunks: tuple[ChunkLine, ...]
    lines: tuple[RecordLine, ...]

    def blocks(self, chunk: int) -> list[BulkBlock]:
        """Give the blocks of a chunk as its source sent them."""
        return [
            bulk_block(at, block) for at, line in enumerate(self.lines) for block in line.blocks if block.chunk == chunk
        ]

    @property
    def persons(self) -> dict[int, str]:
        """The number now of each person, by index in the page."""
        return {at: line.ssin.value for at, line in enumerate(self.lines)}


Openers = Mapping[int, ChunkOpener | CrossroadsError]
"""What opens the blocks of a chunk, by the number of its line in the page, or why they cannot be believed."""


def read_page(body: bytes, number: int, records: Sequence[Record], asked: Asked) -> Page:
    """Give the lines of a page, one for each record and in their order. Raises Tampered."""
    lines = _read(body)
    chunks = tuple(line for line in lines if isinstance(line, ChunkLine))
    answered = tuple(line for line in lines if isinstance(line, RecordLine))
    if [*chunks, *answered] != lines or len(answered) != len(records) or any(one.page != number for one in chunks):
        raise Tampered(f"Page {number} of the result does not have the lines that it should have.")
    for at, (line, record) in enumerate(zip(answered, records, strict=True), number * PAGE):
        _check_line(line, record, at, asked.ticket)
    return Page(number, records, chunks, answered)


def read_summary(body: bytes, asked: Asked, counted: Mapping[str, int]) -> SummaryLine:
    """Give the summary when it is of this batch and counts what was read. Raises Tampered."""
    summary, *others = _read(body)
    if not isinstance(summary, SummaryLine) or others:
        raise Tampered("The last part of the result is no summary.")
    known = (asked.ticket, asked.voucher.reference, asked.asking.trust.environment, asked.voucher.records)
    if (summary.ticket, summary.reference, summary.environment, summary.records) != known:
        raise Tampered("The summary is of another batch.")
    if Counter(summary.counts) != Counter(counted):
        raise Tampered("The summary does not count the records of the result.")
    return summary


def verified(chunk: SignedChunk, key: Proven, place: int, page: Page, asked: Asked, now: datetime) -> ChunkOpener:
    """Give what opens the blocks of a chunk that its source signed, for this page. Raises Tampered."""
    registration = key.registration
    # It may have ended since the source signed, which was after the batch was made.
    in_force = registration.valid_from <= now and asked.statement.issued_at < registration.valid_until
    if key.key is None or registration.use is not KeyUse.SIGN or not in_force:
        raise BlockRefused(Code.KEY_NOT_PROVEN.description, code=Code.KEY_NOT_PROVEN)
    source, thumbprint = page.chunks[place].source, asked.statement.encryption_key
    name = ChunkName(asked.ticket, asked.statement.nonce, page.number, source, thumbprint)
    return ChunkOpener(asked.asking.seal, verify_chunk(chunk, key.key, name, page.blocks(place), page.persons))


def opened(page: Page, openers: Openers, groups: Mapping[str, Group], asked: Asked) -> list[AnsweredRecord]:
    """Open the blocks of a page. Raises Tampered where a source did not sign that it had nothing."""
    _check_signed(page, openers)
    believed = _Believed(openers, groups, asked)
    return [_opened(at, line, page, believed) for at, line in enumerate(page.lines)]


class _Believed(NamedTuple):
    openers: Openers
    groups: Mapping[str, Group]
    asked: Asked


def _opened(at: int, line: RecordLine, page: Page, believed: _Believed) -> AnsweredRecord:
    blocks: list[OpenedBlock] = []
    rejected: list[BlockRejected] = []
    given: set[tuple[str, str]] = set()
    for block in line.blocks:
        try:
            blocks.append(_block(at, block, page, believed, given))
        except CrossroadsError as error:
            rejected.append(replies.rejected(block, error))
    return AnsweredRecord(line, tuple(blocks), tuple(rejected))


def _block(at: int, block: SourceBlock, page: Page, believed: _Believed, given: set[tuple[str, str]]) -> OpenedBlock:
    line, voucher = page.lines[at], believed.asked.voucher
    replies.check_source(block, line, believed.asked.asking.trust)
    days = days_of(page.asked[at], voucher)
    group = replies.check_asked(block, believed.groups.get(block.data_group), voucher.data_groups, days)
    opener = believed.openers.get(block.chunk)
    if opener is None or page.chunks[block.chunk].source != block.source:
        raise BlockRefused("Its source did not sign the block.", code=Code.BLOCK_INVALID)
    if isinstance(opener, CrossroadsError):
        raise BlockRefused(str(opener), code=opener.code or Code.BLOCK_INVALID)
    if block.media_type != group.media_type:
        raise BlockRefused("The block is of another media type than its data group.", code=Code.BLOCK_INVALID)
    if (block.source, block.data_group) in given:
        # The signature of a chunk holds as often as the chunk stands in the page.
        raise BlockRefused("Its source gives the data group once, and it is there already.", code=Code.BLOCK_INVALID)
    given.add((block.source, block.data_group))
    return replies.within_schema(block, group, opener.open(bulk_block(at, block), line.ssin.value))


def _check_line(line: RecordLine, record: Record, number: int, batch: UUID) -> None:
    if (line.number, line.ticket) != (number, record_ticket(batch, number)):
        raise Tampered(f"The line of record {number} is of another record.")
    if line.customer_ticket != record.customer_ticket:
        raise Tampered(f"The line of record {number} carries another customer ticket.")
    if record.ssin not in (line.ssin.value, line.ssin.replaces):
        raise Tampered(f"The line of record {number} is about another person.")


def _check_signed(page: Page, openers: Openers) -> None:
    """Refuse a page in which a source is said to have had nothing, and did not sign that."""
    signing = {page.chunks[place].source for place, opener in openers.items() if isinstance(opener, ChunkOpener)}
    for line in page.lines:
        giving = signing.union(block.source for block in line.blocks)
        for one in line.sources:
            if one.status in _ANSWERED and one.institution not in giving:
                raise Tampered(f"Page {page.number} of the result: {one.institution} answered; it did not sign.")


def _read(body: bytes) -> list[ResultLine]:
    try:
        return _lines_decoder.decode_lines(body)
    except UNREADABLE:
        raise Tampered("The result has lines that have not their form.") from None
