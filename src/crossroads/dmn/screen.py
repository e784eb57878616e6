"""Decision tables at a terminal: as a table where it fits as it is, else rule by rule, so that no word is broken."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossroads.dmn.drawing import Column, Drawing, Side

_HEADS = {Side.INPUT: "if", Side.OUTPUT: "then", Side.ANNOTATION: "note"}
_NONE = "none"
_ENDLESS = 100_000
"""A width at which nothing is cut: what a table takes when it may."""


def draw(console: Console, one: Drawing) -> None:
    """Print a table. Nothing is left out, however narrow the terminal is."""
    table = _table(one)
    if console.measure(table, options=console.options.update(width=_ENDLESS)).maximum <= console.width:
        console.print(table)
        return
    console.print(_title(one), style="bold", markup=False, highlight=False)
    for head, cells in _rows(one):
        title = "when no rule holds" if head == _NONE else f"rule {head}"
        console.print(f"\n{title}", style="bold", markup=False, highlight=False)
        console.print(_block(one.columns, cells, Side.OUTPUT if head == _NONE else None), highlight=False)


def _table(one: Drawing) -> Table:
    table = Table(title=escape(_title(one)), show_lines=True)
    table.add_column("rule")
    for column in one.columns:
        table.add_column(escape(f"{column.title}\n{' '.join(filter(None, (column.side, column.type_ref)))}"))
    for head, cells in _rows(one):
        table.add_row(head, *map(escape, cells))
    return table


def _block(columns: Sequence[Column], cells: Sequence[str], only: Side | None) -> Table:
    """Give a line for each cell: what its column is for, the name and type of that, and what stands in it.

    `only` gives those of columns of one side.
    """
    names = [f"{column.title} ({column.type_ref})" if column.type_ref else column.title for column in columns]
    block = Table.grid(padding=(0, 2, 0, 0))
    block.add_column(width=max(map(len, _HEADS.values())))
    block.add_column(width=max(map(len, names)))
    block.add_column(overflow="fold", ratio=1)
    before: Side | None = None
    for column, name, cell in zip(columns, names, cells, strict=True):
        if only in (None, column.side):
            block.add_row(_HEADS[column.side] if column.side is not before else "", escape(name), escape(cell))
            before = column.side
    return block


def _rows(one: Drawing) -> Iterator[tuple[str, Sequence[str]]]:
    """Give the number of each rule with its cells; at the end what holds when none does, where that is said."""
    for row in one.rows:
        yield str(row.number), [cell.text for cell in row.cells]
    if any(column.default for column in one.columns):
        yield _NONE, [column.default for column in one.columns]


def _title(one: Drawing) -> str:
    return f"{one.name} ({' '.join(filter(None, (one.hit_policy, one.aggregation)))})"
