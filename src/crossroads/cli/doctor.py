"""`crossroads doctor`: looks at an installation and says, for each thing that is wrong, what to do."""

import asyncio
from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossroads.bootstrap.database import database_url, embedded
from crossroads.bootstrap.inspection import Row, State, inspect_disk, inspect_files, wrong
from crossroads.bootstrap.inspection_database import inspect_database
from crossroads.bootstrap.settings import Installation, load
from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.typed import program

app = typer.Typer(pretty_exceptions_enable=False)

_COLOURS = {State.OK: "green", State.WARN: "yellow", State.WRONG: "red"}


@app.command()
def doctor(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False) -> None:
    """Look whether this installation is sound, and say what to do where it is not. Changes nothing.

    The embedded PostgreSQL is started for the look, and stopped again, unless it runs. With a database of your own,
    CROSSROADS_OWNER_URL lets it look at the schema too.
    """
    rows = list(_rows())
    if as_json:
        typer.echo(msgspec.json.encode(rows).decode())
    else:
        _print(rows)
    if any(row.state is State.WRONG for row in rows):
        raise typer.Exit(1)


def _rows() -> Iterator[Row]:
    try:
        installation = load()
    except CrossroadsError as error:
        yield wrong("settings", str(error), "Mend the file, or the variable: docs/reference/settings.md")
        return
    yield from inspect_files(installation)
    yield from _database(installation)


def _database(installation: Installation) -> Iterator[Row]:
    if installation.settings.database_url is not None:
        yield from asyncio.run(_asked(installation))
        return
    server = embedded(installation)
    try:
        made = server.place.data.exists()
        if made:
            yield inspect_disk(server.place)
            with server:
                yield from asyncio.run(_asked(installation))
        else:
            yield wrong("database", "There is none yet.", f"Make it: {program()} migrate")
    except (CrossroadsError, OSError) as error:
        yield wrong("database", str(error), "Run as the user that the home belongs to.")


async def _asked(installation: Installation) -> list[Row]:
    return [row async for row in inspect_database(installation, database_url(installation))]


def _print(rows: list[Row]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for row in rows:
        table.add_row(f"[{_COLOURS[row.state]}]{row.state}[/]", escape(row.what), escape(row.found))
        if row.remedy:
            table.add_row("", "", f"[bold]{escape(row.remedy)}[/]")
    Console().print(table, highlight=False)
