"""Processes that work on jobs: one by itself, or some beside the processes of a hub."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import nullcontext, suppress

import structlog
import uvloop

from crossroads.bootstrap.database import embedded
from crossroads.bootstrap.settings import Installation, load
from crossroads.bootstrap.wiring import services
from crossroads.kernel.memory import settle

_NICENESS = 10
_PATIENCE_SECONDS = 10
_RESTART_SECONDS = 1
_WATCH_SECONDS = 1

_log = structlog.get_logger(__name__)


def work(parent: int | None) -> None:
    """Work on jobs until SIGTERM or SIGINT; beside a hub, until that process ends, however it does."""
    os.nice(_NICENESS)
    if parent is not None:
        # Ctrl-C reaches the parent too, which stops its processes in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    installation = load()
    database = nullcontext() if installation.settings.database_url else embedded(installation)
    with database, suppress(asyncio.CancelledError, KeyboardInterrupt):
        uvloop.run(_work(installation, parent))


async def _work(installation: Installation, parent: int | None) -> None:
    async with services(installation, fills_mailboxes=False) as hub:
        settle()
        if parent is None:
            await hub.jobs.process_started()
        working = asyncio.ensure_future(hub.worker.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
        watching = asyncio.create_task(_until_orphaned(parent, working))
        try:
            await working
        finally:
            watching.cancel()


async def _until_orphaned(parent: int | None, working: "asyncio.Future[None]") -> None:
    while parent in (None, os.getppid()):  # noqa: ASYNC110 - the end of a parent tells nobody
        await asyncio.sleep(_WATCH_SECONDS)
    working.cancel()


class JobProcesses:
    """Some of them beside the hub, started again whenever one ends by itself."""

    def __init__(self, count: int) -> None:
        """Start none yet."""
        self._count = count
        self._stopping = threading.Event()
        self._keepers: list[threading.Thread] = []
        self._running: set[subprocess.Popen[bytes]] = set()
        self._changing = threading.Lock()

    def __enter__(self) -> None:
        """Start them, before the hub forks its own: the threads then only wait."""
        for number in range(self._count):
            self._keepers.append(threading.Thread(target=self._keep, args=[self._started()], name=f"jobs {number}"))
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

    def _keep(self, process: "subprocess.Popen[bytes] | None") -> None:
        while process is not None:
            code = process.wait()
            with self._changing:
                self._running.discard(process)
            if not self._stopping.is_set():
                _log.warning("job process ended, and is started again", code=code)
            self._stopping.wait(_RESTART_SECONDS)
            process = self._started()

    def _started(self) -> "subprocess.Popen[bytes] | None":
        with self._changing:
            if self._stopping.is_set():
                return None
            command = [sys.executable, "-m", "crossroads", "jobs", "run", "--parent", str(os.getpid())]
            # With close_fds, Popen waits for a pipe to close, which a worker of the hub that is forked at that moment
            # would hold open for good. Files of ours are not inherited in any case.
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=False)
            self._running.add(process)
            return process
