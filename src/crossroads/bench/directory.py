"""`bench directory`: the first load, the hot read, and the space that a line takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from time import perf_counter
from uuid import uuid4

import asyncpg

from crossroads.bench.installation import Place, installation, signed_load
from crossroads.bench.population import ASKER, Population, population
from crossroads.bench.report import Report, progress
from crossroads.bootstrap import database
from crossroads.bootstrap.wiring import Services
from crossroads.directory.facts import FactsReader
from crossroads.directory.model import FactsQuery
from crossroads.network.founders import Founders
from crossroads.wire.signatures import new_nonce

_FIRST_YEAR = 2001
_COLUMNS = ("person", "institution", "context", "start_date", "end_date", "phase", "ticket")


def bench(inscriptions: int, rounds: int, reads: int) -> Report:
    """Measure. Raises what the import raises."""
    report, made = Report(bench="directory"), population(inscriptions)
    with installation() as place:

        async def load(services: Services, founders: Founders) -> None:
            measuring = _Measuring(place, made, services, founders, report)
            await measuring.loading(rounds)
            await measuring.reading(rounds, reads)

        place.found(load)
    return report


class _Measuring:
    def __init__(self, place: Place, made: Population, services: Services, founders: Founders, report: Report) -> None:
        self._place, self._made, self._report = place, made, report
        self._services, self._founders = services, founders
        self._operators = services.catalogue.current.operators
        self._file = place.folder / "load.csv"

    async def loading(self, rounds: int) -> None:
        """Load the same lines by turns with every rule checked, and with nothing but COPY."""
        await self._load_persons()
        imported, copied = [], []
        for number in range(rounds):
            copied.append(await self._copy())
            imported.append(await self._import(_FIRST_YEAR + number))
            progress.print(f"Round {number + 1}: import {imported[-1]:,.0f}/s, COPY {copied[-1]:,.0f}/s.")
        await self._sizes()
        rate = self._report.add("import_rate", imported, "lines/s")
        self._report.add_ratio("import_to_copy", rate, self._report.add("copy_rate", copied, "lines/s"))

    async def reading(self, rounds: int, reads: int) -> None:
        """Read what is needed for a decision, one after the other and many at once."""
        single, batched = [], []
        async with FactsReader(self._place.dsn(database.HUB)) as reader:
            for number in range(rounds):
                single.append(await self._read(reader, reads, together=1))
                batched.append(await self._read(reader, reads, together=reads))
                progress.print(f"Round {number + 1}: single {single[-1]:,.0f}/s, batched {batched[-1]:,.0f}/s.")
        rate = self._report.add("batched_rate", batched, "reads/s")
        self._report.add_ratio("batched_to_single", rate, self._report.add("single_rate", single, "reads/s"))

    async def _load_persons(self) -> None:
        progress.print(f"Loading {len(self._made.persons):,} persons.")
        self._made.write_persons(self._file)
        signed = signed_load(self._services, self._founders, self._file, "persons")
        began = perf_counter()
        loaded = await self._services.identity.import_persons(self._file, signed, self._operators)
        self._report.add("persons_rate", [loaded.lines / (perf_counter() - began)], "lines/s")

    async def _import(self, year: int) -> float:
        """Import a file that two operators signed, and give the lines a second."""
        await self._emptied()
        self._made.write_inscriptions(self._file, year)
        signed = signed_load(self._services, self._founders, self._file, "inscriptions")
        began = perf_counter()
        loaded = await self._services.directory.import_inscriptions(self._file, signed, self._operators)
        return loaded.lines / (perf_counter() - began)

    async def _copy(self) -> float:
        """Copy the same lines, with the keys of the persons in the file, and give the lines a second."""
        await self._emptied()
        async with self._owner() as connection:
            await self._write_rows(connection)
            began = perf_counter()
            await connection.copy_to_table("inscription", source=self._file, columns=_COLUMNS, format="csv")
            return self._made.inscriptions / (perf_counter() - began)

    async def _write_rows(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        persons = dict(await connection.fetch("SELECT ssin, person FROM person"))
        ticket = uuid4()
        with self._file.open("w", encoding="ascii") as file:
            file.writelines(
                f"{persons[ssin]},{institution},{context},2000-01-01,,0,{ticket}\n"
                for ssin, institution, context in self._made.lines()
            )

    async def _emptied(self) -> None:
        """Empty the table, and let the database write what is dirty: each load begins alike."""
        async with self._owner() as connection:
            await connection.execute("TRUNCATE inscription")
        async with self._owner("postgres") as connection:
            await connection.execute("CHECKPOINT")

    async def _sizes(self) -> None:
        async with self._owner("postgres") as connection:
            await connection.execute("VACUUM (ANALYZE)")
            tables = {"inscription": ["inscription"], "person": ["person", "ssin_assignment"]}
            for name, parts in tables.items():
                sizes = [await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", p) for p in parts]
                count = await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - ours
                self._report.add(f"bytes_per_{name}", [sum(sizes) / count], "bytes")

    async def _read(self, reader: FactsReader, count: int, *, together: int) -> float:
        ssins, began = cycle(self._made.persons), perf_counter()
        for _ in range(0, count, together):
            await asyncio.gather(*(reader.read(_query(ssin)) for ssin in islice(ssins, together)))
        return count / (perf_counter() - began)

    @asynccontextmanager
    async def _owner(self, role: str = "crossroads_owner") -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self._place.dsn(role))
        try:
            yield connection
        finally:
            await connection.close()


def _query(ssin: str) -> FactsQuery:
    return FactsQuery(institution=ASKER, nonce=new_nonce(), created_at=datetime.now(UTC), ssin=ssin)
