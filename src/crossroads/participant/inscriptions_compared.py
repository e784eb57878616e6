"""A list of one's own against the directory, of any length: it lies in a small database while it is compared.

What touches belongs together, so all lines under one number go in one request.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, NamedTuple, Protocol

import msgspec

from crossroads.kernel.period import Period
from crossroads.participant.batches_file import Tell
from crossroads.participant.files import placed
from crossroads.participant.inscriptions_file import InscriptionFile
from crossroads.wire.inscriptions import (
    MAXIMUM_COMPARED,
    ComparedLine,
    ComparedOutcome,
    InscriptionDifferences,
    Unlisted,
    Verdict,
)

_TABLE = """
CREATE TABLE listed (
    line integer PRIMARY KEY, ssin text, context text, first text, last text, phase integer, today text, outcome blob
)
"""
_INDEXES = ("CREATE INDEX by_ssin ON listed (ssin)", "CREATE INDEX by_today ON listed (today, context)")
_PART = "SELECT * FROM listed WHERE (ssin, line) > (?, ?) ORDER BY ssin, line LIMIT ?"
_NEVER = date.max.isoformat()


class Hub(Protocol):
    """Who compares: the inscriptions of a client."""

    def compare(self, institution: str, lines: Sequence[ComparedLine]) -> tuple[ComparedOutcome, ...]:
        """Tell of each line how the directory has it."""
        ...

    def besides(self, institution: str, after: int = 0, lines: Sequence[ComparedLine] = ()) -> InscriptionDifferences:
        """Give what the directory has after a number."""
        ...


class Compared(NamedTuple):
    """How many lines of the list stand how, and how many the directory has besides."""

    same: int
    different: int
    missing: int
    unlisted: int


def compare(file: InscriptionFile, institution: str, hub: Hub, output: Path, tell: Tell) -> Compared:
    """Compare a list, and write what differs to a file of mode 0600: lines of the list in order, then what it has not.

    Raises BadFile, and what the hub raises. The file is there when all is in it.
    """
    with (
        TemporaryDirectory(prefix=".compared-", dir=output.absolute().parent) as folder,
        closing(sqlite3.connect(Path(folder) / "list.sqlite", isolation_level=None)) as database,
        placed(output) as written,
    ):
        _fill(database, file, tell)
        counts = _compare(database, institution, hub, tell)
        _write_lines(database, written)
        unlisted = _write_unlisted(database, institution, hub, written)
    return Compared(counts[Verdict.SAME], counts[Verdict.DIFFERENT], counts[Verdict.MISSING], unlisted)


def _fill(database: sqlite3.Connection, file: InscriptionFile, tell: Tell) -> None:
    database.execute(_TABLE)
    database.execute("BEGIN")
    database.executemany("INSERT INTO listed VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", _columns(file, tell))
    for index in _INDEXES:
        database.execute(index)


def _columns(file: InscriptionFile, tell: Tell) -> Iterator[tuple[Any, ...]]:
    for line, row in file.rows("checked", tell):
        last = row.period.end_date.isoformat() if row.period.end_date else _NEVER
        days = row.period.start_date.isoformat(), last
        yield line, row.ssin, row.context, *days, int(row.phase), row.ssin


def _compare(database: sqlite3.Connection, institution: str, hub: Hub, tell: Tell) -> dict[Verdict, int]:
    counts = dict.fromkeys(Verdict, 0)
    (of,) = database.execute("SELECT count(*) FROM listed").fetchone()
    for part in _parts(database):
        outcomes = hub.compare(institution, [_listed(row) for row in part])
        for row, outcome in zip(part, outcomes, strict=True):
            counts[outcome.verdict] += 1
            if outcome.verdict is not Verdict.SAME or outcome.ssin:
                told = msgspec.json.encode(outcome), outcome.ssin or row["ssin"], row["line"]
                database.execute("UPDATE listed SET outcome = ?, today = ? WHERE line = ?", told)
        tell("compared", sum(counts.values()), of)
    return counts


def _parts(database: sqlite3.Connection) -> Iterator[list[Any]]:
    """Give the lines in parts that may be sent; all under one number are in one, unless they alone are too many."""
    cursor = database.cursor()
    cursor.row_factory = sqlite3.Row
    after: tuple[str, int] = "", 0
    while found := cursor.execute(_PART, (*after, MAXIMUM_COMPARED + 1)).fetchall():
        part = found[:MAXIMUM_COMPARED]
        if len(found) > len(part):
            part = [row for row in part if row["ssin"] != found[-1]["ssin"]] or part
        yield part
        after = part[-1]["ssin"], part[-1]["line"]


def _listed(row: Any) -> ComparedLine:
    last = None if row["last"] == _NEVER else date.fromisoformat(row["last"])
    period = Period(date.fromisoformat(row["first"]), last)
    return ComparedLine(ssin=row["ssin"], context=row["context"], period=period, phase=row["phase"])


def _write_lines(database: sqlite3.Connection, written: BinaryIO) -> None:
    query = "SELECT line, outcome FROM listed WHERE outcome IS NOT NULL ORDER BY line"
    found = ({"line": line, **msgspec.json.decode(outcome)} for line, outcome in database.execute(query))
    written.writelines(msgspec.json.encode(one) + b"\n" for one in found)


def _write_unlisted(database: sqlite3.Connection, institution: str, hub: Hub, written: BinaryIO) -> int:
    count, after = 0, 0
    while True:
        page = hub.besides(institution, after)
        for one in page.unlisted:
            if not _is_listed(database, one):
                written.write(msgspec.json.encode({"verdict": "unlisted", **msgspec.to_builtins(one)}) + b"\n")
                count += 1
        if page.next is None:
            return count
        after = page.next


def _is_listed(database: sqlite3.Connection, one: Unlisted) -> bool:
    last = one.period.end_date.isoformat() if one.period.end_date else _NEVER
    found = database.execute(
        "SELECT 1 FROM listed WHERE today = ? AND context = ? AND first <= ? AND last >= ? LIMIT 1",
        (one.ssin, one.context, last, one.period.start_date.isoformat()),
    )
    return found.fetchone() is not None
