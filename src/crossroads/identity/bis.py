"""The BIS register: persons who have no national number, created, corrected and handed over by institutions.

Who has a national number is the national register's: it alone tells of their death or another number, and nothing else
is kept of them here. As everywhere in this room, the entry of the log is appended before the transaction commits, while
its locks are held.
"""

import asyncio
from datetime import date, datetime

from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.identity import bis_creation, bis_lines, bis_store, changes, store
from crossroads.identity.bis_lines import News
from crossroads.identity.bis_model import Change, ChangeKind, Recorded
from crossroads.identity.bis_numbers import birth_of
from crossroads.identity.bis_rights import Own, Rights
from crossroads.identity.changes import Told, stamp_now
from crossroads.identity.confirmation import Confirmation
from crossroads.identity.database import Connection, Pool, outages
from crossroads.identity.model import Stamp
from crossroads.identity.ports import Mandates, Register, SearchRate
from crossroads.identity.requests import AnyRequest, Requests, asked
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.errors import Conflict, Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.ssin import Register as NumberRegister
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.persons import (
    PersonChanged,
    PersonCorrection,
    PersonCreation,
    PersonDeath,
    PersonEvidence,
    PersonParticulars,
    PersonReplacement,
    Truth,
)

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


class BisRegister:
    """Persons without national number."""

    def __init__(
        self,
        pool: Pool,
        log: Log,
        register: Register,
        surroundings: Surroundings,
        mandates: Mandates,
        rate: SearchRate,
    ) -> None:
        """Keep to mandates and rate of the rooms above. The log must not use connections of `pool`."""
        self._pool, self._surroundings, self._rights, self._rate = pool, surroundings, Rights(mandates), rate
        self._requests, self._told, self._confirmation = Requests(pool, log), Told(log), Confirmation(log, register)
        self._turn = asyncio.Lock()

    async def create(self, request: PersonCreation, signed: Signed) -> PersonChanged:
        """Bring a person into being, unless somebody known may be the same.

        It counts as a search. Raises Malformed, Refused, what the rate raises, and SuspectedDuplicates, which says
        nothing of whom it may be.
        """
        self._check(request)
        bis_creation.check_particulars(request.particulars, self._surroundings.today)
        bis_creation.check_confirmed(request, self._surroundings)
        await self._rate.take(signed.institution)  # a refusal tells that somebody like this is known

        async def work(connection: Connection) -> PersonChanged:
            institution = self._rights.creator(request, signed)
            await bis_store.take_turn(connection)
            await bis_creation.refuse_duplicates(connection, request, signed.institution)
            stamp = await stamp_now(connection, request.reason or "created", institution)
            created = await bis_creation.give_number(connection, request, institution, self._surroundings, stamp)
            change = Change(ChangeKind.CREATED, created.person)
            said = asked(request, signed) | {"evidence": request.evidence.kind, "others": len(request.confirmed)}
            await self._told(connection, Event.BIS_CREATED, stamp, change, said, asker=signed.institution)
            return _changed(request, stamp, created.ssin)

        async with self._turn:  # who waits for the turn of this process holds no connection meanwhile
            return await self._requests.once(request, signed, work)

    async def correct(self, request: PersonCorrection, signed: Signed) -> PersonChanged:
        """Record what holds of a person, unless that makes somebody else known of them.

        It counts as a search, and raises what a creation raises.
        """
        self._check(request)
        bis_creation.check_particulars(request.particulars, self._surroundings.today)
        bis_creation.check_confirmed(request, self._surroundings)
        if request.since:
            self._surroundings.check_day(request.since, "$.since")
        await self._rate.take(signed.institution)

        async def work(connection: Connection) -> PersonChanged:
            own = await self._rights.own(connection, request, signed)
            lines = await bis_store.recorded(connection, own.closure.persons)
            if bis_lines.are_new(request.particulars, lines):
                # After the locks of the person: who has the turn waits for no such lock.
                await bis_store.take_turn(connection)
                await bis_creation.refuse_duplicates(connection, request, signed.institution, own.closure.persons)
            stamp = await stamp_now(connection, request.reason, own.institution)
            news = News(
                own.person, request.truth, request.particulars, request.evidence, request.since, own.institution
            )
            await bis_lines.supersede(connection, news, stamp)
            change = Change(ChangeKind.CORRECTED, own.person, happened_on=request.since)
            said = asked(request, signed) | {"truth": request.truth, "since": _day(request.since)}
            await self._told(connection, Event.BIS_CORRECTED, stamp, change, said, asker=signed.institution)
            return _changed(request, stamp, own.ssin)

        async with self._turn:
            return await self._requests.once(request, signed, work)

    async def decease(self, request: PersonDeath, signed: Signed) -> PersonChanged:
        """Record that a person died, or that this was wrong. Raises Malformed, Refused, Conflict."""
        self._check(request)
        if request.deceased_on:
            self._surroundings.check_day(request.deceased_on, "$.deceasedOn")

        async def work(connection: Connection) -> PersonChanged:
            own = await self._rights.own(connection, request, signed)
            stamp = await stamp_now(connection, request.reason, own.institution)
            closure = own.closure._replace(asked=own.person)
            if not await changes.record_death(connection, closure, request.deceased_on, stamp):
                raise Conflict("This is what is recorded already.")
            change = Change(ChangeKind.DECEASED, own.person, happened_on=request.deceased_on)
            said = asked(request, signed) | {"deceasedOn": _day(request.deceased_on)}
            await self._told(connection, Event.PERSON_DECEASED, stamp, change, said, asker=signed.institution)
            return _changed(request, stamp, own.ssin)

        return await self._requests.once(request, signed, work)

    async def replace(self, request: PersonReplacement, signed: Signed) -> PersonChanged:
        """Record the national number of a person, once the register confirms it. Raises Malformed, Refused, Conflict.

        What the register confirmed of a person of the BIS register is recorded as what a register says. Where that is
        not what is recorded of the person, or the number is another person's, it takes two operators.
        """
        self._check(request)
        self._surroundings.check_day(request.since, "$.since")
        self._check_national(request.national)
        async with self._requests.logging_refusals(request, signed):
            if done := await self._requests.done(request, signed):
                return done
            confirmed, evidence = await self._confirmed(request, signed)

        async def work(connection: Connection) -> PersonChanged:
            own = await self._rights.own(connection, request, signed, new=request.national)
            await changes.require_present(connection, own.closure, request.ssin)
            stamp = await stamp_now(connection, request.reason, own.institution)
            await changes.replace_number(connection, own.closure, request.national, request.since, stamp)
            if own.in_bis:
                news = News(own.person, Truth.REGISTER, confirmed, evidence, request.since, own.institution)
                await bis_lines.supersede(connection, news, stamp)
            change = Change(ChangeKind.NUMBER_REPLACED, own.person, happened_on=request.since)
            said = asked(request, signed) | {"since": _day(request.since)}
            await self._told(connection, Event.SSIN_REPLACED, stamp, change, said, asker=signed.institution)
            return _changed(request, stamp, request.national, replaces=request.ssin)

        return await self._requests.once(request, signed, work)

    async def as_believed_on(self, ssin: str, moment: datetime) -> tuple[Recorded, ...]:
        """Give what was believed at a moment of the human being that the number meant then, the newest days first."""
        number = self._surroundings.ssin(ssin)
        with outages():
            async with self._pool.acquire() as connection:
                belief = await store.believed(connection, number, moment)
                return tuple(await bis_store.believed(connection, belief.persons if belief else (), moment))

    def _check(self, request: AnyRequest) -> None:
        """Look at what all requests have. Raises Malformed."""
        logged = {"$.reference": request.reference, "$.reason": request.reason or ""}
        self._surroundings.check_pseudonymous(logged | {"$.institution": request.institution or ""})
        if not isinstance(request, PersonCreation):
            self._surroundings.ssin_at(request.ssin, "$.ssin")
        if isinstance(request, PersonReplacement) and request.birth_date:
            birth_of(request.birth_date, "$.birthDate", self._surroundings.today)

    def _check_national(self, text: str) -> None:
        """Refuse a number that is none, or another BIS number. Raises Malformed."""
        ssin = self._surroundings.ssin_at(text, "$.national")
        if ssin.register in {NumberRegister.BIS, NumberRegister.BIS_SEX_KNOWN}:
            raise Malformed(Fault("$.national", _INVALID, "It is not a national number."))

    async def _confirmed(self, request: PersonReplacement, signed: Signed) -> tuple[PersonParticulars, PersonEvidence]:
        """Have the register confirm the number, and give what it confirmed. Raises Refused."""
        own, lines = await self._known(request, signed)
        newest = bis_lines.newest(lines, own.person)
        known = newest.get(Truth.REGISTER) or newest.get(Truth.SHOWN)
        last_name = request.last_name or (known and known.particulars.last_name)
        birth_date = request.birth_date or (known and known.particulars.birth_date)
        if not (last_name and birth_date):
            raise Refused("Nothing is recorded here of the person: give lastName and birthDate.")
        if own.in_bis:
            bis_lines.require_agreement(lines, last_name, birth_date)
        ticket = await self._confirmation.matched(
            signed.institution, request.reference, request.national, birth_date, last_name
        )
        evidence = PersonEvidence(kind="match", number=str(ticket), issuer="register of persons")
        return bis_lines.confirmed(last_name, birth_date), evidence

    async def _known(self, request: PersonReplacement, signed: Signed) -> tuple[Own, list[Recorded]]:
        """Give the person, and what is recorded, to whoever may change it. Raises Refused."""
        with outages():
            async with self._pool.acquire() as connection:
                own = await self._rights.looked_up(connection, request, signed)
                return own, await bis_store.recorded(connection, own.closure.persons)


def _changed(request: AnyRequest, stamp: Stamp, ssin: str, replaces: str | None = None) -> PersonChanged:
    answered = AnsweredSsin(value=ssin, replaces=replaces)
    return PersonChanged(reference=request.reference, ticket=stamp.ticket, ssin=answered)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
