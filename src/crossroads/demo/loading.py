"""What the population becomes: rows in each institution's own database, and lines for the hub's first load."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from crossroads.catalogue.model import Document
from crossroads.demo.institutions import managed_by, tables_of
from crossroads.demo.population.model import Population
from crossroads.demo.population.records import KEYS, TABLES, Inscription, records_of
from crossroads.kernel.ssin import Ssin
from crossroads.network.members import Member

Advance = Callable[[], None]
"""Is told of each person that is done."""
KnownAs = Callable[[Ssin], str]
"""Gives the number under which a person comes into the directory."""
Line = Mapping[str, Any]

_LIVES_AT_ONCE = 5000


def fill_databases(population: Population, members: Sequence[Member], document: Document, advance: Advance) -> None:
    """Write the rows of each institution into the database of whoever answers for it."""
    keeper = {
        name: member for member in members for name in (member.institution, *managed_by(document, member.institution))
    }
    for member in members:
        member.store({table: ((*KEYS, *TABLES[table]), []) for table in tables_of(member)})
    for start in range(0, len(population.lives), _LIVES_AT_ONCE):
        lives = population.lives[start : start + _LIVES_AT_ONCE]
        rows: dict[str, dict[str, list[Sequence[Any]]]] = {}
        for life in lives:
            for record in records_of(life, population):
                tables = rows.setdefault(keeper[record.institution].institution, {})
                tables.setdefault(record.table, []).append(tuple(record.row.values()))
            advance()
        for institution, tables in rows.items():
            keeper[institution].store({name: ((*KEYS, *TABLES[name]), found) for name, found in tables.items()})


def person_lines(population: Population, known_as: KnownAs) -> Iterator[Line]:
    """Give the persons for the first load."""
    for life in population.lives:
        yield {"ssin": known_as(life.person.ssin), "deceasedOn": life.person.death}


def inscription_lines(inscriptions: Iterable[Inscription], known_as: KnownAs) -> Iterator[Line]:
    """Give the inscriptions for the first load, each with the reference of an invented file as its evidence."""
    for number, line in enumerate(inscriptions, start=1):
        yield {
            "ssin": known_as(line.ssin),
            "institution": line.institution,
            "context": line.context,
            "startDate": line.period.start_date,
            "endDate": line.period.end_date,
            "phase": int(line.phase),
            "reference": f"file-{number}",
        }
