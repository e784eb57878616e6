"""`crossroads`: the commands of this room, and those that neighbours offer as entry points `crossroads.commands`."""

import sys
from importlib.metadata import entry_points

import typer
from rich.console import Console

from crossroads.cli import catalogue, directory, hub, key
from crossroads.kernel.errors import CrossroadsError

app = typer.Typer(
    help="Crossroads: institutions share what they know about a person, without a central copy.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
hub.add_to(app)
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(key.app, name="key")
app.add_typer(directory.app, name="directory")
for command in entry_points(group="crossroads.commands"):
    app.add_typer(command.load(), name=command.name)


def run() -> None:
    """Run the command line: 0 done, 1 refused or found wrong with the reason, 2 wrong usage."""
    try:
        app()
    except CrossroadsError as error:
        Console(stderr=True).print(f"[bold red]Refused:[/] {error}", highlight=False)
        sys.exit(1)
