"""Who a number means, for the rooms above that write about a person in a transaction of their own."""

from collections.abc import Iterable
from datetime import datetime

from crossroads.identity import store
from crossroads.identity.database import Connection
from crossroads.identity.model import Closure, Kin


async def closure_of(connection: Connection, ssin: str) -> Closure | None:
    """Give the person of the number and all linked with it; None where nobody has or had it."""
    return await store.closure(connection, ssin)


async def numbered(connection: Connection, ssins: Iterable[str]) -> dict[str, int]:
    """Give, for each number that somebody has or had, that person."""
    return await store.numbered(connection, sorted(set(ssins)))


async def closures_of(connection: Connection, ssins: Iterable[str]) -> dict[str, Closure]:
    """Give, for each number that somebody has or had, that person and all linked with it."""
    return await store.closures(connection, sorted(set(ssins)))


async def locked_closure(connection: Connection, *ssins: str) -> tuple[Closure | None, ...]:
    """Give the closures of the numbers, and hold the locks of all their persons until the transaction ends."""
    found = await locked_closures(connection, ssins)
    return tuple(found.get(ssin) for ssin in ssins)


async def locked_closures(connection: Connection, ssins: Iterable[str]) -> dict[str, Closure]:
    """Give the closure of each number that is known, and hold the locks of all their persons.

    They are taken in key order. Statements after this one see all that earlier holders of the locks wrote.
    """
    ssins = set(ssins)
    found = await closures_of(connection, ssins)
    held: set[int] = set()
    while not (wanted := _persons(found.values())) <= held:
        # Again after a link that was made while we waited; the database ends two writers that then wait for each other.
        await store.lock(connection, wanted)
        held |= wanted
        found = await closures_of(connection, ssins)
    return found


async def present_numbers(connection: Connection, persons: Iterable[int]) -> dict[int, str]:
    """Give the number that each of the persons has today: that of the one into which it was linked, if it was."""
    found = await store.present_numbers(connection, sorted(set(persons)))
    return {person: present.ssin for person, present in found.items()}


async def linked(connection: Connection, persons: Iterable[int]) -> dict[int, Kin]:
    """Give, for each of the persons, all who are the same human being."""
    return await store.linked(connection, sorted(set(persons)))


async def lock(connection: Connection, persons: Iterable[int]) -> None:
    """Take the locks of persons, in key order, until the transaction ends."""
    await store.lock(connection, persons)


async def lock_linked(connection: Connection, persons: Iterable[int]) -> None:
    """Take the locks of persons and of all that are linked with them."""
    asked, held = set(persons), set[int]()
    # Again after a link that was made while we waited.
    while not (wanted := {one for kin in (await linked(connection, asked)).values() for one in kin.persons}) <= held:
        await store.lock(connection, wanted)
        held |= wanted


async def is_deceased(connection: Connection, persons: Iterable[int]) -> bool:
    """Tell whether it is recorded of one of the persons, who are one human being, that this one died."""
    return any([(await store.person(connection, one)).deceased_on for one in persons])


async def believed_persons(connection: Connection, ssin: str, moment: datetime) -> tuple[int, ...]:
    """Give the persons that were believed at a moment to be the human being of the number."""
    belief = await store.believed(connection, ssin, moment)
    return belief.persons if belief else ()


async def moment_of_change(connection: Connection) -> datetime:
    """Give the moment to record a change with; ask after the locks are held, so that moments follow each other."""
    return await store.moment(connection)


def _persons(closures: Iterable[Closure]) -> set[int]:
    return {person for closure in closures for person in closure.persons}
