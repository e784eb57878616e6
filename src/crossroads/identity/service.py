"""Who people are: bringing them into being, their numbers, and which of them are one.

Whatever is written is in the log first: the entry is appended before the transaction commits, while its locks are held.
A crash in between leaves an entry whose ticket no row carries: it came to nothing. There is never a row without entry.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import acts, store
from crossroads.identity.closure import locked_closure
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.first_load import Loaded
from crossroads.identity.imports import import_persons
from crossroads.identity.model import LINK, UNLINK, Belief, Closure, LinkPersons, Stamp, UnlinkPersons
from crossroads.identity.ports import LinkRule, Register
from crossroads.identity.store import UsedReference
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, Refused
from crossroads.wire.canonical import canonical, sha256
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import AnsweredSsin, PersonConfirmation, PersonConfirmed
from crossroads.wire.registrations import SignedAct

_DAY = timedelta(days=1)


class Identity:
    """Persons and their numbers."""

    def __init__(
        self, pool: Pool, log: Log, register: Register, surroundings: Surroundings, link_rules: Sequence[LinkRule]
    ) -> None:
        """Keep to the rules of the rooms above when persons are linked. The log must not use connections of `pool`."""
        self._pool, self._log, self._register = pool, log, register
        self._surroundings, self._link_rules = surroundings, link_rules

    async def confirm(self, request: PersonConfirmation, institution: str) -> PersonConfirmed:
        """Have the register confirm a person, who then exists here.

        Whether the number is unknown or the particulars are another's: one refusal, after one and the same question.
        """
        ssin, digest = self._surroundings.ssin(request.ssin), sha256(canonical(request))
        self._surroundings.check_pseudonymous({"$.reference": request.reference})
        if used := await self._used(institution, request.reference, digest):
            return await self._confirmed(request, used.ticket)
        ticket = await self._matched(request, ssin, institution)
        async with transaction(self._pool) as connection:
            person = await self._present_or_added(connection, ssin, ticket, institution)
            await store.keep_reference(
                connection, institution, request.reference, UsedReference(digest, person, ticket)
            )
        return await self._confirmed(request, ticket)

    async def replace_ssin(self, old: str, new: str, since: date, *, reason: str, actor: str) -> None:
        """Record that a person has another number from a day on; the old one goes on naming the person.

        Does nothing where it is recorded already. Raises Refused for an old number that is not in use, Conflict where
        the new one is another person's: then the two are to be linked.
        """
        old, new = self._surroundings.ssin(old), self._surroundings.ssin(new)
        async with transaction(self._pool) as connection:
            closure, taken = await locked_closure(connection, old, new)
            if closure is None:
                raise Refused("The number that is replaced is not known.", code=Code.PERSON_NOT_IDENTIFIED)
            if taken:
                if taken.persons != closure.persons:
                    raise Conflict("The new number is another person's: link the two persons.")
                return
            stamp = await _stamp(connection, reason, actor)
            await self._replace(connection, closure, (old, new), since, stamp)
            await self._append(Event.SSIN_REPLACED, stamp, closure.asked, since=since.isoformat())

    async def decease(self, ssin: str, day: date | None, *, reason: str, actor: str) -> None:
        """Record the day on which a person died, or None to say that it was wrong."""
        ssin = self._surroundings.ssin(ssin)
        async with transaction(self._pool) as connection:
            (closure,) = await locked_closure(connection, ssin)
            if closure is None:
                raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
            person = await store.person(connection, closure.asked)
            stamp = await _stamp(connection, reason, actor)
            await store.change_person(connection, person._replace(deceased_on=day), stamp)
            text = day.isoformat() if day else None
            await self._append(Event.PERSON_DECEASED, stamp, closure.asked, deceasedOn=text)

    async def link(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        """Record that two persons are one: an act of two operators. Gives the ticket.

        Raises Conflict where they are one already, or where together they would break a rule of the directory.
        """
        content = acts.content_of(act, LINK, LinkPersons, self._surroundings.installation)
        actor = acts.two_operators(act, operators)
        async with transaction(self._pool) as connection:
            source, target = await self._both(connection, content.from_, content.into)
            if source.persons == target.persons:
                raise Conflict("The two numbers are of one person already.")
            if (await store.present(connection, source.persons)).person != source.asked:
                raise Conflict("The first number is of a person that is linked already: name the number of today.")
            stamp = await _stamp(connection, content.reason, actor)
            await acts.use(connection, act, stamp.ticket)
            await store.link(connection, source.asked, target.asked, content.since, stamp)
            for rule in self._link_rules:
                await rule(connection, sorted({*source.persons, *target.persons}))
            await self._append(Event.PERSON_LINKED, stamp, target.asked, **_pair(source, target), act=act.digest)
        return stamp.ticket

    async def unlink(self, act: SignedAct, operators: Mapping[str, VerifyKey]) -> UUID:
        """Tell two persons apart again: an act of two operators, and a new record. Gives the ticket."""
        content = acts.content_of(act, UNLINK, UnlinkPersons, self._surroundings.installation)
        actor = acts.two_operators(act, operators)
        async with transaction(self._pool) as connection:
            source, target = await self._both(connection, content.from_, content.into)
            stamp = await _stamp(connection, content.reason, actor)
            await acts.use(connection, act, stamp.ticket)
            if not await store.unlink(connection, source.asked, target.asked, stamp):
                raise Conflict("The two persons are not linked in this direction.")
            await self._append(Event.PERSON_UNLINKED, stamp, target.asked, **_pair(source, target), act=act.digest)
        return stamp.ticket

    async def as_believed_on(self, ssin: str, moment: datetime) -> Belief | None:
        """Give what was believed here at a moment of the human being that the number meant then."""
        with outages():
            async with self._pool.acquire() as connection:
                return await store.believed(connection, self._surroundings.ssin(ssin), moment)

    async def import_persons(self, path: Path, act: SignedAct, operators: Mapping[str, VerifyKey]) -> Loaded:
        """Import a file of persons that two operators signed, all or nothing. Raises Malformed, Refused, Conflict."""
        return await import_persons(self._pool, self._log, self._surroundings, path, act, operators)

    async def _matched(self, request: PersonConfirmation, ssin: str, institution: str) -> UUID:
        """Ask the register, once that is logged, and give the ticket under which it was asked. Raises Refused."""
        ticket = uuid7()
        asked = {"institution": institution, "reference": request.reference}
        await self._log.append(Entry(event=Event.MATCH_ASKED, ticket=ticket, asker=institution, fields=asked))
        match = await self._register.match(ticket, ssin, request.birth_date, request.last_name)
        if not (match.exists and match.matches):
            await self._answered(ticket, institution, matched=False)
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
        return ticket

    async def _answered(self, ticket: UUID, institution: str, *, matched: bool, person: int | None = None) -> None:
        said = {"matched": matched}
        entry = Entry(event=Event.MATCH_ANSWERED, ticket=ticket, person=person, asker=institution, fields=said)
        await self._log.append(entry)

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
                await self._append(Event.PERSON_CREATED, stamp, added)
                return added
            closure = await store.closure(connection, ssin)
        if closure is None:
            raise Conflict("The person is being recorded by another request; try again.")
        await self._answered(ticket, institution, matched=True, person=closure.asked)
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

    async def _replace(
        self, connection: Connection, closure: Closure, numbers: tuple[str, str], since: date, stamp: Stamp
    ) -> None:
        old, new = numbers
        present = await store.present(connection, closure.persons)
        if present.ssin != old:
            raise Refused("The number that is replaced is not the person's number of today.")
        await store.end_assignment(connection, old, since - _DAY, stamp)
        if not await store.assign(connection, new, present.person, stamp, since):
            raise Conflict("The new number has just been given to another person.")
        await store.change_person(connection, present._replace(ssin=new), stamp)

    async def _both(self, connection: Connection, first: str, second: str) -> tuple[Closure, Closure]:
        ssins = self._surroundings.ssin(first), self._surroundings.ssin(second)
        source, target = await locked_closure(connection, *ssins)
        if source is None or target is None:
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED)
        return source, target

    async def _append(self, event: Event, stamp: Stamp, person: int, **fields: object) -> None:
        said = {"reason": stamp.reason, "actor": stamp.actor, **fields}
        await self._log.append(Entry(event=event, ticket=stamp.ticket, person=person, fields=said))


async def _stamp(connection: Connection, reason: str, actor: str) -> Stamp:
    return Stamp(uuid7(), await store.moment(connection), reason, actor)


def _pair(source: Closure, target: Closure) -> dict[str, int]:
    return {"fromPerson": source.asked, "intoPerson": target.asked}
