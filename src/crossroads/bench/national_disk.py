"""What `bench national` needs of the machine: a disk, and enough of it."""

import shutil
from pathlib import Path
from typing import NamedTuple

from crossroads.bench.report import BenchFailed
from crossroads.bootstrap.postgres_binaries import server_account

BESIDE = 6_000_000_000
"""Bytes beside the data: the write-ahead logs of two servers, and a piece as a file and staged."""
_GROWTH = 1.1
"""What is measured in a sample, and a little more: the logs of the load itself, pages that are not full."""
_IN_MEMORY = {"tmpfs", "ramfs"}
_GIGABYTE = 10**9
_HOUR, _MINUTES = 3600, 60


class Sample(NamedTuple):
    """What a part of the load took."""

    lines: int
    seconds: float
    disk: int
    """Bytes of tables, indexes and log."""
    journal: int
    """Bytes that were written ahead."""


class Need(NamedTuple):
    """What the rest needs, by the measure of a sample."""

    bytes: float
    hours: float


def need(sample: Sample, lines: int) -> Need:
    """Tell what so many lines more will need."""
    return Need(lines * sample.disk / sample.lines * _GROWTH + BESIDE, lines * sample.seconds / sample.lines / _HOUR)


def tell(sample: Sample, needed: Need, free: int) -> str:
    """Say what is needed, and from what that follows."""
    each, written = sample.disk / sample.lines, sample.journal / sample.lines
    time = f"{needed.hours:,.1f} hours" if needed.hours >= 1 else f"{needed.hours * _MINUTES:,.0f} minutes"
    return (
        f"A sample of {sample.lines:,} inscriptions was loaded at {sample.lines / sample.seconds:,.0f}/s, with "
        f"{each:,.0f} bytes on disk and {written:,.0f} written ahead for each. The rest needs about "
        f"{needed.bytes / _GIGABYTE:,.1f} GB of disk ({free / _GIGABYTE:,.1f} GB are free) and about {time}."
    )


def require(needed: Need, free: int, folder: Path) -> None:
    """Refuse to fill a disk. Raises BenchFailed."""
    if needed.bytes > free:
        raise BenchFailed(
            f"The disk of {folder} has {free / _GIGABYTE:,.1f} GB free, and {needed.bytes / _GIGABYTE:,.1f} GB are "
            "needed: name another one with --folder, or take a smaller --scale."
        )


def require_folder(folder: Path) -> None:
    """Refuse a folder that is not on a disk, or that the database cannot reach. Raises BenchFailed."""
    if not folder.is_dir():
        raise BenchFailed(f"There is no folder {folder}.")
    account = server_account()
    if not account.can_enter(folder):
        raise BenchFailed(
            f"The database runs as {account.name}, who cannot enter {folder}: let others pass (chmod o+x)."
        )
    if (kind := _file_system(folder)) in _IN_MEMORY:
        raise BenchFailed(f"{folder} is in memory ({kind}): name a folder on a disk with --folder.")


def free_bytes(folder: Path) -> int:
    """Give what is free on the disk of a folder."""
    return shutil.disk_usage(folder).free


def _file_system(folder: Path) -> str:
    """Give the kind of file system that a folder is on."""
    for line in reversed(Path("/proc/self/mountinfo").read_text("utf-8").splitlines()):
        # The fifth field is where it is mounted, and its kind follows a lone hyphen; see proc(5).
        before, _, after = line.partition(" - ")
        if folder.resolve().is_relative_to(before.split()[4]):
            return after.split()[0]
    return ""
