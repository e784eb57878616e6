"""`crossroads serve` and `crossroads migrate`: the hub itself."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from crossroads.bootstrap import database
from crossroads.bootstrap.migrations import migrate as apply_migrations
from crossroads.bootstrap.settings import load
from crossroads.cli.serving import serve as serve_hub
from crossroads.kernel.errors import Refused

_ROLES = ("hub",)

serving = typer.Typer(pretty_exceptions_enable=False)
migrating = typer.Typer(pretty_exceptions_enable=False)


@serving.command()
def serve(
    role: Annotated[str, typer.Option(help="Which program of the house to run: hub.")] = "hub",
    workers: Annotated[int | None, typer.Option(help="Processes; the setting `workers` when absent.", min=1)] = None,
) -> None:
    """Serve the hub until it is stopped."""
    if role not in _ROLES:
        raise typer.BadParameter(f"The roles are: {', '.join(_ROLES)}.")
    installation = load()
    serve_hub(installation, workers or installation.settings.workers)


@migrating.command()
def migrate(
    owner_url: Annotated[
        str | None,
        typer.Option(envvar="CROSSROADS_OWNER_URL", help="URL of role crossroads_owner, for a database of your own."),
    ] = None,
) -> None:
    """Make the database, and bring its schema up to date."""
    installation = load()
    if installation.settings.database_url is None:
        with database.embedded(installation) as server:
            names = asyncio.run(database.prepare(server))
    elif owner_url is None:
        raise Refused("The database is your own: give the URL of the role crossroads_owner in CROSSROADS_OWNER_URL.")
    else:
        names = asyncio.run(apply_migrations(owner_url))
    Console().print("\n".join(f"applied {name}" for name in names) or "The schema is up to date.")
