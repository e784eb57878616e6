"""The rows that a register has of a person, within a transaction."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from crossroads.participant.feed_changes import Altered, LineRefused, Row
from crossroads.participant.feed_tables import DESCENT, ERRANDS, HOUSEHOLD, IDENTIFICATION

_UNKNOWN = "The person is not in this register."
_THERE = "The number is in this register already."
_MOVED_ON = "The number was replaced by another."


class Rows:
    """The rows of one register. Those of other institutions in the same tables are left alone."""

    def __init__(self, connection: Connection, institution: str) -> None:
        """Write over a connection whose transaction the caller commits."""
        self.connection, self._institution = connection, institution

    def of(self, table: Table, ssin: str) -> Any:
        """Give the condition for the rows of a person."""
        return (table.c.ssin == ssin) & self.mine(table)

    def mine(self, table: Table) -> Any:
        """Give the condition for the rows of this register."""
        return table.c.institution == self._institution

    def stored(self, table: Table, ssin: str) -> list[dict[str, Any]]:
        """Give the rows of a person."""
        found = self.connection.execute(select(table).where(self.of(table, ssin)))
        return [dict(row) for row in found.mappings()]

    def known(self, ssin: str) -> list[dict[str, Any]]:
        """Give who a person of this register is. Raises LineRefused."""
        rows = self.stored(IDENTIFICATION, ssin)
        if not rows:
            raise LineRefused(_UNKNOWN)
        if self.replaced(ssin):
            raise LineRefused(_MOVED_ON)
        return rows

    def require_free(self, ssin: str) -> None:
        """Raise LineRefused where the number is somebody's."""
        if self.stored(IDENTIFICATION, ssin):
            raise LineRefused(_THERE)

    def replaced(self, ssin: str) -> bool:
        """Tell whether the person has another number, which the hub does not know yet."""
        query = select(ERRANDS.c.id).where(ERRANDS.c.former == ssin).limit(1)
        return self.connection.execute(query).first() is not None

    def insert(self, table: Table, rows: Iterable[Row]) -> None:
        """Add rows."""
        if values := [dict(row) for row in rows]:
            self.connection.execute(insert(table), values)

    def alter(self, table: Table, ssin: str, change: Altered) -> None:
        """Write what a change makes of the rows of a person."""
        starts = [row["start_date"] for row in change.removed]
        self.connection.execute(delete(table).where(self.of(table, ssin), table.c.start_date.in_(starts)))
        self.insert(table, change.added)


def forget(connection: Connection, institution: str, ssin: str) -> None:
    """Take out what is recorded under a number that the hub has replaced."""
    rows = Rows(connection, institution)
    for table in (IDENTIFICATION, HOUSEHOLD, DESCENT):
        connection.execute(delete(table).where(rows.of(table, ssin)))
