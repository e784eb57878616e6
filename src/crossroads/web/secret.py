"""The secret of a program with pages: under it its store hides whose a session is. Made at the first start."""

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from crossroads.kernel.errors import Refused
from crossroads.wire.keys import read_secret

_BYTES = 32


def kept_secret(path: Path) -> bytes:
    """Give it from its file, of mode 0600; where there is no file it is made.

    Raises Refused for a file that does not hold a whole one, UnsafeKeyFile for one that others can read.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    secret = read_secret(path)
    if len(secret) < _BYTES:
        raise Refused(f"{path} does not hold a whole secret. Remove it: another is made, and sessions end.")
    return secret


def _make(path: Path) -> None:
    """Put it there whole or not at all: several processes start at once, and all must have the same one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
