"""Asking about many people in one file, and reading what comes back, as the client of the kit does both."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.batches_file import Form, Source, digest_in
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.client import AnsweredRecord, SyncClient
from crossroads.wire.batches import BatchState, BatchStatus, FileFormat, Packing

Tell = Callable[[str, int, int], None]
"""Told how far the work is: what, how many of how many."""
_POLL_SECONDS = 0.5
_TOKEN_BYTES = 8
_OVER = (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)
_CSV = Form(FileFormat.CSV, Packing.PLAIN)


@contextmanager
def answers(
    client: SyncClient, people: Iterable[str], wish: BatchWish, tell: Tell, folder: Path
) -> Iterator[Iterator[AnsweredRecord]]:
    """Give what came of everybody, in their order. Nothing is asked before the first is taken.

    The result is acknowledged when all were taken and what was done with them ended well. `folder` is where the
    questions lie meanwhile. Raises Refused and Unavailable where there is no result, Tampered for one that is not so.
    """
    read: list[UUID] = []
    yield _records(client, people, wish, tell, folder, read)
    for ticket in read:
        client.batches.acknowledge(ticket)


def _records(
    client: SyncClient, people: Iterable[str], wish: BatchWish, tell: Tell, folder: Path, read: list[UUID]
) -> Iterator[AnsweredRecord]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # It has no name there: nobody else can open it, and nothing of it is left, however this process ends.
    with tempfile.TemporaryFile(dir=folder) as file:
        if not _write(people, file):
            return
        status = client.batches.submit_open(Source(file, _CSV, digest_in(file)), wish, tell)
    status = _waited(client, status, tell)
    yield from client.batches.results(status.ticket)
    read.append(status.ticket)


def _write(people: Iterable[str], file: BinaryIO) -> int:
    """Write the questions, and give how many there are."""
    # Each has a number of its own: the hub refuses a file that it has had before, and the same may be asked again.
    asked, number = secrets.token_hex(_TOKEN_BYTES), 0
    file.write(b"ssin,customerTicket\n")
    for number, ssin in enumerate(people, 1):
        file.write(f"{ssin},{asked}-{number}\n".encode())
    file.seek(0)
    return number


def _waited(client: SyncClient, status: BatchStatus, tell: Tell) -> BatchStatus:
    while status.state not in _OVER:
        tell("answered", status.answered, status.records)
        time.sleep(_POLL_SECONDS)
        status = client.batches.status(status.ticket)
    if status.state is BatchState.COMPLETED:
        return status
    if status.problem:
        raise Refused(status.problem.detail)
    raise Unavailable(f"The batch is {status.state}.")
