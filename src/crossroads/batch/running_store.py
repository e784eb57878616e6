"""The pages of a batch under way, in PostgreSQL: to be decided, asked about, composed. Private to this room."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql
import msgspec

from crossroads.batch.asking import Kept
from crossroads.batch.composing import Chunk, Composed
from crossroads.batch.deciding import DecidedPage
from crossroads.identity.database import Connection, rows
from crossroads.kernel.codes import Code

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=15)
"""Until a source that failed is asked again; twice as long each time."""

queries: Any = aiosql.from_path(Path(__file__).parent / "running.sql", "asyncpg", mandatory_parameters=False)

_encode = msgspec.json.encode
_decided = msgspec.json.Decoder(DecidedPage).decode
_kept = msgspec.json.Decoder(Kept).decode


class Share(NamedTuple):
    """What one job has of a batch: the pages that it took. One that nobody took may be anybody's."""

    ticket: UUID
    job: UUID


class Left(NamedTuple):
    """How many pages are not over: of the whole batch, of a share, and of that to be decided."""

    pages: int
    own: int
    undecided: int


class Undecided(NamedTuple):
    """A page that is to be decided."""

    number: int
    records: bytes
    drafted: bool
    """Whether somebody began, and may have logged it."""


class Waiting(NamedTuple):
    """That a source is to be asked about a page, from a record on."""

    source: str
    first: int
    due_at: datetime


class Counts(NamedTuple):
    """Records by status: of the whole, and of each source."""

    whole: Counter[str]
    sources: dict[str, Counter[str]]

    def add(self, composed: Composed) -> None:
        """Count those of a page."""
        self.whole.update(composed.counts)
        for source, counts in composed.sources.items():
            self.sources.setdefault(source, Counter()).update(counts)


async def left(connection: Connection, share: Share) -> Left:
    """Count the pages that are not answered and logged yet."""
    return Left(*await queries.left(connection, **share._asdict()))


async def take(connection: Connection, share: Share) -> Undecided | None:
    """Take the next page that is to be decided: no other job does anything with it from here on."""
    row = await queries.take(connection, **share._asdict())
    return Undecided(*row) if row else None


async def due(connection: Connection, share: Share, now: datetime, count: int) -> list[int]:
    """Give decided pages of which somebody is to be asked now, or which only wait to be composed."""
    found = await rows(queries.due(connection, **share._asdict(), now=now, count=count))
    return [row["page"] for row in found]


async def wake(connection: Connection, share: Share, now: datetime) -> None:
    """Let nobody rest for longer than the longest pause: the clock went back since."""
    await queries.wake(connection, **share._asdict(), now=now, longest=LONGEST_PAUSE)


async def next_due(connection: Connection, share: Share) -> datetime | None:
    """Give the moment at which somebody is to be asked next."""
    when: datetime | None = await queries.next_due(connection, **share._asdict())
    return when


async def decided_page(connection: Connection, ticket: UUID, page: int) -> tuple[bytes, DecidedPage]:
    """Give the records of a page that was decided, and the decisions."""
    row = await queries.decided_page(connection, ticket=ticket, page=page)
    return row["records"], _decided(row["decisions"])


async def draft(connection: Connection, ticket: UUID, page: int, decided: DecidedPage) -> None:
    """Keep what is about to be logged of a page."""
    await queries.draft(connection, ticket=ticket, page=page, decisions=_encode(decided))


async def drafted(connection: Connection, ticket: UUID, page: int) -> DecidedPage:
    """Give what was about to be logged of a page."""
    return _decided(await queries.page_draft(connection, ticket=ticket, page=page))


async def note_decided(connection: Connection, ticket: UUID, page: int, decided: DecidedPage, now: datetime) -> None:
    """Note that a page is logged, and whom to ask about it."""
    await queries.decided(connection, ticket=ticket, page=page, now=now)
    await queries.count_decided(connection, ticket=ticket, records=len(decided.verdicts))
    await queries.add_chunks(connection, ticket=ticket, page=page, sources=sorted(decided.scopes), now=now)


async def waiting(connection: Connection, ticket: UUID, page: int) -> tuple[list[Waiting], int]:
    """Give who is to be asked about a page, and how many bytes others answered."""
    found = await rows(queries.waiting_of(connection, ticket=ticket, page=page))
    given: int = await queries.given_of(connection, ticket=ticket, page=page)
    return [Waiting(*row) for row in found], given


async def chunks(connection: Connection, ticket: UUID, page: int) -> list[Chunk]:
    """Give what came of asking about a page, as far as it is kept."""
    found = await rows(queries.chunks_of(connection, ticket=ticket, page=page))
    return [
        Chunk(source, first, msgspec.convert(code, Code), _kept(answer) if answer else None)
        for source, first, code, answer in found
    ]


async def keep(connection: Connection, ticket: UUID, page: int, chunk: Chunk, now: datetime) -> None:
    """Keep what came of asking a source; about what it did not answer it is to be asked now."""
    place = {"ticket": ticket, "page": page, "source": chunk.source}
    if chunk.kept is None:
        await queries.failed(connection, **place, first_index=chunk.first, code=str(chunk.code))
        return
    answer = _encode(chunk.kept)
    await queries.answered(connection, **place, first_index=chunk.first, code=str(chunk.code), answer=answer)
    if chunk.kept.until is not None:
        await queries.add_chunk(connection, **place, first_index=chunk.kept.until, now=now)


async def postpone(
    connection: Connection, share: Share, page: int, waiting: Waiting, code: Code, now: datetime
) -> datetime:
    """Note that a source failed, and give when it is asked again."""
    place = {"ticket": share.ticket, "page": page, "source": waiting.source, "first_index": waiting.first}
    pauses = {"pause": FIRST_PAUSE, "longest": LONGEST_PAUSE}
    due_at: datetime = await queries.postponed(connection, **place, job=share.job, **pauses, code=str(code), now=now)
    await queries.postpone(connection, **place, due_at=due_at)
    return due_at


async def give_up(connection: Connection, share: Share) -> None:
    """Ask nobody any more, for the deadline is there."""
    await queries.give_up(connection, **share._asdict(), code=str(Code.SOURCE_LATE))


async def counts(connection: Connection, ticket: UUID) -> Counts:
    """Give what is counted so far, until the transaction ends. It locks the batch: change the pages first."""
    row = await queries.counts(connection, ticket=ticket)
    sources = {source: Counter(found) for source, found in msgspec.json.decode(row["source_counts"]).items()}
    return Counts(Counter(msgspec.json.decode(row["counts"])), sources)


async def note_answered(connection: Connection, ticket: UUID, page: int, composed: Composed, records: int) -> None:
    """Keep the part of the result about a page; what it was composed from goes."""
    await queries.add_result(connection, ticket=ticket, part=page, content=composed.content)
    await queries.page_answered(connection, ticket=ticket, page=page, entry=_encode(composed.fields))
    await queries.remove_page_chunks(connection, ticket=ticket, page=page)
    counted = await counts(connection, ticket)
    counted.add(composed)
    await queries.count_answered(
        connection,
        ticket=ticket,
        records=records,
        counts=_encode(counted.whole).decode(),
        source_counts=_encode(counted.sources).decode(),
    )


async def unlogged(connection: Connection, share: Share) -> list[tuple[int, dict[str, Any]]]:
    """Give the answered pages that were not seen to be logged, and what is to be logged of them."""
    found = await rows(queries.unlogged(connection, **share._asdict()))
    return [(row["page"], msgspec.json.decode(row["entry"])) for row in found]


async def note_logged(connection: Connection, ticket: UUID, pages: Iterable[int]) -> None:
    """Note that answered pages are logged."""
    for page in pages:
        await queries.page_logged(connection, ticket=ticket, page=page)


async def add_summary(connection: Connection, ticket: UUID, part: int, content: bytes) -> None:
    """Keep the last part of the result."""
    await queries.add_result(connection, ticket=ticket, part=part, content=content)
