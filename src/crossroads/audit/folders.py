"""The folder of archived entries, as it is written: one writer, files of mode 0600, each whole or not there."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import BinaryIO

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.folders import flush

_PRIVATE = 0o077


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Have a folder for oneself, made with mode 0700 where there is none.

    Raises Refused where others may enter it, and Unavailable while another writes there.
    """
    with told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & _PRIVATE:
            raise Refused(f"Others may enter {folder}, and the entries name persons: chmod 700 {folder}")
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise Unavailable(f"Another writes to {folder} now.", code=Code.UNAVAILABLE) from error
        finally:
            os.close(place)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn whatever keeps a disk from being written into Unavailable: nothing has left the database then."""
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as error:
        reason = f"{folder} cannot be written: {error.strerror or error}. Nothing was removed."
        raise Unavailable(reason, code=Code.UNAVAILABLE) from error


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a file that is there, and on the disk, only when it is whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    flush(path.parent)


def free_path(folder: Path, month: str) -> Path:
    """Give a name that no file has: a month has more than one where a clock was wrong, or when its file was renewed."""
    paths = (folder / f"log-{month}{f'-{number}' if number > 1 else ''}.parquet" for number in count(1))
    return next(path for path in paths if not path.with_suffix(".note").exists())
