"""One of the two installations of `bench national`: its load, its look-ups and its exchanges."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from random import Random

import asyncpg
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crossroads.bench import outcomes, wrk
from crossroads.bench.exchange import warm_up
from crossroads.bench.installation import Place, analyze, signed_load, store_employments
from crossroads.bench.memory import forget_peaks, peak_megabytes
from crossroads.bench.national_disk import Sample
from crossroads.bench.national_people import People, Piece
from crossroads.bench.population import ASKER, Population
from crossroads.bench.questions import Questions
from crossroads.bench.report import BenchFailed, progress
from crossroads.bootstrap import database
from crossroads.bootstrap.wiring import Services
from crossroads.directory.facts import FactsReader
from crossroads.directory.model import FactsQuery
from crossroads.network.founders import Founders
from crossroads.wire.signatures import new_nonce

ASKED = 200_000
"""People about whom questions are asked, drawn from all; the source has data on them alone."""
TOGETHER = 1_000
"""Look-ups that are under way at a time."""
_SPARE = 2.5
"""So many times more questions are signed than the last rate would use up."""

Judge = Callable[[Sample], None]
"""Is told what the first piece took; raises when the rest cannot be loaded."""


class Side:
    """An installation with so many people."""

    def __init__(self, name: str, place: Place, people: People) -> None:
        """Draw whom to ask about; always the same people."""
        self.name, self.place = name, place
        self._people, self._random = people, Random(1)  # noqa: S311 - chooses whom to ask about; nothing secret
        self._drawn: list[str] = []
        self._rate = 100.0
        self.repeated = 0
        """Loads that did not go as they should."""

    def load(self, judge: Judge = lambda _: None) -> Sample:
        """Found the installation and load it in pieces, each signed, checked and logged; then start all processes."""
        taken: list[Sample] = []

        async def load(services: Services, founders: Founders) -> None:
            taken.append(await self._load(services, founders, judge))

        self.place.found(load)
        self._random.shuffle(self._drawn)
        self._next = cycle(self._drawn)
        store_employments(self.place, Population(tuple(self._drawn), (), ()))
        progress.print("Taking statistics.")
        asyncio.run(analyze(self.place))
        return taken[0]

    def start(self, workers: int) -> None:
        """Start participant and hub, and wait for the first answer."""
        self.place.network.start_members()
        self.place.network.start_hub(workers)
        self._questions = Questions(self.place)
        self._rate = warm_up(self.place, self._questions, Population(tuple(self._drawn), (), ())).rate

    async def look_up(self, count: int) -> float:
        """Read what is needed for a decision about people from all over, and give how many a second."""
        began = time.perf_counter()
        async with FactsReader(self.place.dsn(database.HUB)) as reader:
            for _ in range(0, count, TOGETHER):
                now = datetime.now(UTC)
                asked = [FactsQuery(ASKER, new_nonce(), now, ssin) for ssin in islice(self._next, TOGETHER)]
                await asyncio.gather(*map(reader.read, asked))
        return count / (time.perf_counter() - began)

    def exchange(self, seconds: float, connections: int) -> wrk.Load:
        """Put the hub under full load, patiently. Raises BenchFailed."""
        return outcomes.patiently(lambda: self._exchange(seconds, connections), self._failed)

    def _failed(self, error: BenchFailed) -> None:
        if isinstance(error, wrk.TooFewRequests):
            self._rate *= 2
        else:
            self.repeated += 1

    def _exchange(self, seconds: float, connections: int) -> wrk.Load:
        """Ask about people from all over, about nobody twice while there is somebody else."""
        count = int(self._rate * seconds * _SPARE) + connections
        path = self.place.folder / "requests"
        wrk.write_requests(path, self._questions.about(tuple(islice(self._next, count)), count))
        with outcomes.checked(self.place.dsn()) as seen:
            load = wrk.run(self.place.port, path, seconds=seconds, connections=connections)
            seen.expect(load.answers)
        self._rate = load.rate
        return load

    def forget_peak(self) -> None:
        """Begin anew to note the most memory that the hub held."""
        forget_peaks([self.place.network.processes["hub"].pid])

    def peak(self) -> float:
        """Give the most memory that the processes of the hub held, in megabytes."""
        return peak_megabytes([self.place.network.processes["hub"].pid])

    async def bytes_each(self, *tables: str) -> float:
        """Give what a row of the first table takes on disk, with its indexes and its rows in the others."""
        async with self._administrator() as connection:
            sizes = [await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", name) for name in tables]
            return float(sum(sizes)) / float(await connection.fetchval(f"SELECT count(*) FROM {tables[0]}"))  # noqa: S608 - ours

    async def _load(self, services: Services, founders: Founders, judge: Judge) -> Sample:
        async with self._administrator() as connection:
            began, size, journal = time.perf_counter(), *await _written(connection)
            lines = 0
            with _bar() as bar:
                task = bar.add_task(self.name, total=self._people.inscriptions)
                for piece in self._people.pieces():
                    await self._load_piece(services, founders, piece)
                    lines += piece.inscriptions
                    now, at = await _written(connection)
                    sample = Sample(lines, time.perf_counter() - began, now - size, at - journal)
                    if lines == piece.inscriptions:
                        judge(sample)
                    bar.update(task, completed=lines)
        return sample

    async def _load_piece(self, services: Services, founders: Founders, piece: Piece) -> None:
        operators = services.catalogue.current.operators
        persons, lines = self.place.folder / "persons.csv", self.place.folder / "inscriptions.csv"
        piece.people.write_persons(persons)
        act = signed_load(services, founders, persons, "persons")
        await services.identity.import_persons(persons, act, operators)
        piece.write_inscriptions(lines)
        act = signed_load(services, founders, lines, "inscriptions")
        await services.directory.import_inscriptions(lines, act, operators)
        drawn = -(-ASKED * len(piece.people.persons) // self._people.number)
        self._drawn += self._random.sample(piece.people.asked, min(drawn, len(piece.people.asked)))

    @asynccontextmanager
    async def _administrator(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.place.dsn("postgres"))
        try:
            yield connection
        finally:
            await connection.close()


async def _written(connection: "asyncpg.Connection[asyncpg.Record]") -> tuple[int, int]:
    """Give the size of the database, and how much was written ahead since the server was made."""
    row = await connection.fetchrow(
        "SELECT pg_database_size(current_database()), (pg_current_wal_insert_lsn() - '0/0')::bigint"
    )
    return row[0], row[1]


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=progress)
