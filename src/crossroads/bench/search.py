"""`bench search`: whether people are found under names and dates as others write them, and how fast."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import NamedTuple
from uuid import UUID

import asyncpg

from crossroads.bench.installation import Place, analyze, installation
from crossroads.bench.registered import Registered, namesakes, people
from crossroads.bench.report import Report, progress
from crossroads.bench.variants import SHARES, Kind, Variant, variant
from crossroads.identity.database import Connection
from crossroads.identity.search import Candidate, search
from crossroads.kernel.names.comparison import DUPLICATE
from crossroads.kernel.names.index import keys
from crossroads.kernel.names.particulars import Particulars

HELD_OUT = 3
"""The seed that counts: the thresholds were found with others."""
_AT, _WARM, _NAMESAKES_ASKED = 5, 50, 200
_NOW, _TICKET = datetime(2026, 1, 1, tzinfo=UTC), UUID(int=0)
_PERSONS = ("person", "ssin", "ticket")
_PARTICULARS = (
    "person", "truth", "start_date", "last_name", "first_names", "birth_date", "sex", "evidence_kind",
    "evidence_number", "evidence_issuer", "recorded_by", "name_keys", "recorded_at", "ticket",
)  # fmt: skip


class Size(NamedTuple):
    """How much is measured."""

    people: int
    searches: int
    strangers: int
    """New people, none of whom is in the register."""
    namesakes: int
    """People with one and the same name, added at the end."""
    seed: int


def bench(size: Size) -> Report:
    """Measure."""
    report = Report(bench="search")
    with installation() as place:
        asyncio.run(_Measuring(place, report, size).measure())
    return report


class _Measuring:
    def __init__(self, place: Place, report: Report, size: Size) -> None:
        self._place, self._report, self._size = place, report, size
        self._rng = Random(size.seed)  # noqa: S311 - invented people
        made = people(self._rng, size.people + size.strangers + size.namesakes)
        self._registered = list(islice(made, size.people))
        self._strangers = list(islice(made, size.strangers))
        self._namesakes = list(namesakes(made))

    async def measure(self) -> None:
        """Store people, search for variants of them and for strangers, then among people of one name."""
        await self._store(self._registered, 1)
        connection = await asyncpg.connect(self._place.dsn("crossroads_hub"))
        try:
            await _find(connection, [person.particulars for person in self._registered[:_WARM]])
            await self._search_variants(connection)
            await self._search_strangers(connection)
            await self._store(self._namesakes, len(self._registered) + 1)
            await self._search_namesakes(connection)
        finally:
            await connection.close()

    async def _store(self, people: Sequence[Registered], first: int) -> None:
        """Store people as the register does, with their keys."""
        progress.print(f"Storing {len(people):,} people.")
        numbered = list(enumerate(people, first))
        owner = await asyncpg.connect(self._place.dsn())
        persons = [(number, person.ssin, _TICKET) for number, person in numbered]
        await owner.copy_records_to_table("person", records=persons, columns=_PERSONS)
        rows = [_row(number, person.particulars) for number, person in numbered]
        await owner.copy_records_to_table("bis_particulars", records=rows, columns=_PARTICULARS)
        await owner.close()
        await analyze(self._place)

    async def _search_variants(self, connection: Connection) -> None:
        """Search for people as others write them; how many are found, of all and of each kind."""
        drawn = list(islice(_drawn(self._rng, self._registered), self._size.searches))
        progress.print(f"Searching for {len(drawn):,} people as others write them.")
        found = await _find(connection, [one.asked for one in drawn], self._report, "search")
        ranks = [_rank(one, candidates) for one, candidates in zip(drawn, found, strict=True)]
        self._report.add("recall_at_1", [_share(rank == 0 for rank in ranks)], "share")
        recall = self._report.add("recall_at_5", [_share(rank is not None for rank in ranks)], "share")
        self._report.add_ratio("recall_at_5", recall, 1)
        hits = Counter(one.kinds[0] for one, rank in zip(drawn, ranks, strict=True) if rank is not None)
        for kind, asked in Counter(one.kinds[0] for one in drawn).items():
            self._report.add(f"recall_at_5_{kind.replace('-', '_')}", [hits[kind] / asked], "share")

    async def _search_strangers(self, connection: Connection) -> None:
        """Search for people who are not in the register; how many would be taken for somebody who is."""
        progress.print(f"Searching for {len(self._strangers):,} people who are not in the register.")
        found = await _find(connection, [person.particulars for person in self._strangers])
        wrong = [bool(candidates) and candidates[0].match.score >= DUPLICATE for candidates in found]
        self._report.add("false_duplicate_rate", [100 * _share(wrong)], "%")
        self._report.add("strangers_with_candidates", [100 * _share(map(bool, found))], "%")

    async def _search_namesakes(self, connection: Connection) -> None:
        """Search among people of one name; each by the birth date."""
        asked = self._namesakes[:: max(len(self._namesakes) // _NAMESAKES_ASKED, 1)]
        await _find(connection, [person.particulars for person in asked], self._report, "namesakes")


async def _find(
    connection: Connection, asked: Iterable[Particulars], report: Report | None = None, name: str = ""
) -> list[tuple[Candidate, ...]]:
    """Search one after the other; the times go into the report, where there is one."""
    found, times = [], []
    for one in asked:
        began = perf_counter()
        found.append(await search(connection, one, _AT))
        times.append((perf_counter() - began) * 1000)
    if report is not None:
        cuts = quantiles(times, n=20)
        report.add(f"{name}_p50", [cuts[9]], "ms")
        report.add(f"{name}_p95", [cuts[18]], "ms")
    return found


def _drawn(rng: Random, registered: Sequence[Registered]) -> Iterator[Variant]:
    """Draw variants by the shares of their kinds, of people who have what the kind is about."""
    while True:
        kind: Kind = rng.choices(tuple(SHARES), tuple(SHARES.values()))[0]
        made = None
        while made is None:
            made = variant(rng, kind, rng.choice(registered))
        yield made


def _rank(asked: Variant, candidates: Sequence[Candidate]) -> int | None:
    return next((rank for rank, one in enumerate(candidates) if one.ssin == asked.person.ssin), None)


def _share(values: Iterable[bool]) -> float:
    given = list(values)
    return sum(given) / len(given)


def _row(number: int, who: Particulars) -> tuple[object, ...]:
    name = (who.last_name, who.first_names, who.birth_date, who.sex)
    return (number, "shown", _NOW.date(), *name, "passport", str(number), "bench", "bench", keys(who), _NOW, _TICKET)
