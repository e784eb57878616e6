"""Presumed errors: who was given data reports one to the source that gave it, and the source answers.

What the institution was given is in the log. That it was not given this, or that there is no such person, is one
refusal.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.given import given
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.audit.statements import statement_under
from crossroads.directory.rules import CurrentCatalogue, may_keep
from crossroads.identity.acting import Acting
from crossroads.identity.closure import closure_of, lock_linked, moment_of_change
from crossroads.identity.database import Connection, Pool, outages
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Conflict, CrossroadsError, Fault, Malformed, Refused
from crossroads.kernel.guards import Signed
from crossroads.mutations import hub_store, report_store, store
from crossroads.mutations.acting import purpose_of, require_acting
from crossroads.mutations.model import Caused
from crossroads.mutations.report_store import Kept, Listed, Place
from crossroads.mutations.store import Known
from crossroads.mutations.turns import InstitutionTurns
from crossroads.wire.acting import ACTING
from crossroads.wire.canonical import b64url, canonical, sha256
from crossroads.wire.error_reports import (
    ErrorAnswer,
    ErrorAnswered,
    ErrorOutcome,
    ErrorReport,
    ErrorReported,
    OpenReport,
    OpenReports,
    OpenReportsQuery,
)
from crossroads.wire.messages import Receipt
from crossroads.wire.mutations import NoticeKind
from crossroads.wire.statements import read_statement

_INVALID = "urn:problem-type:belgif:input-validation:invalidInput"


class Terms(NamedTuple):
    """The institution that the hub is, and how long a source has to answer."""

    hub: str
    time: timedelta


class ErrorReports:
    """The reports of presumed errors."""

    def __init__(
        self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings, terms: Terms
    ) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue = pool, log, catalogue
        self._surroundings, self._terms, self._turns = surroundings, terms, InstitutionTurns()
        self._acting = Acting(pool, surroundings)

    async def report(self, said: ErrorReport, signed: Signed) -> ErrorReported:
        """Place a report in the mailbox of the source. Raises Malformed, Refused, Conflict, Unavailable."""
        self._surroundings.ssin_at(said.ssin, "$.ssin")
        texts = {"$.reference": said.reference, "$.text": said.text or "", "$.agent": said.agent or ""}
        self._surroundings.check_pseudonymous(texts)
        try:
            reporter = self._acts_for(signed, said.on_behalf_of)
            await require_acting(self._acting, said, signed)
            async with self._turns.turn(signed.institution), store.lasting(self._pool) as connection:
                return await self._once(connection, said, signed, reporter)
        except (Refused, Conflict) as refusal:
            await self._log_refusal(refusal, signed, {"reference": said.reference, "dataGroup": said.data_group})
            raise

    async def answer(self, said: ErrorAnswer, signed: Signed) -> ErrorAnswered:
        """Place what the source made of a report in the mailbox of who reported. Raises as `report`."""
        self._surroundings.check_pseudonymous({"$.reason": said.reason})
        try:
            source = self._acts_for(signed, said.on_behalf_of)
            async with self._turns.turn(signed.institution), store.lasting(self._pool) as connection:
                await self._answer(connection, said, signed, source)
        except (Refused, Conflict) as refusal:
            await self._log_refusal(refusal, signed, {"report": str(said.report)})
            raise
        return ErrorAnswered(
            environment=self._surroundings.environment,
            report=said.report,
            outcome=said.outcome,
            checkpoint=self._log.checkpoint,
        )

    async def waiting(self, query: OpenReportsQuery, signed: Signed) -> OpenReports:
        """Give reports that wait for an answer of a source, without the persons, once the log has that it was asked.

        Raises Malformed for a page behind what is no report of the source, Refused, Unavailable.
        """
        try:
            source = self._acts_for(signed, query.on_behalf_of)
        except Refused as refusal:
            await self._log_refusal(refusal, signed, {})
            raise
        with outages():
            async with self._turns.turn(signed.institution), self._pool.acquire() as connection:
                found = await self._waiting(connection, query, source, signed.institution)
                total = await report_store.count_open(connection, source)
        items = found[: query.count]
        fields: dict[str, object] = {"source": source, "shown": len(items), **_signed(signed)}
        await self._log.append(_entry(Event.ERRORS_LISTED, uuid7(), signed.institution, fields))
        return OpenReports(
            environment=self._surroundings.environment,
            items=items,
            total=total,
            more=len(found) > len(items),
            checkpoint=self._log.checkpoint,
        )

    async def _waiting(
        self, connection: Connection, query: OpenReportsQuery, source: str, mailbox: str
    ) -> tuple[OpenReport, ...]:
        """Give the reports asked for, and one more where there is one."""
        if query.report is not None:
            return await report_store.open_report(connection, source, mailbox, query.report)
        after = await self._place(connection, source, query.after)
        return await report_store.open_reports(connection, source, mailbox, after, query.count + 1)

    async def _place(self, connection: Connection, source: str, after: UUID | None) -> Place:
        if after is None:
            return report_store.FIRST_PLACE
        place = await report_store.place(connection, source, after)
        if place is None:
            raise Malformed(Fault("$.after", _INVALID, "It is no report that was made to this source."))
        return place

    async def listed(self, *, answered: bool = False, overdue: bool = False) -> list[Listed]:
        """Give the reports that wait for an answer, for a supervisor; only those overdue, or the answered ones too."""
        with outages():
            async with self._pool.acquire() as connection:
                before = self._surroundings.today if overdue else None
                return await report_store.listed(connection, answered=answered, before=before)

    async def _once(self, connection: Connection, said: ErrorReport, signed: Signed, reporter: str) -> ErrorReported:
        digest = sha256(b"error report\x00" + canonical(said))
        used = await report_store.used(connection, signed.institution, said.reference)
        if used is None:
            kept, fresh = await self._judged(connection, said, reporter), uuid7()
            used = await report_store.claim(connection, signed.institution, said.reference, digest, fresh)
            if used.ticket == fresh:
                await self._write(connection, said, signed, kept, fresh)
                used = await report_store.used(connection, signed.institution, said.reference) or used
        if used.digest != digest:
            raise Conflict(code=Code.REFERENCE_REUSED)
        return await self._reported(connection, said, used)

    async def _judged(self, connection: Connection, said: ErrorReport, reporter: str) -> Kept:
        """Give the report, with the source that gave what is presumed to be wrong. Raises Refused."""
        await _require_same_purpose(connection, said)
        closure = await closure_of(connection, said.ssin)
        persons = closure.persons if closure else ()
        found = await given(connection, persons, said.data_group, ticket=said.ticket, asker=reporter)
        sources = {one.source for one in found if one.period.overlaps(said.period)}
        if said.source is not None:
            sources &= {said.source}
        if closure is None or len(sources) != 1:
            raise Refused(code=Code.ERROR_NOT_GIVEN)
        until = self._surroundings.today + self._terms.time
        return Kept(closure.asked, said.ssin, reporter, sources.pop(), said.data_group, said.period, until)

    async def _write(self, connection: Connection, said: ErrorReport, signed: Signed, kept: Kept, report: UUID) -> None:
        await lock_linked(connection, [kept.person])
        moment = await moment_of_change(connection)
        await report_store.add(connection, kept, said, report, moment)
        told = self._notice(NoticeKind.PRESUMED_ERROR, kept, report, kept.source, moment)
        await hub_store.add(connection, [(uuid7(), told)])
        fields = {"source": kept.source, "dataGroup": said.data_group, "period": msgspec.to_builtins(said.period)}
        fields |= {"seen": str(said.ticket), "presumed": said.presumed.value, "reference": said.reference}
        fields |= purpose_of(said)
        entry = _entry(Event.ERROR_REPORTED, report, kept.reporter, fields | _signed(signed), kept.person)
        receipt = await self._log.append(entry)
        await report_store.keep_receipt(connection, signed.institution, said.reference, receipt)

    async def _answer(self, connection: Connection, said: ErrorAnswer, signed: Signed, source: str) -> None:
        kept = await report_store.report(connection, said.report)
        if kept is None or kept.source != source:
            raise Refused(code=Code.ERROR_UNKNOWN)
        if kept.outcome is not None:
            if (kept.outcome, kept.correction) != (said.outcome.value, said.correction):
                raise Conflict(code=Code.ERROR_ANSWERED)
            return
        if said.outcome is ErrorOutcome.CORRECTED:
            await self._check_corrected(connection, kept, said)
        await lock_linked(connection, [kept.person])
        moment = await moment_of_change(connection)
        await report_store.answer(connection, kept, said, moment)
        told = self._notice(NoticeKind.ERROR_ANSWERED, kept, said.report, kept.reporter, moment)
        await hub_store.add(connection, [(uuid7(), told)])
        fields = {"outcome": said.outcome.value, "correction": str(said.correction) if said.correction else None}
        entry = _entry(Event.ERROR_ANSWERED, said.report, source, fields | _signed(signed), kept.person)
        await self._log.append(entry)

    async def _check_corrected(self, connection: Connection, kept: Kept, said: ErrorAnswer) -> None:
        """Refuse the outcome corrected without a correction that reaches those who were given the wrong value."""
        found = await report_store.correction(connection, said.correction) if said.correction else None
        closure = await closure_of(connection, kept.ssin)
        same = found is not None and (found.source, found.data_group) == (kept.source, kept.data_group)
        if not (
            found
            and same
            and found.period.overlaps(kept.period)
            and found.person in {kept.person, *(closure.persons if closure else ())}
        ):
            raise Refused(code=Code.ERROR_NOT_CORRECTED)

    async def _reported(self, connection: Connection, said: ErrorReport, used: Known) -> ErrorReported:
        kept = await report_store.report(connection, used.ticket)
        if kept is None:
            raise Conflict(code=Code.REFERENCE_REUSED)
        return ErrorReported(
            environment=self._surroundings.environment,
            reference=said.reference,
            report=used.ticket,
            answer_by=kept.answer_by,
            receipt=Receipt(stream=used.receipt.stream, index=used.receipt.index, leaf=used.receipt.leaf),
            checkpoint=self._log.checkpoint,
        )

    def _notice(self, kind: NoticeKind, kept: Kept, report: UUID, addressee: str, moment: datetime) -> Caused:
        told = Caused(kind, kept.person, kept.ssin, self._terms.hub, brussels_day(moment), kept.period)
        return told._replace(addressee=addressee, report=report)

    def _acts_for(self, signed: Signed, on_behalf_of: str | None) -> str:
        today: date = self._surroundings.today
        return may_keep(self._catalogue.current, signed.institution, on_behalf_of or signed.institution, today).id

    async def _log_refusal(self, refusal: CrossroadsError, signed: Signed, said: dict[str, object]) -> None:
        """Log it without the person: a guess must not be found in the log of those who exist."""
        fields = {**said, "code": str(refusal.code) if refusal.code else None, **_signed(signed)}
        await self._log.append(_entry(Event.ERROR_REFUSED, uuid7(), signed.institution, fields))


async def _require_same_purpose(connection: Connection, said: ErrorReport) -> None:
    """Refuse to report as somebody else what was seen by one who acted for the person. Raises Refused."""
    seen = await statement_under(connection, said.ticket)
    purpose = read_statement(seen)[1].legal_context if seen else None
    if purpose in ACTING and purpose != said.legal_context:
        raise Refused(code=Code.NOT_ACTING)


def _entry(event: Event, ticket: UUID, asker: str, fields: dict[str, object], person: int | None = None) -> Entry:
    return Entry(event=event, ticket=ticket, person=person, asker=asker, fields=fields)


def _signed(signed: Signed) -> dict[str, object]:
    return {
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }
