"""The directory: who knows whom. Institutions keep their own lines.

Every writer takes the locks of all persons that are one human being, then looks in a new statement, then writes. The
entry of the log is appended after the write and before the commit, while the locks are held: nothing that takes effect
is without its entry. A crash in between leaves an entry whose ticket no line carries; nobody was told that it was done.
"""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.directory import changes, rules, store
from crossroads.directory.changes import Change, Operation
from crossroads.directory.imports import Rules, import_inscriptions
from crossroads.directory.model import Check, Held, Line, Piece
from crossroads.directory.rules import CurrentCatalogue
from crossroads.directory.store import Place
from crossroads.identity.closure import believed_persons, closure_of, locked_closure, moment_of_change
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.first_load import Loaded
from crossroads.identity.model import Closure, Stamp
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.canonical import b64url, canonical, sha256
from crossroads.wire.keys import VerifyKey
from crossroads.wire.messages import (
    Inscribed,
    InscriptionLine,
    InscriptionList,
    InscriptionOutcome,
    InscriptionQuery,
)
from crossroads.wire.registrations import SignedAct


class _Kind(NamedTuple):
    """An operation: what it does to lines, and under which event it is logged."""

    operation: Operation
    event: Event
    inscribes: bool = False


_OPEN = _Kind(changes.opened, Event.INSCRIPTION_OPENED, inscribes=True)
_CLOSE = _Kind(changes.closed, Event.INSCRIPTION_CLOSED)
_CUT = _Kind(changes.cut, Event.INSCRIPTION_CUT)
_CANCEL = _Kind(changes.cancelled, Event.INSCRIPTION_CANCELLED)
_decode_outcome = msgspec.json.Decoder(InscriptionOutcome).decode


class Directory:
    """The lines of the directory."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings

    async def open(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Inscribe a person, or extend. Raises Refused, and Conflict where an exclusive context is taken."""
        return await self._keep(_OPEN, line, signed)

    async def close(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """End the line that starts on `period.startDate` on `period.endDate`. Raises Refused."""
        return await self._keep(_CLOSE, line, signed)

    async def cut(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Take a period out of the lines. Raises Refused."""
        return await self._keep(_CUT, line, signed)

    async def cancel(self, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Withdraw the line of exactly this period. Raises Refused."""
        return await self._keep(_CANCEL, line, signed)

    async def query(self, query: InscriptionQuery, signed: Signed) -> InscriptionList:
        """Give the lines of the institution that overlap the period, be the person known or not. Raises Refused."""
        rules.may_keep(self._catalogue.current, signed.institution, query.institution, self._today)
        ssin = self._surroundings.ssin(query.ssin)
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, ssin)
                persons = closure.persons if closure else ()
                held = await store.lines_of(connection, persons, context=query.context, institution=query.institution)
        items = tuple(_inscribed(h.line) for h in held if h.line.period.overlaps(query.period))
        return InscriptionList(items=items, total=len(items))

    async def as_believed_on(self, ssin: str, moment: datetime) -> tuple[Line, ...]:
        """Give the lines that were believed at a moment, of the human being that the number meant then."""
        number = self._surroundings.ssin(ssin)
        with outages():
            async with self._pool.acquire() as connection:
                persons = await believed_persons(connection, number, moment)
                return tuple(await store.believed_lines(connection, persons, moment))

    async def import_inscriptions(self, path: Path, act: SignedAct, operators: Mapping[str, VerifyKey]) -> Loaded:
        """Import a file that two operators signed, all or nothing. Raises Malformed, Refused, Conflict."""
        held_to = Rules(self._catalogue.current, self._today, self._surroundings.installation, operators)
        return await import_inscriptions(self._pool, self._log, held_to, path, act)

    async def check(self) -> Check:
        """Prove the rule of exclusivity over the whole table. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
                found = await store.contexts(connection)
                catalogue = self._catalogue.current
                return await store.check(
                    connection, [c for c in found if rules.is_exclusive(catalogue, c, self._today)]
                )

    @property
    def _today(self) -> date:
        return brussels_day(self._surroundings.clock.now())

    async def _keep(self, kind: _Kind, line: InscriptionLine, signed: Signed) -> InscriptionOutcome:
        """Carry out an operation; what is refused is logged too."""
        try:
            self._check(kind, line, signed)
            async with transaction(self._pool) as connection:
                return await self._once(connection, kind, line, signed)
        except (Refused, Conflict) as refusal:
            await self._log_refusal(kind, line, signed, refusal)
            raise

    def _check(self, kind: _Kind, line: InscriptionLine, signed: Signed) -> None:
        """Look at all that needs no database."""
        self._surroundings.ssin(line.ssin)
        evidence = line.evidence.value if line.evidence else ""
        self._surroundings.check_pseudonymous({"$.reference": line.reference, "$.evidence.value": evidence})
        rules.check_phase(line.phase)
        catalogue = self._catalogue.current
        institution = rules.may_keep(catalogue, signed.institution, line.institution, self._today)
        context = rules.own_context(catalogue, institution, line.context, self._today)
        if kind.inscribes:
            rules.check_evidence(context, line.evidence)

    async def _once(
        self, connection: Connection, kind: _Kind, line: InscriptionLine, signed: Signed
    ) -> InscriptionOutcome:
        """Carry out the operation, or give what came of it when the same request was here before."""
        digest = sha256(kind.event.encode() + b"\x00" + canonical(line))
        used = await store.claim_reference(connection, signed.institution, line.reference, digest)
        if used:
            if used[0] != digest:
                raise Conflict(code=Code.REFERENCE_REUSED)
            return _decode_outcome(used[1])
        outcome = await self._carried_out(connection, kind, line, signed)
        text = msgspec.json.encode(outcome).decode()
        await store.keep_outcome(connection, signed.institution, line.reference, text)
        return outcome

    async def _carried_out(
        self, connection: Connection, kind: _Kind, line: InscriptionLine, signed: Signed
    ) -> InscriptionOutcome:
        (closure,) = await locked_closure(connection, line.ssin)
        if closure is None:
            raise Refused(code=Code.PERSON_NOT_IDENTIFIED if kind.inscribes else Code.INSCRIPTION_UNKNOWN)
        held = await store.lines_of(connection, closure.persons, context=line.context)
        if kind.inscribes:
            self._check_exclusive(held, line)
        own = [h for h in held if h.line.institution == line.institution]
        change = kind.operation(own, Piece(closure.asked, line.period, line.phase))
        stamp = Stamp(uuid7(), await moment_of_change(connection), kind.event, signed.institution)
        written = await store.write(connection, Place(line.institution, line.context), change, stamp)
        await self._log.append(_entry(kind, line, signed, closure, (stamp, change, written)))
        return _outcome(line, stamp, change, own, written)

    async def _log_refusal(self, kind: _Kind, line: InscriptionLine, signed: Signed, refusal: CrossroadsError) -> None:
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, line.ssin)
        rule = refusal.code or type(refusal).__name__
        entry = Entry(
            event=Event.INSCRIPTION_REFUSED,
            ticket=uuid7(),
            person=closure.asked if closure else None,
            asker=signed.institution,
            fields={**_asked(line, signed), "asked": kind.event.value, "rule": rule},
        )
        await self._log.append(entry)

    def _check_exclusive(self, held: list[Held], line: InscriptionLine) -> None:
        """Hold the anti-fraud rule. The refusal does not name the other institution."""
        exclusive = rules.is_exclusive(self._catalogue.current, line.context, self._today)
        if exclusive and rules.taken([h.line for h in held], line.institution, line.period):
            raise Conflict(code=Code.INSCRIPTION_EXCLUSIVE)


def _outcome(
    line: InscriptionLine, stamp: Stamp, change: Change, own: list[Held], written: list[Line]
) -> InscriptionOutcome:
    ended = tuple(held.line.inscription for held in change.ended)
    kept = [held.line for held in own if held.line.inscription not in ended]
    items = sorted([*kept, *written], key=lambda item: item.period.start_date)
    return InscriptionOutcome(
        reference=line.reference, ticket=stamp.ticket, ended=ended, items=tuple(_inscribed(item) for item in items)
    )


def _inscribed(line: Line) -> Inscribed:
    return Inscribed(
        inscription=line.inscription,
        institution=line.institution,
        context=line.context,
        period=line.period,
        phase=line.phase,
    )


def _entry(
    kind: _Kind, line: InscriptionLine, signed: Signed, closure: Closure, done: tuple[Stamp, Change, list[Line]]
) -> Entry:
    stamp, change, written = done
    return Entry(
        event=kind.event,
        ticket=stamp.ticket,
        person=closure.asked,
        asker=signed.institution,
        fields={
            **_asked(line, signed),
            "ended": [held.line.inscription for held in change.ended],
            "written": [item.inscription for item in written],
        },
    )


def _asked(line: InscriptionLine, signed: Signed) -> dict[str, object]:
    """Give what was asked, without the number of the person: entries name persons by their key."""
    return {
        "institution": line.institution,
        "context": line.context,
        "period": msgspec.to_builtins(line.period),
        "phase": line.phase,
        "reference": line.reference,
        "evidence": msgspec.to_builtins(line.evidence),
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }
