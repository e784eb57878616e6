"""The end of retention in an archive: a file is written anew without what has expired, and the old one goes."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

from crossroads.audit.archive import archived, log_archive, write_note
from crossroads.audit.archive_proof import check_against_tree
from crossroads.audit.archived import Archive, digest_of
from crossroads.audit.events import EXPIRING
from crossroads.audit.folders import free_path, held, new_file, told
from crossroads.audit.manifests import Manifest
from crossroads.audit.model import Expirable
from crossroads.audit.parquet import ROWS, ArchivedEntry, EntryWriter, entries
from crossroads.audit.reading import Reading
from crossroads.audit.retention import log_expiry
from crossroads.audit.service import Log
from crossroads.kernel.errors import Tampered
from crossroads.wire.notes import NoteSigner

_CLASSES = {event.value: log_class.value for event, log_class in EXPIRING.items()}


class ArchiveExpiry:
    """Lets what the files of a folder say expire; leaves stay, in the files too."""

    def __init__(self, reading: Reading, log: Log, signer: NoteSigner, folder: Path) -> None:
        """Log what expires, signed by the key of the log."""
        self._reading, self._log, self._signer, self._archive = reading, log, signer, Archive(folder)

    async def due(self, before: Mapping[str, datetime]) -> list[tuple[Manifest, list[Expirable]]]:
        """Give the files that still say something from before the moment of its class, and what.

        Raises Tampered for a file that is not the one that was archived.
        """
        found = []
        for manifest in await archived(self._reading, [self._signer.verifier]):
            if fault := manifest.speaking and self._archive.fault(manifest):
                raise Tampered(str(fault))
            if manifest.speaking and (ranges := _ranges(self._archive.path(manifest), before)):
                found.append((manifest, ranges))
        return found

    async def expire(self, manifest: Manifest, ranges: list[Expirable], before: Mapping[str, datetime]) -> Manifest:
        """Log that ranges of a file expired, write it anew, log the new one, and remove the old. It may be done again.

        Raises Unavailable for a disk that cannot be written, Tampered for a file that is not the one that was archived:
        what was looked at may be another by now.
        """
        with held(self._archive.folder):
            if fault := self._archive.fault(manifest):
                raise Tampered(fault)
            for due in ranges:
                await log_expiry(self._log, self._signer, due)
            renewed = self._write(manifest, before)
            await check_against_tree(self._reading, self._archive.path(renewed), renewed)
            await log_archive(self._log, self._signer, renewed)
            self._archive.remove(manifest)
        return renewed

    async def tidy(self) -> None:
        """Remove files that were renewed, which a run that was broken off has left; they still say what has expired."""
        with held(self._archive.folder):
            verifiers = [self._signer.verifier]
            self._archive.tidy(await archived(self._reading, verifiers), verifiers)

    def _write(self, manifest: Manifest, before: Mapping[str, datetime]) -> Manifest:
        path, speaking = free_path(self._archive.folder, manifest.month), 0
        with told(self._archive.folder), new_file(path) as file:
            writer, rows = EntryWriter(file), entries(self._archive.path(manifest))
            while group := [_expired(entry, before) for entry in islice(rows, ROWS)]:
                speaking += sum(entry.record.content is not None for entry in group)
                writer.write(group)
            writer.end()
        renewed = manifest._replace(file=path.name, digest=digest_of(path), speaking=speaking)
        write_note(path, renewed.signed(self._signer))
        return renewed


def _ranges(path: Path, before: Mapping[str, datetime]) -> list[Expirable]:
    """Give what of a file is due, by class and stream, each from the first entry to the last."""
    found: dict[tuple[str, int], Expirable] = {}
    for entry in _due(path, before):
        key = _CLASSES[entry.record.event], entry.stream
        known = found.get(key, Expirable(*key, entry.place, entry.place, 0))
        found[key] = known._replace(last=entry.place, entries=known.entries + 1)
    return list(found.values())


def _due(path: Path, before: Mapping[str, datetime]) -> Iterator[ArchivedEntry]:
    return (entry for entry in entries(path) if _is_due(entry, before))


def _is_due(entry: ArchivedEntry, before: Mapping[str, datetime]) -> bool:
    limit = before.get(_CLASSES.get(entry.record.event, ""))
    return limit is not None and entry.record.at < limit and entry.record.content is not None


def _expired(entry: ArchivedEntry, before: Mapping[str, datetime]) -> ArchivedEntry:
    if not _is_due(entry, before):
        return entry
    record = entry.record._replace(content=None, salts=None, ticket=None, person=None, asker=None)
    return entry._replace(record=record)
