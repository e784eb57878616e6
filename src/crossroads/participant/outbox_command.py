"""`crossroads participant outbox`: create, show."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossroads.participant.config import read_config
from crossroads.participant.outbox import ACCEPTED, REFUSED, Outbox, open_outbox
from crossroads.participant.terminal import ConfigFile, Json, told, write
from crossroads.participant.typed import counted

app = typer.Typer(
    help="The changes that wait to be notified, in your own database.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_SHOWN = 20


@app.command()
def create(config: ConfigFile) -> None:
    """Make the table crossroads_outbox, where it is not there yet."""
    with _opened(config) as outbox:
        outbox.create()
    Console().print("The table crossroads_outbox is there.")


@app.command()
def show(config: ConfigFile, *, json: Json = False) -> None:
    """Tell how many changes wait, were accepted and were refused, and why the newest of these were."""
    with _opened(config) as outbox:
        counts, refused = outbox.counts(), outbox.refused(_SHOWN)
    if json:
        write({**counts, "newestRefused": refused})
        return
    console = Console()
    waiting = counted(counts["waiting"], "change waits", "changes wait")
    console.print(f"{waiting}; accepted: {counts[ACCEPTED]:,}, refused: {counts[REFUSED]:,}.", highlight=False)
    if refused:
        table = Table("reference", "why it was refused", box=None, pad_edge=False)
        for row in refused:
            table.add_row(Text(row.reference), Text(row.reason))
        console.print(table)


@contextmanager
def _opened(config: Path) -> Iterator[Outbox]:
    with told(), closing(open_outbox(read_config(config))) as outbox:
        yield outbox
