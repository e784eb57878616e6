"""The file that a client gets of a run: JSON Lines, CSV or Parquet, by its name; compared with that of the last run."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from crossroads.kernel.errors import Refused
from crossroads.statuses.customers import Outcome

_FORMATS = {".jsonl": "FORMAT json", ".csv": "FORMAT csv, HEADER", ".parquet": "FORMAT parquet"}
_PATTERNS = frozenset("*?[")
"""What the engine would take for a pattern of names."""
_COLUMNS = (
    "{{'reference': 'VARCHAR', 'verdict': 'VARCHAR', 'start_date': 'DATE', 'end_date': 'DATE', 'reason': 'VARCHAR', "
    "'change': 'VARCHAR'}}"
)
# All types are named: the engine would guess them from the first lines, and yes and no are not true and false.
_READERS = {
    ".jsonl": f"read_json({{file}}, format = 'newline_delimited', columns = {_COLUMNS})",
    ".csv": f"read_csv({{file}}, header = true, delim = ',', quote = '\"', escape = '\"', columns = {_COLUMNS})",
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
# A cell that a spreadsheet would run begins with an apostrophe in CSV: then it is text there. A result that is read has
# the cell as it was.
_GUARDED = (
    "SELECT * REPLACE ("
    + ", ".join(rf"regexp_replace({name}, '^([=+\-@\t\r''])', '''\1') AS {name}" for name in ("reference", "reason"))
    + ") FROM"
)
_BARED = r"SELECT * REPLACE (regexp_replace(reference, '^''([=+\-@\t\r''])', '\1') AS reference) FROM"
_PLAIN = """
SELECT reference::VARCHAR AS reference, verdict::VARCHAR AS verdict, start_date::DATE AS start_date,
  end_date::DATE AS end_date, reason::VARCHAR AS reason
FROM ({found})
"""
_WRONG = """
SELECT count(*) FROM read_parquet({file})
WHERE reference IS NULL OR coalesce(verdict, '') NOT IN ('yes', 'no', 'refused', 'undecided')
  OR (verdict = 'yes' AND start_date IS NULL)
"""
_COMPARED = """
WITH told AS (SELECT *, row_number() OVER () AS place FROM read_parquet({new})),
  held AS (SELECT DISTINCT reference, start_date, end_date FROM {before} WHERE start_date IS NOT NULL),
  -- What held before goes on where no answer can be had: the next run is compared with it.
  now AS (
    SELECT told.reference, told.verdict, coalesce(told.start_date, held.start_date) AS start_date,
      coalesce(told.end_date, held.end_date) AS end_date, told.reason, told.place
    FROM told
    LEFT JOIN held ON held.reference = told.reference AND told.verdict = 'undecided' AND told.start_date IS NULL
  ),
  before AS (
    SELECT reference, list(struct_pack(s := start_date::VARCHAR, e := end_date::VARCHAR) ORDER BY start_date) AS days
    FROM held GROUP BY reference
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
FROM now LEFT JOIN before USING (reference) LEFT JOIN today USING (reference) ORDER BY place, start_date
"""
_NOTHING = "(SELECT NULL AS reference, NULL::DATE AS start_date, NULL::DATE AS end_date WHERE FALSE)"


def write(outcomes: Iterable[Outcome], output: Path, previous: Path | None = None) -> Counter[str]:
    """Write a result, each line marked with how it stands to the last one; give the number of lines of each kind.

    Raises Refused for a name that cannot be, for a file that is there already and for a last one that is no result of
    a run, before the first outcome is taken.
    """
    kind = _kind(output)
    if output.exists():
        raise Refused(f"{output} is there already.")
    with tempfile.TemporaryDirectory(dir=output.absolute().parent, prefix=f".{output.name}.") as folder:
        new, made = Path(folder) / "new.parquet", Path(folder) / output.name
        before = _parquet(_plain(previous, Path(folder) / "before.parquet")) if previous else _NOTHING
        counts = _staged(outcomes, new)
        compared = _COMPARED.format(before=before, new=_quoted(new))
        told = f"{_GUARDED} ({compared})" if output.suffix == ".csv" else compared
        with _engine(f"{output} cannot be written.") as database:
            database.execute(f"COPY ({told}) TO {_quoted(made)} ({kind})")
        made.chmod(0o600)
        shutil.move(made, output)
    return counts


def compare(old: Path, new: Path) -> Mapping[str, int]:
    """Count how the lines of two results stand to each other: new, same, changed, ended. Raises Refused."""
    with tempfile.TemporaryDirectory() as folder:
        before, now = (_plain(path, Path(folder) / f"{place}.parquet") for place, path in enumerate((old, new)))
        compared = _COMPARED.format(before=_parquet(before), new=_quoted(now))
        with _engine("The results cannot be compared.") as database:
            counted = f"SELECT change, count(*) FROM ({compared}) GROUP BY change"  # noqa: S608 - ours
            found = database.execute(counted).fetchall()
    return {change: many for change, many in found if change}


def _plain(path: Path, into: Path) -> Path:
    """Copy a result to Parquet, checked. Raises Refused that quotes nothing of it."""
    _kind(path)
    if not path.is_file():
        raise Refused(f"{path} is no file.")
    wrong = f"{path} is no result of a run, or is damaged."
    found = _READERS[path.suffix].format(file=_quoted(path))
    with _engine(wrong) as database:
        plain = _PLAIN.format(found=f"{_BARED if path.suffix == '.csv' else 'FROM'} {found}")
        database.execute(f"COPY ({plain}) TO {_quoted(into)} (FORMAT parquet)")
        if database.execute(_WRONG.format(file=_quoted(into))).fetchone() != (0,):
            raise Refused(wrong)
    return into


@contextmanager
def _engine(wrong: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give the engine. What it cannot do is Refused: its own words would quote lines of a file."""
    try:
        with duckdb.connect() as database:
            yield database
    except duckdb.Error:
        raise Refused(wrong) from None


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
    if _PATTERNS & set(str(path)):
        raise Refused(f"{path}: the name of a result, and of its folder, has none of {' '.join(sorted(_PATTERNS))}.")
    return _FORMATS[path.suffix]


def _parquet(path: Path) -> str:
    return f"read_parquet({_quoted(path)})"


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "''")
    return f"'{escaped}'"
