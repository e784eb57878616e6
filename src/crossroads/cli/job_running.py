"""Processes that work on jobs: one by itself, or some beside the processes of a hub."""

import asyncio
import signal
from contextlib import nullcontext, suppress

import uvloop

from crossroads.bootstrap.database import embedded
from crossroads.bootstrap.settings import Installation, load
from crossroads.bootstrap.wiring import services
from crossroads.cli.beside import Beside
from crossroads.kernel.memory import settle
from crossroads.kernel.parents import orphaned
from crossroads.kernel.priority import give_way


def work(parent: int | None) -> None:
    """Work on jobs until SIGTERM or SIGINT; beside a hub, until that process ends, however it does."""
    give_way(parted=parent is not None)
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
    await orphaned(parent)
    working.cancel()


def job_processes(count: int) -> Beside:
    """Give some of them beside the hub."""
    return Beside(*[("jobs", "run")] * count)
