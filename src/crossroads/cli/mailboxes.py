"""`crossroads mailboxes list | why`: how the mailboxes stand, and why an institution is told of a change or not."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from crossroads.cli.opened import with_services

if TYPE_CHECKING:  # loaded when a command runs
    from crossroads.kernel.codes import Code
    from crossroads.mutations.mailbox_store import Lag

app = typer.Typer(help="How the mailboxes stand, and why an institution is told of a change.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("list")
def list_mailboxes(*, as_json: AsJson = False) -> None:
    """Show how many items wait and are parked in each mailbox, and since how many seconds the oldest waits."""
    now = datetime.now(UTC)
    lags = asyncio.run(with_services(lambda hub: hub.mailboxes.lags()))
    if as_json:
        typer.echo(msgspec.json.encode({"mailboxes": [_plain(lag, now) for lag in lags]}))
        return
    if not lags:
        Console().print("There is no mailbox yet: nobody was told of a change.")
        return
    table = Table("mailbox", "waiting", "parked", "oldest")
    for lag in lags:
        seconds = _plain(lag, now)["lagSeconds"]
        table.add_row(lag.recipient, str(lag.waiting), str(lag.parked), "" if seconds is None else f"{seconds} s")
    Console().print(table)


@app.command()
def why(
    ticket: Annotated[UUID, typer.Argument(help="The ticket of a change.")],
    institutions: Annotated[list[str], typer.Argument(help="Institutions.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say, by today's inscriptions and catalogue, whether institutions are told of a change, and why not."""
    found = asyncio.run(with_services(lambda hub: hub.changes.why_not(ticket, institutions)))
    if as_json:
        typer.echo(msgspec.json.encode({"institutions": {name: code and str(code) for name, code in found.items()}}))
        return
    for name, code in found.items():
        Console().print(f"{name}: {_sentence(code)}", highlight=False)


def _plain(lag: "Lag", now: datetime) -> dict[str, Any]:
    seconds = None if lag.oldest is None else max(0, round((now - lag.oldest).total_seconds()))
    return {"mailbox": lag.recipient, "waiting": lag.waiting, "parked": lag.parked, "lagSeconds": seconds}


def _sentence(code: "Code | None") -> str:
    return "is told." if code is None else f"is not told: {code.description} ({code})"
