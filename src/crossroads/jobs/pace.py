"""How hard a process works on jobs: with half of everything while people wait for answers to single questions.

Half of the processes of a machine, each on half of its cores, for half of the time. Whoever has all of it would keep
single questions waiting, whatever its priority: for PostgreSQL, which knows of none, and for the disk.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from crossroads.kernel.errors import Unavailable
from crossroads.kernel.priority import confine

_GLANCE_SECONDS = 0.5
_PATIENCE_SECONDS = 2
_LONGEST_SECONDS = 30
"""For which a process stands back: the others may hang, and what they had is to be taken over."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Pace:
    """The pace of this process. It is whole until something else is seen."""

    spare: bool = False
    """That this process is of the half that stands back."""
    halved: bool = False
    _free: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Let things begin, or not."""
        self._become(halved=self.halved)

    async def follow(self, asked: Callable[[], Awaitable[bool]]) -> None:
        """Halve it whenever single questions are asked, until cancelled."""
        while True:
            # While nobody can tell, it stays as it is.
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    self._become(halved=await asked())
            except (Unavailable, TimeoutError):
                pass
            except Exception as error:  # noqa: BLE001 - whatever it was, the next glance may do
                _log.error("pace not known", error=type(error).__name__)
            await asyncio.sleep(_GLANCE_SECONDS)

    @property
    def stands_back(self) -> bool:
        """Tell whether nothing is to be begun now."""
        return not self._free.is_set()

    async def turn(self) -> None:
        """Wait until something may be begun, for half a minute at most."""
        # Not `wait_for`, which up to Python 3.11 forgets a cancellation when what it waits for is there already.
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_SECONDS):
                await self._free.wait()

    async def rest(self, worked: float) -> None:
        """Rest after so many seconds of work."""
        if self.halved:
            await asyncio.sleep(worked)

    def _become(self, *, halved: bool) -> None:
        if halved != self.halved:
            confine(os.getpid(), half=halved)
        self.halved = halved
        if self.spare and halved:
            self._free.clear()
        else:
            self._free.set()
