"""Every look at what is kept about a person goes this way: judged, logged, and only then shown.

A refusal is by who looks and why, never by whom it is about; the same is done for persons who exist and who do not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn
from uuid import UUID

from uuid6 import uuid7

from crossroads.access.sight import Sight, Wanted, sight
from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.acting import Acting, Agent
from crossroads.identity.closure import closure_of
from crossroads.identity.database import Pool, outages
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.transparency import records
from crossroads.transparency.records import Look
from crossroads.wire.acting import Scope


class Looked(NamedTuple):
    """A look that is permitted: on whose authority, and all keys of the person."""

    sight: Sight
    asked: int | None
    """The key of the number that was asked; None where nobody has it."""
    persons: tuple[int, ...]
    ticket: UUID


@dataclass(frozen=True, slots=True)
class Looking:
    """Judges and logs looks."""

    pool: Pool
    log: Log
    catalogue: CurrentCatalogue
    surroundings: Surroundings

    async def permitted(self, look: Look, wanted: Wanted, signed: Signed) -> Looked:
        """Judge a look, also that the agent acts for the person where the purpose is that. Raises as `judged`."""
        looked = await self.judged(look, wanted, signed)
        agent = Agent(signed.institution, look.agent, look.legal_context)
        if not await Acting(self.pool, self.surroundings).stands_for(agent, looked.persons, Scope.USAGE):
            error = Refused(code=Code.NOT_ACTING)
            await self.refuse(look, looked.asked, wanted.name.lower(), error, signed)
        return looked

    async def judged(self, look: Look, wanted: Wanted, signed: Signed) -> Looked:
        """Judge who looks and why. Raises Malformed, Refused, Unavailable; a refusal is logged."""
        number = self.surroundings.ssin_at(look.ssin, "$.ssin")
        self.surroundings.check_pseudonymous({"$.agent": look.agent})
        with outages():
            async with self.pool.acquire() as connection:
                closure = await closure_of(connection, number)
        asked, persons = (closure.asked, closure.persons) if closure else (None, ())
        try:
            today = self.surroundings.today
            found = sight(self.catalogue.current, signed.institution, look.legal_context, wanted, today)
        except Refused as error:
            await self.refuse(look, asked, wanted.name.lower(), error, signed)
        return Looked(found, asked, persons, uuid7())

    async def logged(
        self, event: Event, look: Look, looked: Looked, said: Mapping[str, object], signed: Signed
    ) -> None:
        """Log what is about to be shown. Raises Unavailable: then nothing is shown."""
        entry = records.shown(event, looked.ticket, looked.asked, looked.sight, look.agent, said, signed)
        await self.log.append(entry)

    async def refuse(self, look: Look, person: int | None, what: str, error: Refused, signed: Signed) -> NoReturn:
        """Log a refusal, and raise it."""
        entry = records.refused(uuid7(), person, look.legal_context, look.agent, what, error, signed)
        await self.log.append(entry)
        raise error
