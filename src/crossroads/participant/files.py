"""Small files that survive a crash: written beside, flushed, then put in place in one step."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

import msgspec

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.folders import flush

T = TypeVar("T")


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`, mode 0600: a reader, or a crash, sees the old file or the new one, never half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with placed(path) as file:
        file.write(data)


@contextmanager
def placed(path: Path) -> Iterator[BinaryIO]:
    """Give a file of mode 0600 to write, which is at `path` when it is whole, and nowhere when that fails."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        flush(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_cached(path: Path, decoder: "msgspec.json.Decoder[T]") -> T | None:
    """Give what a cache holds; None where there is none, or one of another version: it is fetched anew."""
    try:
        return decoder.decode(path.read_bytes())
    except (FileNotFoundError, msgspec.MsgspecError):
        return None


def read_kept(path: Path, decoder: "msgspec.json.Decoder[T]") -> T | None:
    """Give what a file keeps; None where there is none yet. Raises CrossroadsError for one that cannot be read."""
    try:
        return decoder.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise CrossroadsError(f"{path} is damaged: {error}. Put it back from a backup.") from error
