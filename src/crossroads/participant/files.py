"""Small files that survive a crash: written beside, flushed, then put in place in one step."""

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`, mode 0600: a reader, or a crash, sees the old file or the new one, never half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_if_there(path: Path) -> bytes | None:
    """Give the bytes of a file, or None where there is none yet."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
