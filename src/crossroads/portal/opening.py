"""How the portal's process is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import structlog
from litestar.datastructures import State

from crossroads.bootstrap.portal import PublicServices, public_services, session_life
from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.bootstrap.settings import Installation
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.ssin import Environment
from crossroads.portal.citizen import hub_client
from crossroads.portal.links import LINKS
from crossroads.portal.refusals import Refusals
from crossroads.portal.store import SessionStore
from crossroads.portal.wording import FILTERS
from crossroads.web.look import Look
from crossroads.web.openid import OpenIdConnect
from crossroads.web.secret import kept_secret
from crossroads.web.sessions import Sessions
from crossroads.web.site import Site
from crossroads.wire.keys import read_secret

_HERE = Path(__file__).parent
_PURGE_SECONDS = 300
_PATIENCE_SECONDS = 5
"""For the first reading of the catalogue."""

_log = structlog.get_logger(__name__)


def portal_look() -> Look:
    """Give the templates and words of the portal."""
    return Look(templates=_HERE / "templates", locale=_HERE / "locale", filters=FILTERS)


@asynccontextmanager
async def opened(installation: Installation, settings: PortalSettings, state: State) -> AsyncIterator[Site]:
    """Open the site for as long as the process runs; what pages ask stands in the state as `public`."""
    async with AsyncExitStack() as stack:
        public = await stack.enter_async_context(public_services(installation, settings))
        state.public = public
        await _read_catalogue(public)
        state.hub_client = await stack.enter_async_context(hub_client(settings))
        idle, longest = session_life(settings)
        secret = session_secret(installation, settings)
        state.holder_secret = kept_secret(home_of(installation, settings) / "holders.key")
        sessions = Sessions(SessionStore(public.pool), secret, public.clock, idle=idle, longest=longest)
        login = _login(public)
        if login is not None:
            await stack.enter_async_context(login)
        refusals = Refusals(settings.refusals(installation.home), public.clock)
        state.refusals = refusals
        stack.push_async_callback(_cancelled, asyncio.create_task(refusals.keep(), name="refusals kept"))
        purging = asyncio.create_task(_purge(sessions), name="sessions purged")
        stack.push_async_callback(_cancelled, purging)
        yield Site(
            name="portal",
            title="Crossroads",
            public_url=settings.public_url,
            test=installation.settings.environment is Environment.TEST,
            look=portal_look(),
            sessions=sessions,
            login=login,
            links=LINKS,
            home="/me",
            observers=[refusals.note],
        )


def home_of(installation: Installation, settings: PortalSettings) -> Path:
    """Give the folder of the portal's own secrets and keys."""
    return settings.folder(installation.home)


def session_secret(installation: Installation, settings: PortalSettings) -> bytes:
    """Give the secret under which the table hides whose a session is. Raises Refused, UnsafeKeyFile."""
    return kept_secret(home_of(installation, settings) / "session.key")


def _login(public: PublicServices) -> OpenIdConnect | None:
    settings = public.settings
    if settings.login is None:
        return None
    return OpenIdConnect(
        settings.login,
        read_secret(settings.login.client_secret).decode().strip(),
        settings.public_url,
        public.installation.settings.environment,
        public.clock,
    )


async def _read_catalogue(public: PublicServices) -> None:
    """Wait a little for the catalogue, so that the first visitor finds it; without a database the portal starts too."""
    with suppress(Unavailable, TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await public.catalogue.refresh(0)


async def _purge(sessions: Sessions) -> None:
    while True:
        try:
            await sessions.purge()
        except Unavailable:
            _log.warning("sessions not purged")
        await asyncio.sleep(_PURGE_SECONDS)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
