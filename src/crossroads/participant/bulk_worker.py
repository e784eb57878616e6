"""The one process beside the participant's own in which pages are worked on, so that single questions stay quick.

It has a low priority, and it ends with the participant. One that is stuck is ended; the next page starts another.
"""

import asyncio
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.process import BaseProcess
from time import monotonic
from typing import NamedTuple

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Fault, Malformed, Refused, Unavailable
from crossroads.kernel.priority import CALM, confine, give_way
from crossroads.participant.bulk_desk import Desk, Job, Made
from crossroads.participant.config import Config

PATIENCE = timedelta(minutes=10)
"""For which a page may be worked on."""
_GLANCE = 0.5
"""Seconds between two looks at whether the participant ends."""


_ENDS = "The participant ends."


class _Failure(NamedTuple):
    """Why there is no answer, as it passes between processes."""

    message: str
    code: Code | None = None
    passing: bool = True
    faults: tuple[Fault, ...] = ()

    def error(self) -> CrossroadsError:
        """Give the error that it was."""
        if self.faults:
            return Malformed(*self.faults)
        return (Unavailable if self.passing else Refused)(self.message, code=self.code)


class Worker:
    """The process, seen from the participant: started by the first page, given one page at a time."""

    def __init__(self, config: Config, patience: timedelta = PATIENCE) -> None:
        """Start nothing yet."""
        self._config = config
        self.patience = patience
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pages")
        self._running: tuple[SpawnProcess, Connection] | None = None
        self._closed = False
        self._calm_at = 0.0
        self._halved = False

    def make_way(self) -> None:
        """Leave half of the cores to others for a while: somebody waits for the answer to a single question."""
        self._calm_at = monotonic() + CALM.total_seconds()

    async def answer(self, job: Job) -> Made:
        """Have an answer made. Raises Malformed, Refused and Unavailable."""
        outcome = await asyncio.get_running_loop().run_in_executor(self._thread, self._do, job)
        if isinstance(outcome, Made):
            return outcome
        raise outcome.error()

    async def close(self) -> None:
        """End the process, also in the middle of a page."""
        self._closed = True
        await asyncio.to_thread(self._thread.shutdown)
        self._end()

    def _do(self, job: Job) -> Made | _Failure:
        if self._closed:
            return _Failure(_ENDS)
        self._running = self._running or self._start()
        process, pipe = self._running
        try:
            pipe.send(job)
            why = self._waited(process, pipe)
            if not why:
                outcome: Made | _Failure = pipe.recv()
                return outcome
        except (EOFError, OSError):
            why = "The process that works on pages ended."
        self._end()
        return _Failure(why)

    def _waited(self, process: SpawnProcess, pipe: Connection) -> str:
        """Wait until there is an answer; where there will be none, say why."""
        patience = self.patience.total_seconds()
        until = monotonic() + patience
        while not self._poll(process, pipe):
            if self._closed:
                return _ENDS
            if monotonic() > until:
                return f"A page took longer than {patience:.0f} s and was given up."
        return ""

    def _poll(self, process: SpawnProcess, pipe: Connection) -> bool:
        halved = monotonic() < self._calm_at
        if process.pid and halved != self._halved:
            confine(process.pid, half=halved)
            self._halved = halved
        return pipe.poll(_GLANCE)

    def _start(self) -> tuple[SpawnProcess, Connection]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=work, args=(self._config, theirs), name="pages", daemon=True)
        process.start()
        self._halved = False
        theirs.close()
        return process, ours

    def _end(self) -> None:
        if self._running:
            process, pipe = self._running
            self._running = None
            process.kill()
            process.join()
            process.close()
            pipe.close()


def work(config: Config, pipe: Connection) -> None:
    """Answer pages until the participant ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal, and meant for the participant
    give_way(parted=True)
    threading.Thread(target=_end_with, args=[parent_process()], daemon=True).start()
    desk: Desk | None = None
    with asyncio.Runner() as runner:
        while True:
            try:
                job: Job = pipe.recv()
            except EOFError:
                return
            try:
                desk = desk or Desk(config)
                pipe.send(runner.run(desk.answer(job)))
            except Exception as error:  # noqa: BLE001 - whatever happens, the participant is told and the process goes on
                pipe.send(_failure(error))


def _end_with(participant: BaseProcess | None) -> None:
    """End as soon as the participant has, in the middle of a page too: nobody else would end this process."""
    if participant is not None:
        participant.join()
        os._exit(1)


def _failure(error: Exception) -> _Failure:
    if isinstance(error, Malformed):
        return _Failure(str(error), faults=error.faults)
    if isinstance(error, CrossroadsError):
        return _Failure(str(error), error.code, passing=isinstance(error, Unavailable))
    # Only where it happened: the message of an unforeseen error may quote what it was about.
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    place = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
    return _Failure(f"A page could not be worked on: {type(error).__name__} at {place}.")
