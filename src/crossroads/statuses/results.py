"""The file that a client gets of a run: JSON Lines, CSV or Parquet, by its name; compared with that of the last run."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from crossroads.kernel.errors import Refused
from crossroads.statuses.customers import Outcome

_FORMATS = {".jsonl": "FORMAT json", ".csv": "FORMAT csv, HEADER", ".parquet": "FORMAT parquet"}
_READERS = {
    ".jsonl": "read_json({file}, columns = {{reference: 'VARCHAR', verdict: 'VARCHAR', start_date: 'DATE', "
    "end_date: 'DATE', reason: 'VARCHAR'}})",
    ".csv": "read_csv({file}, types = {{'reference': 'VARCHAR', 'start_date': 'DATE', 'end_date': 'DATE'}})",
    ".parquet": "read_parquet({file})",
}
_SCHEMA = pa.schema(
    [
        ("reference", pa.string()),
        ("verdict", pa.string()),
        ("start_date", pa.date32()),
        ("end_date", pa.date32()),
        ("reason", pa.string()),
    ]
)
_AT_ONCE = 20_000
_COMPARED = """
WITH now AS (SELECT *, row_number() OVER () AS place FROM read_parquet({new})),
  before AS (
    SELECT reference, list(struct_pack(s := start_date::VARCHAR, e := end_date::VARCHAR) ORDER BY start_date) AS days
    FROM {before} WHERE verdict = 'yes' GROUP BY reference
  ),
  today AS (
    SELECT reference, list(struct_pack(s := start_date::VARCHAR, e := end_date::VARCHAR) ORDER BY start_date) AS days
    FROM now WHERE verdict = 'yes' GROUP BY reference
  )
SELECT now.reference, now.verdict, now.start_date, now.end_date, now.reason,
  CASE
    WHEN now.verdict IN ('refused', 'undecided') THEN NULL
    WHEN now.verdict = 'no' THEN CASE WHEN before.days IS NULL THEN 'same' ELSE 'ended' END
    WHEN before.days IS NULL THEN 'new'
    WHEN before.days = today.days THEN 'same'
    ELSE 'changed'
  END AS change
FROM now LEFT JOIN before USING (reference) LEFT JOIN today USING (reference) ORDER BY place
"""


def write(outcomes: Iterable[Outcome], output: Path, previous: Path | None = None) -> Counter[str]:
    """Write a result, each line marked with how it stands to the last one; give the number of lines of each kind.

    Raises Refused for a name that says no format, and for a file that is there already or cannot be read.
    """
    kind = _kind(output)
    if output.exists():
        raise Refused(f"{output} is there already.")
    before = _reader(previous)
    with tempfile.TemporaryDirectory(dir=output.absolute().parent, prefix=f".{output.name}.") as folder:
        new, made = Path(folder) / "new.parquet", Path(folder) / output.name
        counts = _staged(outcomes, new)
        with duckdb.connect() as database:
            compared = _COMPARED.format(before=before, new=_quoted(new))
            database.execute(f"COPY ({compared}) TO {_quoted(made)} ({kind})")
        made.chmod(0o600)
        shutil.move(made, output)
    return counts


def compare(old: Path, new: Path) -> Mapping[str, int]:
    """Count how the lines of two results stand to each other: new, same, changed, ended. Raises Refused."""
    with duckdb.connect() as database, tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "new.parquet"
        database.execute(f"COPY (FROM {_reader(new)}) TO {_quoted(plain)} (FORMAT parquet)")
        compared = _COMPARED.format(before=_reader(old), new=_quoted(plain))
        counted = f"SELECT change, count(*) FROM ({compared}) GROUP BY change"  # noqa: S608 - ours
        found = database.execute(counted).fetchall()
    return {change: many for change, many in found if change}


def _staged(outcomes: Iterable[Outcome], path: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    waiting = iter(outcomes)
    with pq.ParquetWriter(path, _SCHEMA) as writer:
        while some := list(islice(waiting, _AT_ONCE)):
            counts.update(str(one.verdict) for one in some)
            columns = zip(*some, strict=True)
            arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
            writer.write_table(pa.Table.from_arrays(arrays, schema=_SCHEMA))
    return counts


def _kind(path: Path) -> str:
    if path.suffix not in _FORMATS:
        raise Refused(f"{path}: the name of a result ends in {', '.join(_FORMATS)}.")
    return _FORMATS[path.suffix]


def _reader(previous: Path | None) -> str:
    if previous is None:
        return "(SELECT NULL AS reference, NULL AS verdict, NULL AS start_date, NULL AS end_date WHERE FALSE)"
    _kind(previous)
    if not previous.is_file():
        raise Refused(f"{previous} is no file.")
    return _READERS[previous.suffix].format(file=_quoted(previous))


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "''")
    return f"'{escaped}'"
