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

_REACHED = "SELECT ssin, member FROM member WHERE NOT collective AND ssin IN (SELECT unnest(?))"
_OPENING = "SELECT member, ssin FROM member WHERE NOT collective AND member IN (SELECT unnest(?))"
_HOLDINGS = "SELECT * FROM holding WHERE ssin IN (SELECT unnest(?)) ORDER BY ssin, status, start_date"
_RESIDENTS = "SELECT * FROM resident WHERE ssin IN (SELECT unnest(?))"
_MEMBERS = "SELECT * FROM member WHERE ssin IN (SELECT unnest(?))"


class Neighbours(NamedTuple):
    """What decides on the rights of those whom the statuses of some people can reach."""

    reached: Mapping[str, Collection[str]]
    """By each of these people: itself, and those who live with it, whether or not they were asked about."""
    openers: Mapping[str, Collection[str]]
    """Of each who is reached: those who have it in their household, and so may open a right for it."""
    people: Mapping[str, Person]
    """All of them."""

    def around(self, ssin: str) -> Mapping[str, Person]:
        """Give one who is reached, and who may open a right for it."""
        return {one: self.people[one] for one in {ssin, *self.openers.get(ssin, ())} if one in self.people}


def neighbours(folder: Path, people: Collection[str]) -> Neighbours:
    """Read the facts in a folder about some people; by one whom they are not about, nobody is reached."""
    with _facts(folder) as database:
        living = _pairs(database, _REACHED, people)
        reached = {one: {one, *living.get(one, ())} for one in people}
        everybody = {one for those in reached.values() for one in those}
        openers = _pairs(database, _OPENING, everybody)
        found = _people(database, everybody.union(*openers.values()))
    nothing = dict.fromkeys(everybody, Person(None, None, ()))
    return Neighbours({one: those for one, those in reached.items() if one in found}, openers, nothing | found)


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


def _pairs(database: duckdb.DuckDBPyConnection, query: str, people: Collection[str]) -> Mapping[str, Collection[str]]:
    pairs = defaultdict(list)
    for one, other in database.execute(query, [list(people)]).fetchall():
        pairs[one].append(other)
    return pairs
