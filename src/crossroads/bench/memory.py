"""The most memory that processes held, from `/proc/<pid>/status`."""

from collections.abc import Iterable
from pathlib import Path

from crossroads.bench.cpu import descendants

_KILOBYTES = 1024


def forget_peaks(roots: Iterable[int]) -> None:
    """Begin anew to note the peaks of processes and their descendants. Needs the rights of their user."""
    for pid in descendants(roots):
        # 5 resets the peak resident set; see proc(5).
        Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")


def peak_megabytes(roots: Iterable[int]) -> float:
    """Give the peak of processes and their descendants that live, added up."""
    return sum(map(_peak, descendants(roots))) / _KILOBYTES


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
