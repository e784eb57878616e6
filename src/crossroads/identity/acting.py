"""Who acts for whom: mandates that people gave each other, and what an agent does for somebody today.

Whoever asks for a purpose of `ACTING` must be acting for the person: that is looked up at every question, so that the
end of a mandate, or a death, counts at once.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from crossroads.identity import acting_store, store
from crossroads.identity.acting_store import Begun, Mandate, NewMandate
from crossroads.identity.closure import closure_of, locked_closure, present_numbers
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.mandate_limits import require_between, require_room, require_tries
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused
from crossroads.wire.acting import ACTING, AS_PARENT, Scope, Side

EVERY = timedelta(hours=1)
NAME = "acting-forgotten"
_ALL = tuple(Scope)
_OVER_SHOWN = 200

Logged = Callable[[Mandate], Awaitable[object]]
"""Logs what is about to be written of a mandate; where that fails, nothing is written."""


class Agent(NamedTuple):
    """Who asks, and why: an institution, its pseudonymous agent, and the purpose."""

    institution: str
    agent: str
    legal_context: str


class Given(NamedTuple):
    """A mandate that is given, to whom the register confirmed after a try."""

    new: NewMandate
    giver: str
    """The number."""
    receiver: Sequence[int]
    """All keys."""
    ticket: UUID
    """Of the try."""


class Acting:
    """Mandates, and who acts for whom today."""

    def __init__(self, pool: Pool, surroundings: Surroundings) -> None:
        """Keep them in these tables."""
        self._pool, self._surroundings = pool, surroundings

    async def stands(self, agent: Agent, ssin: str, scope: Scope) -> bool:
        """Tell whether an agent may do this for a person now; true for every purpose that is no acting."""
        if agent.legal_context not in ACTING:
            return True
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, ssin)
        return closure is not None and await self.stands_for(agent, closure.persons, scope)

    async def stands_for(self, agent: Agent, persons: Sequence[int], scope: Scope) -> bool:
        """Tell the same of a human being whose keys are known."""
        if agent.legal_context not in ACTING:
            return True
        with outages():
            async with self._pool.acquire() as connection:
                found = await acting_store.grounds(connection, persons, *agent, self._surroundings.today)
        return any(scope in scopes for scopes in found)

    async def before(self, institution: str, reference: str) -> Mandate | None:
        """Give the mandate for which a reference was used. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return await acting_store.of_reference(connection, institution, reference)

    async def tried(self, giver: str, person: int, ticket: UUID, logged: Callable[[], Awaitable[object]]) -> None:
        """Count a try to give a mandate, before the register is asked to whom. Raises Refused, Unavailable.

        All the persons of the giver count as one, and no two tries of his are counted at once.
        """
        today = self._surroundings.today
        async with transaction(self._pool) as connection:
            (closure,) = await locked_closure(connection, giver)
            persons = closure.persons if closure else ()
            await require_tries(connection, persons, today)
            await require_room(connection, persons, today)
            await acting_store.add_try(connection, person, ticket, today)
            await logged()

    async def untried(self, person: int, ticket: UUID) -> None:
        """Take a try back by which the register was not reached. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                await acting_store.remove_try(connection, person, ticket)

    async def give(self, given: Given, logged: Logged) -> Mandate:
        """Record a mandate, and that its try was not in vain. Raises Refused, Conflict, Unavailable."""
        today, new = self._surroundings.today, given.new
        async with transaction(self._pool) as connection:
            (closure,) = await locked_closure(connection, given.giver)
            persons = closure.persons if closure else ()
            await require_room(connection, persons, today)
            await require_between(connection, persons, given.receiver, today)
            if not await acting_store.add(connection, new, await store.moment(connection)):
                raise Conflict("The mandate is being recorded by another request; try again.")
            await acting_store.remove_try(connection, new.giver, given.ticket)
            mandate = await self._mandate(connection, new.mandate)
            await logged(mandate)
            return mandate

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
        """Give the mandates of a human being, and the number of today of everybody who gave one."""
        with outages():
            async with self._pool.acquire() as connection:
                today = self._surroundings.today
                found = await acting_store.mandates(connection, persons, today, _OVER_SHOWN)
                return found, await present_numbers(connection, (one.giver for one in found))

    async def of_either(self, persons: Sequence[int]) -> list[Mandate]:
        """Give the mandates that a human being gave and got. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return await acting_store.mandates(connection, persons, self._surroundings.today, _OVER_SHOWN)

    async def mandate(self, wanted: UUID) -> tuple[Mandate, dict[int, str]]:
        """Give a mandate, and the number of today of who gave it. Raises Refused for one that is not there."""
        with outages():
            async with self._pool.acquire() as connection:
                found = await self._mandate(connection, wanted)
                return found, await present_numbers(connection, [found.giver])

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

    def counts(self, mandate: Mandate) -> bool:
        """Tell whether a mandate lets somebody act today."""
        return mandate.stands(self._surroundings.today)

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
