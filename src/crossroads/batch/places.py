"""Places for questions about pages, and room for what waits to be composed: request and answer are in memory."""

from asyncio import Semaphore
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

ASKED_AT_ONCE = 8
"""Questions about pages that a process has with sources at once; each has a request and an answer, of full size."""
ASKED_AT_ONE = 2
"""Of them, with one source: a slow one leaves places to others."""
HELD_BYTES = 32 * 1024 * 1024
"""Bytes of answers, of all pages of a process, that stay in memory until their page is composed. What is more is kept
in the database, and read when it is its turn."""


class Places:
    """The places of one process."""

    def __init__(self) -> None:
        """Begin with all of them free."""
        self.held_bytes = 0
        self._all = Semaphore(ASKED_AT_ONCE)
        self._at: defaultdict[str, Semaphore] = defaultdict(lambda: Semaphore(ASKED_AT_ONE))

    @asynccontextmanager
    async def place(self, source: str) -> AsyncIterator[None]:
        """Have a place at a source; who waits for that source takes no place from others."""
        async with self._at[source], self._all:
            yield

    @contextmanager
    def holding(self) -> "Iterator[Held]":
        """Hold answers to a page until it is composed."""
        held = Held(self)
        try:
            yield held
        finally:
            self.held_bytes -= held.bytes


class Held:
    """What of one page is in memory."""

    def __init__(self, places: Places) -> None:
        """Begin with nothing."""
        self._places = places
        self.bytes = 0

    def take(self, size: int) -> bool:
        """Take so many bytes more; False when there is no room."""
        if self._places.held_bytes + size > HELD_BYTES:
            return False
        self._places.held_bytes += size
        self.bytes += size
        return True
