"""Several processes that serve one address side by side; one that ends by itself is started again.

They are forked, so that what the application consists of is read once, and in memory once.
"""

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from time import monotonic
from typing import Any

import structlog
import uvloop

from crossroads.kernel.errors import Refused
from crossroads.kernel.memory import settle
from crossroads.serving.one import PATIENCE_SECONDS, Listening, Server

_AGAIN_SECONDS = 1
"""Before a process is started again."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_fork = multiprocessing.get_context("fork")

_log = structlog.get_logger(__name__)


def serve(factory: str, listening: Listening, processes: int) -> None:
    """Serve what `module:function` makes until SIGINT or SIGTERM, in so many processes.

    Raises Refused where the address cannot be listened on, or the certificate not be used.
    """
    listening.check()
    module, _, name = factory.partition(":")
    make: Callable[[], Any] = getattr(import_module(module), name)
    settle()
    with bound(listening) as listener, _told_to_stop() as told:

        def started() -> ForkProcess:
            process = _fork.Process(target=_work, args=[make, listening, listener, os.getpid()])
            # A signal that came while it has our handlers would be lost.
            signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
            try:
                process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            return process

        running = [started() for _ in range(processes)]
        try:
            while told not in wait([told, *(process.sentinel for process in running)]):
                for process in running:
                    if not process.is_alive():
                        _log.warning("process ended, and is started again", code=process.exitcode)
                if wait([told], _AGAIN_SECONDS):
                    break
                running = [process if process.is_alive() else started() for process in running]
        finally:
            _stop(running)


@contextmanager
def bound(listening: Listening) -> Iterator[socket.socket]:
    """Give a socket at the address, which nobody listens on yet. Raises Refused where that cannot be had."""
    host, port = listening.host, listening.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            taken = f"{host}:{port} cannot be listened on: {error.strerror}."
            raise Refused(f"{taken} Set `port` in crossroads.yaml, or CROSSROADS_PORT.") from error
        yield listener


@contextmanager
def _told_to_stop() -> Iterator[int]:
    """Give what can be read from as soon as a signal came; a signal does nothing else."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _stop(running: list[ForkProcess]) -> None:
    for process in running:
        process.terminate()
    # They give up what is under way by themselves, and then write what waits; after that, recovery closes what is left.
    until = monotonic() + 2 * PATIENCE_SECONDS
    for process in running:
        process.join(max(until - monotonic(), 0))
        if process.is_alive():
            process.kill()
            process.join()


def _work(make: Callable[[], Any], listening: Listening, listener: socket.socket, parent: int) -> None:
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    uvloop.run(Server(make(), listening).serve_for(parent, listener))
