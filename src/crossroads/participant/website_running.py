"""Running pages for people: their sessions and login while they are open, and one process that serves them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, NamedTuple

import structlog
import uvloop

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.ssin import Environment
from crossroads.participant.listening import check_free
from crossroads.participant.website import Website
from crossroads.participant.website_vault import FileVault
from crossroads.serving.one import Listening, Server
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
    certificate = website.path(listen.certificate) if listen.certificate else None
    key = website.path(listen.key) if listen.key else None
    address = Listening(listen.host, listen.port, certificate, key)
    await Server(application(), address).serve_for(parent)


async def _purge(sessions: Sessions) -> None:
    while True:
        with suppress(Unavailable):
            await sessions.purge()
        await asyncio.sleep(_PURGE_SECONDS)
