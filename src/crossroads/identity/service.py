"""Who people are: bringing them into being, their numbers, and which of them are one.

Whatever is written is in the log first: the entry is appended before the transaction commits, while its locks are held.
A crash in between leaves an entry whose ticket no row carries: it came to nothing. There is never a row without entry.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from crossroads.audit.events import Event
from crossroads.audit.service import Log
from crossroads.identity import acts, bis_store, changes, store
from crossroads.identity.bis_model import Change, ChangeKind
from crossroads.identity.changes import Told, stamp_now
from crossroads.identity.closure import locked_closure
from crossroads.identity.confirmation import Confirmation
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.first_load import Loaded
from crossroads.identity.imports import import_persons
from crossroads.identity.model import (
    DECEASE,
    DISTINGUISH,
    LINK,
    REPLACE,
    UNLINK,
    Belief,
    Closure,
    DeceasePerson,
    DistinguishPerson,
    LinkPersons,
    ReplaceNumber,
    Stamp,
    UnlinkPersons,
)
from crossroads.identity.ports import LinkRule, Overlapping, Register
from crossroads.identity.store import UsedReference
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import AnsweredSsin, PersonConfirmation, PersonConfirmed
from crossroads.wire.registrations import SignedAct

A = TypeVar("A", LinkPersons, UnlinkPersons, ReplaceNumber, DeceasePerson, DistinguishPerson)


class Identity:
    """Persons and their numbers."""

    def __init__(
        self, pool: Pool, log: Log, register: Register, surroundings: Surroundings, link_rules: Sequence[LinkRule]
    ) -> None:
        """Tell what breaks rules of the rooms above when persons are linked. Give the log connections of its own."""
        self._pool, self._log, self._confirmation = pool, log, Confirmation(log, register)
        self._surroundings, self._link_rules, self._told = surroundings, link_rules, Told(log)

    async def confirm(self, request: PersonConfirmation, institution: str) -> PersonConfirmed:
        """Have the register confirm a person, who then exists here.

        Whether the number is unknown or the particulars are another's: one refusal, after one and the same question.
        """
        ssin, digest = self._surroundings.ssin(request.ssin), sha256(canonical(request))
        self._surroundings.check_pseudonymous({"$.reference": request.reference})
        if used := await self._used(institution, request.reference, digest):
            return await self._confirmed(request, used.ticket)
        ticket = await self._confirmation.matched(
            institution, request.reference, ssin, request.birth_date, request.last_name
        )
        async with transaction(self._pool) as connection:
            person = await self._present_or_added(connection, ssin, ticket, institution)
            await store.keep_reference(
                connection, institution, request.reference, UsedReference(digest, person, ticket)
            )
        return await self._confirmed(request, ticket)

    async def carry_out(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        """Carry out an act of operators on people. Gives the ticket. Raises Refused, Conflict, Tampered, Malformed."""
        carry = {
            LINK: self.link,
            UNLINK: self.unlink,
            REPLACE: self._replace_by_act,
            DECEASE: self._decease_by_act,
            DISTINGUISH: self._distinguish,
        }
        if act.kind not in carry:
            raise Refused(f"This is an act {act.kind}, which is not one on people.")
        return await carry[act.kind](act, operators)

    async def replace_ssin(
        self, old: str, new: str, since: date, *, reason: str, actor: str, act: SignedAct | None = None
    ) -> UUID | None:
        """Record that a person has another number from a day on; the old one goes on naming the person.

        Gives the ticket; None where it is recorded already. Raises Refused for an old number that is not in use,
        Conflict where the new one is another person's: then the two are to be linked.
        """
        old, new = self._surroundings.ssin(old), self._surroundings.ssin(new)
        self._surroundings.check_day(since, "since")
        async with transaction(self._pool) as connection:
            closure, taken = await locked_closure(connection, old, new)
            if closure is None:
                raise Refused("The number that is replaced is not known.", code=Code.PERSON_NOT_IDENTIFIED)
            if taken:
                if taken.persons != closure.persons:
                    raise Conflict("The new number is another person's: link the two persons.")
                return None
            await changes.require_present(connection, closure, old)
            stamp = await stamp_now(connection, reason, actor)
            person = await changes.replace_number(connection, closure, new, since, stamp)
            change = Change(ChangeKind.NUMBER_REPLACED, person, happened_on=since)
            await self._used_act(connection, act, stamp)
            await self._told(connection, Event.SSIN_REPLACED, stamp, change, {"since": since.isoformat(), **_by(act)})
        return stamp.ticket

    async def decease(
        self, ssin: str, day: date | None, *, reason: str, actor: str, act: SignedAct | None = None
    ) -> UUID:
        """Record the day on which a person died, or None to say that it was wrong. Gives the ticket."""
        ssin = self._surroundings.ssin(ssin)
        if day:
            self._surroundings.check_day(day, "deceasedOn")
        async with transaction(self._pool) as connection:
            (closure,) = await locked_closure(connection, ssin)
            if closure is None:
                raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
            stamp = await stamp_now(connection, reason, actor)
            await self._used_act(connection, act, stamp)
            fields = {"deceasedOn": day.isoformat() if day else None, **_by(act)}
            if await changes.record_death(connection, closure, day, stamp):
                change = Change(ChangeKind.DECEASED, closure.asked, happened_on=day)
                await self._told(connection, Event.PERSON_DECEASED, stamp, change, fields)
            else:
                await self._told.logged(Event.PERSON_DECEASED, stamp, closure.asked, fields)
        return stamp.ticket

    async def link(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        """Record that two persons are one: an act of two operators. Gives the ticket.

        Where they break a rule of the directory as one, they are one all the same, and those whose inscriptions overlap
        are told. Raises Conflict where they are one already.
        """
        content = self._content(act, LINK, LinkPersons)
        actor = acts.two_operators(act, operators)
        async with transaction(self._pool) as connection:
            source, target = await self._both(connection, content.from_, content.into)
            await _require_apart(connection, source, target)
            stamp = await stamp_now(connection, content.reason, actor)
            await acts.use(connection, act, stamp.ticket)
            await store.link(connection, source.asked, target.asked, content.since, stamp)
            overlapping = await self._overlapping(connection, source, target)
            payload = canonical({"overlapping": overlapping}).decode()
            change = Change(ChangeKind.MERGED, target.asked, source.asked, content.since, payload)
            said = _pair(source, target) | {"overlapping": [one.inscription for one in overlapping]} | _by(act)
            await self._told(connection, Event.PERSON_LINKED, stamp, change, said)
        return stamp.ticket

    async def unlink(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        """Tell two persons apart again: an act of two operators, and a new record. Gives the ticket."""
        content = self._content(act, UNLINK, UnlinkPersons)
        actor = acts.two_operators(act, operators)
        async with transaction(self._pool) as connection:
            source, target = await self._both(connection, content.from_, content.into)
            stamp = await stamp_now(connection, content.reason, actor)
            await acts.use(connection, act, stamp.ticket)
            if not await store.unlink(connection, source.asked, target.asked, stamp):
                raise Conflict("The two persons are not linked in this direction.")
            change = Change(ChangeKind.UNMERGED, target.asked, source.asked)
            await self._told(connection, Event.PERSON_UNLINKED, stamp, change, _pair(source, target) | _by(act))
        return stamp.ticket

    async def _replace_by_act(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        content = self._content(act, REPLACE, ReplaceNumber)
        actor = acts.two_operators(act, operators)
        ticket = await self.replace_ssin(
            content.from_, content.to, content.since, reason=content.reason, actor=actor, act=act
        )
        if ticket is None:
            raise Conflict("The second number is the person's already.")
        return ticket

    async def _decease_by_act(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        content = self._content(act, DECEASE, DeceasePerson)
        actor = acts.operator(act, operators)
        return await self.decease(content.ssin, content.deceased_on, reason=content.reason, actor=actor, act=act)

    async def _distinguish(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        content = self._content(act, DISTINGUISH, DistinguishPerson)
        self._surroundings.check_pseudonymous({"reference": content.reference})
        actor = acts.two_operators(act, operators)
        async with transaction(self._pool) as connection:
            stamp = await stamp_now(connection, content.reason, actor)
            await acts.use(connection, act, stamp.ticket)
            said = {"institution": content.institution, "reference": content.reference}
            if not await bis_store.add_exception(connection, **said, digest=content.request, stamp=stamp):
                raise Conflict("This request of the institution is allowed already.")
            await self._told.logged(Event.DUPLICATE_ALLOWED, stamp, None, said | _by(act))
        return stamp.ticket

    def _content(self, act: SignedAct, kind: str, struct: type[A]) -> A:
        """Give the content of an act whose reason may stand in the log. Raises Refused, Malformed."""
        content = acts.content_of(act, kind, struct, self._surroundings.installation)
        self._surroundings.check_pseudonymous({"reason": content.reason})
        return content

    async def _used_act(self, connection: Connection, act: SignedAct | None, stamp: Stamp) -> None:
        if act is not None:
            await acts.use(connection, act, stamp.ticket)

    async def as_believed_on(self, ssin: str, moment: datetime) -> Belief | None:
        """Give what was believed here at a moment of the human being that the number meant then."""
        with outages():
            async with self._pool.acquire() as connection:
                return await store.believed(connection, self._surroundings.ssin(ssin), moment)

    async def import_persons(self, path: Path, act: SignedAct, operators: Mapping[str, VerifyKey]) -> Loaded:
        """Import a file of persons that two operators signed, all or nothing. Raises Malformed, Refused, Conflict."""
        return await import_persons(self._pool, self._log, self._surroundings, path, act, operators)

    async def _used(self, institution: str, reference: str, digest: bytes) -> UsedReference | None:
        with outages():
            async with self._pool.acquire() as connection:
                used = await store.used_reference(connection, institution, reference)
        if used and used.digest != digest:
            raise Conflict(code=Code.REFERENCE_REUSED)
        return used

    async def _present_or_added(self, connection: Connection, ssin: str, ticket: UUID, institution: str) -> int:
        closure = await store.closure(connection, ssin)
        if closure is None:
            stamp = Stamp(ticket, await store.moment(connection), "confirmed by the register", institution)
            if added := await store.add(connection, ssin, stamp):
                await self._told(connection, Event.PERSON_CREATED, stamp, Change(ChangeKind.CREATED, added), {})
                return added
            closure = await store.closure(connection, ssin)
        if closure is None:
            raise Conflict("The person is being recorded by another request; try again.")
        await self._confirmation.answered(ticket, institution, matched=True, person=closure.asked)
        return closure.asked

    async def _confirmed(self, request: PersonConfirmation, ticket: UUID) -> PersonConfirmed:
        with outages():
            async with self._pool.acquire() as connection:
                closure = await store.closure(connection, request.ssin)
                if closure is None:
                    raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
                now = (await store.present(connection, closure.persons)).ssin
        answered = AnsweredSsin(value=now, replaces=None if now == request.ssin else request.ssin)
        return PersonConfirmed(reference=request.reference, ticket=ticket, ssin=answered)

    async def _overlapping(self, connection: Connection, source: Closure, target: Closure) -> list[Overlapping]:
        return [one for rule in self._link_rules for one in await rule(connection, source.persons, target.persons)]

    async def _both(self, connection: Connection, first: str, second: str) -> tuple[Closure, Closure]:
        ssins = self._surroundings.ssin(first), self._surroundings.ssin(second)
        source, target = await locked_closure(connection, *ssins)
        if source is None or target is None:
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
        return source, target


async def _require_apart(connection: Connection, source: Closure, target: Closure) -> None:
    if source.persons == target.persons:
        raise Conflict("The two numbers are of one person already.")
    if (await store.present(connection, source.persons)).person != source.asked:
        raise Conflict("The first number is of a person that is linked already: name the number of today.")


def _by(act: SignedAct | None) -> dict[str, object]:
    return {"act": act.digest} if act else {}


def _pair(source: Closure, target: Closure) -> dict[str, object]:
    return {"fromPerson": source.asked, "intoPerson": target.asked}
