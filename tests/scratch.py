"""The folder of all that a run writes: in memory where there is room, since to make a database is to make many files.

Programs sync what they write as ever. A process that is killed loses nothing on either: what tests kill is no machine.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - everybody's; what is made in it has a name of its own and belongs to us
_ENOUGH = 3 * 2**30
"""Bytes: the databases of a run with the log that PostgreSQL keeps of their changes."""
_VARIABLE = "TMPDIR"


def reserve() -> None:
    """Make the folder; temporary files of this process and of those that it starts lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="crossroads-run-", dir=_MEMORY if _has_room() else None))
    folder.chmod(0o711)
    os.environ[_VARIABLE] = tempfile.tempdir = str(folder)


def remove() -> None:
    """Remove the folder with all that is in it."""
    tempfile.tempdir = None
    shutil.rmtree(os.environ.pop(_VARIABLE))


def _has_room() -> bool:
    return _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH
