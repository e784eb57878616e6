"""Reports of presumed errors in PostgreSQL. Private to this room."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.audit.model import Receipt
from crossroads.identity.database import Connection, rows
from crossroads.kernel.period import Period
from crossroads.mutations import store
from crossroads.mutations.store import Known, queries
from crossroads.wire.error_reports import ErrorAnswer, ErrorReport, OpenReport, Presumed
from crossroads.wire.mutations import ErrorNotice


class Kept(NamedTuple):
    """A report as it is kept, less its texts."""

    person: int
    ssin: str
    reporter: str
    source: str
    data_group: str
    period: Period
    answer_by: date
    outcome: str | None = None
    correction: UUID | None = None


class Correction(NamedTuple):
    """What a change corrected."""

    person: int
    source: str
    data_group: str
    period: Period


class Place(NamedTuple):
    """Where a report stands among those that wait for a source: those due first come first."""

    answer_by: date
    reported_at: datetime
    report: UUID


FIRST_PLACE = Place(date.min, datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""Before every report."""


class Listed(NamedTuple):
    """A report as a supervisor sees it, without the person; with the moment of each step."""

    report: UUID
    reporter: str
    source: str
    data_group: str
    reported_at: datetime
    delivered_at: datetime | None
    answer_by: date
    outcome: str | None
    answered_at: datetime | None
    correction: UUID | None

    def overdue(self, today: date) -> bool:
        """Tell whether the source should have answered."""
        return self.outcome is None and self.answer_by < today


async def notices(connection: Connection, reports: Sequence[tuple[int, UUID | None]]) -> dict[UUID, ErrorNotice]:
    """Give what reports say, by report; each is asked for with the key of its person."""
    found = queries.reports(
        connection, persons=[person for person, _ in reports], reports=[report for _, report in reports]
    )
    return {
        row["report"]: ErrorNotice(
            report=row["report"],
            reference=row["reference"],
            data_group=row["data_group"],
            period=Period(row["start_date"], row["end_date"]),
            seen=row["seen"],
            presumed=row["presumed"],
            text=row["text"],
            answer_by=row["answer_by"],
            outcome=row["outcome"],
            reason=row["reason"],
            correction=row["correction"],
        )
        for row in await rows(found)
    }


async def report(connection: Connection, report: UUID) -> Kept | None:
    """Give a report, which nobody else may answer until the transaction ends."""
    person = await queries.person_of_report(connection, report=report)
    row = await queries.report(connection, person=person, report=report)
    if row is None:
        return None
    return Kept(
        row["person"],
        row["ssin"],
        row["reporter"],
        row["source"],
        row["data_group"],
        Period(row["start_date"], row["end_date"]),
        row["answer_by"],
        row["outcome"],
        row["correction"],
    )


async def claim(connection: Connection, institution: str, reference: str, digest: bytes, report: UUID) -> Known:
    """Take a reference, and give what it is used for: this report, or another request that was faster."""
    claimed = queries.claim_references(
        connection, institution=institution, references=[reference], digests=[digest], tickets=[report]
    )
    if await rows(claimed):
        return Known(digest, report, Receipt(0, 0, b""))
    return (await store.known(connection, institution, [reference]))[reference]


async def used(connection: Connection, institution: str, reference: str) -> Known | None:
    """Give what a reference was used for."""
    return (await store.known(connection, institution, [reference])).get(reference)


async def keep_receipt(connection: Connection, institution: str, reference: str, receipt: Receipt) -> None:
    """Keep where the log has the report."""
    await queries.keep_receipts(
        connection,
        institution=institution,
        references=[reference],
        streams=[receipt.stream],
        indexes=[receipt.index],
        leaves=[receipt.leaf],
    )


async def add(connection: Connection, one: Kept, said: ErrorReport, report: UUID, moment: datetime) -> None:
    """Write a report."""
    await queries.add_report(
        connection,
        report=report,
        person=one.person,
        ssin=one.ssin,
        reporter=one.reporter,
        reference=said.reference,
        source=one.source,
        data_group=one.data_group,
        start_date=one.period.start_date,
        end_date=one.period.end_date,
        seen=said.ticket,
        presumed=said.presumed.value,
        text=said.text,
        reported_at=moment,
        answer_by=one.answer_by,
    )


async def answer(connection: Connection, one: Kept, said: ErrorAnswer, moment: datetime) -> None:
    """Keep what the source made of a report."""
    await queries.answer_report(
        connection,
        person=one.person,
        report=said.report,
        outcome=said.outcome.value,
        reason=said.reason,
        correction=said.correction,
        moment=moment,
    )


async def correction(connection: Connection, ticket: UUID) -> Correction | None:
    """Give what the change of a ticket corrected."""
    row = await queries.correction(connection, ticket=ticket)
    if row is None:
        return None
    return Correction(row["person"], row["source"], row["data_group"], Period(row["start_date"], row["end_date"]))


async def delivered(connection: Connection, reports: Sequence[tuple[int, UUID]]) -> None:
    """Keep that the sources were told of reports, each given with the key of its person."""
    if reports:
        await queries.reports_delivered(
            connection, persons=[person for person, _ in reports], reports=[report for _, report in reports]
        )


async def listed(connection: Connection, *, answered: bool, before: date | None) -> list[Listed]:
    """Give reports without answer, with those that have one where asked; or those due before a day."""
    return [Listed(**row) for row in await rows(queries.listed_reports(connection, answered=answered, before=before))]


async def place(connection: Connection, source: str, report: UUID) -> Place | None:
    """Give where a report of a source stands; None where it is none of the source."""
    row = await queries.report_place(connection, source=source, report=report)
    return Place(row["answer_by"], row["reported_at"], report) if row else None


async def open_reports(
    connection: Connection, source: str, mailbox: str, after: Place, limit: int
) -> tuple[OpenReport, ...]:
    """Give the reports that wait for a source from a place on, each with the number of its item in a mailbox."""
    found = await rows(queries.open_reports(connection, source=source, limit=limit, **after._asdict()))
    tickets = [row["ticket"] for row in found]
    given = await rows(queries.given_items(connection, recipient=mailbox, tickets=tickets))
    numbers = {row["ticket"]: row["number"] for row in given}
    return tuple(_open_report(row, numbers.get(row["ticket"])) for row in found)


async def open_report(connection: Connection, source: str, mailbox: str, report: UUID) -> tuple[OpenReport, ...]:
    """Give a report that waits for a source, with the number of its item in a mailbox; none where it does not."""
    at = await place(connection, source, report)
    if at is None or not report.int:
        return ()
    before = at._replace(report=UUID(int=report.int - 1))
    return tuple(one for one in await open_reports(connection, source, mailbox, before, 1) if one.report == report)


async def count_open(connection: Connection, source: str) -> int:
    """Count the reports that wait for a source."""
    return int(await queries.count_open_reports(connection, source=source))


async def expire(connection: Connection, before: datetime) -> None:
    """Remove the texts of reports that were answered before a moment."""
    await queries.expire_reports(connection, before=before)


def _open_report(row: Any, item: int | None) -> OpenReport:
    return OpenReport(
        report=row["report"],
        data_group=row["data_group"],
        period=Period(row["start_date"], row["end_date"]),
        presumed=Presumed(row["presumed"]),
        reported_at=row["reported_at"],
        answer_by=row["answer_by"],
        item=item,
    )
