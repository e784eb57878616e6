"""What the portal asks of the hub for the person who is logged in: as an institution, signed, and logged by the hub.

The number comes from the session and goes to the hub alone; of what comes back nothing is kept.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any

from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from crossroads.access.sight import HOLDERS, MANDATES, SUPERVISION, USAGE
from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Authorisation
from crossroads.catalogue.snapshot import Snapshot
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import Client, Reply
from crossroads.participant.client_settings import client_settings
from crossroads.portal.acted import ForSomebodyElse, acted_for
from crossroads.web.view import View
from crossroads.wire.box import BOX, DOCUMENT
from crossroads.wire.error_reports import ErrorReport, ErrorReported, MadeReport, MadeReportsQuery
from crossroads.wire.messages import MAXIMUM_DATA_GROUPS
from crossroads.wire.proofs import EntryProof
from crossroads.wire.usage import Holder, HoldersQuery, ProofPlace, ProofQuery, UsageList, UsageQuery

OWN_ACCESS = "PERSON:OWN_ACCESS"
_LOOKS = {USAGE, SUPERVISION, HOLDERS, MANDATES, BOX, DOCUMENT}
_STATE = "portal"
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""In a pseudonym without digits nobody finds the number of a person."""


@dataclass(frozen=True, slots=True)
class Citizen:
    """One person, before the hub: who is logged in, or for whom that one acts."""

    client: Client
    ssin: str
    agent: str
    """A pseudonym of this session; the hub logs it."""
    purpose: str = OWN_ACCESS
    """The legal context: another where the one who is logged in acts for this person."""

    @property
    def _look(self) -> dict[str, Any]:
        return {"ssin": self.ssin, "legal_context": self.purpose, "agent": self.agent}

    async def usage(self, **narrowed: Any) -> UsageList:
        """Give a page of who looked."""
        return await self.client.looks.usage(UsageQuery(**self._look, **narrowed))

    async def holders(self) -> Sequence[Holder]:
        """Give who knows the person."""
        return (await self.client.looks.holders(HoldersQuery(**self._look))).items

    async def prove(self, places: Iterable[ProofPlace]) -> Sequence[EntryProof]:
        """Give the proof of entries, which were checked."""
        return await self.client.looks.prove(ProofQuery(**self._look, places=tuple(places)))

    async def data(self, groups: Sequence[str], period: Period, day: date) -> list[Reply]:
        """Ask all sources for what they have of the person now."""
        parts = [groups[at : at + MAXIMUM_DATA_GROUPS] for at in range(0, len(groups), MAXIMUM_DATA_GROUPS)]
        return [
            await self.client.ask(**self._look, data_groups=part, period=period, reference_date=day) for part in parts
        ]

    async def report(self, **said: Any) -> ErrorReported:
        """Tell a source that something it gave looks wrong."""
        return await self.client.report_error(ErrorReport(**self._look, **said))

    async def reports(self) -> Sequence[MadeReport]:
        """Give what was reported for the person, and what came of it."""
        return (await self.client.looks.reports(MadeReportsQuery(**self._look))).items


@asynccontextmanager
async def hub_client(settings: PortalSettings) -> AsyncIterator[Client | None]:
    """Open the client that asks the hub as the institution that the portal is; None where it has none."""
    if settings.client is None:
        yield None
        return
    async with Client(client_settings(settings.client, _STATE)) as client:
        yield client


async def provide_citizen(view: NamedDependency[SkipValidation[View]], state: State) -> Citizen:
    """Give the person for whom the one who is logged in acts, or else that one. Raises as `provide_oneself`.

    Raises ForSomebodyElse where a form was shown for another person.
    """
    if view.passage.form is not None and not view.still_acting:
        raise ForSomebodyElse
    own, acted = await provide_oneself(view, state), acted_for(view)
    return replace(own, ssin=acted.ssin, purpose=acted.purpose) if acted else own


async def provide_oneself(view: NamedDependency[SkipValidation[View]], state: State) -> Citizen:
    """Give the person who is logged in. Raises Refused for somebody without number, Unavailable without client."""
    who, client = view.somebody, state.hub_client
    if who.ssin is None or view.visit is None:
        raise Refused
    if client is None:
        raise Unavailable("The portal has no client of the hub.")
    return Citizen(client, who.ssin, "session-" + sha256(view.visit.row.key).hexdigest()[:20].translate(_LETTERS))


def own_groups(snapshot: Snapshot, on: date, purpose: str = OWN_ACCESS) -> list[str]:
    """Give the data groups that a person may see of himself, or of somebody for whom he acts."""
    listed = [one for one in snapshot.listed(Kind.AUTHORISATION, on) if isinstance(one, Authorisation)]
    granted = {group for one in listed if purpose in one.legal_contexts for group in one.data_groups}
    return sorted(granted - _LOOKS)
