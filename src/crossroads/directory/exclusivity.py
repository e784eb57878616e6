"""The anti-fraud rule where persons become one: two inscriptions that were each right may together break it."""

from collections.abc import Sequence

from crossroads.directory import rules, store
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.database import Connection
from crossroads.identity.ports import Overlapping
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day


class ExclusiveWhenLinked:
    """Finds the inscriptions by which two institutions then have one person in an exclusive context on the same day.

    The directory cannot refuse that two persons are one. It keeps both inscriptions, and whoever keeps them ends one.
    """

    def __init__(self, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Take the contexts from this catalogue."""
        self._catalogue, self._surroundings = catalogue, surroundings

    async def __call__(self, connection: Connection, source: Sequence[int], target: Sequence[int]) -> list[Overlapping]:
        """Give the lines of either side that overlap one of the other; what overlapped before is not new."""
        catalogue, today = self._catalogue.current, brussels_day(self._surroundings.clock.now())
        ones, others = await store.lines_of(connection, source), await store.lines_of(connection, target)
        found = [*rules.overlapping(ones, others), *rules.overlapping(others, ones)]
        exclusive = {
            name for name in {held.line.context for held in found} if rules.is_exclusive(catalogue, name, today)
        }
        return [Overlapping(held.person, held.line.inscription) for held in found if held.line.context in exclusive]
