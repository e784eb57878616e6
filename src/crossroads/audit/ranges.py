"""Ranges of entries of a stream, as few as can be, and whether an entry is in one."""

from bisect import bisect_right
from collections.abc import Iterable


class Ranges:
    """The same entries as some ranges, which may touch and overlap."""

    def __init__(self, ranges: Iterable[range] = ()) -> None:
        """Merge them: retention goes on where it ended the day before."""
        self._merged: list[range] = []
        for one in sorted(ranges, key=lambda one: one.start):
            if self._merged and one.start <= self._merged[-1].stop:
                last = self._merged[-1]
                self._merged[-1] = range(last.start, max(last.stop, one.stop))
            else:
                self._merged.append(one)
        self._starts = [one.start for one in self._merged]

    def __contains__(self, index: int) -> bool:
        """Tell whether the entry is in one."""
        at = bisect_right(self._starts, index) - 1
        return at >= 0 and index in self._merged[at]
