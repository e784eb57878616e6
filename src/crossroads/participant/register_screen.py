"""Count sheets and errands, as a person or a program reads them."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossroads.participant.feed_errands import RefusedErrand, Standing
from crossroads.participant.feed_sheet import RefusedLine, Sheet
from crossroads.participant.terminal import write
from crossroads.participant.typed import counted, program


def show_sheet(sheet: Sheet, refused: Sequence[RefusedLine], errands: Standing, *, json: bool) -> None:
    """Print a count sheet, with the first lines that were refused."""
    if json:
        kinds = [kind._asdict() for kind in sheet.kinds]
        write(sheet._asdict() | {"kinds": kinds, "refused": _dicts(refused), "errands": errands._asdict()})
        return
    console = Console(highlight=False)
    state = "applied" if sheet.finished else "not finished: give it again"
    console.print(f"Feed {sheet.sequence} of {sheet.day.isoformat()}: {state}.")
    console.print(_table(("kind", "announced", "read", "applied", "refused"), sheet.kinds))
    if refused:
        console.print(_table(("line", "kind", "why it was refused"), refused))
    _show_standing(console, errands)


def show_errands(errands: Standing, refused: Sequence[RefusedErrand], *, json: bool) -> None:
    """Print how errands stand, with the first that were refused."""
    if json:
        write({**errands._asdict(), "firstRefused": _dicts(refused)})
        return
    console = Console(highlight=False)
    _show_standing(console, errands)
    if refused:
        console.print(_table(("reference", "kind", "why it was refused"), refused))


def _show_standing(console: Console, errands: Standing) -> None:
    waiting = counted(errands.waiting, "errand waits", "errands wait")
    console.print(f"{waiting} for the hub; refused: {errands.refused:,}.")
    if errands.waiting or errands.refused:
        console.print(f"`{program()} register errands` does those that wait and shows the others.")


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(*heads, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(str(value)) for value in row))
    return table


def _dicts(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [row._asdict() for row in rows]
