"""Who descends from whom: what a birth or another number changes. Each pair stands twice, once under either."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import update

from crossroads.participant.feed_changes import LineRefused, Row
from crossroads.participant.feed_rows import Rows
from crossroads.participant.feed_tables import DESCENT

PARENT, CHILD = "parent", "child"
_TWICE = "Nobody is named twice among a child and its parents."


class Descents:
    """The descents of one register, within a transaction."""

    def __init__(self, rows: Rows) -> None:
        """Work on these rows."""
        self._rows = rows

    def born(self, own: Row, on: date, parents: Sequence[str]) -> list[Row]:
        """Give the rows of a child and of its parents. Raises LineRefused for parents who are not in the register."""
        if len({own["ssin"], *parents}) <= len(parents):
            raise LineRefused(_TWICE)
        for parent in parents:
            self._rows.known(parent)
        since: dict[str, Any] = {**own, "start_date": on, "end_date": None}
        return [
            row
            for parent in parents
            for row in (
                {**since, "relation": PARENT, "relative": parent},
                {**since, "ssin": parent, "relation": CHILD, "relative": own["ssin"]},
            )
        ]

    def write(self, rows: Sequence[Row]) -> None:
        """Add rows."""
        self._rows.insert(DESCENT, rows)

    def renumber(self, old: str, new: str) -> None:
        """Record somebody under another number too; parents and children descend from that one at once."""
        self.write([{**row, "ssin": new} for row in self._rows.stored(DESCENT, old)])
        theirs = (DESCENT.c.relative == old) & self._rows.mine(DESCENT)
        self._rows.connection.execute(update(DESCENT).where(theirs).values(relative=new))
