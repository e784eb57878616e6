"""`crossroads serve` and `crossroads migrate`: the hub itself."""

import asyncio
import os
from typing import Annotated

import typer
from rich.console import Console

from crossroads.bootstrap import database
from crossroads.bootstrap.distribution import distribute, require_citus
from crossroads.bootstrap.migrations import migrate as apply_migrations
from crossroads.bootstrap.settings import load
from crossroads.bootstrap.settling import settle
from crossroads.cli.people_serving import serve_demo_login, serve_portal
from crossroads.cli.serving import serve as serve_hub
from crossroads.kernel.errors import Refused

_ROLES = ("hub", "portal", "statuses", "demo-login")

serving = typer.Typer(pretty_exceptions_enable=False)
migrating = typer.Typer(pretty_exceptions_enable=False)


@serving.command()
def serve(
    role: Annotated[
        str, typer.Option(help="Which program of the house to run: hub, portal, statuses or demo-login.")
    ] = "hub",
    workers: Annotated[int | None, typer.Option(help="Processes; the setting `workers` when absent.", min=1)] = None,
) -> None:
    """Serve the hub, the portal, the institution that keeps statuses, or the demo login until it is stopped."""
    if role not in _ROLES:
        raise typer.BadParameter(f"The roles are: {', '.join(_ROLES)}.")
    if role == "statuses":
        from crossroads.cli.statuses_serving import serve_statuses  # noqa: PLC0415 - the hub does without a participant

        serve_statuses(os.environ)
        return
    installation = load()
    if role == "portal":
        serve_portal(installation, workers)
        return
    if role == "demo-login":
        serve_demo_login(installation)
        return
    serve_hub(installation, workers or installation.settings.workers)


@migrating.command()
def migrate(
    owner_url: Annotated[
        str | None,
        typer.Option(envvar="CROSSROADS_OWNER_URL", help="URL of role crossroads_owner, for a database of your own."),
    ] = None,
    *,
    distributed: Annotated[
        bool, typer.Option("--distributed", help="Spread the tables that grow over the workers of Citus as well.")
    ] = False,
    breaking: Annotated[
        bool, typer.Option("--breaking", help="Apply what older processes would not survive: they were stopped.")
    ] = False,
) -> None:
    """Make the database, and bring its schema up to date."""
    installation = load()
    spread: list[str] = []
    if installation.settings.database_url is None and distributed:
        raise Refused("The embedded database is one machine: give a server with Citus in `database_url`.")
    if installation.settings.database_url is None:
        with database.embedded(installation) as server:
            names = asyncio.run(database.prepare(server, installation.settings, breaking=breaking))
    elif owner_url is None:
        raise Refused("The database is your own: give the URL of the role crossroads_owner in CROSSROADS_OWNER_URL.")
    else:
        if distributed:
            asyncio.run(require_citus(owner_url))
        names = asyncio.run(apply_migrations(owner_url, breaking=breaking))
        asyncio.run(settle(owner_url, installation.settings))
        spread = asyncio.run(distribute(owner_url)) if distributed else []
    done = [*(f"applied {name}" for name in names), *(f"spread {table}" for table in spread)]
    Console().print("\n".join(done) or "The schema is up to date.")
