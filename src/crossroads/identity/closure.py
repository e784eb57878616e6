"""Who a number means, for the rooms above that write about a person in a transaction of their own."""

from collections.abc import Sequence
from datetime import datetime

from crossroads.identity import store
from crossroads.identity.database import Connection
from crossroads.identity.model import Closure


async def closure_of(connection: Connection, ssin: str) -> Closure | None:
    """Give the person of the number and all linked with it; None where nobody has or had it."""
    return await store.closure(connection, ssin)


async def locked_closure(connection: Connection, *ssins: str) -> tuple[Closure | None, ...]:
    """Give the closures of the numbers, and hold the locks of all their persons until the transaction ends.

    They are taken in key order. Statements after this one see all that earlier holders of the locks wrote.
    """
    found = tuple([await store.closure(connection, ssin) for ssin in ssins])
    held: set[int] = set()
    while not (wanted := _persons(found)) <= held:
        # Again after a link that was made while we waited; the database ends two writers that then wait for each other.
        await store.lock(connection, sorted(wanted))
        held |= wanted
        found = tuple([await store.closure(connection, ssin) for ssin in ssins])
    return found


async def believed_persons(connection: Connection, ssin: str, moment: datetime) -> tuple[int, ...]:
    """Give the persons that were believed at a moment to be the human being of the number."""
    belief = await store.believed(connection, ssin, moment)
    return belief.persons if belief else ()


async def moment_of_change(connection: Connection) -> datetime:
    """Give the moment to record a change with; ask after the locks are held, so that moments follow each other."""
    return await store.moment(connection)


def _persons(closures: Sequence[Closure | None]) -> set[int]:
    return {person for closure in closures if closure for person in closure.persons}
