"""The partitions of what grows with time, a month each: they are made long before they are needed."""

from datetime import timedelta

from crossroads.audit.database import Pool, outages, queries, rows

NAME, EVERY = "log-months", timedelta(hours=1)
PARENTS = ("log_entry", "mutation")
AHEAD = 12
FEWEST = 2
"""Months ahead; with fewer something keeps them from being made."""


class Months:
    """Makes them, with connections of role crossroads_hub."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections."""
        self._pool = pool

    async def add(self) -> None:
        """Make those that are not there, a year ahead. Raises Unavailable, also while somebody reads the whole log."""
        for parent in PARENTS:
            with outages():
                await rows(queries.add_months(self._pool, parent=parent, months=AHEAD))

    async def ahead(self) -> int:
        """Tell for how many months after this one the log has a partition."""
        with outages():
            return int(await queries.months_ahead(self._pool))
