"""Every act of a supervisor goes this way: judged by the institution and the purpose, and logged with who and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from uuid6 import uuid7

from crossroads.access.sight import Sight, Wanted, sight
from crossroads.audit.events import Event
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.transparency import records
from crossroads.transparency.looking import Looking
from crossroads.wire.supervision import Office, Reasoned


@dataclass(frozen=True, slots=True)
class Overseeing:
    """Judges and logs what supervisors do, by `looking`."""

    looking: Looking

    async def permitted(self, office: Office, what: str, signed: Signed) -> Sight:
        """Judge an act. Raises Malformed for a number in a text, Refused for an institution that supervises nothing."""
        texts = {"$.agent": office.agent, "$.name": office.name}
        if isinstance(office, Reasoned):
            texts["$.reason"] = office.reason
        surroundings = self.looking.surroundings
        surroundings.check_pseudonymous(texts)
        try:
            current = self.looking.catalogue.current
            return sight(current, signed.institution, office.legal_context, Wanted.SUPERVISION, surroundings.today)
        except Refused as error:
            entry = records.refused(uuid7(), None, office.legal_context, office.agent, what, error, signed)
            await self.looking.log.append(entry)
            raise

    async def logged(
        self,
        event: Event,
        office: Office,
        found: Sight,
        said: Mapping[str, object],
        signed: Signed,
        *,
        ticket: UUID | None = None,
        person: int | None = None,
    ) -> UUID:
        """Log an act before what it is about is shown or done, and give its ticket. Raises Unavailable."""
        number = ticket or uuid7()
        reason = {"reason": office.reason} if isinstance(office, Reasoned) else {}
        fields = {**said, **reason, "name": office.name}
        await self.looking.log.append(records.shown(event, number, person, found, office.agent, fields, signed))
        return number
