"""The folder of archived entries, as it is read: which files the log says there are, and whether they are those."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from crossroads.audit.manifests import EntryRange, Manifest, read_manifest
from crossroads.kernel.errors import Tampered
from crossroads.wire.notes import NoteVerifier


class Archive(NamedTuple):
    """A folder with files of archived entries."""

    folder: Path

    def path(self, manifest: Manifest) -> Path:
        """Give where the file of a manifest is."""
        return self.folder / manifest.file

    def fault(self, manifest: Manifest) -> str | None:
        """Say what is wrong with the file, from its digest alone."""
        try:
            found = digest_of(self.path(manifest))
        except OSError as error:
            return f"{manifest.file} cannot be read: {error.strerror}."
        return None if found == manifest.digest else f"{manifest.file} is not the file that was archived."

    def noted(self, verifiers: Collection[NoteVerifier]) -> Iterator[Manifest]:
        """Give the files that have a note by a key of the log beside them."""
        for path in sorted(self.folder.glob("log-*.note")):
            with suppress(Tampered, UnicodeDecodeError):
                yield read_manifest(path.read_text("utf-8"), verifiers)

    def tidy(self, logged: Collection[Manifest], verifiers: Collection[NoteVerifier]) -> None:
        """Remove files of archived months that the log does not name now; they may say what has expired since."""
        months = {one.month for one in logged}
        for found in list(self.noted(verifiers)):
            if found.month in months and found not in logged:
                self.remove(found)

    def remove(self, manifest: Manifest) -> None:
        """Remove a file and its note."""
        self.path(manifest).unlink(missing_ok=True)
        self.path(manifest).with_suffix(".note").unlink(missing_ok=True)


def current(contents: Iterable[Mapping[str, Any]], verifiers: Collection[NoteVerifier]) -> list[Manifest]:
    """Give what a key of the log says is archived, from entries by time; of the same entries, the newest file.

    Whoever else says so is not believed.
    """
    found: dict[tuple[str, tuple[EntryRange, ...]], Manifest] = {}
    for content in contents:
        try:
            manifest = read_manifest(str(content.get("note")), verifiers)
        except Tampered:
            continue
        found[manifest.month, manifest.ranges] = manifest
    return list(found.values())


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def paths(archive: Archive, manifests: Iterable[Manifest]) -> Iterator[Path]:
    """Give the files, each of which must be the one that was archived: another may lack what is looked for.

    Raises Tampered.
    """
    for manifest in manifests:
        if fault := archive.fault(manifest):
            raise Tampered(fault)
        yield archive.path(manifest)
