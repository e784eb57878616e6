"""The people of `bench national`: invented as those of the other benches, and made a piece at a time."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from crossroads.bench.population import DAYS, LINES_EACH, STRANGERS, Population, mock_number

FIRST_PIECE = 25_000
"""People of the first piece: enough to tell what the rest needs."""
PIECE = 400_000
"""People of every other piece: each is checked against all that is there. No more are in memory at a time."""
_NATION = 21_800_000
_INSCRIPTIONS = 242_500_000
_HUNDREDTH = 100
_MORE = ",pension-service,5:100,2015-01-01,,0,bench\n"
"""A line more, of those who have one more than the others."""


class Piece(NamedTuple):
    """Some people, of whom the first ones have a line more than the others."""

    people: Population
    more: int

    @property
    def inscriptions(self) -> int:
        """How many lines the directory has of them."""
        return self.people.inscriptions + self.more

    def write_inscriptions(self, path: Path) -> None:
        """Write the file of a first load of inscriptions."""
        self.people.write_inscriptions(path)
        with path.open("a", encoding="ascii") as file:
            file.writelines(ssin + _MORE for ssin in islice(self.people.persons, self.more))


class People(NamedTuple):
    """So many people with so many inscriptions in all."""

    number: int
    inscriptions: int

    def hundredth(self) -> "People":
        """Give one hundredth of them."""
        return People(self.number // _HUNDREDTH, self.inscriptions // _HUNDREDTH)

    def pieces(self) -> Iterator[Piece]:
        """Give them piece by piece, in the order of their numbers, as a register has them."""
        numbers, done = self._numbers(), 0
        while piece := tuple(islice(numbers, PIECE if done else FIRST_PIECE)):
            known = len(piece) - max(len(piece) // STRANGERS, 1)
            before, done = done, done + len(piece)
            yield Piece(Population(piece[:known], piece[known:], nobody=()), self._more(done) - self._more(before))

    def _more(self, count: int) -> int:
        """Give how many of the first people have a line more."""
        return (self.inscriptions - self.number * LINES_EACH) * count // self.number

    def _numbers(self) -> Iterator[str]:
        each_day = -(-self.number // DAYS)
        every = (mock_number(days, counter + 1) for days in range(DAYS) for counter in range(each_day))
        return islice(every, self.number)


def nation(scale: float) -> People:
    """Give the people and inscriptions of the Belgian directory, or a share of them."""
    return People(int(_NATION * scale), int(_INSCRIPTIONS * scale))
