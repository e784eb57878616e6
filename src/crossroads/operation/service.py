"""How the installation stands, for whoever runs it: read anew each time it is asked."""

from crossroads.audit.database import Pool
from crossroads.audit.months import Months
from crossroads.directory.rules import CurrentCatalogue
from crossroads.kernel.clock import Clock
from crossroads.operation.model import FAILED_LATELY, Found, Standing, keys_of, standing
from crossroads.operation.store import Store


class Operation:
    """Tells it. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool, catalogue: CurrentCatalogue, clock: Clock, hub: str) -> None:
        """Read with these connections; `hub` is what the hub is called as an institution."""
        self._store, self._months = Store(pool), Months(pool)
        self._catalogue, self._clock, self._hub = catalogue, clock, hub

    async def standing(self) -> Standing:
        """Give how everything stands now, from all processes."""
        now = self._clock.now()
        found = Found(
            whole=await self._store.whole(),
            months_ahead=await self._months.ahead(),
            sources=await self._store.sources(),
            mailboxes=await self._store.mailboxes(),
            jobs=await self._store.jobs(now - FAILED_LATELY),
            keys=keys_of(self._catalogue.current.keys),
        )
        return standing(found, now, self._hub)
