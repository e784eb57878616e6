"""How the portal's process is put together."""

import asyncio
import os
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import structlog
from litestar.datastructures import State

from crossroads.bootstrap.portal import PublicServices, public_services, session_life
from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.bootstrap.settings import Installation
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.ssin import Environment
from crossroads.portal.citizen import hub_client
from crossroads.portal.links import LINKS
from crossroads.portal.store import SessionStore
from crossroads.portal.wording import FILTERS
from crossroads.web.look import Look
from crossroads.web.openid import OpenIdConnect
from crossroads.web.sessions import Sessions
from crossroads.web.site import Site
from crossroads.wire.keys import read_secret

_HERE = Path(__file__).parent
_SECRET_BYTES = 32
_PURGE_SECONDS = 300

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
        state.hub_client = await stack.enter_async_context(hub_client(settings))
        idle, longest = session_life(settings)
        secret = session_secret(installation, settings)
        sessions = Sessions(SessionStore(public.pool), secret, public.clock, idle=idle, longest=longest)
        login = _login(public)
        if login is not None:
            await stack.enter_async_context(login)
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
        )


def home_of(installation: Installation, settings: PortalSettings) -> Path:
    """Give the folder of the portal's own secrets and keys."""
    return settings.home or installation.home / "portal"


def session_secret(installation: Installation, settings: PortalSettings) -> bytes:
    """Give the secret under which the table hides whose a session is; made at the first start.

    Raises Refused for a file that does not hold a whole one, UnsafeKeyFile for one that others can read.
    """
    path = home_of(installation, settings) / "session.key"
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_secret(path)
    secret = read_secret(path)
    if len(secret) < _SECRET_BYTES:
        raise Refused(f"{path} does not hold a whole secret. Remove it: the portal makes another, and sessions end.")
    return secret


def _make_secret(path: Path) -> None:
    """Put it there whole or not at all: several processes start at once, and all must have the same one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()


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
