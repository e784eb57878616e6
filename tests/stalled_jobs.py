"""A process that works on jobs and stands still once, at a place that it is told, until it is sent SIGCONT."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

from crossroads.batch import running_store, store
from crossroads.batch.deciding import Logbook
from crossroads.cli.job_running import work

BEFORE_THE_LOCK, WITH_THE_LOCK = "before-the-lock", "with-the-lock"
"""When a page was decided, and is to be logged: before the job is locked for that, or then."""


def main(place: str) -> None:
    """Work on jobs."""
    {BEFORE_THE_LOCK: _before_the_lock, WITH_THE_LOCK: _with_the_lock}[place](_once())
    work(None)


def stand_in(owner: Any, name: str, what: Any) -> None:
    """Do something else first, wherever this is called."""
    setattr(owner, name, what)


def _once() -> Callable[[], None]:
    stalls = [None]

    def stall() -> None:
        if stalls:
            stalls.pop()
            os.kill(os.getpid(), signal.SIGSTOP)

    return stall


def _before_the_lock(stall: Callable[[], None]) -> None:
    draft, lasting = running_store.draft, store.lasting
    drafted: list[int] = []

    async def drafting(*given: Any) -> None:
        await draft(*given)
        drafted.append(1)

    @asynccontextmanager
    async def locking(pool: Any) -> AsyncIterator[Any]:
        if drafted:
            stall()
        async with lasting(pool) as connection:
            yield connection

    stand_in(running_store, "draft", drafting)
    stand_in(store, "lasting", locking)


def _with_the_lock(stall: Callable[[], None]) -> None:
    entries = Logbook.decided

    def decided(*given: Any) -> Iterator[Any]:
        stall()
        return entries(*given)

    stand_in(Logbook, "decided", decided)


if __name__ == "__main__":
    main(sys.argv[1])
