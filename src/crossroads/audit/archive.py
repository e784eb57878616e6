"""Old months of the log leave the database: each to a file that is proven to be whole before anything goes.

A process that dies at any moment leaves the month in the database, in the file, or in both; whoever runs it again goes
on from there.
"""

from collections.abc import AsyncIterator, Callable, Collection
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO

from crossroads.audit.archive_proof import check_against_tree
from crossroads.audit.archive_store import ArchiveStore, Month
from crossroads.audit.archived import Archive, current, digest_of
from crossroads.audit.database import Pool
from crossroads.audit.events import Event
from crossroads.audit.folders import free_path, held, new_file, told
from crossroads.audit.manifests import Manifest, month_name
from crossroads.audit.model import Entry
from crossroads.audit.parquet import ROWS, ArchivedEntry, EntryWriter
from crossroads.audit.reading import Reading, Snapshot
from crossroads.audit.service import Log
from crossroads.kernel.errors import Refused
from crossroads.wire.notes import NoteSigner, NoteVerifier

Progress = Callable[[str, int, int], None]
"""Is told of a month how many of its entries, of how many, are written."""


def archived_before(day: date, now: datetime, online_days: int) -> datetime:
    """Give the moment before which months leave, in UTC. Raises Refused for a day that is not old enough."""
    latest = now.astimezone(UTC).date() - timedelta(days=online_days)
    if day > latest:
        raise Refused(
            f"The log stays in the database for {online_days} days (the setting log_online_days, or what is kept "
            f"longest): what is from before {latest} may be archived, and {day} is later."
        )
    return datetime.combine(day, time(), UTC)


class Archiver:
    """Takes months out of the log, into one folder."""

    def __init__(self, pool: Pool, log: Log, signer: NoteSigner, folder: Path) -> None:
        """Remove with these connections (role crossroads_retention); the key of the log signs what is in the files."""
        self._store, self._reading, self._log, self._signer = ArchiveStore(pool), Reading(pool), log, signer
        self._archive = Archive(folder)

    async def months(self, before: datetime) -> list[Month]:
        """Give the months that are over before a moment and of which something may leave."""
        found = [await self._store.month(since, _next_month(since)) for since in await self._store.months(before)]
        return [month for month in found if month.entries]

    async def archive(self, month: Month, progress: Progress) -> Manifest:
        """Write a month, prove that the file is whole, log it, and remove it from the database.

        Raises Unavailable for a disk that cannot be written, or while somebody reads the whole log, Tampered for
        entries that are not those under the stored roots; then everything is still in the database.
        """
        with held(self._archive.folder):
            manifest = self._there(month) or await self._write(month, progress)
            await check_against_tree(self._reading, self._archive.path(manifest), manifest)
            logged = await self._log_it(manifest)
            await self._store.drop(month)
            self._archive.tidy(logged, [self._signer.verifier])
        return manifest

    def _there(self, month: Month) -> Manifest | None:
        """Give what an earlier run, which did not come to its end, wrote of the month as it is."""
        for found in self._archive.noted([self._signer.verifier]):
            same = (found.entries, found.speaking, found.ranges) == (month.entries, month.speaking, month.ranges)
            if same and found.month == month_name(month.since) and self._archive.fault(found) is None:
                return found
        return None

    async def _write(self, month: Month, progress: Progress) -> Manifest:
        path, checkpoint = (
            free_path(self._archive.folder, month_name(month.since)),
            await self._reading.newest_checkpoint(),
        )
        sizes = {head.stream: head.size for head in checkpoint.heads} if checkpoint else {}
        if checkpoint is None or any(part.last >= sizes.get(part.stream, 0) for part in month.ranges):
            raise Refused(f"Entries of {month_name(month.since)} are under no checkpoint yet.")
        with told(self._archive.folder), new_file(path) as file:
            await self._write_entries(month, file, progress)
        manifest = Manifest(
            month=month_name(month.since),
            file=path.name,
            digest=digest_of(path),
            entries=month.entries,
            speaking=month.speaking,
            checkpoint=checkpoint.size,
            ranges=month.ranges,
        )
        write_note(self._archive.path(manifest), manifest.signed(self._signer))
        return manifest

    async def _write_entries(self, month: Month, file: BinaryIO, progress: Progress) -> None:
        writer, done = EntryWriter(file), 0
        async with self._reading.snapshot() as snapshot:
            async for group in _groups(snapshot, month):
                with told(self._archive.folder):
                    writer.write(group)
                done += len(group)
                progress(month_name(month.since), done, month.entries)
        writer.end()

    async def _log_it(self, manifest: Manifest) -> list[Manifest]:
        """Log it, unless an earlier run has; give all that is archived by then."""
        logged = await archived(self._reading, [self._signer.verifier])
        if manifest in logged:
            return logged
        await log_archive(self._log, self._signer, manifest)
        return await archived(self._reading, [self._signer.verifier])


async def archived(reading: Reading, verifiers: Collection[NoteVerifier]) -> list[Manifest]:
    """Give the files that the log says there are."""
    async with reading.snapshot() as snapshot:
        return current(await snapshot.own_entries(Event.MONTH_ARCHIVED), verifiers)


async def log_archive(log: Log, signer: NoteSigner, manifest: Manifest) -> None:
    """Log what a file holds, signed by the key of the log: before anything goes."""
    fields = {
        "month": manifest.month,
        "file": manifest.file,
        "digest": manifest.digest,
        "entries": manifest.entries,
        "note": manifest.signed(signer),
    }
    await log.append(Entry(event=Event.MONTH_ARCHIVED, fields=fields))


def write_note(path: Path, note: str) -> None:
    """Write the signed note of a file beside it."""
    with told(path.parent), new_file(path.with_suffix(".note")) as file:
        file.write(note.encode())


async def _groups(snapshot: Snapshot, month: Month) -> AsyncIterator[list[ArchivedEntry]]:
    group: list[ArchivedEntry] = []
    async for row in snapshot.month(month.since, month.until):
        group.append(ArchivedEntry(*row))
        if len(group) == ROWS:
            yield group
            group = []
    if group:
        yield group


def _next_month(month: datetime) -> datetime:
    return (month.astimezone(UTC).replace(day=1) + timedelta(days=32)).replace(day=1)
