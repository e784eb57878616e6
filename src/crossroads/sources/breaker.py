"""Circuit breakers, one for each participant, that hold across all processes of the hub.

State is in the database: a failure in one process counts for all, and all read it each second. A participant that
failed FAILURES times in a row is left alone for PAUSE; then one question at a time tries again.
"""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from time import monotonic

import structlog

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Unavailable
from crossroads.sources.http import CallFailed
from crossroads.sources.store import BreakerStore

FAILURES = 5
PAUSE = timedelta(seconds=10)
_POLL_SECONDS = 1

_log = structlog.get_logger(__name__)


class Breakers:
    """Knows which participants are left alone."""

    def __init__(self, store: BreakerStore) -> None:
        """Start closed; `poll` learns what other processes know."""
        self._store = store
        self._failures: dict[str, int] = {}
        self._open_until: dict[str, float] = {}
        self._writes: set[asyncio.Task[None]] = set()

    def check(self, participant: str) -> None:
        """Refuse a participant that is left alone. Raises CallFailed."""
        until = self._open_until.get(participant)
        if until is None:
            return
        if monotonic() < until:
            raise CallFailed(Code.SOURCE_SUSPENDED)
        # The pause is over: this question tries; the others wait for its outcome as long as a question may last.
        self._open_until[participant] = monotonic() + PAUSE.total_seconds()

    def succeeded(self, participant: str) -> None:
        """Count a success."""
        failures = self._failures.pop(participant, 0)
        if self._open_until.pop(participant, None) is not None or failures:
            self._write(self._store.reset(participant))

    def failed(self, participant: str) -> None:
        """Count a failure."""
        self._failures[participant] = self._failures.get(participant, 0) + 1
        if self._failures[participant] >= FAILURES:
            self._open_until[participant] = monotonic() + PAUSE.total_seconds()
        self._write(self._store.count_failure(participant, FAILURES, PAUSE))

    @property
    def suspended(self) -> list[str]:
        """The participants that are left alone now."""
        now = monotonic()
        return sorted(participant for participant, until in self._open_until.items() if until > now)

    async def poll(self) -> None:
        """Learn from the other processes, each second, until cancelled."""
        while True:
            try:
                await self._learn()
            except Unavailable:
                _log.warning("breakers-not-read")
            await asyncio.sleep(_POLL_SECONDS)

    async def _learn(self) -> None:
        states = {state.participant: state for state in await self._store.read()}
        self._failures = {participant: state.failures for participant, state in states.items() if state.failures}
        for participant in list(self._open_until):
            if participant not in states:
                del self._open_until[participant]
        for participant, state in states.items():
            if state.open_seconds > 0:
                self._open_until[participant] = monotonic() + state.open_seconds

    def _write(self, writing: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(_quietly(writing))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)


async def _quietly(writing: Coroutine[None, None, None]) -> None:
    try:
        await writing
    except Unavailable:
        # What this process counted still holds here; the others learn it from their own failures.
        _log.warning("breaker-not-written")
