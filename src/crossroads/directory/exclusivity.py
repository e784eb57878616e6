"""The anti-fraud rule where persons become one: two inscriptions that were each right may together break it."""

from collections.abc import Sequence
from itertools import groupby

from crossroads.directory import rules, store
from crossroads.directory.model import Line
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.database import Connection
from crossroads.identity.ports import LinkBreaksRule
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code


class ExclusiveWhenLinked:
    """A rule for links of persons: no two institutions may then have them in an exclusive context on the same day."""

    def __init__(self, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Take the contexts from this catalogue."""
        self._catalogue, self._surroundings = catalogue, surroundings

    async def __call__(self, connection: Connection, persons: Sequence[int]) -> None:
        """Look at all lines of the persons. Raises LinkBreaksRule, with the numbers of the lines."""
        today = brussels_day(self._surroundings.clock.now())
        lines = [held.line for held in await store.lines_of(connection, persons)]
        broken: dict[str, list[Line]] = {}
        for context, group in groupby(sorted(lines, key=_context), key=_context):
            found = rules.overlapping(list(group))
            if found and rules.is_exclusive(self._catalogue.current, context, today):
                broken[context] = found
        if broken:
            inscriptions = [line.inscription for found in broken.values() for line in found]
            contexts, numbers = ", ".join(broken), ", ".join(map(str, inscriptions))
            raise LinkBreaksRule(
                f"As one person they would break the exclusivity of context {contexts}: inscriptions {numbers}. "
                "Both institutions are told of it, in their mailboxes.",
                code=Code.INSCRIPTION_EXCLUSIVE,
                inscriptions=inscriptions,
            )


def _context(line: Line) -> str:
    return line.context
