"""Asking about many people in one file, and reading what comes back, as the client of the kit does both."""

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from crossroads.kernel.errors import Refused, Unavailable
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.client import AnsweredRecord, SyncClient
from crossroads.wire.batches import BatchState, BatchStatus

Tell = Callable[[str, int, int], None]
"""Told how far the work is: what, how many of how many."""
_POLL_SECONDS = 0.5
_TOKEN_BYTES = 8
_OVER = (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)


def answers(client: SyncClient, people: Iterable[str], wish: BatchWish, tell: Tell) -> Iterator[AnsweredRecord]:
    """Ask about everybody, and give what came of each in their order; the result is acknowledged after the last.

    Raises Refused and Unavailable where there is no result, and Tampered for one that does not hold.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        if not _write(people, file):
            return
        status = _waited(client, client.batches.submit(file, wish, tell), tell)
    yield from client.batches.results(status.ticket)
    client.batches.acknowledge(status.ticket)


def _write(people: Iterable[str], file: Path) -> int:
    """Write the questions, and give how many there are."""
    # Each has a number of its own: the hub refuses a file that it has had before, and the same may be asked again.
    asked, number = secrets.token_hex(_TOKEN_BYTES), 0
    with file.open("w") as lines:
        lines.write("ssin,customerTicket\n")
        for number, ssin in enumerate(people, 1):
            lines.write(f"{ssin},{asked}-{number}\n")
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
