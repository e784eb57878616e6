"""Keeping the network up, and leaving no process behind however the demo ends."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, Self, TypeVar

from crossroads.bootstrap.database import embedded
from crossroads.demo.clients import STATUSES, settings
from crossroads.demo.institutions import CONNECTED
from crossroads.network.processes import ProcessFailed
from crossroads.network.service import Network

FIRST = tuple(CONNECTED)[:6]
"""The institutions that the tour asks; they start first, so that the first answer comes soon."""
REST = (*tuple(CONNECTED)[6:], STATUSES)
LISTENER = "statuses-listen"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 1.0

T = TypeVar("T")


class Stopped(KeyboardInterrupt):
    """Somebody asked the demo to stop."""


class StopSignals:
    """Ctrl-C, SIGTERM and the end of the terminal stop the demo, but not while it must not be disturbed."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._came = self._held = False
        self._cancel: Callable[[], object] | None = None
        self._before: list[Any] = []

    def __enter__(self) -> Self:
        """Listen."""
        self._before = [signal.signal(number, self._stop) for number in _SIGNALS]
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no longer. Who stopped the demo need not stop its last moments."""
        for number, handler in zip(_SIGNALS, self._before, strict=True):
            signal.signal(number, signal.SIG_IGN if self._came else handler)

    def check(self) -> None:
        """Stop here if somebody asked for it: an exception out of nowhere may get lost in a library."""
        if self._came:
            raise Stopped

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a wish to stop until the end: a process that is just starting would be forgotten."""
        before, self._held = self._came, True
        try:
            yield
        finally:
            self._held = False
        if not before:
            self.check()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run async work. A wish to stop cancels it, so that it ends in order."""
        try:
            return asyncio.run(self._cancellable(work))
        finally:
            self.check()

    async def _cancellable(self, work: Coroutine[Any, Any, T]) -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        self._cancel = partial(loop.call_soon_threadsafe, task.cancel) if task else None
        try:
            return await work
        finally:
            self._cancel = None

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._came = True
        if self._cancel:
            self._cancel()
        elif not self._held:
            raise Stopped


class Runner:
    """Starts and stops the programs of a network."""

    def __init__(self, network: Network, signals: StopSignals) -> None:
        """Start nothing yet."""
        self.network, self.signals = network, signals

    @contextmanager
    def cleaned_up(self) -> Iterator[None]:
        """Stop every process and the database at the end; nothing may interrupt that."""
        try:
            yield
        finally:
            with self.signals.held():
                self.network.processes.stop_all()
                if self.network.home.exists():
                    embedded(self.network.installation).stop()

    def start(self) -> None:
        """Start the database, the hub, and the first institutions at once; wait until they answer."""
        embedded(self.network.installation).start()
        with self.signals.held():
            self.network.launch_hub()
        self.network.await_hub()
        self.launch(FIRST)
        self.network.await_members(FIRST)

    def launch(self, institutions: Sequence[str]) -> None:
        """Start participants; do not wait."""
        for institution in institutions:
            with self.signals.held():
                self.network.launch_members([institution])

    def listen(self) -> None:
        """Start what hears what sources tell of statuses. It needs the extra `statuses`."""
        arguments = ["statuses", "listen", str(settings(self.network.member(STATUSES)))]
        with self.signals.held():
            self.network.processes.start(LISTENER, arguments, self.network.home / "logs" / f"{LISTENER}.log", {})

    def restart(self, institution: str) -> None:
        """Start a participant that was stopped, and wait until it answers."""
        self.launch([institution])
        self.network.await_members([institution])

    def stay(self) -> None:
        """Wait until somebody stops the demo. Raises Stopped, or ProcessFailed when a process ends by itself."""
        while True:
            time.sleep(_POLL_SECONDS)
            self.signals.check()
            for name in self.network.processes.names:
                if self.network.processes[name].wait(0):
                    raise ProcessFailed(f"{name} ended by itself; see {self.network.home / 'logs' / f'{name}.log'}.")
