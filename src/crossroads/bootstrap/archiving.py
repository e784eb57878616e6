"""Opening what takes old months out of the log: it has a role of its own, which no process of the hub may become."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import asyncpg

from crossroads.audit.archive import Archiver
from crossroads.audit.archive_expiry import ArchiveExpiry
from crossroads.audit.database import Pool
from crossroads.audit.reading import Reading
from crossroads.audit.service import Log
from crossroads.bootstrap import keys
from crossroads.bootstrap.database import database_url
from crossroads.bootstrap.settings import Installation
from crossroads.kernel.errors import Refused, Unavailable

_ROLE = "crossroads_retention"
_PLACE = "SELECT current_database(), pg_postmaster_start_time()"
_MAY = "SELECT has_function_privilege('drop_log_month(timestamptz, bigint, bigint)', 'EXECUTE')"


class Hub(Protocol):
    """What of a hub is needed to take months out of its log."""

    @property
    def installation(self) -> Installation:
        """Its settings and keys."""
        ...

    @property
    def pool(self) -> Pool:
        """Connections of role crossroads_hub."""
        ...

    @property
    def log(self) -> Log:
        """Its log."""
        ...


@asynccontextmanager
async def archiving(hub: Hub, url: str | None, folder: Path) -> AsyncIterator[Archiver]:
    """Open it with the URL of that role; the embedded database needs none. Raises Refused or Unavailable."""
    async with await _pool(_url(hub, url)) as pool:
        # Another role would fail only when the log says already that a month is archived; another database, not at all.
        if not await _may_remove(pool) or await pool.fetchrow(_PLACE) != await hub.pool.fetchrow(_PLACE):
            raise Refused(f"CROSSROADS_RETENTION_URL must be of the role {_ROLE}, and of the database of this hub.")
        yield Archiver(pool, hub.log, keys.log_key(hub.installation), folder)


def archive_expiry(hub: Hub, folder: Path) -> ArchiveExpiry:
    """Open what lets the files of a folder expire; it changes nothing in the database but adds to the log."""
    return ArchiveExpiry(Reading(hub.pool), hub.log, keys.log_key(hub.installation), folder)


async def _may_remove(pool: Pool) -> bool:
    try:
        return bool(await pool.fetchval(_MAY))
    except asyncpg.UndefinedFunctionError:
        return False


def _url(hub: Hub, url: str | None) -> str:
    if hub.installation.settings.database_url is None:
        return database_url(hub.installation, _ROLE)
    if url is None:
        raise Refused(f"The database is your own: give the URL of the role {_ROLE} in CROSSROADS_RETENTION_URL.")
    return url


async def _pool(url: str) -> Pool:
    try:
        # One to walk over the entries of a month, one to look up what stands over them.
        return await asyncpg.create_pool(url, min_size=1, max_size=2)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise Unavailable(f"The database cannot be reached as {_ROLE}: {type(error).__name__}.") from error
