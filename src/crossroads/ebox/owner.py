"""Whose box: who looks is judged, by who that is and why, and a refusal is logged. The same whomever it is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, Protocol
from uuid import UUID

from uuid6 import uuid7

from crossroads.access.boxes import BoxSight, box_sight
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.directory.rules import CurrentCatalogue
from crossroads.ebox import records
from crossroads.identity.acting import Acting, Agent
from crossroads.identity.closure import closure_of
from crossroads.identity.database import Pool, outages
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.acting import Scope


class Look(Protocol):
    """What every request of a person says."""

    @property
    def ssin(self) -> str:
        """Whose box."""
        ...

    @property
    def legal_context(self) -> str:
        """Why."""
        ...

    @property
    def agent(self) -> str:
        """Who looks, by a pseudonym."""
        ...


class Owned(NamedTuple):
    """A box that may be looked into."""

    sight: BoxSight
    asked: int | None
    """The key of the number that was asked; None where nobody has it."""
    persons: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Owner:
    """Judges who looks into boxes."""

    pool: Pool
    log: Log
    catalogue: CurrentCatalogue
    surroundings: Surroundings

    async def permitted(self, look: Look, group: str, signed: Signed) -> Owned:
        """Let somebody look into a box. Raises Malformed, Refused, Unavailable."""
        number = self.surroundings.ssin_at(look.ssin, "$.ssin")
        self.surroundings.check_pseudonymous({"$.agent": look.agent})
        with outages():
            async with self.pool.acquire() as connection:
                found = await closure_of(connection, number)
        asked = found.asked if found else None
        try:
            today = self.surroundings.today
            sight = box_sight(self.catalogue.current, signed.institution, look.legal_context, group, today)
        except Refused as error:
            await self.refuse(look, asked, error, signed)
        agent, persons = Agent(signed.institution, look.agent, look.legal_context), found.persons if found else ()
        if not await Acting(self.pool, self.surroundings).stands_for(agent, persons, Scope.BOX):
            await self.refuse(look, asked, Refused(code=Code.NOT_ACTING), signed)
        return Owned(sight, asked, persons)

    def entry(
        self,
        event: Event,
        look: Look,
        owned: Owned,
        said: Mapping[str, object],
        signed: Signed,
        ticket: UUID | None = None,
    ) -> Entry:
        """Give the entry of what is about to be done for a person, without the number."""
        fields = {
            **said,
            "authorisation": owned.sight.authorisation,
            "groupsAsked": [owned.sight.data_group],
            "legalContext": owned.sight.legal_context,
            "agent": look.agent,
        }
        return records.entry(event, ticket or uuid7(), owned.sight.institution, fields, signed, owned.asked)

    async def refuse(self, look: Look, person: int | None, error: Refused, signed: Signed) -> NoReturn:
        """Log a refusal, with the person who exists, so that this person sees it; and raise it."""
        said = {
            "what": "box",
            "code": str(error.code) if error.code else None,
            "agent": look.agent,
            "legalContext": look.legal_context,
        }
        await self.log.append(records.entry(Event.LOOK_REFUSED, uuid7(), signed.institution, said, signed, person))
        raise error
