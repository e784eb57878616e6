"""One sheet of a workbook read as a table: what programs made of its cells as text, then the layout of `sheets`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from crossroads.dmn.errors import BadModel
from crossroads.dmn.held import allowed, kind
from crossroads.dmn.model import (
    DecisionTable,
    Definitions,
    Element,
    InputClause,
    Literal,
    OutputClause,
    Place,
)
from crossroads.dmn.sheets import HEADS, KINDS, table_of
from crossroads.dmn.workbook.laying import ALLOWED, KEPT, LABEL, REFERENCE, TABLE
from crossroads.dmn.workbook.merging import same
from crossroads.dmn.workbook.opening import Opened
from crossroads.dmn.workbook.typed import Refused, feel, plain

Texts: TypeAlias = list[list[str]]
Columns: TypeAlias = dict[int, InputClause | OutputClause]
Kinds: TypeAlias = dict[int, str | None]
_FEEL = ("values", "default")


@dataclass(frozen=True, slots=True)
class Read:
    """A table from a sheet, with the first cells of its rules and what the sheet says beside it."""

    sheet: Opened
    name: str
    number: int
    table: DecisionTable
    rules: Sequence[str]
    heads: Texts

    @property
    def key(self) -> tuple[str, int]:
        """What tells it from other tables of the model."""
        return self.name, self.number

    @property
    def which(self) -> str:
        """Say the how manieth it is, where it is not the first."""
        return f" number {self.number}" if self.number > 1 else ""

    def said(self, head: str) -> str | None:
        """Give what stands beside a head, or None where there is no such row."""
        return next((row[1].strip() for row in self.heads if row[0].lower() == head), None)

    def references(self) -> Iterator[tuple[int, tuple[str, str, str]]]:
        """Give the rows of sources of law: name, location, description."""
        for number, row in enumerate(self.heads):
            if row[0].lower() == REFERENCE:
                name, location, description = (cell.strip() for cell in [*row, "", "", ""][1:4])
                yield number, (name, location, description)


def read_sheet(sheet: Opened, model: Definitions) -> Read:
    """Read a sheet; the model says what types are. Raises BadModel, which names sheet and cell."""
    heads = _kinds_at(sheet)
    rows = _rows_at(sheet)
    sides = {n: plain_or(cell) for n, cell in enumerate(sheet.grid[heads])}
    columns = {n: _column(sheet, rows, n, side) for n, side in sides.items() if side in KINDS[:2]}
    kinds = {n: kind(model, column) for n, column in columns.items()}
    texts = [_texts(sheet, number, heads, kinds) for number in range(len(sheet.grid))]
    _see_allowed(sheet, rows, columns, texts, model)
    labels = {n: text.strip() for n, text in enumerate(texts[rows[LABEL]])} if LABEL in rows else {}
    bare = [[] if number in (rows.get(LABEL), rows.get(ALLOWED)) else row for number, row in enumerate(texts)]
    try:
        name, table = table_of(bare)
    except BadModel as wrong:
        raise BadModel(wrong.message, _titled(wrong.where, sheet)) from None
    after = [row for row in bare[heads + 1 :] if any(cell.strip() for cell in row)]
    names = [row[0].strip() for row in after if row[0].strip().lower() not in HEADS]
    return Read(sheet, name, _number(sheet, rows), _labelled(table, labels, sheet), names, texts[:heads])


def _kinds_at(sheet: Opened) -> int:
    for number, row in enumerate(sheet.grid):
        if row and not plain_or(row[0]) and set(KINDS) & {plain_or(cell) for cell in row[1:]}:
            return number
    where = Place((f'sheet "{sheet.title}"',))
    raise BadModel("no row says which columns are input, output and annotation", where)


def plain_or(value: object) -> str:
    """Give a text as it is; anything else as nothing."""
    return value.strip() if isinstance(value, str) else ""


def _rows_at(sheet: Opened) -> dict[str, int]:
    """Give where the rows stand that are no rules."""
    names = {number: plain_or(row[0]).lower() for number, row in enumerate(sheet.grid) if row}
    return {name: number for number, name in reversed(names.items()) if name in KEPT}


def _column(sheet: Opened, rows: dict[str, int], n: int, side: str) -> InputClause | OutputClause:
    """Give the head of a column as far as its type needs it."""
    text, type_ref = (plain_or(sheet.grid[rows[name]][n]) if name in rows else "" for name in ("expression", "type"))
    if side == "input":
        return InputClause(expression=Literal(text=text, type_ref=type_ref or None))
    return OutputClause(name=text, type_ref=type_ref or None)


def _texts(sheet: Opened, number: int, heads: int, kinds: Kinds) -> list[str]:
    row = sheet.grid[number]
    first = plain_or(row[0]).lower()
    is_feel = number > heads and (first in _FEEL or first not in KEPT)
    return [_text(sheet, number, n, cell, kinds if is_feel else {}) for n, cell in enumerate(row)]


def _text(sheet: Opened, row: int, n: int, value: object, kinds: Kinds) -> str:
    try:
        return feel(value, kinds[n]) if n in kinds else plain(value)
    except Refused as why:
        raise BadModel(str(why), sheet.place(row, n)) from None


def _see_allowed(sheet: Opened, rows: dict[str, int], columns: Columns, texts: Texts, model: Definitions) -> None:
    """Refuse a change of what types allow: it would be lost."""
    for n, column in columns.items() if ALLOWED in rows and model.items else ():
        if not same(texts[rows[ALLOWED]][n], allowed(model, column)):
            raise BadModel("what a type allows is changed in the model, not in a sheet", sheet.place(rows[ALLOWED], n))


def _number(sheet: Opened, rows: dict[str, int]) -> int:
    text = plain(sheet.grid[rows[TABLE]][1]).strip() if TABLE in rows else "1"
    if not text.isdecimal():
        raise BadModel(f'"{text}" is no number of a table', sheet.place(rows[TABLE], 1))
    return int(text)


def _labelled(table: DecisionTable, labels: dict[int, str], sheet: Opened) -> DecisionTable:
    """Put the labels on the columns, and the title of the sheet before each place."""

    def label(clause: Any) -> Any:
        return replace(clause, label=labels.get(clause.place.column) or None)

    labelled = replace(table, inputs=tuple(map(label, table.inputs)), outputs=tuple(map(label, table.outputs)))
    titled: DecisionTable = _placed(labelled, sheet)
    return titled


def _placed(thing: Any, sheet: Opened) -> Any:
    if isinstance(thing, tuple):
        return tuple(_placed(item, sheet) for item in thing)
    if not isinstance(thing, Element):
        return thing
    fields = {name: _placed(getattr(thing, name), sheet) for name in thing.__dataclass_fields__ if name != "place"}
    return replace(thing, **fields, place=_titled(thing.place, sheet))


def _titled(place: Place, sheet: Opened) -> Place:
    return replace(place, words=(f'sheet "{sheet.title}"', *(word for word in place.words if word != "the sheet")))
