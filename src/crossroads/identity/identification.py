"""Finding out who somebody is, by number or by name and date: as little as identification needs, and logged."""

from uuid import UUID

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import bis_lines, bis_store, store
from crossroads.identity.bis_model import Recorded
from crossroads.identity.bis_numbers import birth_of
from crossroads.identity.database import Connection, Pool, outages
from crossroads.identity.ports import Mandates, SearchRate
from crossroads.identity.search import search
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.errors import Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.names.particulars import Particulars
from crossroads.wire.canonical import b64url, sha256
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.persons import (
    MAXIMUM_CANDIDATES,
    KnownParticulars,
    PersonCandidate,
    PersonCandidates,
    PersonQuery,
    SearchedParticulars,
)

_REQUIRED = "urn:problem-type:belgif:input-validation:requiredInput"
Shown = tuple[int, PersonCandidate]
"""The key of a person, and what is shown of them."""


class Identification:
    """Finds people for institutions that may know who somebody is."""

    def __init__(self, pool: Pool, log: Log, surroundings: Surroundings, mandates: Mandates, rate: SearchRate) -> None:
        """Keep to the mandates and the rate of the rooms above."""
        self._pool, self._log, self._surroundings = pool, log, surroundings
        self._mandates, self._rate = mandates, rate

    async def find(self, query: PersonQuery, signed: Signed) -> PersonCandidates:
        """Give who may be meant, once each of them can see in the log that they were shown.

        Raises Malformed, Refused, and what the rate raises.
        """
        self._check(query)
        ticket = uuid7()
        said = _said(query, signed)
        try:
            institution = query.institution or signed.institution
            said["authorisation"] = self._mandates.identifies(signed.institution, institution, query.legal_context)
        except Refused as refusal:
            rule = refusal.code or type(refusal).__name__
            await self._log.append(_entry(Event.SEARCH_REFUSED, ticket, signed, said | {"rule": rule}))
            raise
        await self._rate.take(signed.institution)
        shown, more = await self._found(query)
        await self._log_shown(ticket, signed, said, shown)
        items = tuple(candidate for _, candidate in shown)
        return PersonCandidates(ticket=ticket, items=items, total=len(items), more=more)

    def _check(self, query: PersonQuery) -> None:
        """Look at all that needs no database. Raises Malformed, which names the field."""
        logged = {"$.agent": query.agent, "$.institution": query.institution or ""}
        self._surroundings.check_pseudonymous(logged | {"$.legalContext": query.legal_context})
        if (query.ssin is None) == (query.particulars is None):
            raise Malformed(Fault("$", _REQUIRED, "Give either ssin or particulars."))
        if query.ssin:
            self._surroundings.ssin_at(query.ssin, "$.ssin")
        if query.particulars:
            birth_of(query.particulars.birth_date, "$.particulars.birthDate", self._surroundings.today)

    async def _found(self, query: PersonQuery) -> tuple[list[Shown], bool]:
        with outages():
            async with self._pool.acquire() as connection:
                if query.particulars:
                    return await self._by_name(connection, query.particulars)
                return await self._by_number(connection, query.ssin or ""), False

    async def _by_number(self, connection: Connection, ssin: str) -> list[Shown]:
        closure = await store.closure(connection, ssin)
        if closure is None:
            return []
        present = await store.present(connection, closure.persons)
        lines = await bis_store.recorded(connection, closure.persons)
        answered = AnsweredSsin(value=present.ssin, replaces=None if present.ssin == ssin else ssin)
        known = _known(lines, present.person)
        return [(present.person, PersonCandidate(ssin=answered, score=1.0, known=known))]

    async def _by_name(self, connection: Connection, asked: SearchedParticulars) -> tuple[list[Shown], bool]:
        particulars = Particulars(asked.last_name, asked.first_names, asked.birth_date, asked.sex)
        found = await search(connection, particulars, MAXIMUM_CANDIDATES + 1)
        shown = []
        for one in found[:MAXIMUM_CANDIDATES]:
            ((person, candidate),) = await self._by_number(connection, one.ssin)
            matched = PersonCandidate(
                ssin=candidate.ssin, score=round(one.match.score, 3), reasons=one.match.reasons, known=candidate.known
            )
            shown.append((person, matched))
        return shown, len(found) > MAXIMUM_CANDIDATES

    async def _log_shown(self, ticket: UUID, signed: Signed, said: dict[str, object], shown: list[Shown]) -> None:
        entries = [_entry(Event.PERSON_SEARCHED, ticket, signed, said | {"shown": len(shown)})]
        entries += [_entry(Event.PERSON_SHOWN, ticket, signed, said, person) for person, _ in shown]
        await self._log.append_many(entries)


def _known(lines: list[Recorded], person: int) -> tuple[KnownParticulars, ...]:
    return tuple(
        KnownParticulars(
            truth=truth,
            last_name=line.particulars.last_name,
            first_names=line.particulars.first_names,
            birth_date=line.particulars.birth_date,
            sex=line.particulars.sex,
        )
        for truth, line in sorted(bis_lines.newest(lines, person).items())
    )


def _said(query: PersonQuery, signed: Signed) -> dict[str, object]:
    """Give what is logged of a query: who asked and why, and of what was asked the digest alone."""
    return {
        "institution": query.institution or signed.institution,
        "agent": query.agent,
        "legalContext": query.legal_context,
        "by": "ssin" if query.ssin else "particulars",
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }


def _entry(event: Event, ticket: UUID, signed: Signed, said: dict[str, object], person: int | None = None) -> Entry:
    return Entry(event=event, ticket=ticket, person=person, asker=signed.institution, fields=said)
