"""The result of a page: a line for each signature of a source, then one for each record. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from crossroads.batch.asking import Kept
from crossroads.batch.deciding import Asking, DecidedPage, Verdict
from crossroads.exchange.outcome import filtered_of, status_of
from crossroads.exchange.records import moment
from crossroads.kernel.codes import Code, StatusValue
from crossroads.wire.batches import PAGE, ChunkLine, Record, RecordLine, SourceBlock, SummaryLine
from crossroads.wire.bulk import BulkAnswer
from crossroads.wire.chunks import record_ticket, source_block
from crossroads.wire.messages import AnsweredSsin, SourceOutcome, SourceTimes

_encoder = msgspec.json.Encoder()


class Chunk(NamedTuple):
    """What came of asking one source about a page, from a record on: its answer, or the code of its failure."""

    source: str
    first: int
    code: Code
    kept: Kept | None = None


class _Reply(NamedTuple):
    """How one record went at one source."""

    status: StatusValue
    blocks: tuple[SourceBlock, ...]
    outcome: SourceOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A part of the result, and what is counted and logged of it."""

    content: bytes
    counts: Counter[str]
    """Records by status."""
    sources: dict[str, Counter[str]]
    """For each source, records by status."""
    fields: dict[str, Any]
    """Of the entry of the log."""


def compose(
    asking: Asking, page: int, records: Sequence[Record], decided: DecidedPage, chunks: Iterable[Chunk]
) -> Composed:
    """Give the part of the result about a page whose sources have all answered or failed."""
    ordered = sorted(chunks, key=lambda chunk: (chunk.source, chunk.first))
    gathered = _Gathered(page, decided)
    for chunk in ordered:
        gathered.add(chunk)
    counts: Counter[str] = Counter()
    lines: list[ChunkLine | RecordLine] = list(gathered.lines)
    for at, (record, verdict) in enumerate(zip(records, decided.verdicts, strict=True)):
        line = _line(asking, page * PAGE + at, record, verdict, gathered.replies(at, verdict))
        counts[line.status.value] += 1
        lines.append(line)
    content = _encoder.encode_lines(lines)
    fields = {
        "page": page,
        "records": len(records),
        "counts": dict(sorted(counts.items())),
        "sources": gathered.logged,
        "groupsGiven": [[group, source, _ranges(given)] for (source, group), given in sorted(gathered.given.items())],
        "resultDigest": sha256(content).hexdigest(),
    }
    return Composed(content=content, counts=counts, sources=gathered.counts, fields=fields)


def summary(line: SummaryLine) -> bytes:
    """Give the last part of a result."""
    return _encoder.encode_lines([line])


class _Gathered:
    """What the sources of a page gave, record by record."""

    def __init__(self, page: int, decided: DecidedPage) -> None:
        self._page = page
        self._asked: dict[str, list[int]] = {holder: [] for holder in decided.scopes}
        for at, verdict in enumerate(decided.verdicts):
            for holder in verdict.holders:
                self._asked[holder].append(at)
        self._replies: dict[str, dict[int, _Reply]] = {holder: {} for holder in decided.scopes}
        self.lines: list[ChunkLine] = []
        self.logged: list[dict[str, Any]] = []
        self.counts: dict[str, Counter[str]] = {}
        self.given: dict[tuple[str, str], list[int]] = {}

    def replies(self, at: int, verdict: Verdict) -> list[_Reply]:
        """Give how a record went, at each holder that was asked."""
        return [self._replies[holder][at] for holder in sorted(verdict.holders)]

    def add(self, chunk: Chunk) -> None:
        """Take what came of asking one source."""
        until = chunk.kept.until if chunk.kept else None
        concerned = [at for at in self._asked[chunk.source] if chunk.first <= at and (until is None or at < until)]
        answer = chunk.kept.read if chunk.kept else None
        if chunk.kept and answer:
            replies = dict(self._answered(chunk.source, chunk.kept, answer, concerned))
        else:
            replies = dict(_failed(chunk, concerned))
        gone = frozenset(chunk.kept.withdrawn if chunk.kept else ())
        records = [self._page * PAGE + at for at in concerned if at not in gone]
        self.logged.append(_logged(chunk, records, answer.times if answer else None))
        self._replies[chunk.source].update(replies)
        counted = self.counts.setdefault(chunk.source, Counter())
        counted.update(str(reply.status) for reply in replies.values())

    def _answered(
        self, source: str, kept: Kept, answer: BulkAnswer, concerned: Iterable[int]
    ) -> Iterator[tuple[int, _Reply]]:
        number = len(self.lines)
        self.lines.append(ChunkLine(page=self._page, source=source, chunk=answer.chunk))
        blocks: dict[int, list[SourceBlock]] = {}
        for block in answer.blocks:
            blocks.setdefault(block.index, []).append(source_block(number, source, block))
            self.given.setdefault((source, block.data_group), []).append(self._page * PAGE + block.index)
        took = int((kept.answered_at - kept.asked_at).total_seconds() * 1000)
        found = _outcome(source, StatusValue.DATA_FOUND, Code.OK, took)
        nothing = _outcome(source, StatusValue.NO_DATA_FOUND, Code.NO_DATA, took)
        partly = _outcome(source, StatusValue.TECHNICAL_ERROR, Code.SOURCE_FAILED, took)
        failed, withdrawn = {int(index) for index in answer.failed}, set(kept.withdrawn)
        without = _outcome(source, StatusValue.TECHNICAL_ERROR, Code.PERMIT_WITHDRAWN, 0)
        for at in concerned:
            given = tuple(blocks.get(at, ()))
            ended = partly if at in failed else without if at in withdrawn else found if given else nothing
            yield at, _Reply(ended.status, given, ended)


def _failed(chunk: Chunk, concerned: Iterable[int]) -> Iterator[tuple[int, _Reply]]:
    outcome = _outcome(chunk.source, StatusValue.TECHNICAL_ERROR, chunk.code, 0)
    return ((at, _Reply(outcome.status, (), outcome)) for at in concerned)


def _outcome(source: str, status: StatusValue, code: Code, milliseconds: int) -> SourceOutcome:
    return SourceOutcome(institution=source, status=status, code=str(code), milliseconds=milliseconds)


def _line(asking: Asking, number: int, record: Record, verdict: Verdict, replies: list[_Reply]) -> RecordLine:
    return RecordLine(
        number=number,
        ticket=record_ticket(asking.ticket, number),
        customer_ticket=record.customer_ticket,
        ssin=AnsweredSsin(value=verdict.ssin, replaces=verdict.replaces),
        status=status_of(verdict.withheld, replies),
        blocks=tuple([block for reply in replies for block in reply.blocks]),
        sources=tuple([reply.outcome for reply in replies]),
        filtered=filtered_of(verdict.withheld, asked=bool(replies)),
    )


def _logged(chunk: Chunk, records: Sequence[int], times: SourceTimes | None) -> dict[str, Any]:
    fields = {"institution": chunk.source, "records": _ranges(records), "code": str(chunk.code)}
    if chunk.kept is None:
        return {**fields, "signature": None}
    return {
        **fields,
        "askedAt": moment(chunk.kept.asked_at),
        **_times(times),
        "answeredAt": moment(chunk.kept.answered_at),
        "signature": chunk.kept.signature,
    }


def _times(times: SourceTimes | None) -> dict[str, str | None]:
    names = {"receivedAt": "received_at", "readFrom": "read_from", "readUntil": "read_until", "repliedAt": "replied_at"}
    found: dict[str, datetime | None] = {name: getattr(times, field, None) for name, field in names.items()}
    return {name: moment(when) if when else None for name, when in found.items()}


def _ranges(numbers: Sequence[int]) -> str:
    """Give ascending numbers as a multirange of the database reads: `{[0,3),[7,8)}`."""
    ends: list[list[int]] = []
    for number in numbers:
        if ends and ends[-1][1] == number:
            ends[-1][1] += 1
        else:
            ends.append([number, number + 1])
    return "{" + ",".join(f"[{first},{end})" for first, end in ends) + "}"
