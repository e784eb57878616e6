"""Results as files: JSON Lines, a line for each record, with its blocks opened."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from crossroads.kernel.errors import Unavailable
from crossroads.participant.batches_reasons import Reason, Reasons
from crossroads.participant.batches_result import AnsweredRecord
from crossroads.participant.files import placed
from crossroads.wire.messages import Message


class Written(Message, frozen=True, kw_only=True):
    """What was written: records by status, how many blocks could not be believed, and why records have no data."""

    records: int
    counts: dict[str, int]
    rejected: int
    reasons: tuple[Reason, ...] = ()


def write_results(records: Iterable[AnsweredRecord], path: Path) -> Written:
    """Write what came of each record to a file of mode 0600, which is there when all is in it. Raises Unavailable."""
    try:
        return _written(records, path)
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written: {error.strerror}.") from error


def _written(records: Iterable[AnsweredRecord], path: Path) -> Written:
    counts: Counter[str] = Counter()
    reasons, rejected = Reasons(), 0
    with placed(path) as file:
        for record in records:
            file.write(line_of(record))
            counts[str(record.line.status.value)] += 1
            reasons.add(record.line)
            rejected += len(record.rejected)
    given = dict(sorted(counts.items()))
    return Written(records=counts.total(), counts=given, rejected=rejected, reasons=reasons.counted)


def line_of(record: AnsweredRecord) -> bytes:
    """Write what came of a record as a line."""
    # Content is as its source wrote it: with line ends in it, one record would be read as several.
    return msgspec.json.format(msgspec.json.encode(_plain(record)), indent=-1) + b"\n"


def _plain(record: AnsweredRecord) -> dict[str, Any]:
    line = record.line
    return {
        "number": line.number,
        "ticket": line.ticket,
        "customerTicket": line.customer_ticket,
        "ssin": line.ssin,
        "status": line.status,
        "blocks": [block.plain for block in record.blocks],
        "rejected": [block._asdict() for block in record.rejected],
        "sources": line.sources,
        "filtered": line.filtered,
    }
