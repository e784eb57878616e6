"""Running pages for people: their sessions and login while they are open, and one process with granian in front."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.parents import orphaned
from crossroads.kernel.ssin import Environment
from crossroads.participant.listening import check_free
from crossroads.participant.website import Website
from crossroads.participant.website_vault import FileVault
from crossroads.web.openid import OpenIdConnect
from crossroads.web.secret import kept_secret
from crossroads.web.sessions import Sessions

_PURGE_SECONDS = 300


class Door(NamedTuple):
    """How people come in."""

    sessions: Sessions
    login: OpenIdConnect


@asynccontextmanager
async def door(
    website: Website, environment: Environment, clock: Clock, *, idle: timedelta, longest: timedelta
) -> AsyncIterator[Door]:
    """Open sessions and login for as long as the process runs."""
    async with AsyncExitStack() as stack:
        vault = FileVault(website.home / "sessions.sqlite")
        stack.push_async_callback(vault.close)
        sessions = Sessions(vault, kept_secret(website.home / "session.key"), clock, idle=idle, longest=longest)
        login = OpenIdConnect(website.login_settings(), website.secret(), website.url, environment, clock)
        await stack.enter_async_context(login)
        purging = asyncio.create_task(_purge(sessions), name="sessions purged")
        stack.callback(purging.cancel)
        yield Door(sessions, login)


def run(website: Website, application: Callable[[], Any], parent: int | None = None) -> None:
    """Serve until SIGINT or SIGTERM, or until the parent ends. Raises WrongSetting for an address that is taken."""
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
    uvloop.run(_serve(website, application, parent))


async def _serve(website: Website, application: Callable[[], Any], parent: int | None) -> None:
    listen = website.listen
    check_free(listen)
    server = Server(
        application(),
        address=listen.host,
        port=listen.port,
        interface=Interfaces.ASGI,
        websockets=False,
        log_enabled=False,
        ssl_cert=website.path(listen.certificate) if listen.certificate else None,
        ssl_key=website.path(listen.key) if listen.key else None,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.stop)
    watching = asyncio.create_task(orphaned(parent), name="parent watched")
    watching.add_done_callback(lambda watched: watched.cancelled() or loop.call_soon(server.stop))
    try:
        await server.serve()
    finally:
        watching.cancel()


async def _purge(sessions: Sessions) -> None:
    while True:
        with suppress(Unavailable):
            await sessions.purge()
        await asyncio.sleep(_PURGE_SECONDS)
