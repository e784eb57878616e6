"""Counting what anybody can bring about at will: the first of an hour is told at once, the others when it is over."""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from crossroads.kernel.clock import Clock

_HOUR_SECONDS = 3600
_MOST = 10_000
"""Kinds of an hour; of more, none is counted."""

K = TypeVar("K", bound=Hashable)


class Tally(Generic[K]):
    """Counts alike things by the hour."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nothing; the clock says which hour it is."""
        self._clock, self._hour = clock, 0
        self._seen, self._over = Counter[K](), Counter[K]()

    def first(self, one: K) -> bool:
        """Count it; tell whether it is the first of its kind in this hour."""
        self._turn()
        if one not in self._seen and len(self._seen) >= _MOST:
            return False
        self._seen[one] += 1
        return self._seen[one] == 1

    def again(self) -> Counter[K]:
        """Take how often each came again, of the hours that are over."""
        self._turn()
        taken, self._over = self._over, Counter()
        return taken

    def rest(self) -> Counter[K]:
        """Take the same of this hour too, before the process ends."""
        self._hour = -1
        return self.again()

    def _turn(self) -> None:
        hour = int(self._clock.now().timestamp()) // _HOUR_SECONDS
        if hour != self._hour:
            self._over.update({one: times - 1 for one, times in self._seen.items() if times > 1})
            self._seen, self._hour = Counter(), hour
