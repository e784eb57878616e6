"""The log with the months that left it: what is in files beside what is in the database, for queries over both.

For one snapshot a view named log_entry hides the table, so that no query need know of files. What is in the files of
the events that are looked at is copied beside it, to where the database keeps what is temporary.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from crossroads.audit.archived import Archive, current, paths
from crossroads.audit.database import Pool, outages, queries
from crossroads.audit.events import Event
from crossroads.audit.manifests import Manifest, month_name
from crossroads.audit.parquet import ROWS, entries
from crossroads.audit.reading import Reading, Snapshot
from crossroads.kernel.errors import Refused
from crossroads.wire.notes import NoteVerifier

_COLUMNS = ("stream", "index", "epoch", "event", "ticket", "person", "asker", "at", "content", "salts", "leaf")
_MAKE = """
CREATE TEMPORARY TABLE archived_entry (LIKE public.log_entry);
CREATE INDEX ON pg_temp.archived_entry (person, at);
CREATE INDEX ON pg_temp.archived_entry (ticket);
CREATE TEMPORARY VIEW log_entry AS SELECT * FROM public.log_entry UNION ALL SELECT * FROM pg_temp.archived_entry
"""


class WholeLog(Reading):
    """Reads the entries of some events, also where their months are in files."""

    def __init__(
        self,
        pool: Pool,
        verifiers: Collection[NoteVerifier],
        archive: Archive | None,
        events: Collection[Event],
        since: datetime | None = None,
    ) -> None:
        """Read with connections that may make temporary tables (crossroads_hub); no months from before `since`."""
        super().__init__(pool)
        self._verifiers, self._archive = verifiers, archive
        self._events, self._since = frozenset(event.value for event in events), since

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Look at all of it as it is at one moment.

        Raises Refused where months are in files and no folder was named, Tampered for a file that is missing or not
        the one.
        """
        with outages():
            async with self._pool.acquire() as connection:
                if self._archive:
                    await connection.execute(_MAKE)
                    await connection.reload_schema_state()
                try:
                    async with connection.transaction(isolation="repeatable_read", readonly=True):
                        await self._load(connection)
                        yield Snapshot(connection)
                finally:
                    if self._archive:
                        # With it ends what is temporary.
                        await connection.close()

    async def _load(self, connection: Any) -> None:
        gone = await self._gone(connection)
        if gone and self._archive is None:
            months = ", ".join(sorted({one.month for one in gone}))
            raise Refused(f"Of the log, {months} left the database: name the folder of the files with --archive.")
        for path in paths(self._archive, gone) if self._archive else ():
            rows = _rows(path, self._events)
            while some := list(islice(rows, ROWS)):
                await connection.copy_records_to_table(
                    "archived_entry", records=some, columns=_COLUMNS, schema_name="pg_temp"
                )

    async def _gone(self, connection: Any) -> Sequence[Manifest]:
        """Give the files of which nothing is in the database any more, as this snapshot sees it."""
        logged = current(await Snapshot(connection).own_entries(Event.MONTH_ARCHIVED), self._verifiers)
        first = month_name(self._since) if self._since else ""
        found = []
        for one in logged:
            entry = one.ranges[0]
            if one.month >= first and await queries.has_leaf(connection, stream=entry.stream, index=entry.first):
                found.append(one)
        return found


def _rows(path: Path, events: Collection[str]) -> Iterator[tuple[Any, ...]]:
    for stream, place, epoch, record in entries(path):
        if record.event in events and record.content is not None:
            yield stream, place, epoch, *record
