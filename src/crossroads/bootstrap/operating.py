"""How an installation stands, for a command: looked at from beside its processes, of which it is none itself."""

from dataclasses import dataclass

import asyncpg

from crossroads.audit.database import outages
from crossroads.bootstrap.database import database_url
from crossroads.bootstrap.settings import Installation
from crossroads.catalogue.snapshot import Snapshot
from crossroads.catalogue.store import Store
from crossroads.kernel.clock import SystemClock
from crossroads.operation.model import Standing
from crossroads.operation.service import Operation

_PATIENCE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class _Read:
    """The catalogue as it was read once."""

    current: Snapshot


async def standing_of(installation: Installation) -> Standing:
    """Give how it stands. Raises Unavailable where the database does not answer: then nothing works."""
    url = database_url(installation)
    with outages():
        async with asyncpg.create_pool(url, min_size=1, max_size=2, timeout=_PATIENCE_SECONDS) as pool:
            catalogue = _Read(Snapshot(await Store(pool).facts()))
            return await Operation(pool, catalogue, SystemClock(), installation.settings.hub).standing()
