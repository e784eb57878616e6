"""Keeping the network up, and leaving no process behind however the demo ends."""

import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from crossroads.bootstrap.database import embedded
from crossroads.demo.institutions import CONNECTED
from crossroads.network.processes import ProcessFailed
from crossroads.network.service import Network

FIRST = tuple(CONNECTED)[:6]
"""The institutions that the tour asks; they start first, so that the first answer comes soon."""
REST = tuple(CONNECTED)[6:]
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 1.0


class Stopped(KeyboardInterrupt):
    """Somebody asked the demo to stop."""


class StopSignals:
    """Ctrl-C, SIGTERM and the end of the terminal stop the demo, but not while it must not be disturbed."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._held = self._came = False
        self._before: list[object] = []

    def __enter__(self) -> Self:
        """Listen."""
        self._before = [signal.signal(number, self._stop) for number in _SIGNALS]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Listen no longer. Who stopped the demo need not stop its last moments."""
        stopped = isinstance(error, Stopped)
        for number, handler in zip(_SIGNALS, self._before, strict=True):
            signal.signal(number, signal.SIG_IGN if stopped else handler)  # type: ignore[arg-type] # what it gave before

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a wish to stop until the end: a process that is just starting would be forgotten."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            self._came = False
            raise Stopped

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if not self._held:
            raise Stopped
        self._came = True


class Runner:
    """Starts and stops the programs of a network."""

    def __init__(self, network: Network, signals: StopSignals) -> None:
        """Start nothing yet."""
        self.network, self._signals = network, signals

    @contextmanager
    def cleaned_up(self) -> Iterator[None]:
        """Stop every process and the database at the end; nothing may interrupt that."""
        try:
            yield
        finally:
            with self._signals.held():
                self.network.processes.stop_all()
                if self.network.home.exists():
                    embedded(self.network.installation).stop()

    def start(self) -> None:
        """Start the database, the hub, and the first institutions at once; wait until they answer."""
        embedded(self.network.installation).start()
        with self._signals.held():
            self.network.launch_hub()
        self.network.await_hub()
        self.launch(FIRST)
        self.network.await_members(FIRST)

    def launch(self, institutions: Sequence[str]) -> None:
        """Start participants; do not wait."""
        for institution in institutions:
            with self._signals.held():
                self.network.launch_members([institution])

    def restart(self, institution: str) -> None:
        """Start a participant that was stopped, and wait until it answers."""
        self.launch([institution])
        self.network.await_members([institution])

    def stay(self) -> None:
        """Wait until somebody stops the demo. Raises Stopped, or ProcessFailed when a process ends by itself."""
        while True:
            time.sleep(_POLL_SECONDS)
            for name in ("hub", *CONNECTED):
                if self.network.processes[name].wait(0):
                    raise ProcessFailed(f"{name} ended by itself; see {self.network.home / 'logs' / f'{name}.log'}.")
