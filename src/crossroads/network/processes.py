"""Processes of a network on this machine: started together, stopped together, none left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.error import URLError
from urllib.request import urlopen

from crossroads.kernel.errors import CrossroadsError

_STOP_SECONDS = 10
_POLL_SECONDS = 0.05
_START_SECONDS = 60
_TAIL = 2000


class ProcessFailed(CrossroadsError):
    """A process did not start, or ended by itself."""


class Begun(Protocol):
    """A program that was started, as `subprocess.Popen` shows it."""

    @property
    def pid(self) -> int:
        """The process; also its group."""

    def poll(self) -> int | None:
        """Give how it ended, or None."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ended. Raises TimeoutExpired."""

    def terminate(self) -> None:
        """Ask it to stop."""


Begin = Callable[[Sequence[str], Path, Mapping[str, str]], Begun]
"""Starts `crossroads` with arguments, a file for what it writes, and variables, in a process group of its own."""


def begin(arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Begun:
    """Start it in a process group of its own: Ctrl-C in the terminal reaches only whoever stops it in order."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "crossroads", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )


class Process:
    """One `crossroads …` with its output in a file."""

    def __init__(self, name: str, process: Begun, log: Path) -> None:
        """Keep what was started."""
        self.name = name
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """The process; also its group."""
        return self._process.pid

    def wait_for(self, url: str) -> None:
        """Wait until the URL answers 200. Raises ProcessFailed with the end of the output."""
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise ProcessFailed(f"{self.name} ended by itself. {self._tail()}")
            with suppress(URLError, OSError), urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
                if answer.status == 200:  # noqa: PLR2004
                    return
            time.sleep(_POLL_SECONDS)
        raise ProcessFailed(f"{self.name} did not answer within {_START_SECONDS} s. {self._tail()}")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process and all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Tell whether it ended within the time."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def ask_to_stop(self) -> None:
        """Ask it to stop; do not wait."""
        with suppress(ProcessLookupError):
            self._process.terminate()

    def stop(self) -> None:
        """Stop it in order, and by force if need be; nothing of its group is left."""
        self.ask_to_stop()
        self.wait(_STOP_SECONDS)
        self.signal(signal.SIGKILL)
        self._process.wait()

    def kill(self) -> None:
        """End it at once, with all that it started."""
        self.signal(signal.SIGKILL)
        self._process.wait()

    def _tail(self) -> str:
        return self._log.read_text("utf-8", errors="replace")[-_TAIL:].strip()


class Processes:
    """Those that run, by name."""

    def __init__(self, begin: Begin = begin) -> None:
        """Start with none."""
        self._begin = begin
        self._running: dict[str, Process] = {}

    def __enter__(self) -> Self:
        """Stop all at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop all."""
        self.stop_all()

    def __getitem__(self, name: str) -> Process:
        """Give one by name."""
        return self._running[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that were started and not stopped."""
        return tuple(self._running)

    def start(self, name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> Process:
        """Start one; wait for it separately, so that several start at once."""
        log.parent.mkdir(parents=True, exist_ok=True)
        self._running[name] = Process(name, self._begin(arguments, log, {**os.environ, **environment}), log)
        return self._running[name]

    def stop(self, name: str) -> None:
        """Stop one."""
        self._running.pop(name).stop()

    def stop_all(self) -> None:
        """Stop all: first tell each, then wait for each."""
        for process in self._running.values():
            process.ask_to_stop()
        for name in list(self._running):
            self.stop(name)
