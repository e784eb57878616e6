"""Pages that were refused: kept in a log of the form that a participant keeps. The process' log has each at once.

That log is the portal's own, in its home. The hub's log says what the hub saw; were there a door by which an
institution adds to it what it says it saw, any institution could fill it.

Nor can anybody fill this one: of one kind it has two entries an hour, the first at once and how often it came again
when the hour is over, and those of nobody in particular are of one page. Each year has a log of its own, which is kept
until the next is over.
"""

import asyncio
import shutil
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
from crossroads.participant.log import newest, years
from crossroads.participant.state import Record, opened_in_turn
from crossroads.web.site import Refusal
from crossroads.web.tally import Tally

EVENT = "portal:page:refused"
ANY_PAGE = "*"
"""Stands where nobody was logged in: whoever it was may have tried all."""
_MOST_WAITING = 1000
_SECONDS = 1

_log = structlog.get_logger(__name__)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody was refused a page: the first time in an hour, or how often again until the hour was over."""

    at: datetime
    page: str
    """Its route, or `ANY_PAGE`."""
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
        self._tally = Tally[Refusal](clock)

    def note(self, refusal: Refusal) -> None:
        """Take note of a refusal."""
        kind = refusal if refusal.who is not None else refusal._replace(page=ANY_PAGE)
        if len(self._waiting) < _MOST_WAITING and self._tally.first(kind):
            self._waiting[kind] += 1

    async def keep(self) -> None:
        """Write down what was noted, each second; at the end, what is left."""
        self._forget()
        try:
            while True:
                await asyncio.sleep(_SECONDS)
                await self._written()
        finally:
            self._waiting += self._tally.rest()
            await self._written()

    def newest(self, count: int) -> Sequence[Told]:
        """Give the newest, the last first."""
        found = [fields for year in years(self._folder) for fields in newest(year, count)]
        return [msgspec.convert(fields, Told) for fields in found[:count]]

    def _forget(self) -> None:
        """Remove the logs of the years before the last one."""
        for year in years(self._folder):
            if int(year.name) < self._clock.now().year - 1:
                shutil.rmtree(year, ignore_errors=True)

    async def _written(self) -> None:
        self._waiting += self._tally.again()
        if not self._waiting:
            return
        noted, self._waiting = self._waiting, Counter()
        try:
            year = self._folder / str(self._clock.now().year)
            if not year.exists():
                self._forget()
            state = await opened_in_turn(year)
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
