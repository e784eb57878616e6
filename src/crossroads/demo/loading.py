"""What the population becomes: rows in each institution's own database, and two files for the hub's first load."""

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from crossroads.catalogue.model import Document
from crossroads.demo.institutions import managed_by, tables_of
from crossroads.demo.population.model import Cast, Population
from crossroads.demo.population.records import KEYS, TABLES, inscriptions, records_of
from crossroads.network.members import Member

Advance = Callable[[int], None]
"""Is told of how many more people are done."""

_LIVES_AT_ONCE = 1000


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
        for institution, tables in rows.items():
            keeper[institution].store({name: ((*KEYS, *TABLES[name]), found) for name, found in tables.items()})
        advance(len(lives))


def write_persons(path: Path, population: Population, cast: Cast) -> None:
    """Write the persons for the first load. One comes in under the number of before: it is replaced afterwards."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("ssin", "deceasedOn"))
        for life in population.lives:
            person = life.person
            ssin = cast.spare if person.ssin == cast.granted.person.ssin else person.ssin
            out.writerow((str(ssin), person.death.isoformat() if person.death else ""))


def write_inscriptions(path: Path, population: Population) -> None:
    """Write the inscriptions for the first load, each with the reference of an invented file as its evidence."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(("ssin", "institution", "context", "startDate", "endDate", "phase", "reference"))
        out.writerows(_lines(population))


def _lines(population: Population) -> Iterator[Sequence[object]]:
    for number, line in enumerate(inscriptions(population), start=1):
        start, end = line.period.start_date.isoformat(), line.period.end_date
        ended = end.isoformat() if end else ""
        yield str(line.ssin), line.institution, line.context, start, ended, int(line.phase), f"file-{number}"
