"""The hot read of a server that spreads its tables: what `facts` reads at once, one distribution key after the other.

The version of the catalogue is read last: what was withdrawn meanwhile makes the decision be taken again. The same
steps are taken for a number that nobody has: it is looked up to the end as another person, so that it takes as long. A
test holds this reader and that of one machine to the same answers.
"""

from typing import Any

from crossroads.directory.people import ALL, NOBODY, people_of
from crossroads.directory.store import queries
from crossroads.identity.closure import linked, numbered
from crossroads.identity.database import Connection, rows

SETTINGS = {
    "jit": "off",
    # The machines of a statement are known once its values are.
    "plan_cache_mode": "force_custom_plan",
    "synchronous_commit": "off",
}


class SpreadFacts:
    """The hot read on one connection; asked as its prepared statement is on one machine."""

    def __init__(self, connection: Connection) -> None:
        """Read on this connection."""
        self._connection = connection

    async def fetch(
        self, institutions: list[str], nonces: list[str], slots: list[int], ssins: list[str], decoys: list[int]
    ) -> list[tuple[Any, ...]]:
        """Give a row for each request, in their order, as `facts` does."""
        asked = list(zip(institutions, nonces, slots, strict=True))
        keys = {"institutions": institutions, "nonces": nonces, "slots": slots}
        fresh = {tuple(row) for row in await rows(queries.note_nonces(self._connection, **keys))}
        rates = await self._rates(institutions)
        known = await numbered(self._connection, ssins)
        meant = [known.get(ssin, decoy) for ssin, decoy in zip(ssins, decoys, strict=True)]
        kin = await linked(self._connection, meant)
        people = await people_of(self._connection, {key: one.persons for key, one in kin.items()}, ALL)
        standing = tuple(await queries.standing(self._connection))
        found = []
        for key, ssin, person in zip(asked, ssins, meant, strict=True):
            human = people.get(person, NOBODY)
            found.append((*standing, key in fresh, rates[key[0]], ssin in known, *human))
            fresh.discard(key)  # of two with the same nonce, the first is new
        return found

    async def _rates(self, institutions: list[str]) -> dict[str, int]:
        counted = await rows(queries.count_requests(self._connection, institutions=institutions))
        second = counted[0]["second"]
        return dict(await rows(queries.rates(self._connection, institutions=institutions, second=second)))
