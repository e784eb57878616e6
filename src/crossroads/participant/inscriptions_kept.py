"""A file of lines to be kept, sent part by part; what came of each stands in a file of results, with which it goes on.

A line of the results is on the disk before the next part is sent. Where a run was killed in between, that part is sent
again, under the same references: what was done is not done twice.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.errors import Refused
from crossroads.participant.batches_file import Tell, digest_of
from crossroads.participant.inscriptions_file import InscriptionFile, Numbered
from crossroads.wire.inscriptions import MAXIMUM_LINES, Action, BulkLine, BulkOutcome
from crossroads.wire.messages import Message

Send = Callable[[Sequence[BulkLine]], Sequence[BulkOutcome]]


class Head(Message, frozen=True, kw_only=True):
    """The first line of a file of results: what it holds the results of."""

    action: Action
    institution: str
    file: str
    """The SHA-256 of the file."""


class LineResult(Message, frozen=True, kw_only=True):
    """What came of a line of the file. It names no person."""

    line: int
    reference: str
    status: int
    ticket: UUID | None = None
    code: str | None = None
    reason: str | None = None


class Counts(NamedTuple):
    """How many lines were kept, and how many were refused, in this run and those before."""

    done: int = 0
    refused: int = 0

    def plus(self, results: Sequence[LineResult]) -> "Counts":
        """Count results."""
        done = sum(result.ticket is not None for result in results)
        return Counts(self.done + done, self.refused + len(results) - done)


_head = msgspec.json.Decoder(Head).decode
_result = msgspec.json.Decoder(LineResult).decode


def keep(file: InscriptionFile, action: Action, institution: str, results: Path, send: Send, tell: Tell) -> Counts:
    """Send what is not sent yet. Nothing is sent of a file with a line that is wrong.

    Raises BadFile, Refused for results of another file, and what `send` raises: given again, it goes on.
    """
    for _ in file.rows("checked", tell):
        pass
    head = Head(action=action, institution=institution, file=digest_of(file.path))
    with _opened(results) as kept:
        counts, last = _taken_up(kept, head, results)
        rows = (row for row in file.rows("sent", tell) if row.line > last)
        while part := list(islice(rows, MAXIMUM_LINES)):
            outcomes = send([numbered.row.kept(action, institution) for numbered in part])
            found = [_line(numbered, outcome) for numbered, outcome in zip(part, outcomes, strict=True)]
            _append(kept, found)
            counts = counts.plus(found)
    return counts


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of results, of mode 0600, for this run alone. Raises Refused."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}.") from error
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"{path}: another run is writing it.") from error
        yield file


def _taken_up(kept: BinaryIO, head: Head, path: Path) -> tuple[Counts, int]:
    """Give what stands in a file of results, and the last line that it tells of; begin it where it is new."""
    counts, last, whole = Counts(), 0, 0
    for number, text in enumerate(kept):
        if not text.endswith(b"\n"):
            break  # the run before was killed while it wrote this
        try:
            if number:
                result = _result(text)
                counts, last = counts.plus([result]), result.line
            elif _head(text) != head:
                raise Refused(f"{path} holds the results of another file, or of something else done with it.")
        except msgspec.MsgspecError as error:
            raise Refused(f"{path}, line {number + 1}: this is no line of a file of results.") from error
        whole += len(text)
    kept.truncate(whole)
    kept.seek(whole)
    if not whole:
        _append(kept, [head])
    return counts, last


def _append(kept: BinaryIO, lines: Sequence[Message]) -> None:
    kept.write(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    kept.flush()
    os.fsync(kept.fileno())


def _line(numbered: Numbered, outcome: BulkOutcome) -> LineResult:
    return LineResult(
        line=numbered.line,
        reference=outcome.reference,
        status=outcome.status,
        ticket=outcome.ticket,
        code=outcome.code,
        reason=outcome.reason,
    )
