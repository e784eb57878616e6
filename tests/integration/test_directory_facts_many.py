"""The read of a file, and the hot read of a spread server, know of each person what the hot read knows."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from random import Random
from uuid import uuid4

from crossroads.directory.facts import FactsReader
from crossroads.directory.facts_many import read_many
from crossroads.directory.model import Facts, FactsQuery
from database import Database, OpenPool
from people import FUND, GHENT, LIEGE, ssin

_PEOPLE, _LINKS, _LINES = 60, 25, 300
_PLACES, _CONTEXTS = (GHENT, LIEGE, FUND), ("17:1", "17:2", "7:101")


async def test_it_gives_the_facts_of_the_hot_read_less_the_lines_that_do_not_count(
    database: Database, pool: OpenPool
) -> None:
    owner, hub = await pool("crossroads_owner"), await pool("crossroads_hub")
    chance = Random(20261122)
    ticket, people = uuid4(), range(1, _PEOPLE + 1)
    first = date(2020, 1, 1)

    def some_day() -> date:
        return first + timedelta(chance.randrange(2000))

    async with owner.acquire() as connection:
        await connection.executemany(
            "INSERT INTO person (person, ssin, deceased_on, ticket) VALUES ($1, $2, $3, $4)",
            [(one, ssin(one), some_day() if chance.random() < 0.2 else None, ticket) for one in people],
        )
        # Every third has another number than before.
        numbers: list[tuple[str, int, date | None]] = [(ssin(one), one, None) for one in people]
        numbers += [(ssin(one + 200), one, some_day()) for one in people if one % 3 == 0]
        await connection.executemany(
            "INSERT INTO ssin_assignment (ssin, person, valid_until, ticket) VALUES ($1, $2, $3, $4)",
            [(*number, ticket) for number in numbers],
        )
        links = {chance.choice(people): chance.choice(people) for _ in range(_LINKS)}
        await connection.executemany(
            "INSERT INTO person_link (from_person, into_person, since, ticket) VALUES ($1, $2, $3, $4)",
            [(min(pair), max(pair), first, ticket) for pair in links.items() if pair[0] < pair[1]],
        )
        lines = [(some_day(), chance.choice(people)) for _ in range(_LINES)]
        await connection.executemany(
            """INSERT INTO inscription (person, institution, context, start_date, end_date, phase, ticket)
               VALUES ($1, $2, $3, $4, $5, $6, $7)""",
            [
                (one, chance.choice(_PLACES), chance.choice(_CONTEXTS), start, chance.choice([None, start]),
                 chance.choice([0, 902]), ticket)
                for start, one in lines
            ],
        )  # fmt: skip
    asked = [number for number, *_ in numbers] + [ssin(900), ssin(1), ssin(1)]
    hot, spread = await _hot(database, asked), await _hot(database, asked, spread=True)
    assert list(map(_comparable, spread)) == list(map(_comparable, hot))
    many = await read_many(hub, asked, GHENT, ["7:101"])
    assert [_comparable(facts) for facts in many] == [_comparable(_counting(facts)) for facts in hot]
    assert sum(len(facts.inscriptions) for facts in many) > _LINES / 2
    assert sum(facts.person is not None and facts.person.replaced for facts in many) > _LINKS / 2


async def _hot(database: Database, asked: list[str], *, spread: bool = False) -> list[Facts]:
    async with FactsReader(database.url(), spread=spread) as reader:
        queries = [FactsQuery(GHENT, uuid4().hex, datetime.now(UTC), number) for number in asked]
        return await asyncio.gather(*map(reader.read, queries))


def _counting(facts: Facts) -> Facts:
    counting = [line for line in facts.inscriptions if line.institution == GHENT or line.context == "7:101"]
    return facts._replace(inscriptions=tuple(counting))


def _comparable(facts: Facts) -> tuple[object, ...]:
    return facts.catalogue_version, facts.person, sorted(facts.inscriptions, key=lambda line: line.inscription)
