"""`crossroads mailboxes list | why | reports`: how the mailboxes stand, why who is told, and reports of errors."""

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from crossroads.cli.opened import with_services
from crossroads.kernel.clock import brussels_day

if TYPE_CHECKING:  # loaded when a command runs
    from crossroads.kernel.codes import Code
    from crossroads.mutations.mailbox_store import Lag
    from crossroads.mutations.report_store import Listed

app = typer.Typer(help="How the mailboxes stand, who is told of a change, and reports of errors.", no_args_is_help=True)

_NONE_YET = "An institution has a mailbox from its first item on; until then it is not listed."

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
        Console().print(f"There is no mailbox yet: nobody was told of a change. {_NONE_YET}")
        return
    table = Table("mailbox", "waiting", "parked", "oldest")
    for lag in lags:
        seconds = _plain(lag, now)["lagSeconds"]
        table.add_row(lag.recipient, str(lag.waiting), str(lag.parked), "" if seconds is None else f"{seconds} s")
    Console().print(table)
    Console().print(_NONE_YET)


@app.command()
def why(
    ticket: Annotated[UUID, typer.Argument(help="The ticket of a change.")],
    institutions: Annotated[list[str], typer.Argument(help="Institutions.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Say, by today's inscriptions and catalogue, whether institutions are told of a change, and why not.

    Name the institution that is concerned, also where another is told on its behalf: who manages it has not itself the
    person on file, and is not told for itself.
    """
    found = asyncio.run(with_services(lambda hub: hub.changes.why_not(ticket, institutions)))
    if as_json:
        typer.echo(msgspec.json.encode({"institutions": {name: code and str(code) for name, code in found.items()}}))
        return
    for name, code in found.items():
        Console().print(f"{name}: {_sentence(code)}", highlight=False)


@app.command()
def reports(
    *,
    answered: Annotated[bool, typer.Option("--all", help="Those that were answered too.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those whose day has passed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the reports of presumed errors that wait for an answer of their source, with the moment of each step."""
    today = brussels_day(datetime.now(UTC))
    found = asyncio.run(
        with_services(lambda hub: hub.error_reports.listed(answered=answered and not overdue, overdue=overdue))
    )
    if as_json:
        typer.echo(msgspec.json.encode({"reports": [_report(one, today) for one in found]}))
        return
    if not found:
        Console().print("No report is open." if not overdue else "No report is overdue.")
        return
    for one in found:
        Console(soft_wrap=True).print(_lines(one, today), highlight=False)


def _report(one: "Listed", today: date) -> dict[str, Any]:
    return {
        "report": one.report,
        "reporter": one.reporter,
        "source": one.source,
        "dataGroup": one.data_group,
        "reportedAt": one.reported_at,
        "deliveredAt": one.delivered_at,
        "answerBy": one.answer_by,
        "overdue": one.overdue(today),
        "outcome": one.outcome,
        "answeredAt": one.answered_at,
        "correction": one.correction,
    }


def _lines(one: "Listed", today: date) -> str:
    told = f"told on {brussels_day(one.delivered_at)}" if one.delivered_at else "not told yet"
    state = one.outcome or ("[red]overdue[/]" if one.overdue(today) else "open")
    return (
        f"{one.report}  {state}\n"
        f"  {one.reporter} to {one.source}, about {one.data_group}\n"
        f"  reported on {brussels_day(one.reported_at)}, {told}, to be answered by {one.answer_by}"
    )


def _plain(lag: "Lag", now: datetime) -> dict[str, Any]:
    seconds = None if lag.oldest is None else max(0, round((now - lag.oldest).total_seconds()))
    return {"mailbox": lag.recipient, "waiting": lag.waiting, "parked": lag.parked, "lagSeconds": seconds}


def _sentence(code: "Code | None") -> str:
    return "is told." if code is None else f"is not told: {code.description} ({code})"
