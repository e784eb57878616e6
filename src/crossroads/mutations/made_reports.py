"""What an institution reported about a person, and what came of it: for the institution that reported."""

from typing import Any

from uuid6 import uuid7

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.directory.rules import CurrentCatalogue, may_keep
from crossroads.identity.acting import Acting
from crossroads.identity.closure import closure_of
from crossroads.identity.database import Pool, outages, rows
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.guards import Signed
from crossroads.kernel.period import Period
from crossroads.mutations.acting import purpose_of, require_acting
from crossroads.mutations.store import queries
from crossroads.wire.canonical import b64url, sha256
from crossroads.wire.error_reports import ErrorOutcome, MadeReport, MadeReports, MadeReportsQuery, Presumed

MAXIMUM_MADE = 100


class OwnReports:
    """The reports of the one who asks; of others nothing is told."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings

    async def made(self, query: MadeReportsQuery, signed: Signed) -> MadeReports:
        """Give them, once the log has that it was asked. Raises Malformed, Refused, Unavailable."""
        number = self._surroundings.ssin_at(query.ssin, "$.ssin")
        concerned = query.on_behalf_of or signed.institution
        reporter = may_keep(self._catalogue.current, signed.institution, concerned, self._surroundings.today).id
        self._surroundings.check_pseudonymous({"$.agent": query.agent or ""})
        await require_acting(Acting(self._pool, self._surroundings), query, signed)
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, number)
                persons = list(closure.persons) if closure else []
                found = await rows(
                    queries.made_reports(connection, persons=persons, reporter=reporter, limit=MAXIMUM_MADE)
                )
        fields = {"shown": len(found), "keyId": signed.key_id, "request": b64url(sha256(signed.body))}
        said = {**fields, **purpose_of(query), "requestSignature": signed.signature}
        person = closure.asked if closure else None
        await self._log.append(
            Entry(event=Event.ERRORS_SHOWN, ticket=uuid7(), person=person, asker=reporter, fields=said)
        )
        return MadeReports(
            environment=self._surroundings.environment,
            items=tuple(map(_made, found)),
            checkpoint=self._log.checkpoint,
        )


def _made(row: Any) -> MadeReport:
    return MadeReport(
        report=row["report"],
        reference=row["reference"],
        source=row["source"],
        data_group=row["data_group"],
        period=Period(row["start_date"], row["end_date"]),
        seen=row["seen"],
        presumed=Presumed(row["presumed"]),
        text=row["text"],
        reported_at=row["reported_at"],
        answer_by=row["answer_by"],
        told_at=row["delivered_at"],
        outcome=ErrorOutcome(row["outcome"]) if row["outcome"] else None,
        reason=row["reason"],
        correction=row["correction"],
        answered_at=row["answered_at"],
    )
