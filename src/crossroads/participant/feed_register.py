"""The register's own tables: a line of a feed applied to them, with its notices, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select

from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.participant import outbox
from crossroads.participant.config import FeedTarget
from crossroads.participant.feed import (
    AnyEvent,
    Birth,
    CivilUnion,
    Death,
    Move,
    Naming,
    Renumbering,
)
from crossroads.participant.feed_changes import Altered, LineRefused, Row, address_values, altered
from crossroads.participant.feed_tables import ERRANDS, HOUSEHOLD, IDENTIFICATION
from crossroads.wire.mutations import Mutation, MutationKind

INTRODUCE, RENUMBER, DECEASE, NOTIFY = "introduce", "renumber", "decease", "notify"
"""The kinds of errands."""

_UNKNOWN = "The person is not in this register."
_THERE = "The number is in this register already."
_MOVED_ON = "The number was replaced by another."


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """The register itself."""

    institution: str
    target: FeedTarget
    environment: Environment


class Register:
    """The tables of a register, within a transaction, on the day of a feed."""

    def __init__(self, connection: Connection, own: Own, day: date) -> None:
        """Write over a connection whose transaction the caller commits."""
        self._connection, self._own, self._day = connection, own, day

    def apply(self, event: AnyEvent, reference: str) -> None:
        """Apply a line. Raises Malformed or LineRefused before anything is written; neither names a person."""
        event.check(self._own.environment, self._day)
        match event:
            case Birth():
                self._bear(event, reference)
            case Death():
                self._bury(event, reference)
            case Renumbering():
                self._renumber(event, reference)
            case CivilUnion():
                self._unite(event, reference)
            case Move():
                self._change(event.ssin, event.on, address_values(event.address), reference)
            case Naming():
                names = {"last_name": event.last_name, "first_names": event.first_names}
                self._change(event.ssin, event.on, names, reference)

    def _bear(self, event: Birth, reference: str) -> None:
        self._require_free(event.ssin)
        row = {
            "institution": self._own.institution,
            "context": self._own.target.context,
            "ssin": event.ssin,
            "start_date": event.on,
            "last_name": event.last_name,
            "first_names": event.first_names,
            "birth_date": event.on.isoformat(),
            "sex": event.sex.value,
            **address_values(event.address),
        }
        self._connection.execute(insert(IDENTIFICATION), row)
        self._ask(INTRODUCE, event.ssin, reference, since=event.on, **_particulars(row))
        created = self._mutation(event.ssin, Period(event.on), event.on, MutationKind.CREATED, f"{reference}-n")
        self._keep(created)

    def _bury(self, event: Death, reference: str) -> None:
        rows = self._rows(event.ssin)
        if any(row["death_date"] for row in rows):
            raise LineRefused("A death is recorded already.")
        self._write(event.ssin, event.on, altered(rows, event.on, {"death_date": event.on}), reference)
        self._ask(DECEASE, event.ssin, f"{reference}-d", since=event.on)

    def _unite(self, event: CivilUnion, reference: str) -> None:
        people = [(event.ssin, reference)]
        if event.partner is not None:
            if event.partner == event.ssin:
                raise LineRefused("Nobody is their own partner.")
            people.append((event.partner, f"{reference}-p"))
        values = {"civil_status": event.status.value}
        changes = [(ssin, altered(self._rows(ssin), event.on, values), own) for ssin, own in people]
        for ssin, change, own in changes:
            self._write(ssin, event.on, change, own)

    def _renumber(self, event: Renumbering, reference: str) -> None:
        """Record the person under the new number too. The rows of the old one go when the hub has replaced it."""
        rows = self._rows(event.ssin)
        self._require_free(event.to)
        new = {"ssin": event.to} | ({"birth_date": event.birth_date} if event.birth_date else {})
        renumbered = [{**row, **new} for row in rows]
        self._connection.execute(insert(IDENTIFICATION), renumbered)
        self._insert(HOUSEHOLD, [{**row, "ssin": event.to} for row in self._stored(HOUSEHOLD, event.ssin)])
        newest = max(renumbered, key=lambda row: row["start_date"])
        self._ask(RENUMBER, event.to, reference, event.ssin, since=event.on, **_particulars(newest))

    def _change(self, ssin: str, on: date, values: Row, reference: str) -> None:
        self._write(ssin, on, altered(self._rows(ssin), on, values), reference)

    def _write(self, ssin: str, on: date, change: Altered, reference: str) -> None:
        starts = [row["start_date"] for row in change.removed]
        own = self._of(IDENTIFICATION, ssin)
        self._connection.execute(delete(IDENTIFICATION).where(own, IDENTIFICATION.c.start_date.in_(starts)))
        self._insert(IDENTIFICATION, change.added)
        self._tell(ssin, change.period, on, MutationKind.CHANGED, reference)

    def _tell(self, ssin: str, period: Period, on: date, kind: MutationKind, reference: str) -> None:
        """Notify a change; behind the errands of the person, where there are any."""
        mutation = self._mutation(ssin, period, on, kind, reference)
        waiting = select(ERRANDS.c.id).where(ERRANDS.c.ssin == ssin).limit(1)
        if self._connection.execute(waiting).first() is None:
            outbox.write(self._connection, mutation)
        else:
            self._keep(mutation)

    def _keep(self, mutation: Mutation) -> None:
        content = msgspec.json.encode(mutation).decode()
        self._errand(NOTIFY, mutation.ssin, None, mutation.reference, content)

    def _mutation(self, ssin: str, period: Period, on: date, kind: MutationKind, reference: str) -> Mutation:
        target = self._own.target
        return Mutation(
            reference=reference,
            ssin=ssin,
            data_group=target.data_group,
            context=target.context,
            period=period,
            kind=kind,
            happened_on=on,
        )

    def _ask(self, kind: str, ssin: str, reference: str, former: str | None = None, **content: object) -> None:
        self._errand(kind, ssin, former, reference, msgspec.json.encode(content).decode())

    def _errand(self, kind: str, ssin: str, former: str | None, reference: str, content: str) -> None:
        values = {"kind": kind, "ssin": ssin, "former": former, "reference": reference, "content": content}
        self._connection.execute(insert(ERRANDS), values)

    def _rows(self, ssin: str) -> Sequence[Row]:
        """Give what is recorded of a person. Raises LineRefused."""
        rows = self._stored(IDENTIFICATION, ssin)
        if not rows:
            raise LineRefused(_UNKNOWN)
        if self._replaced(ssin):
            raise LineRefused(_MOVED_ON)
        return rows

    def _require_free(self, ssin: str) -> None:
        if self._stored(IDENTIFICATION, ssin):
            raise LineRefused(_THERE)

    def _replaced(self, ssin: str) -> bool:
        query = select(ERRANDS.c.id).where(ERRANDS.c.former == ssin).limit(1)
        return self._connection.execute(query).first() is not None

    def _stored(self, table: Table, ssin: str) -> list[dict[str, Any]]:
        found = self._connection.execute(select(table).where(self._of(table, ssin)))
        return [dict(row) for row in found.mappings()]

    def _insert(self, table: Table, rows: Iterable[Row]) -> None:
        if values := [dict(row) for row in rows]:
            self._connection.execute(insert(table), values)

    def _of(self, table: Table, ssin: str) -> Any:
        return (table.c.ssin == ssin) & (table.c.institution == self._own.institution)


def forget(connection: Connection, institution: str, ssin: str) -> None:
    """Take out what is recorded under a number that the hub has replaced."""
    for table in (IDENTIFICATION, HOUSEHOLD):
        connection.execute(delete(table).where(table.c.ssin == ssin, table.c.institution == institution))


def _particulars(row: Row) -> dict[str, Any]:
    return {"last_name": row["last_name"], "birth_date": row["birth_date"]}
