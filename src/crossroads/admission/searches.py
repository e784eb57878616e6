"""How often an institution may search people: a limit against reading the register name by name."""

from crossroads.admission import store
from crossroads.admission.limits import LimitReached, Limits
from crossroads.identity.database import Pool, outages
from crossroads.kernel.codes import Code

_MINUTE = 60


class SearchRate:
    """Counts searches in the database, so that the limit holds over all processes."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        """Hold to these limits."""
        self._pool, self._limits = pool, limits

    async def take(self, institution: str) -> None:
        """Count a search. Raises LimitReached, Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                searches = await store.take_search(connection, institution)
        if searches > self._limits.searches_per_minute:
            raise LimitReached(Code.TOO_MANY_REQUESTS, retry_after=_MINUTE)
