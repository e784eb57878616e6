"""Processes of ours beside the one that serves, started again whenever one ends by itself."""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence

import structlog

_PATIENCE_SECONDS = 10
_RESTART_SECONDS = 1

_log = structlog.get_logger(__name__)


class Beside:
    """Some commands of `crossroads`, each a process of its own; `--parent` tells each whose it is."""

    def __init__(self, *commands: Sequence[str]) -> None:
        """Start none yet."""
        self._commands = commands
        self._stopping = threading.Event()
        self._keepers: list[threading.Thread] = []
        self._running: set[subprocess.Popen[bytes]] = set()
        self._changing = threading.Lock()

    def __enter__(self) -> None:
        """Start them, before the process that serves forks its own: the threads then only wait."""
        for command in self._commands:
            started = self._started(command)
            self._keepers.append(threading.Thread(target=self._keep, args=[command, started], name=" ".join(command)))
        for keeper in self._keepers:
            keeper.start()

    def __exit__(self, *_: object) -> None:
        """Stop them in order, and by force if need be."""
        with self._changing:
            self._stopping.set()
            running = list(self._running)
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(_PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        for keeper in self._keepers:
            keeper.join()

    def _keep(self, command: Sequence[str], process: "subprocess.Popen[bytes] | None") -> None:
        while process is not None:
            code = process.wait()
            with self._changing:
                self._running.discard(process)
            if not self._stopping.is_set():
                _log.warning("process ended, and is started again", command=list(command[:2]), code=code)
            self._stopping.wait(_RESTART_SECONDS)
            process = self._started(command)

    def _started(self, command: Sequence[str]) -> "subprocess.Popen[bytes] | None":
        with self._changing:
            if self._stopping.is_set():
                return None
            whole = [sys.executable, "-m", "crossroads", *command, "--parent", str(os.getpid())]
            # With close_fds, Popen waits for a pipe to close, which a worker that is forked at that moment would hold
            # open for good. Files of ours are not inherited in any case.
            process = subprocess.Popen(whole, stdin=subprocess.DEVNULL, close_fds=False)
            self._running.add(process)
            return process
