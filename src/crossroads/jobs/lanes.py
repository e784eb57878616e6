"""Lanes: so many slices of a kind are worked on at once. Who only waits for others leaves its lane meanwhile."""

from asyncio import Semaphore
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lane:
    """The right to work on a slice. Who wants one waits in a row, and so does who comes back."""

    def __init__(self, free: Semaphore) -> None:
        """Have none yet."""
        self._free, self._taken = free, False

    async def take(self) -> None:
        """Wait for a free one."""
        await self._free.acquire()
        self._taken = True

    def leave(self) -> None:
        """Let another have it; nothing happens without one."""
        if self._taken:
            self._taken = False
            self._free.release()

    @asynccontextmanager
    async def left(self) -> AsyncIterator[None]:
        """Be without one while waiting."""
        self.leave()
        yield
        await self.take()
