"""Filling the answer to a page, record by record, until all are in it or it is full."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import structlog

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, InvalidValue
from crossroads.kernel.period import Period
from crossroads.participant.bulk_reading import Reading
from crossroads.participant.datagroups import Group
from crossroads.wire.bulk import MAXIMUM_BULK_ANSWER, BulkAnswer, BulkRecord, BulkRequest
from crossroads.wire.chunks import ChunkSealer, Piece
from crossroads.wire.messages import SourceTimes

_FRAME = 320
"""Bytes that a block takes beside its content, at most; so does the word that it cannot be given."""
_SPARE = 64 * 1024
"""Bytes kept for what an answer holds beside its blocks."""

_log = structlog.get_logger()

_Found = tuple[str, Period, bytes | CrossroadsError]


class Chunk:
    """The blocks of an answer in the making."""

    def __init__(
        self, request: BulkRequest, sealer: ChunkSealer, groups: Mapping[str, Group], clear: frozenset[str]
    ) -> None:
        """Begin without a block. `clear` is what may go unsealed, where the catalogue says so too."""
        self._request, self._sealer = request, sealer
        self._groups, self._clear = groups, clear
        self._failed: dict[str, dict[str, str]] = {}
        self._reasons: Counter[tuple[str, str]] = Counter()

    def fill(self, reading: Reading) -> Sequence[BulkRecord]:
        """Add what was read, and give the records that are answered with it: one at least."""
        room = MAXIMUM_BULK_ANSWER - _SPARE
        for count, record in enumerate(reading.records):
            found = list(self._found(record, reading))
            room -= sum(map(_size, found))
            if room < 0 and count:
                return reading.records[:count]
            for one in found:
                self._add(record, *one)
        return reading.records

    def answer(self, answered: int, times: SourceTimes) -> BulkAnswer:
        """Sign what was added, and tell in one line each why other content was not."""
        for (name, why), count in self._reasons.items():
            ticket = str(self._request.ticket)
            _log.error("data group not sent", ticket=ticket, data_group=name, why=why, records=count)
        blocks, signed = self._sealer.finish()
        return BulkAnswer(
            ticket=self._request.ticket,
            page=self._request.page,
            answered=answered,
            blocks=blocks,
            failed=self._failed,
            chunk=signed,
            times=times,
        )

    def _found(self, record: BulkRecord, reading: Reading) -> Iterator[_Found]:
        scope = self._request.permit.scopes[record.scope]
        for name, period in sorted(scope.data_groups.items(), key=lambda one: one[0]):
            content = reading.contents[name, period].get(record.ssin)
            if content is not None:
                yield name, period, content

    def _add(self, record: BulkRecord, name: str, period: Period, content: bytes | CrossroadsError) -> None:
        if isinstance(content, CrossroadsError):
            self._fail(record, name, content)
            return
        group = self._groups[name]
        # What the hub publishes is not enough to show it content: the institution must have said so itself.
        sealed = group.sealed or name not in self._clear
        try:
            self._sealer.add(Piece(record.index, record.ssin, name, period, group.media_type, content, sealed))
        except InvalidValue as error:
            self._fail(record, name, error)

    def _fail(self, record: BulkRecord, name: str, error: CrossroadsError) -> None:
        self._failed.setdefault(str(record.index), {})[name] = str(error.code or Code.SOURCE_FAILED)
        self._reasons[name, str(error)] += 1


def _size(found: _Found) -> int:
    content = found[2]
    return _FRAME + (len(content) * 4 // 3 if isinstance(content, bytes) else 0)
