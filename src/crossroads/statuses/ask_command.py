"""`crossroads statuses ask`: which statuses a person has on a day, or whether a right is open; as sources say now."""

from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.participant import typed
from crossroads.participant.client_settings import client_settings
from crossroads.participant.statuses import Outcome, Question, Verdict
from crossroads.participant.terminal import ConfigFile, For, Json, Ssin, client, told, write

_STATE = "asking"
_CERTAIN = (Verdict.YES, Verdict.NO)


def ask(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    *,
    ssin: Ssin,
    legal_context: Annotated[str, typer.Option(help="Why: STATUSES:LOAD, say.")],
    status: Annotated[list[str] | None, typer.Option(help="A status: living-wage, say. Given again for each.")] = None,
    right: Annotated[str | None, typer.Option(help="A right, in place of statuses: social-tariff, say.")] = None,
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day that it is about; today when absent.")
    ] = None,
    on_behalf_of: For = None,
    agent: Annotated[str, typer.Option(help="Your own pseudonymous id of the user; never an SSIN.")] = "command-line",
    json: Json = False,
) -> None:
    """Ask which statuses a person has on a day, at most eight, or whether a right is open; the sources say it now.

    It ends with 1 where something is unknown, because its source is silent, or refused.
    """
    if bool(status) == bool(right):
        raise typer.BadParameter("Name one status or more, or one right.", param_hint="--status")
    on = day.date() if day else brussels_day(SystemClock().now())
    question = Question(typed.ssin(ssin), legal_context, on, agent, on_behalf_of)
    with told(), client(client_settings(config, _STATE)) as hub:
        said = hub.statuses.right(question, right) if right else hub.statuses.ask(question, status or [])
    if json:
        write({"ticket": said.reply.answer.ticket, "day": on, "outcomes": said.outcomes})
    else:
        _print(said.outcomes)
    raise typer.Exit(0 if all(one.verdict in _CERTAIN for one in said.outcomes) else 1)


def _print(outcomes: tuple[Outcome, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("asked", "answer", "days", "source"):
        table.add_column(name)
    for one in outcomes:
        days = ", ".join(f"{period.start_date} to {period.end_date or 'now'}" for period in one.periods)
        table.add_row(one.name, one.verdict, days or one.reason or "", ", ".join(one.sources))
    Console(markup=False).print(table)
