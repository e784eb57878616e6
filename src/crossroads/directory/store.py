"""The tables of the directory. Private to this room."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.directory.changes import Change
from crossroads.directory.model import Check, Held, KnownOverlap, Line, Piece
from crossroads.identity.closure import moment_of_change
from crossroads.identity.database import Connection, rows
from crossroads.kernel.period import Period

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)


class Placed(NamedTuple):
    """A change of the lines of an institution in a context, with the ticket under which it is made, and why."""

    institution: str
    context: str
    change: Change
    ticket: UUID
    reason: str


Written = dict[UUID, list[Line]]
"""Lines, by the ticket under which they were written."""


async def lines_of(
    connection: Connection, persons: Sequence[int], *, context: str | None = None, institution: str | None = None
) -> list[Held]:
    """Give the lines of a closure by their start, those of one context or institution where asked."""
    found = await rows(queries.lines_of(connection, persons=list(persons), context=context, institution=institution))
    return [Held(row["person"], line_of(row)) for row in found]


async def believed_lines(connection: Connection, persons: Sequence[int], moment: datetime) -> list[Line]:
    """Give the lines of a closure that were believed at a moment."""
    return [
        line_of(row) for row in await rows(queries.believed_lines(connection, persons=list(persons), moment=moment))
    ]


async def lines_of_institution(connection: Connection, institution: str, after: int, limit: int) -> list[Held]:
    """Give some lines of an institution: those after a number, in the order of their numbers."""
    query = queries.lines_of_institution(connection, institution=institution, after=after, limit=limit)
    return [Held(row["person"], line_of(row)) for row in await rows(query)]


async def write(connection: Connection, changes: Sequence[Placed], moment: datetime, actor: str) -> Written:
    """Carry out changes, none of the lines of another, and give what was written. What was believed goes to history."""
    ended = [(held, placed) for placed in changes for held in placed.change.ended]
    if ended:
        keys = {
            "persons": [held.person for held, _ in ended],
            "inscriptions": [held.line.inscription for held, _ in ended],
        }
        stamps = {
            "tickets": [placed.ticket for _, placed in ended],
            "reasons": [placed.reason for _, placed in ended],
        }
        await queries.lines_to_history(connection, **keys, **stamps, moment=moment, actor=actor)
        await queries.remove_lines(connection, **keys)
    pieces = [(piece, placed) for placed in changes for piece in placed.change.written]
    found: Written = defaultdict(list)
    for row in await rows(queries.write_lines(connection, **_columns(pieces), moment=moment)) if pieces else ():
        found[row["ticket"]].append(line_of(row))
    return found


def _columns(pieces: Sequence[tuple[Piece, Placed]]) -> dict[str, list[Any]]:
    return {
        "persons": [piece.person for piece, _ in pieces],
        "institutions": [placed.institution for _, placed in pieces],
        "contexts": [placed.context for _, placed in pieces],
        "starts": [piece.period.start_date for piece, _ in pieces],
        "ends": [piece.period.end_date for piece, _ in pieces],
        "phases": [piece.phase for piece, _ in pieces],
        "tickets": [placed.ticket for _, placed in pieces],
    }


async def claim_references(
    connection: Connection, institution: str, digests: Mapping[str, bytes]
) -> dict[str, tuple[bytes, str]]:
    """Take references; of those that are taken, give the digest of that request and what came of it."""
    columns = {"references": list(digests), "digests": list(digests.values())}
    claimed = {row[0] for row in await rows(queries.claim_references(connection, institution=institution, **columns))}
    taken = [reference for reference in digests if reference not in claimed]
    if not taken:
        return {}
    found = await rows(queries.references(connection, institution=institution, references=taken))
    return {row["reference"]: (row["digest"], row["outcome"]) for row in found}


async def keep_outcomes(
    connection: Connection, institution: str, kept: Mapping[str, tuple[bytes, str]], free: Sequence[str]
) -> None:
    """Keep what came of requests, and give references back that were taken in vain."""
    if kept:
        columns = {
            "references": list(kept),
            "digests": [digest for digest, _ in kept.values()],
            "outcomes": [outcome for _, outcome in kept.values()],
        }
        await queries.keep_outcomes(connection, institution=institution, **columns)
    if free:
        await queries.free_references(connection, institution=institution, references=list(free))


def line_of(row: Any) -> Line:
    """Give the line of a row."""
    period = Period(row["start_date"], row["end_date"])
    return Line(row["inscription"], row["institution"], row["context"], period, row["phase"])


class StagedPlace(NamedTuple):
    """Whose lines, in which context and phase, a file holds: its first line, and the first without a reference."""

    institution: str
    context: str
    phase: int
    line: int
    bare: int | None


async def stage(connection: Connection) -> None:
    """Make the place where the lines of a file wait to be checked."""
    await queries.stage(connection)


async def look_up_staged(connection: Connection) -> None:
    """Find the persons of the numbers in the file."""
    await queries.look_up_staged(connection)


async def staged_places(connection: Connection) -> list[StagedPlace]:
    """Give whose lines the file holds."""
    return [StagedPlace(*row) for row in await rows(queries.staged_places(connection))]


async def staged_unknown(connection: Connection, limit: int) -> list[int]:
    """Give the lines about persons that are not known."""
    return [row["line"] for row in await rows(queries.staged_unknown(connection, limit=limit))]


async def lock_staged(connection: Connection) -> None:
    """Take the locks of all persons concerned; again after a link that was made while we waited."""
    held = -1
    while (now := await queries.lock_staged(connection)) != held:
        held = now


async def staged_conflicts(connection: Connection, exclusive: Sequence[str], limit: int) -> list[int]:
    """Give the lines that break the rule of exclusivity."""
    found = queries.staged_conflicts(connection, exclusive=list(exclusive), limit=limit)
    return [row["line"] for row in await rows(found)]


async def add_staged(connection: Connection, ticket: UUID) -> int:
    """Write the lines of the file, and count them."""
    stamp = {"moment": await moment_of_change(connection), "ticket": ticket}
    return int(await queries.add_staged(connection, **stamp))


async def contexts(connection: Connection) -> list[str]:
    """Give the contexts that occur."""
    return [row["context"] for row in await rows(queries.contexts(connection))]


async def check(connection: Connection, exclusive: Sequence[str]) -> Check:
    """Look over the whole table."""
    counts = await queries.counts(connection, exclusive=list(exclusive))
    found = await rows(queries.check_exclusive(connection, exclusive=list(exclusive)))
    broken = sorted({number for row in found if not row["known"] for number in row["inscriptions"]})
    known = tuple(_known(row) for row in found if row["known"])
    return Check(counts["inscriptions"], counts["persons"], counts["exclusive"], tuple(broken), known)


def _known(row: Any) -> KnownOverlap:
    first, second = row["inscriptions"]
    return KnownOverlap(row["context"], (first, second), row["link"], row["recorded_at"], row["since"])
