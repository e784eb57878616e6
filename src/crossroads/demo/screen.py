"""How the tour looks: a rule, plain sentences, what was asked, what came back, and whether that is as it should be."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

_WIDEST = 110
_INDENT = (0, 0, 0, 2)
_MARKS = {True: ("✓", "ok", "green"), False: ("✗", "no", "red"), None: ("-", "left out", "yellow")}


class Outcome(NamedTuple):
    """How a step ended: what should have come, what came, and whether they agree."""

    expected: str
    found: str
    ok: bool | None
    """None for a step that was left out, because a program that the rest does without does not run."""


class Screen:
    """The terminal."""

    def __init__(self, console: Console) -> None:
        """Keep lines short enough to read."""
        self.console = console
        console.width = min(console.width, _WIDEST)

    def title(self, title: str) -> None:
        """Begin a step."""
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left", style="cyan"))

    def say(self, text: str) -> None:
        """Say something in sentences."""
        self.console.print(Padding(Text(text), _INDENT))

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show names with what belongs to them."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="cyan", no_wrap=True)
        table.add_column(overflow="fold")
        for name, fact in facts:
            table.add_row(name, Text(fact))
        self._show(table)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], *, whole: Sequence[int] = ()) -> None:
        """Show rows; the columns in `whole` are never broken."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
        for number, column in enumerate(columns):
            table.add_column(column, no_wrap=number in whole, overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self._show(table)

    def panel(self, title: str, text: str, style: str = "dim") -> None:
        """Show what a program would see."""
        self._show(Panel(Text(text, overflow="fold"), title=title, title_align="left", border_style=style))

    def outcome(self, outcome: Outcome) -> None:
        """Say how the step ended."""
        self.console.print()
        mark, _, style = _MARKS[outcome.ok]
        text = f"{outcome.found} (expected: {outcome.expected})" if outcome.ok is False else outcome.found
        self.console.print(Padding(Text.assemble((f"{mark} ", f"bold {style}"), text), _INDENT))

    def summary(self, steps: Sequence[tuple[str, Outcome]]) -> None:
        """Show all steps with their marks."""
        self.title("What you saw")
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
        for column in ("", "step", "outcome"):
            table.add_column(column, overflow="fold")
        for number, (title, outcome) in enumerate(steps, start=1):
            mark, word, style = _MARKS[outcome.ok]
            table.add_row(Text(f"{mark} {word}", style), Text(f"{number}. {title}"), Text(outcome.found))
        self._show(table)

    def _show(self, what: Table | Panel) -> None:
        self.console.print()
        self.console.print(Padding(what, _INDENT))
