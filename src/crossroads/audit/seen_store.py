"""What was logged about one person, newest first, less what an embargo keeps from being seen now."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql
import msgspec

from crossroads.audit.database import Pool, outages, rows
from crossroads.audit.manifests import months_within
from crossroads.wire.batches import PAGE

queries: Any = aiosql.from_path(Path(__file__).parent / "queries" / "seen.sql", "asyncpg", mandatory_parameters=False)


class Place(NamedTuple):
    """Where an entry stands in the order of time."""

    at: datetime
    stream: int
    number: int


class Seen(NamedTuple):
    """An entry about the person."""

    place: Place
    event: str
    ticket: UUID | None
    person: int
    asker: str | None
    fields: dict[str, Any]
    """Less the statement and the signature of the request."""


class Page(NamedTuple):
    """Some entries, how many there are in all, and of which months of that time entries went to an archive."""

    entries: list[Seen]
    total: int
    archived: tuple[str, ...] = ()


class Ending(NamedTuple):
    """How a question ended, and where that stands."""

    stream: int
    number: int
    event: str
    fields: dict[str, Any]


class Veil(NamedTuple):
    """That what was logged for a purpose from `since` until before `before` is seen later.

    So many days later, or at `opens`.
    """

    context: str
    since: datetime
    before: datetime
    days: int | None
    opens: datetime | None

    def reaches(self, now: datetime) -> datetime:
        """Give the moment before which everything is seen now, as far as this one goes."""
        if self.opens is not None:
            return self.since if self.opens > now else now
        return max(self.since, now - timedelta(days=self.days or 0))


class View(NamedTuple):
    """Whose entries, of which events, of what time, as seen at `now`."""

    persons: Sequence[int]
    events: Collection[str]
    first: datetime
    until: datetime
    now: datetime
    veils: Sequence[Veil] = ()
    institution: str | None = None
    data_group: str | None = None
    own: tuple[str, str] | None = None
    """An institution and a legal context: what it did for that is left out."""

    @property
    def columns(self) -> dict[str, Any]:
        """The parameters that all queries share."""
        return {
            "persons": list(self.persons),
            "events": list(self.events),
            "first": self.first,
            "until": self.until,
            "institution": self.institution,
            "data_group": self.data_group,
            "looker": self.own[0] if self.own else "",
            "without": self.own[1] if self.own else None,
            "now": self.now,
            "settled": min((veil.reaches(self.now) for veil in self.veils), default=self.until),
            "contexts": [veil.context for veil in self.veils],
            "froms": [veil.since for veil in self.veils],
            "tos": [veil.before for veil in self.veils],
            "days": [veil.days for veil in self.veils],
            "opens": [veil.opens for veil in self.veils],
        }


class SeenStore:
    """Reads them. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of any role that may read the log."""
        self._pool = pool

    async def page(self, view: View, limit: int, *, after: Place | None = None, skip: int = 0) -> Page:
        """Give some entries: those after a place, or after so many; and how many there are in all."""
        at, stream, index = after or (None, None, None)
        return await self._seen(view, limit=limit, skip=skip, at=at, stream=stream, index=index)

    async def at(self, view: View, places: Sequence[tuple[int, int]]) -> list[Seen]:
        """Give those of the entries at some places, by stream and index, that are seen."""
        return (await self._seen(view, limit=len(places), places=places)).entries

    async def endings(self, tickets: Sequence[UUID]) -> dict[UUID, Ending]:
        """Give how questions ended, by ticket."""
        with outages():
            found = await rows(queries.outcomes(self._pool, tickets=list(tickets))) if tickets else []
        return {row["ticket"]: Ending(row["stream"], row["index"], row["event"], _fields(row)) for row in found}

    async def given_records(self, records: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[tuple[str, str]]]:
        """Give, of records of batches whose pages were answered, which data groups were given by whom."""
        batches, numbers = [batch for batch, _ in records], [number for _, number in records]
        given: dict[tuple[UUID, int], list[tuple[str, str]]] = {}
        with outages():
            found = queries.given_records(self._pool, batches=batches, numbers=numbers, page_size=PAGE)
            for row in await rows(found) if records else ():
                groups = given.setdefault((row["batch"], row["number"]), [])
                groups += [(row["data_group"], row["source"])] if row["data_group"] else []
        return given

    async def kept_since(self) -> datetime | None:
        """Give the moment of the first entry of the log."""
        with outages():
            found: datetime | None = await queries.kept_since(self._pool)
        return found

    async def _seen(
        self,
        view: View,
        *,
        limit: int,
        skip: int = 0,
        places: Sequence[tuple[int, int]] | None = None,
        **after: Any,
    ) -> Page:
        streams, indexes = ([p[0] for p in places], [p[1] for p in places]) if places is not None else (None, None)
        given = {"at": None, "stream": None, "index": None} | after
        given |= {"streams": streams, "indexes": indexes, "limit": limit, "skip": skip}
        with outages():
            found = await rows(queries.seen(self._pool, **view.columns, **given))
        entries = [_seen(row) for row in found if row["stream"] is not None]
        archived = months_within(found[0]["archived"] or (), view.first, view.until)
        return Page(entries, found[0]["total"], tuple(archived))


def _seen(row: Any) -> Seen:
    place = Place(row["at"], row["stream"], row["index"])
    return Seen(place, row["event"], row["ticket"], row["person"], row["asker"], _fields(row))


def _fields(row: Any) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.json.decode(row["content"] or "{}")
    return fields
