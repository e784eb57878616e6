"""Rows: what stands in the lines of a file, as JSON Lines or CSV (RFC 4180), read into structs and written.

What is wrong is said with its line and its member or column, and never repeats a value.
"""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.sentences import Sentence
from crossroads.kernel.ssin import Environment, parse_ssin
from crossroads.wire.batches import FileFormat, Packing, Record
from crossroads.wire.decoding import UNREADABLE, fault, refuse_repeated_members
from crossroads.wire.packing import BadFile, Line, Lines

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_DAY = "A day that exists, written as 2026-01-31."


class Column(NamedTuple):
    """A column of CSV: the member that it holds (`period.startDate`), and what a value is, in a sentence."""

    member: str
    form: str


Columns = Mapping[str, Column]
"""By name."""

RECORD_COLUMNS: Columns = {
    "ssin": Column("ssin", "An SSIN is text of exactly eleven digits."),
    "customerTicket": Column("customerTicket", "A customer ticket has at most 36 characters, no control characters."),
    "startDate": Column("period.startDate", _DAY),
    "endDate": Column("period.endDate", _DAY),
    "referenceDate": Column("referenceDate", _DAY),
}


class Rows(Protocol[T_co]):
    """What makes rows of lines."""

    heading: int
    """Lines before the first row."""

    def read(self, line: Line) -> T_co | None:
        """Give the row of a line, nothing of a header. Raises BadFile."""
        ...


class JsonRows(Generic[T]):
    """Lines that hold one JSON object each."""

    heading = 0

    def __init__(self, kind: type[T], columns: Columns) -> None:
        """Read structs of this kind; the columns say what a value is."""
        self._decode = msgspec.json.Decoder(kind).decode
        self._forms = {column.member: _at_member(column.member, column.form) for column in columns.values()}

    def read(self, line: Line) -> T | None:
        """Give the row of a line. Raises BadFile."""
        try:
            row = self._decode(line.text)
            refuse_repeated_members(line.text, row)
        except msgspec.ValidationError as error:
            raise _wrong(error, self._forms, line) from None
        except UNREADABLE:
            raise BadFile("It is not one JSON object in UTF-8.", line.number) from None
        except ValueError as error:
            raise BadFile(str(error), line.number) from None
        return row


class CsvRows(Generic[T]):
    """Lines of CSV, each a row but for the header, which is the first. An empty field is an absent one."""

    heading = 1

    def __init__(self, kind: type[T], columns: Columns) -> None:
        """Read structs of this kind; the header has some of the columns, in any order."""
        self._kind, self._columns = kind, columns
        self._forms = {column.member: _at_member(name, column.form) for name, column in columns.items()}
        self._header: list[str] = []

    def read(self, line: Line) -> T | None:
        """Give the row of a line, nothing of the header. Raises BadFile."""
        if not self._header:
            self._header = self._checked(_fields(line._replace(text=line.text.removeprefix(BOM_UTF8))), line)
            return None
        fields = _fields(line)
        if len(fields) != len(self._header):
            found = Sentence(
                "It has %(fields)s fields, the header %(header)s.", fields=len(fields), header=len(self._header)
            )
            raise BadFile(found, line.number)
        try:
            return msgspec.convert(self._nested(fields), self._kind)
        except msgspec.ValidationError as error:
            raise _wrong(error, self._forms, line) from None

    def _checked(self, header: list[str], line: Line) -> list[str]:
        if not self._columns.keys() >= set(header) or len(set(header)) != len(header):
            allowed = ", ".join(self._columns)
            made_of = Sentence(
                "The header is made of %(columns)s: each at most once, with commas between.", columns=allowed
            )
            raise BadFile(made_of, line.number)
        return header

    def _nested(self, fields: list[str]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for name, value in zip(self._header, fields, strict=True):
            if value:
                outer, _, inner = self._columns[name].member.partition(".")
                if inner:
                    row.setdefault(outer, {})[inner] = value
                else:
                    row[outer] = value
        return row


class RowReader(Generic[T]):
    """Reads a file as it comes, row by row."""

    def __init__(self, rows: Rows[T], packing: Packing, check: Callable[[T], object], known: int = 0) -> None:
        """Begin a file. `check` raises InvalidValue, without the value, for a row that cannot be.

        The first rows are `known`: they were read before, and are not given again.
        """
        self._rows, self._lines, self._check = rows, Lines(packing), check
        self._known = range(rows.heading + 1, rows.heading + 1 + known)

    def feed(self, data: bytes) -> Iterator[T]:
        """Give the rows that are whole now; all are to be taken before more is fed. Raises BadFile."""
        return self._read(self._lines.feed(data))

    def finish(self) -> Iterator[T]:
        """Give the last row where its line has no end, and check that the file is whole. Raises BadFile."""
        return self._read(self._lines.finish())

    def _read(self, lines: Iterator[Line]) -> Iterator[T]:
        for line in lines:
            if line.number in self._known:
                continue
            row = self._rows.read(line)
            if row is None:
                continue
            try:
                self._check(row)
            except InvalidValue as error:
                raise BadFile(error.sentence, line.number) from None
            yield row


def record_rows(form: FileFormat) -> Rows[Record]:
    """Make records of lines in this form."""
    return (JsonRows if form is FileFormat.JSON_LINES else CsvRows)(Record, RECORD_COLUMNS)


def record_reader(form: FileFormat, packing: Packing, environment: Environment, today: date) -> RowReader[Record]:
    """Read the records of a batch; the number of each must be one that a person can have."""
    return RowReader(record_rows(form), packing, lambda record: parse_ssin(record.ssin, environment, today))


def record_lines(records: Iterable[Record], form: FileFormat) -> Iterator[bytes]:
    """Write records as lines, each with its end; of CSV the first is the header."""
    return json_lines(records) if form is FileFormat.JSON_LINES else csv_lines(records, RECORD_COLUMNS)


def json_lines(rows: Iterable[msgspec.Struct]) -> Iterator[bytes]:
    """Write a JSON object a line."""
    return (msgspec.json.encode(row) + b"\n" for row in rows)


def csv_lines(rows: Iterable[msgspec.Struct], columns: Columns) -> Iterator[bytes]:
    """Write a header with all columns, then a line for each row."""
    yield _csv_line(columns)
    for row in rows:
        plain = msgspec.to_builtins(row)
        yield _csv_line([_at(plain, column.member) for column in columns.values()])


def _csv_line(fields: Iterable[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(fields)
    return text.getvalue().encode()


def _at(row: dict[str, Any], member: str) -> str:
    outer, _, inner = member.partition(".")
    value = row.get(outer, "")
    return str(value.get(inner, "") if inner and value else value)


def _fields(line: Line) -> list[str]:
    try:
        (fields,) = csv.reader([line.text.decode()], strict=True)
    except UnicodeDecodeError:
        raise BadFile("It is not UTF-8.", line.number) from None
    except csv.Error:
        raise BadFile("It is not CSV: its quotes are not as RFC 4180 has them.", line.number) from None
    return fields


def _wrong(error: msgspec.ValidationError, forms: Mapping[str, str], line: Line) -> BadFile:
    found = fault(error)
    member = found.path.removeprefix("$").removeprefix(".")
    return BadFile(forms.get(member) or (_at_member(member, found.detail) if member else found.detail), line.number)


def _at_member(name: str, what: str) -> Sentence:
    return Sentence("%(member)s: %(what)s", member=name, what=what)
