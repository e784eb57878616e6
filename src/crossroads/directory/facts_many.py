"""What decides whether questions of a file may be answered: the facts of many persons at once.

The same facts as the hot read gives of each (a test holds the two together), less what is about the request, for a file
has neither nonces nor a rate, and less the lines that no decision on it rests on: those of other institutions in other
contexts. Nobody who waits for a file can tell by the time whether a number is known, so there are no decoys; and each
number is looked up once, however often it is asked, for repeated it would multiply the time that it takes.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from crossroads.directory.model import Facts, Line, PersonFacts
from crossroads.directory.people import Human, Lines, people_of
from crossroads.directory.store import queries
from crossroads.identity.closure import closures_of
from crossroads.identity.database import Pool, outages
from crossroads.kernel.period import Period

Periods = dict[tuple[date, date | None], Period]


async def read_many(pool: Pool, ssins: Sequence[str], institution: str, contexts: Collection[str]) -> list[Facts]:
    """Give the facts about each number, in order, all as of one moment. Raises Unavailable.

    Of the lines, those of the institution and those in the contexts.
    """
    distinct = list(dict.fromkeys(ssins))
    with outages():
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
            # The plan is one by index whatever the tables hold, and no time goes into compiling it.
            await connection.execute(queries.read_by_index.sql)
            closures = await closures_of(connection, distinct)
            kin = {closure.asked: closure.persons for closure in closures.values()}
            people = await people_of(connection, kin, Lines(institution, contexts))
            version, since = await queries.standing(connection)
    periods: Periods = {}
    unknown = Facts(version, since, True, 0, None, ())
    known = {ssin: _facts(ssin, people[one.asked], unknown, periods) for ssin, one in closures.items()}
    return [known.get(ssin, unknown) for ssin in ssins]


def _facts(ssin: str, human: Human, unknown: Facts, periods: Periods) -> Facts:
    person, number, deceased_on, *columns = human
    lines = _lines(periods, *columns) if columns[0] else ()
    return unknown._replace(person=PersonFacts(person, number, number != ssin, deceased_on), inscriptions=lines)


def _lines(
    periods: Periods, inscriptions: list[int], institutions: list[str], contexts: list[str], starts: list[Any],
    ends: list[Any], phases: list[int],
) -> tuple[Line, ...]:  # fmt: skip
    days = [periods.get(pair) or periods.setdefault(pair, Period(*pair)) for pair in zip(starts, ends, strict=True)]
    return tuple(map(Line, inscriptions, institutions, contexts, days, phases))
