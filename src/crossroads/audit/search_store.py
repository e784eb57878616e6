"""The log as a supervisor searches it: newest first, by person, ticket or institution, never the whole of it."""

import asyncio
from collections.abc import AsyncIterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql
import msgspec

from crossroads.audit.database import Pool, outages, rows
from crossroads.audit.errors import SearchTooWide
from crossroads.audit.manifests import months_within
from crossroads.audit.seen_store import Place

queries: Any = aiosql.from_path(Path(__file__).parent / "queries" / "search.sql", "asyncpg", mandatory_parameters=False)
PATIENCE_SECONDS = 6
"""After which a search is given up, before who asked gives up waiting."""


class Search(NamedTuple):
    """What is searched: by `persons`, by `ticket`, else by `askers`; the rest narrows it."""

    first: datetime
    until: datetime
    persons: Sequence[int] | None = None
    ticket: UUID | None = None
    askers: Sequence[str] | None = None
    agent: str | None = None
    legal_context: str | None = None


class Found(NamedTuple):
    """An entry, less the statement and the signature of its request."""

    place: Place
    event: str
    ticket: UUID | None
    person: int | None
    asker: str | None
    fields: dict[str, Any]


class SearchStore:
    """Searches. Raises Unavailable while the database does not work, SearchTooWide where it takes too long."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of any role that may read the log."""
        self._pool = pool

    async def page(self, search: Search, limit: int, after: Place | None = None) -> list[Found]:
        """Give some entries, those after a place."""
        at, stream, index = after or (None, None, None)
        given = {**search._asdict(), "limit": limit, "at": at, "stream": stream, "index": index}
        return [_found(row) for row in await in_time(_query(search)(self._pool, **given))]

    async def archived(self, first: datetime, until: datetime) -> list[str]:
        """Give the months of some time of which entries went to an archive, as `2026-01`: they are not searched."""
        months = [row["month"] for row in await in_time(queries.archived_months(self._pool)) if row["month"]]
        return months_within(months, first, until)

    async def persons_at(self, places: Sequence[tuple[int, int]]) -> list[int]:
        """Give whom the entries at some places, by stream and index, are about."""
        streams, indexes = [stream for stream, _ in places], [index for _, index in places]
        found = queries.persons_at(self._pool, streams=streams, indexes=indexes)
        return sorted(row["person"] for row in await in_time(found))


async def in_time(query: AsyncIterable[Any]) -> list[Any]:
    """Give all rows of a query. Raises SearchTooWide where that takes too long."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            with outages():
                return await rows(query)
    except TimeoutError:
        raise SearchTooWide from None


def _query(search: Search) -> Any:
    if search.ticket is not None:
        return queries.of_ticket
    return queries.of_persons if search.persons is not None else queries.of_askers


def _found(row: Any) -> Found:
    place = Place(row["at"], row["stream"], row["index"])
    fields = msgspec.json.decode(row["content"] or "{}")
    return Found(place, row["event"], row["ticket"], row["person"], row["asker"], fields)
