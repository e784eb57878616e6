"""Folders on the disk."""

import os
from pathlib import Path


def flush(folder: Path) -> None:
    """Have the names in a folder outlive a loss of power: a file that was renamed may have its old name again else."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
