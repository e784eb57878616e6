"""The register's own tables: a line of a feed applied to them, with its notices, in one transaction."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from crossroads.kernel.period import Period
from crossroads.participant.feed_changes import Altered, LineRefused, Row, address_values, altered, recorded
from crossroads.participant.feed_descent import Descents
from crossroads.participant.feed_events import (
    AnyEvent,
    Birth,
    CivilStatus,
    CivilUnion,
    Death,
    Housing,
    Move,
    Naming,
    Position,
    Renumbering,
)
from crossroads.participant.feed_households import Households, Place, Rehoused
from crossroads.participant.feed_notices import DECEASE, INTRODUCE, RENUMBER, Notices, Own
from crossroads.participant.feed_rows import Rows
from crossroads.participant.feed_tables import HOUSEHOLD, IDENTIFICATION
from crossroads.wire.mutations import MutationKind


class Register:
    """The tables of a register, within a transaction, on the day of a feed."""

    def __init__(self, connection: Connection, own: Own, day: date) -> None:
        """Write over a connection whose transaction the caller commits."""
        self._own, self._day = own, day
        self._rows = Rows(connection, own.institution)
        self._households = Households(self._rows)
        self._descents = Descents(self._rows)
        self._notices = Notices(connection, own)

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
            case Housing():
                self._house(event, reference)
            case Move():
                self._change(event.ssin, event.on, address_values(event.address), reference)
            case Naming():
                names = {"last_name": event.last_name, "first_names": event.first_names}
                self._change(event.ssin, event.on, names, reference)

    def _bear(self, event: Birth, reference: str) -> None:
        """Record a child. Who lives with it is told once the hub knows it: then it can be inscribed at once."""
        self._rows.require_free(event.ssin)
        home = self._home_of(event)
        descent = self._descents.born(self._key(event.ssin), event.on, event.parents)
        row = {
            **self._key(event.ssin),
            "start_date": event.on,
            "last_name": event.last_name,
            "first_names": event.first_names,
            "birth_date": event.on.isoformat(),
            "sex": event.sex.value,
            **address_values(event.address),
        }
        self._rows.insert(IDENTIFICATION, [row])
        self._notices.ask(INTRODUCE, event.ssin, reference, {"since": event.on, **_particulars(row)})
        created = MutationKind.CREATED
        self._notices.keep(self._notices.mutation(event.ssin, Period(event.on), event.on, created, f"{reference}-n"))
        if home:
            self._rehouse(event.ssin, event.on, home, created, reference, at_once=False)
        self._descend(event, descent, reference)

    def _descend(self, child: Birth, rows: list[Row], reference: str) -> None:
        """Record who the parents are, and notify it of the child and of each of them once the hub knows the child."""
        self._descents.write(rows)
        group = self._own.target.descent_group
        if group is None or not rows:
            return
        for number, ssin in enumerate((child.ssin, *child.parents)):
            kind = MutationKind.CHANGED if number else MutationKind.CREATED
            told = f"{reference}-k{number}"
            self._notices.keep(self._notices.mutation(ssin, Period(child.on), child.on, kind, told, group))

    def _home_of(self, child: Birth) -> Rehoused | None:
        if child.joins is None:
            return None
        place = self._households.place(child.ssin, child.on, child.joins, Position.CHILD)
        return self._households.entering(self._key(child.ssin), child.on, place)

    def _bury(self, event: Death, reference: str) -> None:
        rows = self._rows.known(event.ssin)
        if any(row["death_date"] for row in rows):
            raise LineRefused("A death is recorded already.")
        widowed = self._widowed(event)
        home = self._households.leaving(event.ssin, event.on)
        self._write(event.ssin, event.on, altered(rows, event.on, {"death_date": event.on}), reference)
        if widowed and event.partner:
            self._write(event.partner, event.on, widowed, f"{reference}-p")
        if home:
            self._rehouse(event.ssin, event.on, home, MutationKind.ENDED, reference)
        self._notices.ask(DECEASE, event.ssin, f"{reference}-d", {"since": event.on})

    def _widowed(self, event: Death) -> Altered | None:
        if event.partner is None:
            return None
        _require_two(event.ssin, event.partner)
        widowed, rows = {"civil_status": CivilStatus.WIDOWED.value}, self._rows.known(event.partner)
        return None if recorded(rows, event.on, widowed) else altered(rows, event.on, widowed)

    def _unite(self, event: CivilUnion, reference: str) -> None:
        people = [(event.ssin, reference)]
        if event.partner is not None:
            _require_two(event.ssin, event.partner)
            people.append((event.partner, f"{reference}-p"))
        values = {"civil_status": event.status.value}
        changes = [(ssin, altered(self._rows.known(ssin), event.on, values), own) for ssin, own in people]
        for ssin, change, own in changes:
            self._write(ssin, event.on, change, own)

    def _renumber(self, event: Renumbering, reference: str) -> None:
        """Record the person under the new number too. The rows of the old one go when the hub has replaced it."""
        rows = self._rows.known(event.ssin)
        self._rows.require_free(event.to)
        new = {"ssin": event.to} | ({"birth_date": event.birth_date} if event.birth_date else {})
        renumbered = [{**row, **new} for row in rows]
        companions = self._households.companions(event.ssin)
        self._rows.insert(IDENTIFICATION, renumbered)
        homes = self._rows.stored(HOUSEHOLD, event.ssin)
        self._rows.insert(HOUSEHOLD, [{**row, "ssin": event.to} for row in homes])
        self._descents.renumber(event.ssin, event.to)
        newest = max(renumbered, key=lambda row: row["start_date"])
        content = {"since": event.on, **_particulars(newest)}
        self._notices.ask(RENUMBER, event.to, reference, content, event.ssin)
        self._tell_companions(event, companions, reference)

    def _tell_companions(self, event: Renumbering, companions: Mapping[str, Period], reference: str) -> None:
        """Notify, of each who lives with somebody, that the number in their households is another now: once it is."""
        group = self._own.target.household_group
        if group is None:
            return
        for number, (other, days) in enumerate(companions.items(), start=1):
            told = f"{reference}-h{number}"
            mutation = self._notices.mutation(other, days, event.on, MutationKind.CHANGED, told, group)
            self._notices.keep(mutation, behind=event.to)

    def _house(self, event: Housing, reference: str) -> None:
        self._rows.known(event.ssin)
        new = Place(reference, event.collective, event.position)
        place = self._households.place(event.ssin, event.on, event.joins, event.position) if event.joins else new
        home = self._households.entering(self._key(event.ssin), event.on, place)
        self._rehouse(event.ssin, event.on, home, MutationKind.CHANGED, reference)

    def _change(self, ssin: str, on: date, values: Row, reference: str) -> None:
        self._write(ssin, on, altered(self._rows.known(ssin), on, values), reference)

    def _write(self, ssin: str, on: date, change: Altered, reference: str) -> None:
        self._rows.alter(IDENTIFICATION, ssin, change)
        kind = MutationKind.CHANGED
        self._notices.tell(self._notices.mutation(ssin, change.period, on, kind, reference))

    def _rehouse(
        self, ssin: str, on: date, home: Rehoused, kind: MutationKind, reference: str, *, at_once: bool = True
    ) -> None:
        """Write what changes in households, and notify it of everybody whom it concerns."""
        self._rows.alter(HOUSEHOLD, ssin, home.change)
        group = self._own.target.household_group
        if group is None:
            return
        send = self._notices.tell if at_once else self._notices.keep
        send(self._notices.mutation(ssin, home.change.period, on, kind, f"{reference}-h", group))
        for number, (other, days) in enumerate(home.others.items(), start=1):
            changed = MutationKind.CHANGED
            send(self._notices.mutation(other, days, on, changed, f"{reference}-h{number}", group))

    def _key(self, ssin: str) -> dict[str, str]:
        return {"institution": self._own.institution, "context": self._own.target.context, "ssin": ssin}


def _require_two(ssin: str, partner: str) -> None:
    if ssin == partner:
        raise LineRefused("Nobody is their own partner.")


def _particulars(row: Row) -> dict[str, Any]:
    return {"last_name": row["last_name"], "birth_date": row["birth_date"]}
