"""Pages that were refused: kept in a log of the form that a participant keeps. The process' log has each at once.

That log is the portal's own, in its home. The hub's log says what the hub saw; were there a door by which an
institution adds to it what it says it saw, any institution could fill it.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog
from uuid6 import uuid7

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.log import newest
from crossroads.participant.state import Record, opened_in_turn, state_file
from crossroads.web.site import Refusal

EVENT = "portal:page:refused"
_MOST_WAITING = 1000
_SECONDS = 1

_log = structlog.get_logger(__name__)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody was refused a page, and how often within a second or so."""

    at: datetime
    page: str
    """Its route."""
    why: str
    """The name of the error."""
    who: str | None
    """By a pseudonym of the portal, the same for all sessions of somebody; None where nobody was logged in."""
    roles: tuple[str, ...] = ()
    times: int = 1


class Refusals:
    """Notes refusals; `keep` writes them down, until cancelled."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Keep the log in a folder of its own, which all processes of this portal share."""
        self._folder, self._clock = folder, clock
        self._waiting: Counter[Refusal] = Counter()

    def note(self, refusal: Refusal) -> None:
        """Take note of a refusal."""
        if refusal in self._waiting or len(self._waiting) < _MOST_WAITING:
            self._waiting[refusal] += 1

    async def keep(self) -> None:
        """Write down what was noted, each second; at the end, what is left."""
        try:
            while True:
                await asyncio.sleep(_SECONDS)
                await self._written()
        finally:
            await self._written()

    def newest(self, count: int) -> Sequence[Told]:
        """Give the newest, the last first."""
        if not state_file(self._folder).exists():
            return ()
        return [msgspec.convert(fields, Told) for fields in newest(self._folder, count)]

    async def _written(self) -> None:
        if not self._waiting:
            return
        noted, self._waiting = self._waiting, Counter()
        try:
            state = await opened_in_turn(self._folder)
            try:
                await asyncio.gather(*(state.record(self._record(one, times)) for one, times in noted.items()))
            finally:
                await state.close()
        except (CrossroadsError, OSError) as error:
            # The process' log has each already.
            _log.error("refusals not kept", error=type(error).__name__, kinds=len(noted))

    def _record(self, refusal: Refusal, times: int) -> Record:
        ticket, now = str(uuid7()), self._clock.now()
        told: dict[str, Any] = msgspec.to_builtins(Told(at=now, times=times, **refusal._asdict()))
        return Record(
            ticket=ticket,
            holder="portal",
            asker=refusal.who or "",
            nonce=ticket,
            request_nonce="",
            created=int(now.timestamp()),
            fields={"event": EVENT, "ticket": ticket, **told},
        )
