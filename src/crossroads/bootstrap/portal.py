"""What the portal's process has of the hub: reads of what is public, with a database role of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from crossroads.audit.database import Pool
from crossroads.audit.levels import Levels
from crossroads.audit.reading import Reading
from crossroads.bootstrap.database import NAME, embedded
from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.bootstrap.settings import Installation
from crossroads.catalogue.following import Following
from crossroads.kernel.clock import Clock, SystemClock
from crossroads.operation.service import Operation

ROLE = "crossroads_portal"
_CONNECTIONS = 8
_PATIENCE_SECONDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicServices:
    """What anybody may know, and the table of sessions."""

    installation: Installation
    settings: PortalSettings
    clock: Clock
    catalogue: Following
    levels: Levels
    log: Reading
    operation: Operation
    pool: Pool


@asynccontextmanager
async def public_services(installation: Installation, settings: PortalSettings) -> AsyncIterator[PublicServices]:
    """Open them. The database need not answer yet: what needs it raises Unavailable until it does."""
    url, clock = settings.database_url or embedded(installation).dsn(ROLE, NAME), SystemClock()
    pool = await asyncpg.create_pool(url, min_size=0, max_size=_CONNECTIONS, timeout=_PATIENCE_SECONDS)
    catalogue = Following(pool)
    try:
        catalogue.follow()
        yield PublicServices(
            installation=installation,
            settings=settings,
            clock=clock,
            catalogue=catalogue,
            levels=Levels(pool, clock),
            log=Reading(pool),
            operation=Operation(pool, catalogue, clock, installation.settings.hub),
            pool=pool,
        )
    finally:
        await catalogue.__aexit__(None, None, None)
        await pool.close()


def session_life(settings: PortalSettings) -> tuple[timedelta, timedelta]:
    """Give how long a session may be idle, and how long it may last."""
    return timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.longest_hours)
