"""Processor time of processes, from `/proc/<pid>/stat`."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

_MILLISECONDS = 1000 / os.sysconf("SC_CLK_TCK")


class _Stat(NamedTuple):
    parent: int
    milliseconds: float


def descendants(roots: Iterable[int]) -> set[int]:
    """Give processes and all their descendants that live."""
    return _tree(roots, _stats())


class Meter:
    """Processor time of named groups of processes and all their descendants since the meter was made."""

    def __init__(self, groups: Mapping[str, Callable[[], Iterable[int]]]) -> None:
        """Begin to count."""
        self._groups = groups
        self._before = _stats()

    def read(self) -> dict[str, float]:
        """Give the milliseconds that those of each group that live have used since."""
        now = _stats()
        return {name: sum(self._used(pid, now) for pid in _tree(pids(), now)) for name, pids in self._groups.items()}

    def _used(self, pid: int, now: Mapping[int, _Stat]) -> float:
        if pid not in now:
            return 0
        return now[pid].milliseconds - (self._before[pid].milliseconds if pid in self._before else 0)


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
