"""Who acts for whom: mandates that people gave each other, and what an agent does for somebody today.

Whoever asks for a purpose of `ACTING` must be acting for the person: that is looked up at every question, so that the
end of a mandate, or a death, counts at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from crossroads.identity import acting_store, store
from crossroads.identity.acting_store import Begun, Mandate, NewMandate
from crossroads.identity.closure import closure_of
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused
from crossroads.wire.acting import ACTING, AS_PARENT, MAXIMUM_MANDATES, Scope, Side

EVERY = timedelta(hours=1)
NAME = "acting-forgotten"
_ALL = tuple(Scope)

Logged = Callable[[Mandate], Awaitable[object]]
"""Logs what is about to be written of a mandate; where that fails, nothing is written."""


class Agent(NamedTuple):
    """Who asks, and why: an institution, its pseudonymous agent, and the purpose."""

    institution: str
    agent: str
    legal_context: str


class Acting:
    """Mandates, and who acts for whom today."""

    def __init__(self, pool: Pool, surroundings: Surroundings) -> None:
        """Keep them in these tables."""
        self._pool, self._surroundings = pool, surroundings

    async def stands(self, agent: Agent, ssin: str, scope: Scope) -> bool:
        """Tell whether an agent may do this for a person now; true for every purpose that is no acting."""
        if agent.legal_context not in ACTING:
            return True
        today = self._surroundings.today
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, ssin)
                persons = closure.persons if closure else ()
                found = await acting_store.grounds(connection, persons, *agent, today)
                scopes = [one for ground in found for one in await _scopes(connection, ground, persons, today)]
                return scope in scopes and await acting_store.living(connection, persons)

    async def give(self, new: NewMandate, logged: Logged) -> Mandate:
        """Record a mandate; the same given again has the same outcome. Raises Refused, Conflict, Unavailable."""
        today = self._surroundings.today
        async with transaction(self._pool) as connection:
            before = await acting_store.of_reference(connection, new.institution, new.reference)
            if before is None:
                await _require_room(connection, new.giver, today)
                if not await acting_store.add(connection, new, await store.moment(connection)):
                    raise Conflict("The mandate is being recorded by another request; try again.")
                given = await self._mandate(connection, new.mandate)
                await logged(given)
                return given
        if not _same(before, new):
            raise Conflict(code=Code.REFERENCE_REUSED)
        return before

    async def accept(self, wanted: UUID, persons: Sequence[int], ticket: UUID, logged: Logged) -> None:
        """Let a mandate count, as who got it. Raises Refused for one that is over or of others, Unavailable."""
        async with transaction(self._pool) as connection:
            found = await self._mandate(connection, wanted)
            over = found.ended_at is not None or found.end_date < self._surroundings.today
            if found.receiver not in persons or over:
                raise Refused(code=Code.MANDATE_UNKNOWN)
            moment = await store.moment(connection)
            if await acting_store.note(connection, wanted, "accepted", Side.RECEIVER, ticket, moment):
                await logged(found)

    async def end(self, wanted: UUID, persons: Sequence[int], ticket: UUID, logged: Logged) -> None:
        """End a mandate at once, as either of the two. Raises Refused for one of others, Unavailable."""
        async with transaction(self._pool) as connection:
            found = await self._mandate(connection, wanted)
            side = side_of(found, persons)
            moment = await store.moment(connection)
            if await acting_store.note(connection, wanted, "ended", side, ticket, moment):
                await logged(found)

    async def mandates(self, persons: Sequence[int]) -> tuple[list[Mandate], dict[int, str]]:
        """Give the mandates of a human being, and the number of today of everybody in them."""
        with outages():
            async with self._pool.acquire() as connection:
                found = await acting_store.mandates(connection, persons, 4 * MAXIMUM_MANDATES)
                involved = {person for one in found for person in (one.giver, one.receiver)}
                return found, await store.present_numbers(connection, sorted(involved))

    async def mandate(self, wanted: UUID) -> tuple[Mandate, dict[int, str]]:
        """Give a mandate, and the numbers of today of the two. Raises Refused for one that is not there."""
        with outages():
            async with self._pool.acquire() as connection:
                found = await self._mandate(connection, wanted)
                return found, await store.present_numbers(connection, sorted({found.giver, found.receiver}))

    async def mandated(self, wanted: UUID, giver: Sequence[int], receiver: Sequence[int]) -> tuple[Scope, ...]:
        """Give for what a mandate lets the one act for the other today; nothing where it does not."""
        with outages():
            async with self._pool.acquire() as connection:
                found = await acting_store.mandate(connection, wanted)
        if found is None or found.giver not in giver or found.receiver not in receiver:
            return ()
        return found.scopes if found.stands(self._surroundings.today) else ()

    async def begin(self, begun: Begun, logged: Callable[[], Awaitable[object]]) -> None:
        """Note that an agent acts for a person today. Raises Unavailable."""
        async with transaction(self._pool) as connection:
            await acting_store.begin(connection, begun)
            await logged()

    async def living(self, persons: Sequence[int]) -> bool:
        """Tell whether a human being is there and not recorded as deceased. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return await acting_store.living(connection, persons)

    async def forget(self, kept: timedelta) -> None:
        """Remove who acted for whom on days that are over, and mandates that were so long ago. Raises Unavailable."""
        today = self._surroundings.today
        with outages():
            async with self._pool.acquire() as connection:
                await acting_store.forget(connection, today, today - kept)

    async def _mandate(self, connection: Connection, wanted: UUID) -> Mandate:
        found = await acting_store.mandate(connection, wanted)
        if found is None:
            raise Refused(code=Code.MANDATE_UNKNOWN)
        return found


def side_of(mandate: Mandate, persons: Sequence[int]) -> Side:
    """Tell which of the two somebody is. Raises Refused for who is neither."""
    if mandate.giver in persons:
        return Side.GIVER
    if mandate.receiver in persons:
        return Side.RECEIVER
    raise Refused(code=Code.MANDATE_UNKNOWN)


def scopes_of(legal_context: str, mandated: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Give for what somebody acts: a parent for everything."""
    return _ALL if legal_context == AS_PARENT else mandated


async def _scopes(
    connection: Connection, ground: UUID | None, persons: Sequence[int], today: date
) -> tuple[Scope, ...]:
    if ground is None:
        return _ALL
    found = await acting_store.mandate(connection, ground)
    return found.scopes if found and found.giver in persons and found.stands(today) else ()


async def _require_room(connection: Connection, person: int, today: date) -> None:
    if await acting_store.open_mandates(connection, [person], today) >= MAXIMUM_MANDATES:
        raise Refused(code=Code.MANDATES_TOO_MANY)


def _same(before: Mandate, new: NewMandate) -> bool:
    said = (new.giver, new.receiver, sorted(new.scopes), new.start_date, new.end_date)
    return said == (before.giver, before.receiver, sorted(before.scopes), before.start_date, before.end_date)
