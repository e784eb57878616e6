"""The register confirms a number, once it is logged that it is asked."""

from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity.ports import Register
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused


class Confirmation:
    """Asks the register. Whether the number is unknown or the particulars are another's: one refusal."""

    def __init__(self, log: Log, register: Register) -> None:
        """Ask this register, and log that it was asked."""
        self._log, self._register = log, register

    async def matched(self, institution: str, reference: str, ssin: str, birth_date: str, last_name: str) -> UUID:
        """Give the ticket under which the register was asked. Raises Refused, Unavailable."""
        ticket = uuid7()
        asked = {"institution": institution, "reference": reference}
        await self._log.append(Entry(event=Event.MATCH_ASKED, ticket=ticket, asker=institution, fields=asked))
        match = await self._register.match(ticket, ssin, birth_date, last_name)
        if not (match.exists and match.matches):
            await self.answered(ticket, institution, matched=False)
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
        return ticket

    async def answered(self, ticket: UUID, institution: str, *, matched: bool, person: int | None = None) -> None:
        """Log what the register said where nobody came into being by it."""
        said = {"matched": matched}
        entry = Entry(event=Event.MATCH_ANSWERED, ticket=ticket, person=person, asker=institution, fields=said)
        await self._log.append(entry)
