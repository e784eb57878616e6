"""Verification of what left the database: that it was meant, and, with the files, that they say what was logged."""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from crossroads.audit.archived import Archive, current
from crossroads.audit.findings import ArchivedMonth, Kind, Verification
from crossroads.audit.manifests import Manifest
from crossroads.audit.model import Record
from crossroads.audit.parquet import ArchivedEntry, entries_of_stream
from crossroads.kernel.errors import Tampered
from crossroads.wire.notes import NoteVerifier


class _Part(NamedTuple):
    """A range of a stream that is in a file."""

    first: int
    last: int
    file: str


class ArchiveChecks:
    """Goes through the streams as the verification does, entry by entry."""

    def __init__(self, verifiers: Collection[NoteVerifier], archive: Archive | None, outcome: Verification) -> None:
        """Tell what is found here; without an archive only what the log says of it."""
        self._verifiers, self._archive, self._outcome = verifiers, archive, outcome
        self._manifests: list[Manifest] = []
        self._good: dict[str, Manifest] = {}
        self._stream = -1
        self._parts: list[_Part] = []
        self._rows: dict[str, Iterator[ArchivedEntry]] = {}
        self._next: dict[str, ArchivedEntry | None] = {}

    def begin(self, contents: Iterable[Mapping[str, Any]]) -> None:
        """Know what is archived, from what the log says of it by time, and look at the digests of the files."""
        self._manifests = current(contents, self._verifiers)
        for one in self._manifests:
            fault = self._archive.fault(one) if self._archive else None
            for part in one.ranges if fault else ():
                self._outcome.find(Kind.ARCHIVE, part.stream, part.first, part.last, str(fault))
            looked = self._archive is not None and fault is None
            self._outcome.archives.append(ArchivedMonth(one.month, one.file, one.digest, one.entries, looked))
            if looked:
                self._good[one.file] = one

    def enter(self, stream: int) -> None:
        """Begin with a stream."""
        self._stream, self._rows, self._next = stream, {}, {}
        self._parts = sorted(
            _Part(part.first, part.last, one.file)
            for one in self._manifests
            for part in one.ranges
            if part.stream == stream
        )

    def record(self, index: int, leaf: bytes) -> Record | None:
        """Look at the next entry of the stream of which only the leaf is here; give what the archive has of it."""
        at = bisect_right(self._parts, index, key=lambda part: part.first) - 1
        if at < 0 or self._parts[at].last < index:
            self._find(Kind.MISSING, index, "It is gone, and no signed entry tells that it was archived.")
            return None
        self._outcome.archived += 1
        file = self._parts[at].file
        if file not in self._good:
            return None
        found = self._advance(file, index)
        if found is None or found.place != index or found.record.leaf != leaf:
            self._find(Kind.ARCHIVE, index, f"{file} has not what was logged.")
            return None
        return found.record

    def _advance(self, file: str, index: int) -> ArchivedEntry | None:
        """Go on in a file up to an entry, or beyond where it has none."""
        if file not in self._rows and self._archive:
            self._rows[file] = entries_of_stream(self._archive.path(self._good[file]), self._stream)
            self._next[file] = self._after(file)
        while (found := self._next[file]) and found.place < index:
            self._next[file] = self._after(file)
        return found

    def _after(self, file: str) -> ArchivedEntry | None:
        try:
            return next(self._rows[file], None)
        except Tampered:
            return None

    def _find(self, kind: Kind, index: int, reason: str) -> None:
        self._outcome.find(kind, self._stream, index, index, reason)
