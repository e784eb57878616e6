"""Processor time of processes, from `/proc/<pid>/stat`."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_MILLISECONDS = 1000 / os.sysconf("SC_CLK_TCK")


class _Stat(NamedTuple):
    parent: int
    milliseconds: float


def milliseconds(roots: Iterable[int]) -> float:
    """Give the processor time that processes and all their descendants that live have used so far."""
    stats = _stats()
    return sum(stats[pid].milliseconds for pid in _tree(roots, stats) if pid in stats)


def descendants(roots: Iterable[int]) -> set[int]:
    """Give processes and all their descendants that live."""
    return _tree(roots, _stats())


class Meter:
    """Processor time of named groups of processes since the meter was made."""

    def __init__(self, groups: Mapping[str, Callable[[], Iterable[int]]]) -> None:
        """Begin to count."""
        self._groups = groups
        self._before = self._now()

    def read(self) -> dict[str, float]:
        """Give the milliseconds that each group has used since."""
        return {name: now - self._before[name] for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: milliseconds(pids()) for name, pids in self._groups.items()}


def _tree(roots: Iterable[int], stats: Mapping[int, _Stat]) -> set[int]:
    tree, grown = set(roots), 0
    while len(tree) != grown:
        grown = len(tree)
        tree |= {pid for pid, stat in stats.items() if stat.parent in tree}
    return tree


def _stats() -> dict[int, _Stat]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text("ascii", errors="replace")
            except OSError:
                continue
            # The name in parentheses may hold spaces: what follows the last one counts. See proc(5).
            fields = text.rpartition(")")[2].split()
            found[int(folder.name)] = _Stat(int(fields[1]), (int(fields[11]) + int(fields[12])) * _MILLISECONDS)
    return found
