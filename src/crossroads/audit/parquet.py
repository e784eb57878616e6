"""Archived entries as a Parquet file: all columns, sorted by stream and index, some thousand rows in memory.

The library is large and slow to load, and most processes never see a file: it is loaded with the first.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple
from uuid import UUID

from crossroads.audit.model import Record
from crossroads.kernel.errors import Tampered

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 10_000
"""In a group, which is what is written, and what is read, at once."""


class ArchivedEntry(NamedTuple):
    """An entry with its place, as it is in a file."""

    stream: int
    place: int
    """Its index in the stream."""
    epoch: int
    record: Record


class EntryWriter:
    """Writes entries, in their order, to a file that is open. Raises OSError when that is full."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin."""
        from pyarrow import parquet  # noqa: PLC0415 - see above

        self._writer = parquet.ParquetWriter(file, _schema(), compression="zstd")

    def write(self, entries: Sequence[ArchivedEntry]) -> None:
        """Write a group of them, of `ROWS` at most."""
        import pyarrow as pa  # noqa: PLC0415 - see above

        columns = zip(*map(_row, entries), strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _schema(), strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=_schema()), row_group_size=ROWS)

    def end(self) -> None:
        """End the file; it stays open."""
        self._writer.close()


def entries(path: Path) -> Iterator[ArchivedEntry]:
    """Walk all entries of a file. Raises Tampered for a file that is none."""
    return _entries(path, "stream", None)


def entries_of_stream(path: Path, stream: int) -> Iterator[ArchivedEntry]:
    """Walk the entries of a stream, in order. Raises as `entries`."""
    return _entries(path, "stream", [stream])


def entries_having(path: Path, column: str, values: Collection[int] | Collection[UUID]) -> Iterator[ArchivedEntry]:
    """Walk the entries of some persons, or of some tickets. Groups without one are not read. Raises likewise."""
    return _entries(path, column, [value.bytes if isinstance(value, UUID) else value for value in values])


@cache
def _schema() -> "pa.Schema":
    import pyarrow as pa  # noqa: PLC0415 - see above

    return pa.schema(
        [
            pa.field("stream", pa.int16(), nullable=False),
            pa.field("index", pa.int64(), nullable=False),
            pa.field("epoch", pa.int64(), nullable=False),
            pa.field("event", pa.string(), nullable=False),
            pa.field("ticket", pa.binary(16)),
            pa.field("person", pa.int64()),
            pa.field("asker", pa.string()),
            pa.field("at", pa.timestamp("us", "UTC"), nullable=False),
            pa.field("content", pa.string()),
            pa.field("salts", pa.binary()),
            pa.field("leaf", pa.binary(32), nullable=False),
        ]
    )


def _entries(path: Path, column: str, wanted: Sequence[Any] | None) -> Iterator[ArchivedEntry]:
    import pyarrow as pa  # noqa: PLC0415 - see above
    from pyarrow import parquet  # noqa: PLC0415 - see above

    try:
        with parquet.ParquetFile(path) as file:
            if not file.schema_arrow.equals(_schema()):
                raise Tampered(f"{path.name} has not the columns of a log.")
            place = _schema().get_field_index(column)
            for number in range(file.num_row_groups):
                if wanted is None or _may_have(file.metadata.row_group(number).column(place).statistics, wanted):
                    yield from _group(file, number, column, wanted)
    except pa.ArrowException as error:
        raise Tampered(f"{path.name} cannot be read as Parquet.") from error


def _group(file: Any, number: int, column: str, wanted: Sequence[Any] | None) -> Iterable[ArchivedEntry]:
    if wanted is None:
        return _decoded(file.read_row_group(number))
    import pyarrow as pa  # noqa: PLC0415 - see above
    from pyarrow import compute  # noqa: PLC0415 - see above

    values = pa.array(wanted, _schema().field(column).type)
    chosen = compute.is_in(file.read_row_group(number, [column])[column], value_set=values)
    return _decoded(file.read_row_group(number).filter(chosen)) if compute.any(chosen).as_py() else ()


def _may_have(statistics: Any, wanted: Sequence[Any]) -> bool:
    if statistics is None or not statistics.has_min_max:
        return statistics is None or statistics.null_count is None or statistics.num_values > 0
    return any(statistics.min <= value <= statistics.max for value in wanted)


def _decoded(table: Any) -> Iterator[ArchivedEntry]:
    for row in table.to_pylist():
        ticket = UUID(bytes=row["ticket"]) if row["ticket"] else None
        record = Record(
            row["event"], ticket, row["person"], row["asker"], row["at"], row["content"], row["salts"], row["leaf"]
        )
        yield ArchivedEntry(row["stream"], row["index"], row["epoch"], record)


def _row(entry: ArchivedEntry) -> tuple[Any, ...]:
    event, ticket, *rest = entry.record
    return *entry[:3], event, ticket.bytes if ticket else None, *rest
