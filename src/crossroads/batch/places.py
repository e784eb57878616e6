"""Places for questions about pages: so many are with the sources at once, for request and answer are in memory."""

from asyncio import Semaphore
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

ASKED_AT_ONCE = 8
"""Questions about pages that a process has with sources at once; each has a request and an answer, of full size."""
ASKED_AT_ONE = 2
"""Of them, with one source: a slow one leaves places to others."""


class Places:
    """The places of one process."""

    def __init__(self) -> None:
        """Begin with all of them free."""
        self._all = Semaphore(ASKED_AT_ONCE)
        self._at: defaultdict[str, Semaphore] = defaultdict(lambda: Semaphore(ASKED_AT_ONE))

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[None]:
        """Have a place at a source; who waits for that source takes no place from others."""
        async with self._at[source], self._all:
            yield
