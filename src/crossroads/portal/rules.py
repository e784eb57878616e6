"""Decision tables as pages show them: every version there was, a version drawn, and two of them side by side. Pure."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import count, zip_longest
from typing import Any, NamedTuple, TypeAlias

from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.history import Belief
from crossroads.dmn.drawing import Cell, Column, Drawing, Row, Side, drawings
from crossroads.dmn.errors import BadModel
from crossroads.dmn.held import held
from crossroads.dmn.model import DecisionTable as Table
from crossroads.dmn.model import Definitions
from crossroads.dmn.reading import read
from crossroads.portal.rule_words import FACTS

SHORT = 12
"""Characters of a digest by which people and addresses name a version."""
_KEPT = 64
"""Tables that are drawn once and kept: each is small, and many look at the same."""
_MOST_CELLS = 10_000
"""Cells of a model that is drawn. A text has fewer, unless rules leave out cells that its columns give each of them."""
_TAGGED = re.compile(r"(.+) \((nl|fr|de|en)\)")
_Key: TypeAlias = tuple[Side, str, int]


class Version(NamedTuple):
    """A text that a table had in the catalogue, and what the catalogue last said of it."""

    table: DecisionTable
    until: datetime | None
    """When the catalogue took it back; None for one that stands."""

    @property
    def short(self) -> str:
        """The name of the version."""
        return self.table.sha256[:SHORT]


class Difference(NamedTuple):
    """A column in which a rule says something else; None where a version has no such cell."""

    column: Column
    one: Cell | None
    other: Cell | None


class Changed(NamedTuple):
    """A rule of one version and the one that stands in its place in another; None where there is none."""

    one: Row | None
    other: Row | None
    differences: Sequence[Difference]


class Compared(NamedTuple):
    """A table of two versions: None where one has none of that name."""

    one: Drawing | None
    other: Drawing | None
    changed: Sequence[Changed]
    """The rules that do not say the same."""
    same: int
    """How many do."""


def versions(beliefs: Iterable[Belief]) -> list[Version]:
    """Give every text that a table ever had, the newest first; of each what was said of it last."""
    found: dict[str, Belief] = {}
    for belief in sorted(beliefs, key=lambda one: (one.until is None, one.version)):
        if isinstance(belief.entry, DecisionTable):
            found[belief.entry.sha256] = belief
    newest = sorted(found.values(), key=lambda one: (one.entry.valid_from, one.version), reverse=True)
    return [Version(one.entry, one.until) for one in newest if isinstance(one.entry, DecisionTable)]


def named(every: Iterable[Version], short: str) -> Version | None:
    """Give the version of a name."""
    return next((one for one in every if one.short == short), None)


def drawn(table: DecisionTable, language: str) -> tuple[Drawing, ...]:
    """Draw the tables of a model, first the one that answers; none where nobody can read it.

    Remarks that stand in several languages, each in a column such as `why (nl)`, are shown in one.
    """
    return tuple(_in_language(one, language) for one in _drawn(table.dmn, table.decision))


@lru_cache(maxsize=_KEPT)
def _drawn(dmn: str, decision: str) -> tuple[Drawing, ...]:
    try:
        model = read(dmn.encode())
    except BadModel:
        return ()
    if _renames(model):
        return ()
    tables = list(held(model))
    if sum(_cells(one.table) for one in tables) > _MOST_CELLS:
        return ()
    # As what decides finds it: the first of that name or id, be it of another's.
    answers = next((one for one in model.decisions if decision in (one.name, one.id)), None)
    order = sorted(range(len(tables)), key=lambda at: tables[at].owner is not answers)
    found = drawings(model)
    return tuple(found[at] for at in order)


def _renames(model: Definitions) -> bool:
    """Tell whether a model makes something of its own of a name that pages say in words, which would then not be so."""
    made = {one.name for kind in (model.decisions, model.knowledge, model.services) for one in kind}
    return bool(model.imports) or not made.isdisjoint({*FACTS, "min", "max", "date"})


def _cells(table: Table) -> int:
    return len(table.rules) * (len(table.inputs) + len(table.outputs) + len(table.annotations))


def _in_language(drawing: Drawing, language: str) -> Drawing:
    tagged = [_TAGGED.fullmatch(one.title) if one.side is Side.ANNOTATION else None for one in drawing.columns]
    there = {found[2] for found in tagged if found}
    wanted = language if language in there else min(there, default=language)
    kept = [at for at, found in enumerate(tagged) if found is None or found[2] == wanted]
    titles = {at: found[1] for at, found in enumerate(tagged) if found}
    columns = (replace(drawing.columns[at], title=titles.get(at, drawing.columns[at].title)) for at in kept)
    rows = (replace(row, cells=tuple(row.cells[at] for at in kept)) for row in drawing.rows)
    return replace(drawing, columns=tuple(columns), rows=tuple(rows))


def compared(one: DecisionTable, other: DecisionTable, language: str) -> list[Compared]:
    """Put the tables of two versions beside each other, by their names."""
    before, after = ({drawing.name: drawing for drawing in drawn(table, language)} for table in (one, other))
    return [_compared(before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))]


def _compared(one: Drawing | None, other: Drawing | None) -> Compared:
    columns = {key: column for drawing in (one, other) if drawing for key, column in _columns(drawing).items()}
    pairs = [
        (before, after, _differences(columns, before, after)) for before, after in _pairs(_said(one), _said(other))
    ]
    changed = [Changed(_row(before), _row(after), found) for before, after, found in pairs if found]
    same = sum(1 for before, _, found in pairs if before and before.row.number and not found)
    return Compared(one, other, changed, same)


class _Said(NamedTuple):
    """A rule, and its cells by their columns."""

    row: Row
    cells: Mapping[_Key, Cell]

    @property
    def texts(self) -> tuple[tuple[_Key, str], ...]:
        return tuple((key, cell.text) for key, cell in self.cells.items())


def _columns(drawing: Drawing) -> dict[_Key, Column]:
    """Give the columns by what tells them apart in every version: side, title, and the how manieth of that title."""
    return dict(zip(_numbered((one.side, one.title) for one in drawing.columns), drawing.columns, strict=True))


def _numbered(things: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Give each with the how manieth of its kind it is: then none is there twice."""
    seen: defaultdict[tuple[Any, ...], Iterator[int]] = defaultdict(count)
    return ((*one, next(seen[one])) for one in things)


def _said(drawing: Drawing | None) -> list[_Said]:
    if drawing is None:
        return []
    keys = _columns(drawing)
    return [_Said(row, dict(zip(keys, row.cells, strict=False))) for row in (*drawing.rows, *_otherwise(drawing))]


def _otherwise(drawing: Drawing) -> Iterator[Row]:
    """Give what comes out where no rule applies, as a rule without a number."""
    if any(column.default for column in drawing.columns):
        yield Row(0, None, tuple(Cell(column.default) for column in drawing.columns), fired=False, findings=())


def _pairs(one: Sequence[_Said], other: Sequence[_Said]) -> Iterator[tuple[_Said | None, _Said | None]]:
    """Pair rules: those that say the same first, then what stands between them in order."""
    # Of rules that are there many times, each could be paired with each, and finding the best takes hours.
    before, after = (list(_numbered(each.texts for each in said)) for said in (one, other))
    matcher = SequenceMatcher(a=before, b=after, autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        yield from zip_longest(one[first:last], other[start:end])


def _differences(columns: Mapping[_Key, Column], one: _Said | None, other: _Said | None) -> list[Difference]:
    found = (
        Difference(column, one.cells.get(key) if one else None, other.cells.get(key) if other else None)
        for key, column in columns.items()
    )
    return [each for each in found if _text(each.one) != _text(each.other)]


def _text(cell: Cell | None) -> str:
    return "" if cell is None or cell.is_any else cell.text


def _row(said: _Said | None) -> Row | None:
    return said.row if said else None
