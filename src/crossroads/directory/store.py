"""The tables of the directory. Private to this room."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.directory.changes import Change
from crossroads.directory.model import Check, Held, Line
from crossroads.identity.closure import moment_of_change
from crossroads.identity.database import Connection, rows
from crossroads.identity.model import Stamp
from crossroads.kernel.period import Period

queries: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "asyncpg", mandatory_parameters=False)


class Place(NamedTuple):
    """Whose lines, in which context."""

    institution: str
    context: str


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


async def write(connection: Connection, place: Place, change: Change, stamp: Stamp) -> list[Line]:
    """Carry out a change, and give the lines written. What was believed goes to the history."""
    if change.ended:
        ended = {
            "persons": [held.person for held in change.ended],
            "inscriptions": [held.line.inscription for held in change.ended],
        }
        await queries.lines_to_history(connection, **ended, **stamp._asdict())
        await queries.remove_lines(connection, **ended)
    written = queries.write_lines(
        connection,
        **place._asdict(),
        persons=[piece.person for piece in change.written],
        starts=[piece.period.start_date for piece in change.written],
        ends=[piece.period.end_date for piece in change.written],
        phases=[piece.phase for piece in change.written],
        moment=stamp.moment,
        ticket=stamp.ticket,
    )
    return [line_of(row) for row in await rows(written)]


async def claim_reference(
    connection: Connection, institution: str, reference: str, digest: bytes
) -> tuple[bytes, str] | None:
    """Take a reference; where it is taken, give the digest of that request and what came of it."""
    key = {"institution": institution, "reference": reference}
    if await queries.claim_reference(connection, **key, digest=digest) is not None:
        return None
    row = await queries.reference(connection, **key)
    return row["digest"], row["outcome"]


async def keep_outcome(connection: Connection, institution: str, reference: str, outcome: str) -> None:
    """Keep what came of a request."""
    await queries.keep_outcome(connection, institution=institution, reference=reference, outcome=outcome)


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
    broken = await rows(queries.check_exclusive(connection, exclusive=list(exclusive)))
    conflicts = tuple(row["inscription"] for row in broken)
    return Check(counts["inscriptions"], counts["persons"], counts["exclusive"], conflicts)
