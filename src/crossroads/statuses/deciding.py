"""Deciding about everybody at once: DuckDB reads the facts of a load, and each table runs as a compiled expression."""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import ibis
import pyarrow as pa
import pyarrow.compute as pc

from crossroads.dmn.compiling import compile_decision
from crossroads.dmn.reading import read
from crossroads.kernel.period import Period
from crossroads.statuses.model import Entitlement, Holding, Reach, Undecided, WrongDefinition, quarter_start, year_end
from crossroads.statuses.rights import Right
from crossroads.statuses.staging import HOLDINGS, MEMBERS, RESIDENTS

_FACTS = (Path(__file__).parent / "facts.sql").read_text("utf-8")
_ENTITLEMENTS = (Path(__file__).parent / "entitlements.sql").read_text("utf-8")
_VIEWS = {"holding": HOLDINGS, "resident": RESIDENTS, "member": MEMBERS}
_AT_ONCE = 10_000
_FOREVER = date(9999, 12, 31)
_OUTPUTS = {"opens", "start", "end"}
_UNDECIDED = """
SELECT count(*) FROM answered WHERE opens IS NULL OR violation IS NOT NULL OR (opens AND rule IS NULL)
"""
_OPENED = """
CREATE OR REPLACE TABLE opened AS
SELECT ssin, "start" AS start_date, coalesce("end", DATE '9999-12-31') AS end_date, rule
FROM answered WHERE opens AND "start" <= coalesce("end", DATE '9999-12-31')
"""
_UNASKED = """
SELECT DISTINCT member FROM member
WHERE NOT collective AND member NOT IN (SELECT ssin FROM resident) ORDER BY member
"""


class Decider:
    """The facts of a load, open for questions. What does not fit into memory goes to a file beside them."""

    def __init__(self, folder: Path, day: date) -> None:
        """Open the facts in a folder, as they were on a day."""
        self._backend = ibis.duckdb.connect(temp_directory=str(folder / "spill"))
        self._database: duckdb.DuckDBPyConnection = self._backend.con
        self.day = day
        for view, files in _VIEWS.items():
            self._database.read_parquet(str(folder / f"{files}-*.parquet")).create_view(view)
        self._database.execute(_FACTS.format(day=day, quarter=quarter_start(day), year=year_end(day)))

    def __enter__(self) -> Self:
        """Give it."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the facts."""
        self._backend.disconnect()

    def known(self) -> Iterator[str]:
        """Give everybody who was asked about."""
        return (ssin for (ssin,) in self.rows("SELECT DISTINCT ssin FROM resident ORDER BY ssin"))

    def unasked(self) -> Iterator[str]:
        """Give who lives with somebody and was not asked about, but for a collective household: it opens nothing."""
        return (ssin for (ssin,) in self.rows(_UNASKED))

    def holdings(self) -> Iterator[Holding]:
        """Give every status of everybody."""
        for ssin, status, source, start, end, extracted in self.rows("SELECT * FROM holding ORDER BY ssin"):
            yield Holding(ssin=ssin, status=status, source=source, period=Period(start, end), extracted=extracted)

    def entitlements(self, right: Right) -> Iterator[Entitlement]:
        """Give for whom a right is open, and when. Raises BadModel for a table that cannot be compiled."""
        query = self._query(right)
        for ssin, start, end, rule in self.rows(query):
            period = Period(start, None if end == _FOREVER else end)
            yield Entitlement(ssin=ssin, right=right.id, period=period, rule=rule, version=right.version)

    def keep(self, right: Right, table: str) -> None:
        """Keep for whom a right is open, and when, in a table. Raises BadModel as `entitlements` does."""
        self.store(self._query(right), table)

    def store(self, query: str, table: str) -> None:
        """Keep what a query over the facts, and over the tables that were kept of them, gives in a table."""
        self._database.execute(f"CREATE OR REPLACE TABLE {table} AS {query}")

    def list_people(self, people: Iterable[str], table: str) -> None:
        """Keep people, each once, in a table."""
        listed = pa.table({"ssin": pc.unique(pa.array(people, pa.string()))})
        self._database.register("listing", listed)
        self._database.execute(f"CREATE OR REPLACE TABLE {table} AS FROM listing")

    def _query(self, right: Right) -> str:
        """Open a right, and give the query for whom it is open."""
        self._open(right)
        return _ENTITLEMENTS.format(day=self.day, household=right.reach is Reach.HOUSEHOLD).rstrip().rstrip(";")

    def _open(self, right: Right) -> None:
        """Keep the rows that open a right, in the table `opened`."""
        compiled = compile_decision(read(right.xml), right.decision)
        answered = compiled.apply(self._backend.table("row"), explained=True)
        if missing := _OUTPUTS - set(answered.columns):
            raise WrongDefinition(f"{right.table}: the decision has no output {' and no '.join(sorted(missing))}.")
        kept = answered.select("ssin", *sorted(_OUTPUTS), "violation", rule=answered.fired[0])
        # In two steps: the engine would put all rules into each condition of the second.
        self._database.execute(f"CREATE OR REPLACE TABLE answered AS {ibis.to_sql(kept, dialect='duckdb')}")
        (undecided,) = self._database.execute(_UNDECIDED).fetchone() or (0,)
        if undecided:
            raise Undecided(f"The table of {right.id} gives no answer for {undecided} statuses.")
        self._database.execute(_OPENED)

    def rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a query over the facts, and over the tables that were kept of them."""
        cursor = self._database.cursor().execute(query)
        while some := cursor.fetchmany(_AT_ONCE):
            yield from some


def unasked(folder: Path, day: date) -> Iterable[str]:
    """Give who lives with somebody whom the facts in a folder are about, and was not asked about."""
    with Decider(folder, day) as decider:
        yield from decider.unasked()
