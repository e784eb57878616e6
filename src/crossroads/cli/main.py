"""`crossroads`: every command is an entry point of the group `crossroads.commands` and is loaded when it is called.

So ways in need not import each other, and an institution that runs a participant needs nothing of the hub.
"""

import sys
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.memory import start


class Commands(TyperGroup):
    """The commands that are installed."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the name is its parent's
        """Give their names."""
        return sorted(_installed(), key=lambda name: (name not in _FIRST, name))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the name is its parent's
        """Load one, or None where there is none of the name."""
        found = _installed().get(cmd_name)
        if found is None:
            return None
        try:
            loaded = found.load()
        except ModuleNotFoundError as error:
            if str(error.name).startswith("crossroads"):
                raise
            raise CrossroadsError(f"`{cmd_name}` needs {error.name}: install crossroads[hub].") from error
        command = typer.main.get_command(loaded)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a name that is none fails with the nearest that is one."""
        names = _installed()
        if args[0] not in names and (near := get_close_matches(args[0], names, n=1)):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)


_FIRST = ("demo", "serve", "participant")

app = typer.Typer(
    cls=Commands,
    help="Crossroads: institutions share what they know about a person, without a central copy.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"crossroads {version('crossroads')}")
        raise typer.Exit


@app.callback()
def crossroads(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Crossroads: institutions share what they know about a person, without a central copy."""


def run() -> None:
    """Run the command line: 0 done, 1 refused or found wrong with the reason, 2 wrong usage."""
    start()
    try:
        app()
    except CrossroadsError as error:
        Console(stderr=True).print(f"[bold red]Refused:[/] {escape(str(error))}", highlight=False)
        sys.exit(1)


def _installed() -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group="crossroads.commands")}
