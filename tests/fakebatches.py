"""The hub's side of batches, in memory, with one source beside it: it loses answers, and lies where it is told to."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import msgspec
from uuid6 import uuid7

from crossroads.demo.population.people import mock_ssin
from crossroads.kernel.codes import Code, StatusValue
from crossroads.kernel.errors import CrossroadsError, Refused, Unavailable
from crossroads.kernel.ssin import Environment
from crossroads.wire.batches import (
    PAGE,
    BatchList,
    BatchState,
    BatchStatus,
    ChunkLine,
    Record,
    RecordLine,
    ResultLine,
    SummaryLine,
    Voucher,
)
from crossroads.wire.canonical import b64url
from crossroads.wire.chunks import ChunkName, ChunkSealer, Piece, record_ticket, source_block
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import AnsweredSsin, Problem, SourceOutcome, Status
from crossroads.wire.pages import page_count, read_batch_statement
from crossroads.wire.rows import record_reader
from crossroads.wire.signatures import Request, sign_answer
from fakehub import JSON, FakeAsker, FakeHub, now

SOURCE = "pps-si"
PATH = "/v1/batches"
LINES = "application/jsonl"


def person(number: int) -> str:
    """Give the mock number of the n-th invented person."""
    return str(mock_ssin(date(1940, 1, 1) + timedelta(days=number // 400), number % 400 + 1))


Answer = tuple[int, str, bytes]
Alter = Callable[[int, list[ResultLine]], list[ResultLine]]


class FakeBatches:
    """One batch of one asker. `gap` numbers are used by others in between, the first `lose` answers are lost."""

    def __init__(self, hub: FakeHub, asker: FakeAsker, groups: tuple[str, ...]) -> None:
        """Open the doors; the source gives all the groups of everybody."""
        self.hub, self.asker, self.groups = hub, asker, groups
        self.ticket = uuid7()
        self.source = SigningKey.generate(f"{SOURCE}#sign-1")
        hub.keep(self.source)
        self.voucher: Voucher | None = None
        self.file = b""
        self.starts: list[int] = []
        self.last, self.gap, self.lose, self.away = 0, 0, 0, False
        self.acknowledged = self.cancelled = False
        self.unsealed: set[str] = set()
        self.contents: dict[str, bytes] = {}
        """What the source says of some people in groups that are sealed."""
        self.says_it_has: int | None = None
        self.counts: dict[str, int] = {}
        """What status and summary count; the summary counts all as found where nothing is said."""
        self.alter: Alter = lambda _, lines: lines
        self._door(PATH, self._announced)
        self._door(f"{PATH}/{self.ticket}", lambda _: self._status())
        self._door(f"{PATH}/{self.ticket}/result/acknowledge", self._acknowledge)
        self._door(f"{PATH}/{self.ticket}/cancel", self._cancel)
        self._expect(0)

    def _expect(self, start: int) -> None:
        self._door(f"{PATH}/{self.ticket}/file/{start}", lambda part: self._taken(start, part))

    def _announced(self, body: bytes | None) -> BatchStatus | BatchList:
        if body is None:
            return BatchList(batches=(self._status(),) if self.voucher else self._others())
        voucher = msgspec.json.decode(body, type=Voucher)
        if self.voucher not in (None, voucher):
            raise Refused(code=Code.REFERENCE_REUSED)
        if self.gap:
            self.gap -= 1
            self.last += 1
        if voucher.file_sequence_number != self.last + 1:
            raise Refused(code=Code.FILE_NUMBER_RECEIVED)
        self.voucher = voucher
        return self._status()

    def _others(self) -> tuple[BatchStatus, ...]:
        other = {"ticket": uuid7(), "reference": "other", "file_sequence_number": self.last, "records": 1, "size": 1}
        return (self._told(BatchState.COMPLETED, received=1, **other),) if self.last else ()

    def _taken(self, start: int, part: bytes | None) -> BatchStatus:
        self.starts.append(start)
        if self.away:
            raise Unavailable("The hub is away.")
        if start != len(self.file) and self.says_it_has is None:
            raise Refused(code=Code.UPLOAD_OFFSET)
        self.file += part or b""
        self._expect(len(self.file))
        if self.lose:
            self.lose -= 1
            raise Unavailable("The answer was lost.")
        return self._status()

    def _acknowledge(self, _: bytes | None) -> BatchStatus:
        self.acknowledged = True
        return self._status()

    def _cancel(self, _: bytes | None) -> BatchStatus:
        self.cancelled = True
        return self._status()

    def _status(self) -> BatchStatus:
        if self.voucher is None:
            raise Refused("There is no such batch.")
        whole = len(self.file) == self.voucher.size and self.says_it_has is None
        if whole:
            assert b64url(sha256(self.file).digest()) == self.voucher.digest
            self._complete(self.voucher)
        return self._told(
            BatchState.CANCELLED if self.cancelled else BatchState.COMPLETED if whole else BatchState.ANNOUNCED,
            ticket=self.ticket,
            reference=self.voucher.reference,
            file_sequence_number=self.voucher.file_sequence_number,
            records=self.voucher.records,
            received=len(self.file) if self.says_it_has is None else self.says_it_has,
            size=self.voucher.size,
            counts=self.counts,
            parts=page_count(self.voucher.records) + 1 if whole and not self.acknowledged else 0,
        )

    def _told(self, state: BatchState, **facts: Any) -> BatchStatus:
        moment = now()
        given: dict[str, Any] = {"state": state, "submitted_at": moment, "deadline": moment + timedelta(days=4)}
        return BatchStatus(environment=Environment.TEST, **given | facts)

    def _complete(self, voucher: Voucher) -> None:
        for number in range(page_count(voucher.records) + 1):
            self._door(f"{PATH}/{self.ticket}/result/{number}", partial(self._part, voucher, number))

    def _part(self, voucher: Voucher, number: int, _: bytes | None) -> bytes:
        reader = record_reader(voucher.format, voucher.packing, Environment.TEST, now().date())
        records = [*reader.feed(self.file), *reader.finish()]
        if number == page_count(len(records)):
            lines: list[ResultLine] = [self._summary(voucher, len(records))]
        else:
            lines = self._page(voucher, number, records[number * PAGE : (number + 1) * PAGE])
        return msgspec.json.Encoder().encode_lines(self.alter(number, lines))

    def _page(self, voucher: Voucher, number: int, records: list[Record]) -> list[ResultLine]:
        _, statement = read_batch_statement(voucher.statement)
        name = ChunkName(self.ticket, statement.nonce, number, SOURCE, statement.encryption_key)
        sealer = ChunkSealer(self.source, self.asker.seal.jwk, name)
        for at, record in enumerate(records):
            for group in sorted(self.groups):
                period = record.period or voucher.period
                assert period is not None
                sealed = group not in self.unsealed
                content = msgspec.json.encode({"number": number * PAGE + at})
                content = self.contents.get(record.ssin, content) if sealed else content
                sealer.add(Piece(at, record.ssin, group, period, JSON, content, sealed=sealed))
        blocks, chunk = sealer.finish()
        many = len(self.groups)
        given = [[source_block(0, SOURCE, one) for one in blocks[at * many :][:many]] for at in range(len(records))]
        found = StatusValue.DATA_FOUND
        lines: list[ResultLine] = [ChunkLine(page=number, source=SOURCE, chunk=chunk)]
        lines += [
            RecordLine(
                number=number * PAGE + at,
                ticket=record_ticket(self.ticket, number * PAGE + at),
                customer_ticket=record.customer_ticket,
                ssin=AnsweredSsin(value=record.ssin),
                status=Status(value=found, code="MSG00000"),
                blocks=tuple(given[at]),
                sources=(SourceOutcome(institution=SOURCE, status=found, code="MSG00000", milliseconds=3),),
            )
            for at, record in enumerate(records)
        ]
        return lines

    def _summary(self, voucher: Voucher, records: int) -> SummaryLine:
        return SummaryLine(
            ticket=self.ticket,
            reference=voucher.reference,
            file_sequence_number=voucher.file_sequence_number,
            environment=Environment.TEST,
            records=records,
            counts=self.counts or {"DATA_FOUND": records},
            sources={SOURCE: {"DATA_FOUND": records}},
            submitted_at=now(),
            finished_at=now(),
        )

    def _door(self, path: str, work: Callable[[bytes | None], Any]) -> None:
        def door(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
            status, kind, content = _answer(work, body or None)
            method = "GET" if not body else "PUT" if "/file/" in path else "POST"
            request = Request(method, f"{self.hub.url}{path}", headers, body or None)
            return (
                status,
                {"content-type": kind, **sign_answer(self.hub.sign, request, status, kind, content, now())},
                content,
            )

        self.hub.doors[path] = door


def _answer(work: Callable[[bytes | None], Any], body: bytes | None) -> Answer:
    try:
        made = work(body)
    except CrossroadsError as error:
        status = 503 if isinstance(error, Unavailable) else 409
        problem = Problem(type="about:blank", title="refused", status=status, detail=str(error), code=error.code)
        return status, "application/problem+json", msgspec.json.encode(problem)
    return (200, LINES, made) if isinstance(made, bytes) else (200, JSON, msgspec.json.encode(made))
