"""Processes that work on jobs: one by itself, or some beside the processes of a hub."""

import asyncio
import signal
from contextlib import nullcontext, suppress
from functools import partial

import uvloop

from crossroads.bootstrap.database import embedded
from crossroads.bootstrap.settings import Installation, load
from crossroads.bootstrap.wiring import services
from crossroads.cli.beside import Beside
from crossroads.jobs.pace import Pace
from crossroads.kernel.memory import settle
from crossroads.kernel.parents import orphaned
from crossroads.kernel.priority import CALM, give_way


def work(parent: int | None, *, spare: bool = False) -> None:
    """Work on jobs until SIGTERM or SIGINT; beside a hub, until that process ends, however it does.

    Beside a hub it works at half its pace while single questions are asked; one that is `spare` stands back then.
    """
    give_way(parted=parent is not None)
    if parent is not None:
        # Ctrl-C reaches the parent too, which stops its processes in order.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    installation = load()
    database = nullcontext() if installation.settings.database_url else embedded(installation)
    with database, suppress(asyncio.CancelledError, KeyboardInterrupt):
        uvloop.run(_work(installation, parent, Pace(spare=spare)))


async def _work(installation: Installation, parent: int | None, pace: Pace) -> None:
    async with services(installation, fills_mailboxes=False) as hub:
        settle()
        beside = [] if parent is None else [asyncio.create_task(pace.follow(partial(hub.log.asked_within, CALM)))]
        if parent is None:
            await hub.jobs.process_started()
        hub.worker.pace = pace
        working = asyncio.ensure_future(hub.worker.run())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
        beside.append(asyncio.create_task(_until_orphaned(parent, working)))
        try:
            await working
        finally:
            for task in beside:
                task.cancel()


async def _until_orphaned(parent: int | None, working: "asyncio.Future[None]") -> None:
    await orphaned(parent)
    working.cancel()


def job_processes(count: int) -> Beside:
    """Give some of them beside the hub; half of them are spare, where there are several."""
    spare = count // 2
    return Beside(*[("jobs", "run")] * (count - spare), *[("jobs", "run", "--spare")] * spare)
