"""The people of a bench: all invented, with mock numbers, each known to ten institutions or so."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from crossroads.kernel.ssin import check_digits

ASKER, SOURCE = "pcsw-gent", "nsso"
GROUP, LEGAL_CONTEXT = "employment-relations@1", "PCSA:SOCIAL_INQUIRY"

_OTHER_CENTRE, _CENTRE_CONTEXT = "pcsw-antwerpen", "17:3"
STRANGERS = 10
"""One in so many persons has a file at another welfare centre than the asker."""
_LINES = (
    (SOURCE, "12:30"),
    (SOURCE, "12:10"),
    ("mutuality-{fund}00", "11:1"),
    ("mutuality-{fund}00", "11:2"),
    ("child-benefit-fund-{letter}", "7:101"),
    ("child-benefit-fund-{letter}", "7:104"),
    ("annual-holidays", "10:10"),
    ("pension-service", "5:20"),
    ("fedris-diseases", "6:10"),
    ("seafarers", "9:2"),
)
LINES_EACH = len(_LINES) + 1
"""Of the real directory: 242.5 million inscriptions of 21.8 million people."""
_FIRST_BIRTH, _COUNTERS = date(1930, 1, 1), 998
DAYS = 25_000
"""Days on which people of a bench were born."""


class Population(NamedTuple):
    """Persons who are in the directory, and numbers that nobody has."""

    asked: tuple[str, ...]
    """Inscribed at the asker."""
    strangers: tuple[str, ...]
    """Known, but not to the asker."""
    nobody: tuple[str, ...]

    @property
    def persons(self) -> tuple[str, ...]:
        """All that exist."""
        return self.asked + self.strangers

    @property
    def inscriptions(self) -> int:
        """How many lines the directory has of them."""
        return len(self.persons) * LINES_EACH

    def write_persons(self, path: Path) -> None:
        """Write the file of a first load of persons."""
        with path.open("w", encoding="ascii") as file:
            file.write("ssin,deceasedOn\n")
            file.writelines(f"{ssin},\n" for ssin in self.persons)

    def write_inscriptions(self, path: Path, year: int = 2015) -> None:
        """Write the file of a first load of inscriptions that begin in a year."""
        with path.open("w", encoding="ascii") as file:
            file.write("ssin,institution,context,startDate,endDate,phase,reference\n")
            for ssin, institution, context in self.lines():
                file.write(f"{ssin},{institution},{context},{year}-01-01,,0,bench\n")

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Give who is inscribed where, and in which context."""
        for centre, people in ((ASKER, self.asked), (_OTHER_CENTRE, self.strangers)):
            for number, ssin in enumerate(people):
                fund, letter = number % 3 + 1, "ab"[number % 2]
                yield ssin, centre, _CENTRE_CONTEXT
                for institution, context in _LINES:
                    yield ssin, institution.format(fund=fund, letter=letter), context


def population(inscriptions: int) -> Population:
    """Make as many people as have this many inscriptions, about."""
    count = max(inscriptions // LINES_EACH, 2)
    strangers = max(count // STRANGERS, 1)
    numbers = tuple(islice(_numbers(), count + strangers))
    return Population(numbers[: count - strangers], numbers[count - strangers : count], numbers[count:])


def mock_number(days: int, counter: int) -> str:
    """Give the mock SSIN of somebody born so many days after the first birth, below `DAYS`; counters begin at 1."""
    born = _FIRST_BIRTH + timedelta(days)
    first = f"{born.year % 100:02}{born.month + 60:02}{born.day:02}{counter:03}"
    return first + check_digits(first, born_from_2000=False)


def _numbers() -> Iterator[str]:
    """Give mock SSINs, each once."""
    for counter in range(1, _COUNTERS):
        for days in range(DAYS):
            yield mock_number(days, counter)
