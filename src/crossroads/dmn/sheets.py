"""A decision table as a sheet that people edit in a spreadsheet program, and back; CSV is one way to keep a sheet.

    decision    Fee
    hit policy  UNIQUE
                input          input      output     annotation
    expression  Age            Resident   Fee        Legal reference
    type        number         boolean    number
    values                                0, 5, 10
    default                               10
    1           < 18           -          0          Art. 3
    2           [18..65)       true       5

Each further row is a rule; its first cell has its number or its id. Rows of types, values and defaults may be absent.
What a sheet has no place for is left out: ids of cells, labels, languages, and how a table is drawn.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

from crossroads.dmn.errors import BadModel
from crossroads.dmn.model import (
    Aggregation,
    Condition,
    DecisionTable,
    HitPolicy,
    InputClause,
    Literal,
    OutputClause,
    Place,
    Rule,
)

Sheet: TypeAlias = Sequence[Sequence[str]]
"""Rows of cells, each a text; rows may be of different lengths."""

HEADS = ("expression", "type", "values", "default")
KINDS = ("input", "output", "annotation")
FIRST_CELL = re.compile(r'"?[^",;\t\r\n]*"?([,;\t])')
MAX_BYTES = 8 * 1024 * 1024


def sheet_of(name: str, table: DecisionTable) -> Sheet:
    """Lay a decision table out as a sheet."""
    plain = [""] * len(table.annotations)
    columns: list[InputClause | OutputClause] = [*table.inputs, *table.outputs]
    policy = " ".join(word for word in (table.hit_policy, table.aggregation) if word)
    return [
        ["decision", name],
        ["hit policy", policy],
        ["", *["input"] * len(table.inputs), *["output"] * len(table.outputs), *["annotation"] * len(plain)],
        ["expression", *map(_title, columns), *table.annotations],
        ["type", *((_type(column) or "") for column in columns), *plain],
        ["values", *((column.values.text if column.values else "") for column in columns), *plain],
        ["default", *map(_default, columns), *plain],
        *([rule.id or str(n), *_cells(rule, len(plain))] for n, rule in enumerate(table.rules, 1)),
    ]


def _title(column: InputClause | OutputClause) -> str:
    return column.expression.text if isinstance(column, InputClause) else column.name or ""


def _type(column: InputClause | OutputClause) -> str | None:
    return column.expression.type_ref if isinstance(column, InputClause) else column.type_ref


def _default(column: InputClause | OutputClause) -> str:
    return column.default.text if isinstance(column, OutputClause) and column.default else ""


def _cells(rule: Rule, annotations: int) -> Iterator[str]:
    yield from (cell.text for cell in rule.inputs)
    yield from (cell.text for cell in rule.outputs)
    yield from (text for text, _ in zip_longest(rule.annotations, range(annotations), fillvalue=""))


def table_of(sheet: Sheet) -> tuple[str, DecisionTable]:
    """Read a sheet into the decision's name and its table. Raises BadModel, which names the row and the column."""
    return _Reader(sheet).table()


class _Reader:
    def __init__(self, sheet: Sheet) -> None:
        self._rows = [[cell.strip() for cell in row] for row in sheet]
        self._at = {row[0].lower(): n for n, row in reversed(list(enumerate(self._rows))) if row and row[0]}
        self._kinds_at = next((n for n, row in enumerate(self._rows) if set(row) & set(KINDS) and not row[0]), None)
        if self._kinds_at is None:
            raise BadModel("no row says which columns are input, output and annotation", Place(("the sheet",)))
        self._columns = {kind: [n for n, cell in self._kinds() if cell == kind] for kind in KINDS}

    def _kinds(self) -> Iterator[tuple[int, str]]:
        assert self._kinds_at is not None  # noqa: S101 (refused above)
        for n, cell in list(enumerate(self._rows[self._kinds_at]))[1:]:
            if cell not in (*KINDS, ""):
                raise BadModel(f'"{cell}" is none of {", ".join(KINDS)}', _place(self._kinds_at, n))
            yield n, cell

    def table(self) -> tuple[str, DecisionTable]:
        policy, aggregation = self._policy()
        outputs = tuple(self._output(n) for n in self._columns["output"])
        if not outputs:
            raise BadModel("the table has no output column", Place(("the sheet",)))
        return self._head("decision", 1), DecisionTable(
            inputs=tuple(self._input(n) for n in self._columns["input"]),
            outputs=outputs,
            rules=tuple(self._rule(row, n) for n, row in enumerate(self._rules(), 1)),
            annotations=tuple(self._head("expression", n) for n in self._columns["annotation"]),
            hit_policy=policy,
            aggregation=aggregation,
        )

    def _head(self, name: str, column: int) -> str:
        row = self._at.get(name)
        return self._cell(row, column) if row is not None else ""

    def _cell(self, row: int, column: int) -> str:
        return self._rows[row][column] if column < len(self._rows[row]) else ""

    def _policy(self) -> tuple[HitPolicy, Aggregation | None]:
        words = self._head("hit policy", 1).upper() or HitPolicy.UNIQUE
        first, _, last = words.rpartition(" ")
        try:
            return (HitPolicy(first), Aggregation(last)) if last in set(Aggregation) else (HitPolicy(words), None)
        except ValueError:
            known = ", ".join(HitPolicy)
            raise BadModel(
                f'the hit policy is "{words}"; it is one of {known}', _place(self._at["hit policy"], 1)
            ) from None

    def _values(self, column: int) -> Condition | None:
        text = self._head("values", column)
        return Condition(text=text, place=_place(self._at["values"], column)) if text else None

    def _input(self, column: int) -> InputClause:
        text, place = self._head("expression", column), _place(self._at.get("expression", 0), column)
        if not text:
            raise BadModel("an input column has no expression", place)
        head = Literal(text=text, type_ref=self._head("type", column) or None, place=place)
        return InputClause(expression=head, values=self._values(column), place=place)

    def _output(self, column: int) -> OutputClause:
        default, place = self._head("default", column), _place(self._at.get("expression", 0), column)
        name = self._head("expression", column)
        if not name and len(self._columns["output"]) > 1:
            raise BadModel("an output column has no name, and there are several", place)
        written = Literal(text=default, place=_place(self._at["default"], column)) if default else None
        return OutputClause(
            name=name or None,
            type_ref=self._head("type", column) or None,
            values=self._values(column),
            default=written,
            place=place,
        )

    def _rules(self) -> Iterator[int]:
        assert self._kinds_at is not None  # noqa: S101 (refused above)
        for n, row in enumerate(self._rows):
            if n > self._kinds_at and any(row) and row[0].lower() not in HEADS:
                yield n

    def _rule(self, row: int, number: int) -> Rule:
        extra = [
            n
            for n, cell in enumerate(self._rows[row])
            if n and cell and not any(n in c for c in self._columns.values())
        ]
        if extra:
            raise BadModel("this cell stands in no column of the table", _place(row, extra[0], number))
        name = self._rows[row][0]
        return Rule(
            inputs=tuple(
                Condition(text=self._cell(row, n) or "-", place=_place(row, n, number)) for n in self._columns["input"]
            ),
            outputs=tuple(
                Literal(text=self._cell(row, n), place=_place(row, n, number)) for n in self._columns["output"]
            ),
            annotations=tuple(self._cell(row, n) for n in self._columns["annotation"]),
            id=None if name.isdecimal() else name or None,
            place=_place(row, 0, number),
        )


def _place(row: int, column: int, rule: int | None = None) -> Place:
    words = (*([f"rule {rule}"] if rule else []), f"cell {_letters(column)}{row + 1}")
    return Place(words, row=rule, column=column or None)


def _letters(column: int) -> str:
    more, last = divmod(column, 26)
    return (_letters(more - 1) if more else "") + chr(ord("A") + last)


def write_csv(sheet: Sheet) -> bytes:
    """Give a sheet as CSV (RFC 4180, UTF-8 with a byte order mark, which spreadsheet programs look for)."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(sheet)
    return text.getvalue().encode("utf-8-sig")


def read_csv(data: bytes) -> Sheet:
    """Read CSV, with commas, semicolons or tabs between the cells. Raises BadModel."""
    if len(data) > MAX_BYTES:
        raise BadModel(f"the sheet is {len(data)} bytes; at most {MAX_BYTES} are read")
    try:
        text = data.decode("utf-8-sig")
        between = FIRST_CELL.match(text)
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=between[1] if between else ",", strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadModel(f"not CSV in UTF-8: {error}") from None
