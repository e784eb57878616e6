"""Tables laid out in a workbook, each on a sheet of its own; every cell is a text, so that no program changes it."""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import IllegalCharacterError

from crossroads.dmn.errors import BadModel
from crossroads.dmn.held import Held, allowed, held, sources
from crossroads.dmn.model import DecisionTable, Definitions, InputClause, OutputClause, Place, Rule
from crossroads.dmn.sheets import HEADS, Sheet, sheet_of

LABEL, ALLOWED, TABLE, DESCRIPTION, REFERENCE = "label", "allowed", "table", "description", "legal reference"
KEPT = frozenset({*HEADS, LABEL, ALLOWED, TABLE, DESCRIPTION, REFERENCE, "decision", "hit policy"})
"""What the first cell of a row says, if the row is not a rule."""
_WIDTH, _LONGEST = 24, 31
_HEAD = PatternFill("solid", fgColor="FFE8EEF4")


def laid(model: Definitions) -> bytes:
    """Give the workbook of a model's tables. Raises BadModel where there are none, or a text cannot be kept."""
    book = Workbook()
    book.remove(book.active)
    titles: set[str] = set()
    for one in held(model):
        title = _title(one, titles)
        _fill(book.create_sheet(title), rows(model, one))
    if not titles:
        raise BadModel("the model has no decision table")
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def rows(model: Definitions, one: Held) -> Sheet:
    """Lay out one table, with what the model says about it."""
    head, policy, kinds, expression, type_, values, default, *rules = sheet_of(one.owner.name, plain(one.table))
    columns: tuple[InputClause | OutputClause, ...] = (*one.table.inputs, *one.table.outputs)
    types = [allowed(model, column) for column in columns]
    return [
        head,
        policy,
        *([[TABLE, str(one.number)]] if one.number > 1 else []),
        [DESCRIPTION, one.owner.description or ""],
        *([REFERENCE, one.name, one.location or "", one.description or ""] for one in sources(model, one.owner)),
        [],
        kinds,
        [LABEL, *(column.label or "" for column in columns)],
        expression,
        type_,
        *([[ALLOWED, *types]] if any(types) else []),
        values,
        default,
        *rules,
    ]


def plain(table: DecisionTable) -> DecisionTable:
    """Give the table as a sheet can keep it: as many notes in each rule as there are columns of them."""
    count = max([len(table.annotations), *(len(rule.annotations) for rule in table.rules)])
    named = tuple(zip_longest(table.annotations, range(count), fillvalue=""))
    return replace(
        table,
        annotations=tuple(name for name, _ in named),
        rules=tuple(replace(rule, id=shown(rule, n)) for n, rule in enumerate(table.rules, 1)),
    )


def shown(rule: Rule, number: int) -> str:
    """Give what the first cell of a rule says: its id, or its number where it has none or one that a sheet takes."""
    return str(number) if not rule.id or rule.id.lower() in KEPT else rule.id


def _title(one: Held, taken: set[str]) -> str:
    """Give a sheet a title that programs accept, as near to the name as that is."""
    name = re.sub(r"[^\w .()+-]", " ", one.owner.name).strip()[: _LONGEST - 4] or "table"
    tries: Iterator[str] = (name if n == 1 else f"{name} {n}" for n in range(1, 1000))
    title = next(title for title in tries if title.lower() not in taken)
    taken.add(title.lower())
    return title


def _fill(sheet: Any, lines: Sheet) -> None:
    width = max(len(line) for line in lines)
    for column in range(1, width + 1):
        dimension = sheet.column_dimensions[get_column_letter(column)]
        dimension.width, dimension.number_format = _WIDTH, "@"
    for number, line in enumerate(lines, 1):
        _row(sheet, number, [*line, *([""] * (width - len(line)))], head=bool(line) and line[0].lower() in KEPT)
    kinds = next(n for n, line in enumerate(lines) if not line)
    sheet.freeze_panes = f"B{kinds + 4}"


def _row(sheet: Any, number: int, texts: Iterable[str], *, head: bool) -> None:
    for column, text in enumerate(texts, 1):
        cell = sheet.cell(number, column)
        cell.number_format = "@"
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if head:
            cell.font, cell.fill = Font(bold=column == 1), _HEAD
        if text:
            _write(cell, text)


def _write(cell: Any, text: str) -> None:
    """Write a text as a text, also where it begins as a formula does."""
    try:
        cell.value = text
    except (IllegalCharacterError, ValueError):
        place = Place((f'sheet "{cell.parent.title}"', f"cell {cell.coordinate}"))
        raise BadModel(
            "the text has characters that a workbook cannot keep, or is too long for a cell", place
        ) from None
    cell.data_type = "s"
    cell.quotePrefix = text[0] in "=+-@'"
