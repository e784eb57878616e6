"""Deciding a page: each record by the very rules of a single question, and what is kept and logged of that. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from crossroads.access.model import Decision, PermitSet, Permitted, Request, Withheld
from crossroads.access.rules import held_in
from crossroads.access.service import Ruling
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.batch.model import Batch
from crossroads.catalogue.model import Mode
from crossroads.catalogue.snapshot import Snapshot
from crossroads.directory.model import Facts
from crossroads.exchange.outcome import status_of
from crossroads.exchange.records import moment, ruling, subject
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.wire.batches import PAGE, Record, Voucher
from crossroads.wire.bulk import Scope
from crossroads.wire.chunks import record_ticket

_records = msgspec.json.Decoder(Record)


class Verdict(msgspec.Struct, frozen=True, array_like=True):
    """What was decided of a record, as far as its line of the result needs it."""

    ssin: str
    replaces: str | None
    withheld: tuple[Withheld, ...]
    holders: dict[str, int]
    """Whom it may be asked of, each within one of the scopes of that holder."""


class DecidedPage(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of a page: kept before it is logged, and from then on what counts."""

    catalogue_version: int
    scopes: dict[str, tuple[Scope, ...]]
    """Of each holder."""
    verdicts: tuple[Verdict, ...]

    def logged(self, permits: PermitSet) -> PermitSet:
        """Give those of newer permits that say what was decided and logged."""
        known = self.scopes.get(permits.holder, ())

        def same(person: Permitted) -> bool:
            verdict = self.verdicts[person.at]
            number = verdict.holders.get(permits.holder)
            # A number that was replaced since, or is another person's now, is not the one that was logged.
            return number is not None and (verdict.ssin, known[number]) == (person.ssin, permits.scopes[person.scope])

        return permits.only(same)


@dataclass(frozen=True, slots=True)
class Asking:
    """A batch as its records need it: its voucher, read once."""

    batch: Batch
    voucher: Voucher

    @property
    def ticket(self) -> UUID:
        """The ticket of the batch."""
        return self.batch.ticket

    @property
    def received_on(self) -> date:
        """The day of the voucher: authorisations count as they were in force then."""
        return brussels_day(self.batch.accepted_at)

    def days(self, record: Record) -> tuple[Period | None, date | None]:
        """Give the days that a record asks for: its own, or those of the voucher."""
        return record.period or self.voucher.period, record.reference_date or self.voucher.reference_date


def read_records(page: bytes) -> list[Record]:
    """Give the records of a page that was checked."""
    return _records.decode_lines(page)


class Judge:
    """Decides the records of a batch under one catalogue. What many records share is found out once."""

    def __init__(self, asking: Asking, snapshot: Snapshot, today: date) -> None:
        """Judge by the newest catalogue, as of the day of the voucher; what was withdrawn since counts no more."""
        self.asking, self.snapshot, self.today = asking, snapshot, today
        self._rulings: dict[tuple[Period | None, date | None], Ruling] = {}

    @property
    def contexts(self) -> frozenset[str]:
        """The contexts in which those who hold what is asked have people inscribed."""
        groups = (held_in(self.snapshot, one, self.asking.received_on) for one in self.asking.voucher.data_groups)
        return frozenset().union(*groups)

    def decide(self, records: Iterable[Record], facts: Iterable[Facts]) -> list[Decision]:
        """Decide each record on the facts about its person; what is asked twice alike is decided once.

        A number that is repeated would else multiply the time that its decision takes, until an asker can measure it.
        """
        rulings, days = self._rulings, self.asking.days
        found: dict[tuple[str, Period | None, date | None], Decision] = {}
        decisions = []
        for record, known in zip(records, facts, strict=True):
            key = days(record)
            asked = (record.ssin, *key)
            if asked not in found:
                ruling = rulings.get(key) or rulings.setdefault(key, self._ruling(record))
                found[asked] = ruling.decide(record.ssin, known)
            decisions.append(found[asked])
        return decisions

    def _ruling(self, record: Record) -> Ruling:
        voucher, (period, reference) = self.asking.voucher, self.asking.days(record)
        request = Request(
            asker=voucher.asker,
            legal_context=voucher.legal_context,
            ssin=record.ssin,
            data_groups=voucher.data_groups,
            period=period,
            reference_date=reference,
            mode=Mode.BATCH,
            received_at=self.asking.batch.accepted_at,
            received_on=self.asking.received_on,
            decided_on=self.today,
        )
        return Ruling(request, self.snapshot)


def decided_page(decisions: Sequence[Decision], sets: dict[str, PermitSet], version: int) -> DecidedPage:
    """Give what is kept of the decisions on a page; `sets` are their permits."""
    holders: list[dict[str, int]] = [{} for _ in decisions]
    for holder, permits in sets.items():
        for person in permits.persons:
            holders[person.at][holder] = person.scope
    verdicts = (
        Verdict(decision.ssin, decision.replaces, decision.withheld, asked)
        for decision, asked in zip(decisions, holders, strict=True)
    )
    scopes = {holder: permits.scopes for holder, permits in sets.items()}
    return DecidedPage(catalogue_version=version, scopes=scopes, verdicts=tuple(verdicts))


@dataclass(frozen=True, slots=True)
class Logbook:
    """Writes the entries of a batch: for each record that of a question, less what stands in the voucher's."""

    asking: Asking
    subject_key: bytes

    def decided(
        self, page: int, records: Sequence[Record], decisions: Sequence[Decision], version: int
    ) -> Iterator[Entry]:
        """Give the entries of a page, one for each record, in order."""
        asking, common = self.asking, self._common()
        concerned = asking.voucher.asker.concerned
        days: dict[tuple[Period | None, date | None], dict[str, Any]] = {}
        subjects: dict[str, dict[str, str | None]] = {}
        for number, (record, decision) in enumerate(zip(records, decisions, strict=True), page * PAGE):
            key = asking.days(record)
            # A question of which nothing is asked ends here, with this status.
            ended = None if decision.permits else msgspec.to_builtins(status_of(decision.withheld, ()))
            fields = {
                **common,
                **(days.get(key) or days.setdefault(key, _days(*key))),
                **ruling(decision, version),
                **(subjects.get(record.ssin) or subjects.setdefault(record.ssin, self._subject(record, decision))),
                "number": number,
                "customerTicket": record.customer_ticket,
                "status": ended,
            }
            yield Entry(
                event=Event.BATCH_RECORD_DECIDED,
                ticket=record_ticket(asking.ticket, number),
                person=decision.person,
                asker=concerned,
                fields=fields,
            )

    def _subject(self, record: Record, decision: Decision) -> dict[str, str | None]:
        return subject(record.ssin, decision.person, self.subject_key)

    def _common(self) -> dict[str, Any]:
        batch, voucher = self.asking.batch, self.asking.voucher
        return {
            "batch": str(batch.ticket),
            "receivedAt": moment(batch.accepted_at),
            "onBehalfOf": voucher.asker.on_behalf_of,
            "agent": voucher.asker.agent,
            "legalContext": voucher.legal_context,
            "groupsAsked": list(voucher.data_groups),
        }


def _days(period: Period | None, reference: date | None) -> dict[str, Any]:
    return {"period": msgspec.to_builtins(period), "referenceDate": reference.isoformat() if reference else None}
