"""People who act for others, before the hub: mandates given, accepted and ended, and an agent who begins to act.

Each act is judged, logged under both persons, and only then done.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from uuid6 import uuid7

from crossroads.access.sight import Wanted
from crossroads.audit.events import Event
from crossroads.identity.acting import Acting, Given, scopes_of, side_of
from crossroads.identity.acting_store import Begun, Mandate, NewMandate
from crossroads.identity.closure import closure_of
from crossroads.identity.database import outages
from crossroads.identity.model import Closure
from crossroads.identity.service import Identity
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Fault, Malformed, Refused, Tampered, Unavailable
from crossroads.kernel.guards import Signed
from crossroads.transparency import records
from crossroads.transparency.evidence import Claim, Evidence
from crossroads.transparency.looking import Looked, Looking
from crossroads.transparency.mandate_lines import again, day_faults, named, of_mandate, seen
from crossroads.transparency.records import Look
from crossroads.wire.acting import (
    AS_MANDATARY,
    AS_PARENT,
    ActingBegun,
    BeginActing,
    GiveMandate,
    MandateChoice,
    MandateLine,
    MandateList,
    MandateQuery,
    Scope,
    Side,
)
from crossroads.wire.messages import PersonConfirmation

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


@dataclass(frozen=True, slots=True)
class Representation:
    """What people let others do for them."""

    looking: Looking
    acting: Acting
    identity: Identity
    evidence: Evidence

    async def give(self, said: GiveMandate, signed: Signed) -> MandateLine:
        """Record a mandate, once the register confirmed who gets it; the same sent again has the same outcome.

        Raises Malformed, Refused, Conflict, Unavailable.
        """
        self._check(said)
        looked, giver = await self._of_living(said, signed)
        await self._require_other(said, looked)
        if before := await self.acting.before(signed.institution, said.reference):
            return await self._line(looked, again(before, said, giver))
        ticket = uuid7()
        try:
            await self._tried(said, giver, ticket, signed)
            receiver = await self._receiver(said, giver, ticket, signed.institution)
            new = self._new(said, giver, receiver.asked, signed.institution)
            logged = self._logged(Event.MANDATE_GIVEN, said, uuid7(), looked, signed)
            await self.acting.give(Given(new, said.ssin, receiver.persons, ticket), logged)
        except Refused as error:
            await self.looking.refuse(said, giver, "mandates", error, signed)
        return await self._line(looked, new.mandate)

    def _new(self, said: GiveMandate, giver: int, receiver: int, institution: str) -> NewMandate:
        return NewMandate(
            mandate=uuid7(),
            institution=institution,
            reference=said.reference,
            giver=giver,
            receiver=receiver,
            giver_name=said.name,
            receiver_name=said.to.last_name,
            receiver_ssin=said.to.ssin,
            scopes=named(said.scopes),
            start_date=said.start_date,
            end_date=said.end_date,
        )

    async def accept(self, said: MandateChoice, signed: Signed) -> MandateLine:
        """Let a mandate count, as who got it. Raises Malformed, Refused, Unavailable."""
        looked, _ = await self._of_living(said, signed)
        ticket = uuid7()
        logged = self._logged(Event.MANDATE_ACCEPTED, said, ticket, looked, signed)
        await self.acting.accept(said.mandate, looked.persons, ticket, logged)
        return await self._line(looked, said.mandate)

    async def end(self, said: MandateChoice, signed: Signed) -> MandateLine:
        """End a mandate at once, as either of the two. Raises Malformed, Refused, Unavailable."""
        looked = await self.looking.permitted(said, Wanted.MANDATES, signed)
        ticket = uuid7()
        logged = self._logged(Event.MANDATE_ENDED, said, ticket, looked, signed)
        await self.acting.end(said.mandate, looked.persons, ticket, logged)
        return await self._line(looked, said.mandate)

    async def mandates(self, query: MandateQuery, signed: Signed) -> MandateList:
        """Give who acts for a person, and for whom the person acts. Raises Malformed, Refused, Unavailable."""
        looked = await self.looking.permitted(query, Wanted.MANDATES, signed)
        await self.looking.logged(Event.MANDATES_SHOWN, query, looked, {}, signed)
        return MandateList(
            environment=self.looking.surroundings.environment,
            items=tuple(await self._lines(looked)),
            checkpoint=self.looking.log.checkpoint,
        )

    async def begin(self, said: BeginActing, signed: Signed) -> ActingBegun:
        """Let an agent act for a person today. Raises Malformed, Refused, Unavailable; every refusal is the same."""
        looked = await self.looking.judged(said, Wanted.USAGE, signed)
        by = await self._closure(self.looking.surroundings.ssin_at(said.by, "$.by"))
        scopes = await self._scopes(said, looked, by, signed)
        if by is None or looked.asked is None or not scopes:
            await self._refuse(said, looked, by, signed)
        ticket, today = uuid7(), self.looking.surroundings.today
        begun = Begun(
            person=looked.asked,
            ticket=ticket,
            acting_person=by.asked,
            institution=signed.institution,
            agent=said.agent,
            legal_context=said.legal_context,
            mandate=said.mandate,
            day=today,
        )
        fields = _ground(said) | {"scopes": named(scopes)}
        entries = [
            records.entry(Event.ACTING_BEGUN, ticket, person, said, fields | {"side": side.value}, signed)
            for person, side in ((looked.asked, Side.GIVER), (by.asked, Side.RECEIVER))
        ]
        await self.acting.begin(begun, lambda: self.looking.log.append_many(entries))
        return ActingBegun(
            environment=self.looking.surroundings.environment,
            ticket=ticket,
            scopes=tuple(sorted(scopes)),
            day=today,
            checkpoint=self.looking.log.checkpoint,
        )

    async def _scopes(self, said: BeginActing, looked: Looked, by: Closure | None, signed: Signed) -> tuple[Scope, ...]:
        """Give for what somebody may act for another; nothing where that is not so."""
        ground = AS_PARENT if said.descent is not None else AS_MANDATARY
        if by is None or looked.asked is None or looked.asked in by.persons or said.legal_context != ground:
            return ()
        if not (await self.acting.living(looked.persons) and await self.acting.living(by.persons)):
            return ()
        if said.mandate is not None:
            return scopes_of(ground, await self.acting.mandated(said.mandate, looked.persons, by.persons))
        child = Closure(looked.asked, looked.persons)
        claim = Claim(institution=signed.institution, agent=said.agent, parent=by, child=child)
        return scopes_of(ground, ()) if await self._is_child(said.descent or "", claim) else ()

    async def _is_child(self, compact: str, claim: Claim) -> bool:
        snapshot, now = self.looking.catalogue.current, self.looking.surroundings.clock.now()
        try:
            with outages():
                async with self.looking.pool.acquire() as connection:
                    return await self.evidence.holds(compact, claim, snapshot, now, connection)
        except Tampered:
            return False

    async def _refuse(self, said: BeginActing, looked: Looked, by: Closure | None, signed: Signed) -> NoReturn:
        """Log it under whoever of the two exists, and raise."""
        error = Refused(code=Code.MAY_NOT_ACT)
        fields = _ground(said) | {"code": str(error.code)}
        persons = {looked.asked, by.asked if by else None} - {None} or {None}
        sides = await self._sides(said, looked, by)
        entries = [
            records.entry(Event.ACTING_REFUSED, looked.ticket, person, said, fields | sides.get(person, {}), signed)
            for person in sorted(persons, key=str)
        ]
        await self.looking.log.append_many(entries)
        raise error

    async def _sides(self, said: BeginActing, looked: Looked, by: Closure | None) -> dict[int | None, dict[str, str]]:
        """Give which side each of the two is of the mandate that is named; nothing where it is not one of theirs."""
        if said.mandate is None:
            return {}
        try:
            found, _ = await self.acting.mandate(said.mandate)
        except Refused:
            return {}
        if by is None or found.giver not in looked.persons or found.receiver not in by.persons:
            return {}
        return {looked.asked: {"side": Side.GIVER.value}, by.asked: {"side": Side.RECEIVER.value}}

    async def _of_living(self, said: Look, signed: Signed) -> tuple[Looked, int]:
        """Let somebody who is there do something with mandates. Raises Malformed, Refused, Unavailable."""
        looked = await self.looking.permitted(said, Wanted.MANDATES, signed)
        if looked.asked is None or not await self.acting.living(looked.persons):
            error = Refused(code=Code.PERSON_NOT_IDENTIFIED)
            await self.looking.refuse(said, looked.asked, "mandates", error, signed)
        return looked, looked.asked

    async def _require_other(self, said: GiveMandate, looked: Looked) -> None:
        known = await self._closure(self.looking.surroundings.ssin_at(said.to.ssin, "$.to.ssin"))
        if known is not None and known.asked in looked.persons:
            raise Malformed(Fault("$.to.ssin", _INVALID, "Nobody gives a mandate to himself."))

    async def _tried(self, said: GiveMandate, giver: int, ticket: UUID, signed: Signed) -> None:
        """Count and log that somebody is about to give one, whatever the register then says. Raises Refused."""
        entry = records.entry(Event.MANDATE_TRIED, ticket, giver, said, {}, signed)
        await self.acting.tried(said.ssin, giver, ticket, lambda: self.looking.log.append(entry))

    async def _receiver(self, said: GiveMandate, giver: int, ticket: UUID, institution: str) -> Closure:
        """Give who gets a mandate, whom the register confirms. Raises Malformed, Refused, Conflict, Unavailable."""
        wanted = PersonConfirmation(
            reference=said.reference, ssin=said.to.ssin, birth_date=said.to.birth_date, last_name=said.to.last_name
        )
        try:
            await self.identity.confirm(wanted, institution)
        except Unavailable:
            await self.acting.untried(giver, ticket)
            raise
        found = await self._closure(said.to.ssin)
        if found is None or not await self.acting.living(found.persons):
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
        return found

    async def _closure(self, number: str) -> Closure | None:
        with outages():
            async with self.looking.pool.acquire() as connection:
                return await closure_of(connection, number)

    def _check(self, said: GiveMandate) -> None:
        """Refuse days that are over or too many, and numbers in texts. Raises Malformed."""
        texts = {"$.reference": said.reference, "$.name": said.name, "$.to.lastName": said.to.last_name}
        self.looking.surroundings.check_pseudonymous(texts)
        faults = list(day_faults(said.start_date, said.end_date, self.looking.surroundings.today))
        if faults:
            raise Malformed(*faults)

    def _logged(
        self, event: Event, said: Look, ticket: UUID, looked: Looked, signed: Signed
    ) -> Callable[[Mandate], Awaitable[object]]:
        """Give what logs an act on a mandate under both: under the other, it is something that somebody else did."""

        def logged(mandate: Mandate) -> Awaitable[object]:
            by = side_of(mandate, looked.persons)
            entries = [
                records.entry(
                    event,
                    ticket,
                    person,
                    said,
                    of_mandate(mandate) | {"kind": side.value, "by": by.value},
                    signed,
                    legal_context=said.legal_context if side is by else AS_MANDATARY,
                )
                for person, side in ((mandate.giver, Side.GIVER), (mandate.receiver, Side.RECEIVER))
            ]
            return self.looking.log.append_many(entries)

        return logged

    async def _line(self, looked: Looked, wanted: UUID) -> MandateLine:
        found, numbers = await self.acting.mandate(wanted)
        return self._seen(found, looked, numbers)

    async def _lines(self, looked: Looked) -> list[MandateLine]:
        found, numbers = await self.acting.mandates(looked.persons)
        return [self._seen(one, looked, numbers) for one in found]

    def _seen(self, one: Mandate, looked: Looked, numbers: Mapping[int, str]) -> MandateLine:
        return seen(one, side_of(one, looked.persons), numbers, counts=self.acting.counts(one))


def _ground(said: BeginActing) -> dict[str, object]:
    if said.mandate is not None:
        return {"kind": "mandate", "mandate": str(said.mandate)}
    return {"kind": "parent"}
