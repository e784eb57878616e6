"""Programs of Crossroads that start warm: forked from a process that has read what they consist of.

That is most of a start, and the same each time. Whole programs start in `test_demo`, `test_upgrade` and wherever
`python -m crossroads` is run.
"""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from crossroads.network.processes import Processes

_PROGRAMS = Path(__file__).with_name("programs.py")


class _Forker:
    """The process that forks the others."""

    def __init__(self) -> None:
        """Start it; it ends with this process, and Ctrl-C in the terminal does not reach it."""
        self._process = subprocess.Popen(
            [sys.executable, _PROGRAMS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        self._one_at_a_time = Lock()
        atexit.register(self._process.communicate)

    def order(self, **order: Any) -> Any:
        """Give its answer."""
        assert self._process.stdin
        assert self._process.stdout
        with self._one_at_a_time:
            self._process.stdin.write(f"{json.dumps(order)}\n".encode())
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        assert answer, "no program starts: what it consists of cannot be read, as standard error says"
        return json.loads(answer)


@cache
def _forker() -> _Forker:
    return _Forker()


class Warm:
    """One `crossroads …` that was forked, in the words of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        """Start it in a process group of its own."""
        told = {"arguments": [*arguments], "log": str(log), "environment": {**environment}}
        self.pid: int = _forker().order(**told)
        self._code: int | None = None

    def poll(self) -> int | None:
        """Give how it ended, or None."""
        if self._code is None:
            self._code = _forker().order(ended=self.pid)
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Wait until it ended, and give how. Raises TimeoutExpired."""
        if self.poll() is None:
            handle = os.pidfd_open(self.pid)
            try:
                select.select([handle], [], [], timeout)
            finally:
                os.close(handle)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired("crossroads", timeout or 0)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to stop, unless it ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, unless it ended."""
        self.send_signal(signal.SIGKILL)


def warm() -> Processes:
    """Give processes of a network that start warm; what they start themselves, beside them, starts whole."""
    return Processes(Warm)
