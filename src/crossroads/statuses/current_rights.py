"""The rights of a folder as they are now: read again when one of their files was changed."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import structlog

from crossroads.kernel.errors import CrossroadsError
from crossroads.statuses.rights import Right, read_rights

_AGAIN_SECONDS = 10
"""Between two tries to read what cannot be read."""

_log = structlog.get_logger(__name__)


class CurrentRights(Mapping[str, Right]):
    """By id. While what stands there cannot be read, those of before go on."""

    def __init__(self, folder: Path) -> None:
        """Read them. Raises what `read_rights` does."""
        self._folder, self._not_before = folder, 0.0
        self._rights: Mapping[str, Right] = {}
        self._read()

    def __getitem__(self, name: str) -> Right:
        """Give a right."""
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        """Give the ids, in order."""
        return iter(self._now())

    def __len__(self) -> int:
        """Tell how many there are."""
        return len(self._now())

    def _now(self) -> Mapping[str, Right]:
        if time.monotonic() >= self._not_before and self._stamps() != self._seen:
            try:
                self._read()
            except CrossroadsError as error:
                self._not_before = time.monotonic() + _AGAIN_SECONDS
                _log.error("rights not read, those of before go on", why=str(error))
        return self._rights

    def _read(self) -> None:
        before = self._stamps()
        self._rights = {one.id: one for one in read_rights(self._folder)}
        # What was changed while it was read is read again: of that the older stamp counts.
        self._seen = self._stamps() | before

    def _stamps(self) -> dict[Path, tuple[int, ...]]:
        """Give what tells of each file, without reading it, that it was changed."""
        tables = (self._folder / one.table for one in self._rights.values())
        return {path: _stamp(path) for path in (*self._folder.glob("*.yaml"), *tables)}


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
