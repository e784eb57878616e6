"""Opening what a process serves.

One that starts while the database is down serves 503 until that comes up. Did it end instead, it would be started again
and again, and the hub given up.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import structlog

from crossroads.bootstrap.settings import Installation
from crossroads.bootstrap.wiring import Services, services
from crossroads.kernel.errors import Unavailable

_RETRY_SECONDS = 0.5

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def opened(installation: Installation, ready: Callable[[Services], None]) -> AsyncIterator[None]:
    """Hand over the services as soon as they are open; go on meanwhile if the database cannot be reached."""
    async with AsyncExitStack() as stack:

        async def attempt() -> None:
            found = await stack.enter_async_context(services(installation))
            # Only what serves: a command ends before it could bring what it took.
            bringing = asyncio.create_task(found.bringer.run(), name="bringing")
            stack.push_async_callback(_cancelled, bringing)
            ready(found)

        try:
            await attempt()
        except Unavailable as error:
            _log.warning("hub not open yet", reason=str(error))
            later = asyncio.create_task(_until_it_works(attempt), name="opening")
            stack.push_async_callback(_cancelled, later)
        yield


async def _until_it_works(attempt: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(_RETRY_SECONDS)
        try:
            await attempt()
        except Unavailable as error:
            _log.warning("hub not open yet", reason=str(error))
        except Exception:  # noqa: BLE001 - nobody awaits this task: it must not end in silence
            _log.exception("hub cannot open")
        else:
            return


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
