"""A bulkhead for each participant: a slow one slows only those who need it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from crossroads.kernel.codes import Code
from crossroads.sources.http import CallFailed

CONCURRENT = 64
"""Questions under way at one participant, from one process of the hub."""
WAITING = 256
"""Questions that may wait for a place."""


@dataclass(slots=True)
class _Places:
    semaphore: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CONCURRENT))
    waiting: int = 0


class Bulkheads:
    """Places at each participant."""

    def __init__(self) -> None:
        """Start with every place free."""
        self._places: defaultdict[str, _Places] = defaultdict(_Places)

    @asynccontextmanager
    async def place(self, participant: str, patience: float) -> AsyncIterator[None]:
        """Hold a place, waiting at most `patience` seconds for it. Raises CallFailed."""
        places = self._places[participant]
        if places.waiting >= WAITING:
            raise CallFailed(Code.SOURCE_BUSY)
        places.waiting += 1
        try:
            async with asyncio.timeout(patience):
                await places.semaphore.acquire()
        except TimeoutError:
            raise CallFailed(Code.SOURCE_BUSY) from None
        finally:
            places.waiting -= 1
        try:
            yield
        finally:
            places.semaphore.release()
