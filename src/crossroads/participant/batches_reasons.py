"""Why records of a result have no data, or not all: counted by reason, as each record tells it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

import msgspec

from crossroads.kernel.codes import Code, StatusValue
from crossroads.participant.batches_result import AnsweredRecord
from crossroads.wire.batches import RecordLine
from crossroads.wire.messages import Message

_MOST = 1_000
"""Different reasons that are counted. There are far fewer, unless the hub invents some: memory has an end."""


class Reason(Message, frozen=True, kw_only=True):
    """A reason, and how many records of a status give it. Of a source that failed, it says which."""

    status: StatusValue
    code: str
    description: str
    source: str | None = None
    records: int


class _Why(NamedTuple):
    status: StatusValue
    code: str
    description: str
    source: str | None = None


class Reasons:
    """The reasons of many records. A record may have several, and counts once for each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counted: Counter[_Why] = Counter()

    def add(self, line: RecordLine) -> None:
        """Count why a record has no data, or not all; one whose data was found has no reason."""
        if line.status.value is StatusValue.DATA_FOUND:
            return
        for why in set(_why(line)):
            if why in self._counted or len(self._counted) < _MOST:
                self._counted[why] += 1

    @property
    def counted(self) -> tuple[Reason, ...]:
        """The reasons, that of most records first."""
        ordered = sorted(self._counted.items(), key=lambda item: (-item[1], item[0].code, item[0].source or ""))
        return tuple(Reason(**why._asdict(), records=many) for why, many in ordered)


def reasons_of(records: Iterable[AnsweredRecord]) -> tuple[Reason, ...]:
    """Give the reasons of all records of a result."""
    reasons = Reasons()
    for record in records:
        reasons.add(record.line)
    return reasons.counted


def _why(line: RecordLine) -> Iterator[_Why]:
    value = line.status.value
    failed = [one for one in line.sources if one.status is StatusValue.TECHNICAL_ERROR]
    for source in failed:
        yield _Why(value, source.code, _words(source.code, line.status.description), source.institution)
    for group in line.filtered:
        code = group.detail or group.code
        yield _Why(value, code, _words(code, group.reason))
    # Where nobody was asked and the reasons differ, the status is that of one of them.
    if not failed and (line.sources or not line.filtered):
        code = line.status.detail or line.status.code
        yield _Why(value, code, _words(code, line.status.description))


def _words(code: str, said: str) -> str:
    """Say what a code means; of one that is not known here, what the hub said."""
    with suppress(msgspec.ValidationError):
        return msgspec.convert(code, Code).description
    return said
