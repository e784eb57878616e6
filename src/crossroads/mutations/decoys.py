"""People who are looked up in vain, so that a number that nobody has takes as long as another."""

from collections import deque
from collections.abc import Iterable, Mapping
from random import Random

_KEPT = 1_024


class Decoys:
    """Some of those who were looked up last."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._kept: deque[int] = deque([0], maxlen=_KEPT)
        self._random = Random()  # noqa: S311 - chooses whose lines are read in vain; nothing secret

    def beside(self, found: Mapping[str, int], numbers: Iterable[str]) -> list[int]:
        """Give the persons that were found, and somebody for each number that nobody has."""
        self._kept.extend(set(found.values()))
        others = (self._random.choice(self._kept) for number in set(numbers) if number not in found)
        return list({*found.values(), *others})
