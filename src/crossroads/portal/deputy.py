"""What somebody does about acting, before the hub: his children, his mandates, and beginning to act."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import msgspec
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from crossroads.portal.acted import Acted
from crossroads.portal.citizen import Citizen, provide_oneself
from crossroads.web.view import View
from crossroads.wire.acting import (
    AS_MANDATARY,
    AS_PARENT,
    DESCENT,
    PARENTAL,
    BeginActing,
    Child,
    Descent,
    GiveMandate,
    MandateChoice,
    MandateLine,
    MandateQuery,
    Side,
)


@dataclass(frozen=True, slots=True)
class Descended:
    """What the register says and signed about the children of somebody."""

    children: Sequence[Child]
    signed: str


@dataclass(frozen=True, slots=True)
class Deputy:
    """The one who is logged in, who may act for others."""

    own: Citizen

    async def descent(self, today: date) -> Descended | None:
        """Ask the register who the children are; None where it does not answer, or knows nobody."""
        asked = await self.own.client.ask(
            ssin=self.own.ssin,
            legal_context=PARENTAL,
            agent=self.own.agent,
            data_groups=[DESCENT],
            reference_date=today,
        )
        found = [block for block in asked.blocks if block.data_group == DESCENT]
        if not found:
            return None
        content = msgspec.convert(found[0].json, Descent)
        return Descended([child for child in content.children if child.minor(today)], found[0].signed)

    async def for_child(self, ssin: str, today: date) -> Acted | None:
        """Begin to act for a child, by what the register says now; None where it is no minor child. Raises Refused."""
        descended = await self.descent(today)
        child = next((one for one in descended.children if one.ssin == ssin), None) if descended else None
        if descended is None or child is None:
            return None
        name = f"{child.first_names} {child.last_name}"
        return await self._begun(ssin, name, AS_PARENT, descent=descended.signed)

    async def under(self, wanted: str) -> Acted | None:
        """Begin to act under a mandate; None where there is none like that. Raises Refused."""
        found = [one for one in await self.mandates() if str(one.mandate) == wanted and one.side is Side.RECEIVER]
        if not found or (number := found[0].ssin) is None:
            return None
        return await self._begun(number, found[0].name, AS_MANDATARY, mandate=found[0].mandate)

    async def mandates(self) -> Sequence[MandateLine]:
        """Give the mandates that this person gave and got."""
        return (await self.own.client.acting.mandates(MandateQuery(**self._look))).items

    async def give(self, **said: Any) -> MandateLine:
        """Let somebody act for this person. Raises Refused, Malformed."""
        return await self.own.client.acting.give(GiveMandate(**self._look, reference=uuid4().hex, **said))

    async def accept(self, mandate: UUID) -> None:
        """Accept a mandate. Raises Refused."""
        await self.own.client.acting.accept(MandateChoice(**self._look, mandate=mandate))

    async def end(self, mandate: UUID) -> None:
        """End a mandate at once. Raises Refused."""
        await self.own.client.acting.end(MandateChoice(**self._look, mandate=mandate))

    @property
    def _look(self) -> dict[str, Any]:
        return {"ssin": self.own.ssin, "legal_context": self.own.purpose, "agent": self.own.agent}

    async def _begun(self, ssin: str, name: str, purpose: str, **ground: Any) -> Acted:
        said = BeginActing(ssin=ssin, legal_context=purpose, agent=self.own.agent, by=self.own.ssin, **ground)
        begun = await self.own.client.acting.begin(said)
        return Acted(ssin=ssin, name=name, purpose=purpose, scopes=begun.scopes)


async def provide_deputy(view: NamedDependency[SkipValidation[View]], state: State) -> Deputy:
    """Give the one who is logged in, whoever he acts for. Raises as `provide_oneself`."""
    return Deputy(await provide_oneself(view, state))
