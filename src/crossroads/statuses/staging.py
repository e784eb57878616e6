"""The facts of one load, written to Parquet as they come: a few thousand rows are in memory, whatever the number."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from crossroads.kernel.errors import Unavailable
from crossroads.statuses.model import Holding, Home, Resident

HOLDINGS, RESIDENTS, MEMBERS = "holdings", "residents", "members"
"""What the files are called; each round of questions adds one of each kind, with its number."""
_SCHEMAS = {
    HOLDINGS: pa.schema(
        [
            ("ssin", pa.string()),
            ("status", pa.string()),
            ("source", pa.string()),
            ("start_date", pa.date32()),
            ("end_date", pa.date32()),
            ("extracted", pa.date32()),
        ]
    ),
    RESIDENTS: pa.schema(
        [("ssin", pa.string()), ("birth", pa.date32()), ("death", pa.date32()), ("postcode", pa.string())]
    ),
    MEMBERS: pa.schema([("ssin", pa.string()), ("member", pa.string()), ("collective", pa.bool_())]),
}
_AT_ONCE = 20_000
_SEPARATOR = "\n"
"""Between a number and a status, neither of which has it."""


class _Rows:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        # Under another name until it is whole: those who read the rounds before would find half a file.
        self._path, self._unfinished = path, path.with_suffix(".unfinished")
        self._writer, self._schema = pq.ParquetWriter(self._unfinished, schema), schema
        self._held: list[tuple[Any, ...]] = []

    def add(self, row: tuple[Any, ...]) -> None:
        self._held.append(row)
        if len(self._held) >= _AT_ONCE:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()
        self._unfinished.rename(self._path)

    def _flush(self) -> None:
        self._writer.write_table(_table(self._held, self._schema))
        self._held.clear()


class Round:
    """What one round of questions adds to the facts of a load."""

    def __init__(self, folder: Path, number: int) -> None:
        """Write into a folder, beside the rounds before."""
        self._rows = {name: _Rows(folder / f"{name}-{number}.parquet", schema) for name, schema in _SCHEMAS.items()}

    def __enter__(self) -> Self:
        """Give it."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Finish the files."""
        for rows in self._rows.values():
            rows.close()

    def hold(self, one: Holding) -> None:
        """Take a status of somebody."""
        self._rows[HOLDINGS].add(_row(one))

    def reside(self, one: Resident) -> None:
        """Take what the register says of somebody."""
        self._rows[RESIDENTS].add((one.ssin, one.birth, one.death, one.postcode))

    def share(self, home: Home) -> None:
        """Take with whom somebody lives."""
        for member in sorted(home.members):
            self._rows[MEMBERS].add((home.ssin, member, home.collective))


def leave_out(folder: Path, people: Collection[str]) -> None:
    """Take the facts of people out of those in a folder.

    In the household of those who live with them they stay: that says something of the others.
    """
    if not people:
        return
    named = pa.array(list(people), pa.string())
    for path in folder.glob("*.parquet"):
        _rewrite(path, lambda batch: pc.invert(pc.is_in(batch["ssin"], named)))


def say_anew(folder: Path, said: Mapping[tuple[str, str], Sequence[Holding]]) -> None:
    """Put what is said now of people and statuses in place of what the facts in a folder say of them.

    Raises Unavailable where the facts are gone: another load took their place, perhaps, or their time is over.
    """
    named = pa.array([_SEPARATOR.join(key) for key in said], pa.string())

    def others(batch: pa.RecordBatch) -> pa.Array:
        keys = pc.binary_join_element_wise(batch["ssin"], batch["status"], _SEPARATOR)
        return pc.invert(pc.is_in(keys, named))

    added = [_row(one) for held in said.values() for one in held]
    paths = sorted(folder.glob(f"{HOLDINGS}-*.parquet"))
    if not paths:
        raise Unavailable("The facts of this load are gone.")
    try:
        for path in paths:
            _rewrite(path, others, added if path is paths[0] else ())
    except FileNotFoundError:
        raise Unavailable("The facts of this load went while they were written.") from None


def _rewrite(path: Path, keeps: Callable[[pa.RecordBatch], pa.Array], added: Sequence[tuple[Any, ...]] = ()) -> None:
    unfinished = path.with_suffix(".unfinished")
    with pq.ParquetFile(path) as file, pq.ParquetWriter(unfinished, file.schema_arrow) as writer:
        for batch in file.iter_batches(_AT_ONCE):
            writer.write_batch(batch.filter(keeps(batch)))
        writer.write_table(_table(added, file.schema_arrow))
    unfinished.rename(path)


def _table(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def _row(one: Holding) -> tuple[Any, ...]:
    return (one.ssin, one.status, one.source, one.period.start_date, one.period.end_date, one.extracted)
