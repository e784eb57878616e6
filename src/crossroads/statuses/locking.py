"""One process at a time, by a lock that goes with the process, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossroads.kernel.errors import Conflict


@contextmanager
def locked(lock: Path, sentence: str) -> Iterator[None]:
    """Be the only one who has a lock. Raises Conflict, with a sentence, while another process has it."""
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(sentence) from None
        yield
