"""The facts of a load about one person, and about those who open rights for that person or have them by it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb

from crossroads.kernel.period import Period
from crossroads.statuses.direct import Person
from crossroads.statuses.model import Holding, Home, Resident
from crossroads.statuses.staging import HOLDINGS, MEMBERS, RESIDENTS

_REACHED = "SELECT member FROM member WHERE NOT collective AND ssin IN (SELECT unnest(?))"
_OPENING = "SELECT ssin FROM member WHERE NOT collective AND member IN (SELECT unnest(?))"
_HOLDINGS = "SELECT * FROM holding WHERE ssin IN (SELECT unnest(?)) ORDER BY ssin, status, start_date"
_RESIDENTS = "SELECT * FROM resident WHERE ssin IN (SELECT unnest(?))"
_MEMBERS = "SELECT * FROM member WHERE ssin IN (SELECT unnest(?))"


class Neighbours(NamedTuple):
    """What decides on the rights of those whom a person's statuses can reach."""

    reached: Collection[str]
    """The person, and those who live with it, whether or not they were asked about."""
    people: Mapping[str, Person]
    """Them, and whoever else can open a right for one of them."""


def neighbours(folder: Path, ssin: str) -> Neighbours | None:
    """Read the facts in a folder; None where they are not about the person."""
    with _facts(folder) as database:
        reached = {ssin, *_column(database, _REACHED, [ssin])}
        found = _people(database, {*reached, *_column(database, _OPENING, list(reached))})
    return Neighbours(reached, {one: Person(None, None, ()) for one in reached} | found) if ssin in found else None


def said_before(folder: Path, people: Iterable[str]) -> Mapping[str, Person]:
    """Give what the facts in a folder say of people, for those whom they are about."""
    with _facts(folder) as database:
        return _people(database, people)


def _facts(folder: Path) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect()
    for view, files in (("holding", HOLDINGS), ("resident", RESIDENTS), ("member", MEMBERS)):
        database.read_parquet(str(folder / f"{files}-*.parquet")).create_view(view)
    return database


def _people(database: duckdb.DuckDBPyConnection, people: Iterable[str]) -> dict[str, Person]:
    asked = [list(people)]
    holdings, members = defaultdict(list), defaultdict(list)
    for ssin, status, source, start, end, extracted in database.execute(_HOLDINGS, asked).fetchall():
        period = Period(start, end)
        holdings[ssin].append(Holding(ssin=ssin, status=status, source=source, period=period, extracted=extracted))
    for ssin, member, collective in database.execute(_MEMBERS, asked).fetchall():
        members[ssin].append((member, collective))
    homes = {
        ssin: Home(ssin=ssin, members=frozenset(name for name, _ in all_), collective=any(one for _, one in all_))
        for ssin, all_ in members.items()
    }
    return {
        ssin: Person(
            Resident(ssin=ssin, birth=birth, death=death, postcode=postcode), homes.get(ssin), tuple(holdings[ssin])
        )
        for ssin, birth, death, postcode in database.execute(_RESIDENTS, asked).fetchall()
    }


def _column(database: duckdb.DuckDBPyConnection, query: str, people: list[str]) -> Iterable[str]:
    return [ssin for (ssin,) in database.execute(query, [people]).fetchall()]
