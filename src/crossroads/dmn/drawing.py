"""Decision tables as rows for a page: nothing is left to a template but to put them between tags.

Each column has a title and a side, each row its number and cells in the order of the columns. What is in a cell is FEEL
as it was written; a page says in its own language what the hit policy and an empty cell mean.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossroads.dmn.analysing.findings import Finding
from crossroads.dmn.held import Held, allowed, held, sources
from crossroads.dmn.making import Fired
from crossroads.dmn.model import Aggregation, Definitions, HitPolicy, InputClause, KnowledgeSource, OutputClause


class Side(StrEnum):
    """What a column is for."""

    INPUT = "input"
    OUTPUT = "output"
    ANNOTATION = "annotation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column: what people call it, the expression behind it, its type, and the values it may have."""

    side: Side
    title: str
    expression: str = ""
    type_ref: str = ""
    allowed: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, whether it takes anything (`-`), and what an analysis found in it."""

    text: str
    is_any: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A rule: its number (for the head of the row), its cells, whether it fired, and what was found about it."""

    number: int
    id: str | None
    cells: tuple[Cell, ...]
    fired: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A table: for the caption its name and hit policy, then heads and rows; `findings` are those of no one cell."""

    name: str
    description: str
    hit_policy: HitPolicy
    aggregation: Aggregation | None
    sources: tuple[KnowledgeSource, ...]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]

    @property
    def sides(self) -> tuple[tuple[Side, int], ...]:
        """Each side that has columns, with how many: for a head above the heads (`colgroup`)."""
        counts = ((side, sum(column.side is side for column in self.columns)) for side in Side)
        return tuple((side, count) for side, count in counts if count)


def drawings(
    model: Definitions, *, fired: Iterable[Fired] = (), findings: Iterable[Finding] = ()
) -> tuple[Drawing, ...]:
    """Draw all tables of a model, with the rules that fired in an outcome, and the findings of an analysis."""
    rules, found = tuple(fired), tuple(findings)
    return tuple(_drawn(model, one, rules, found) for one in held(model))


def _drawn(model: Definitions, one: Held, fired: Sequence[Fired], findings: Sequence[Finding]) -> Drawing:
    table = one.table
    title = str(table.place) if table.place.words else one.owner.name
    own = [each for each in findings if each.place.words[: len(table.place.words)] == table.place.words]
    numbers = {rule.rule for rule in fired if rule.table == title}
    return Drawing(
        name=one.owner.name,
        description=one.owner.description or "",
        hit_policy=table.hit_policy,
        aggregation=table.aggregation,
        sources=sources(model, one.owner),
        columns=tuple(_columns(model, one)),
        rows=tuple(_row(one, number, number in numbers, own) for number in range(1, len(table.rules) + 1)),
        findings=tuple(each for each in own if each.place.row is None),
    )


def _columns(model: Definitions, one: Held) -> Iterator[Column]:
    for column in one.table.inputs:
        text = " ".join(column.expression.text.split())
        yield Column(
            side=Side.INPUT,
            title=column.label or text,
            expression=text,
            type_ref=column.expression.type_ref or "",
            allowed=_allowed(model, column),
        )
    for output in one.table.outputs:
        yield Column(
            side=Side.OUTPUT,
            title=output.label or output.name or one.table.output_label or one.owner.name,
            expression=output.name or "",
            type_ref=output.type_ref or "",
            allowed=_allowed(model, output),
            default=output.default.text if output.default else "",
        )
    yield from (Column(side=Side.ANNOTATION, title=name) for name in one.table.annotations)


def _allowed(model: Definitions, column: InputClause | OutputClause) -> str:
    return column.values.text if column.values else allowed(model, column)


def _row(one: Held, number: int, fired: bool, findings: Sequence[Finding]) -> Row:  # noqa: FBT001 - a fact, not an option
    rule = one.table.rules[number - 1]
    about = [each for each in findings if each.place.row == number]
    tests = [(cell.text, cell.text.strip() in ("", "-")) for cell in rule.inputs]
    given = [(cell.text, False) for cell in rule.outputs]
    notes = [*rule.annotations, *([""] * len(one.table.annotations))][: len(one.table.annotations)]
    cells = (
        *(
            Cell(text, is_any, tuple(each for each in about if each.place.column == column))
            for column, (text, is_any) in enumerate([*tests, *given], 1)
        ),
        *(Cell(text) for text in notes),
    )
    meeting = tuple(each for each in findings if each.place.row is None and number in each.rules)
    return Row(number, rule.id, cells, fired, meeting)
