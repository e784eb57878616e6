"""A workbook read without trust: bounded when unpacked, without document types, formulas or errors in what is kept."""

import io
import lzma
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias
from xml.parsers import expat

from openpyxl import load_workbook

from crossroads.dmn.errors import BadModel
from crossroads.dmn.model import Place

MAX_BYTES = 8 * 1024 * 1024
MAX_UNPACKED = 16 * 1024 * 1024
MAX_PARTS = 500
MAX_ROWS = 2_000
MAX_COLUMNS = 200
MARK = "decision"
"""What the first cell of a sheet with a table says; other sheets are not looked at."""

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError),
    *(NotImplementedError, RuntimeError, OSError, ValueError),
)
"""What the parts of a file that is no archive, or a broken one, end in."""

Grid: TypeAlias = Sequence[Sequence[object]]
"""Rows of what a spreadsheet program keeps: texts, numbers, truths, dates, nothing."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A sheet with a table."""

    title: str
    grid: Grid

    def place(self, row: int, column: int) -> Place:
        """Name a cell; rows and columns count from 0."""
        return Place((f'sheet "{self.title}"', f"cell {letters(column)}{row + 1}"), None, row, column)


def opened(data: bytes) -> list[Opened]:
    """Give the sheets of a workbook that have a table. Raises BadModel."""
    unpacked = _unpacked(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that openpyxl does not keep: only cells are read
            book: Any = load_workbook(unpacked, read_only=True)
            found = [_sheet(sheet) for sheet in book.worksheets if _has_table(sheet)]
    except BadModel:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever it stumbles over
        raise BadModel(f"this is not a workbook (XLSX) that can be read: {type(error).__name__}") from None
    if not found:
        raise BadModel(f'no sheet of the workbook has a table: its first cell says "{MARK}"')
    return found


def letters(column: int) -> str:
    """Name a column (from 0) as spreadsheet programs do."""
    more, last = divmod(column, 26)
    return (letters(more - 1) if more else "") + chr(ord("A") + last)


def _unpacked(data: bytes) -> io.BytesIO:
    """Pack the parts anew, each read no further than it says it is long: a size that lies unpacks to nothing more."""
    if len(data) > MAX_BYTES:
        raise BadModel(f"the workbook is {len(data)} bytes; at most {MAX_BYTES} are read")
    kept = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed, zipfile.ZipFile(kept, "w") as again:
            for part in _bounded(packed.infolist()):
                with packed.open(part) as stream:
                    content = stream.read(part.file_size)
                _see_plain(content, part.filename)
                _see_bounded(content)
                again.writestr(part.filename, content)
    except _BROKEN:
        raise BadModel("this is not a workbook (XLSX)") from None
    kept.seek(0)
    return kept


def _bounded(parts: Sequence[zipfile.ZipInfo]) -> Sequence[zipfile.ZipInfo]:
    """Refuse, before anything is unpacked, what says that it unpacks to too much."""
    size = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
        raise BadModel(f"the workbook unpacks to {size} bytes in {len(parts)} parts, which is too much")
    if len({part.filename for part in parts}) < len(parts):
        raise BadModel("the workbook has a part twice")
    return parts


def _see_plain(part: bytes, name: str) -> None:
    """Refuse XML with a document type, whatever its encoding; comments and sections of text begin alike."""
    bare = part.replace(b"\0", b"").replace(b"<!--", b"").replace(b"<![CDATA[", b"")
    if b"<!" in bare and name.endswith((".xml", ".rels", ".vml")):
        raise BadModel(f"{name} in the workbook has a document type; entities and external files are refused")


def _see_bounded(part: bytes) -> None:
    """Refuse a row of more cells than a table has columns, before anything is made of it: it is read in one go."""
    parser, cells = expat.ParserCreate(namespace_separator=" "), 0

    def start(name: str, _attributes: dict[str, str]) -> None:
        nonlocal cells
        local = name.rpartition(" ")[2]
        cells = 0 if local == "row" else cells + (local == "c")
        if cells > MAX_COLUMNS:
            raise BadModel(f"a row has more than {MAX_COLUMNS} cells: delete the empty columns")

    parser.StartElementHandler = start
    with suppress(expat.ExpatError):  # a picture, say
        parser.Parse(part, True)


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Give the rows one by one, as they stand, whatever the sheet says of its own size."""
    sheet.reset_dimensions()
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows()
    return rows


def _has_table(sheet: Any) -> bool:
    first = next(_rows(sheet), ())
    return bool(first) and str(first[0].value).strip().lower() == MARK


def _sheet(sheet: Any) -> Opened:
    title = str(sheet.title)
    grid: list[list[object]] = []
    for row in _rows(sheet):
        if len(row) > MAX_COLUMNS or len(grid) == MAX_ROWS:
            reach = f"{letters(MAX_COLUMNS - 1)}{MAX_ROWS}"
            raise BadModel(f"its cells reach beyond {reach}: delete the empty rows", Place((f'sheet "{title}"',)))
        grid.append([_value(cell, title) for cell in row])
    columns = max(map(len, grid), default=0)
    return Opened(title, [[*row, *[None] * (columns - len(row))] for row in grid])


def _value(cell: Any, title: str) -> object:
    if cell.data_type in _REFUSED:
        place = Place((f'sheet "{title}"', f"cell {cell.coordinate}"))
        raise BadModel(_REFUSED[cell.data_type], place)
    return cell.value


_REFUSED = {
    "f": "it holds a formula; a table holds what is to be tested and given, as text",
    "e": "it holds an error of the spreadsheet program",
}
