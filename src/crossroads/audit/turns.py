"""Turns: what one may ask as often as one likes must not take the connections that all need."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable


class Turns:
    """A few at a time, a few that wait, and the others are told to come back."""

    def __init__(self, at_once: int, waiting: int) -> None:
        """Let `at_once` in, and `waiting` more wait."""
        self._places = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._here = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn and hold it. Raises Unavailable when too many wait."""
        if self._here >= self._most:
            raise Unavailable("Too many ask for this now.", code=Code.OVERLOADED)
        self._here += 1
        try:
            async with self._places:
                yield
        finally:
            self._here -= 1
