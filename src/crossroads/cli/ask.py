"""`crossroads ask`: one question about one person, asked as an institution whose keys are on this machine."""

import os
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossroads.cli.known import check_known
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Refused
from crossroads.kernel.identifiers import DATA_GROUP_PATTERN
from crossroads.kernel.period import Period
from crossroads.participant import typed
from crossroads.participant.client import ClientConfig, Reply
from crossroads.participant.client_settings import client_settings
from crossroads.participant.terminal import For, Ssin, client

app = typer.Typer(pretty_exceptions_enable=False)

_GROUP = re.compile(DATA_GROUP_PATTERN.replace("$", r"\Z"))
_FULL = (StatusValue.DATA_FOUND, StatusValue.NO_DATA_FOUND)


@app.command(
    epilog="Example: crossroads ask --as pcsw-gent --legal-context PCSA:SOCIAL_INQUIRY --ssin - identification@1 "
    "< number.txt"
)
def ask(  # noqa: PLR0913 - each is an option of the command
    data_groups: Annotated[list[str], typer.Argument(help="What is asked: living-wage@1, say.", metavar="GROUP…")],
    *,
    institution: Annotated[
        str | None, typer.Option("--as", help="The institution that asks; that of --config when absent.")
    ] = None,
    legal_context: Annotated[str, typer.Option(help="Why: PCSA:SOCIAL_INQUIRY, say.")],
    ssin: Ssin,
    period: Annotated[
        str | None, typer.Option(help="FIRST-DAY/LAST-DAY, or FIRST-DAY/ without an end; today when absent.")
    ] = None,
    reference_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day of the period, or today, when absent.")
    ] = None,
    mutation: Annotated[
        UUID | None, typer.Option(help="The ticket of an item of your mailbox, whose data you ask for.")
    ] = None,
    on_behalf_of: For = None,
    agent: Annotated[str, typer.Option(help="Your own pseudonymous id of the user; never an SSIN.")] = "command-line",
    config: Annotated[
        Path | None, typer.Option(help="The settings of its participant or client; those of the demo when absent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Ask one question about one person, open what comes back and check it."""
    groups, asked, person = _groups(data_groups), typed.period(period), typed.ssin(ssin)
    settings = _settings(institution, config)
    with client(settings) as hub:
        check_known(settings.hub, groups)
        reply = hub.ask(
            ssin=person,
            legal_context=legal_context,
            data_groups=groups,
            period=asked,
            reference_date=reference_date.date() if reference_date else _reference_date(asked),
            on_behalf_of=on_behalf_of,
            mutation=mutation,
            agent=agent,
        )
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(_plain(reply))))
    else:
        _print(reply, Console())
    if reply.answer.status.value not in _FULL or reply.rejected:
        raise typer.Exit(1)


def _groups(texts: list[str]) -> list[str]:
    if not all(_GROUP.match(text) for text in texts):
        raise typer.BadParameter("A data group is written name@version: identification@1.", param_hint="GROUP")
    return texts


def _reference_date(asked: Period) -> date:
    """Give the day that a moment group is asked for: the last of the period, today where that has no end."""
    return asked.end_date or max(asked.start_date, brussels_day(datetime.now(UTC)))


def _settings(institution: str | None, path: Path | None) -> ClientConfig:
    """Give the settings by which the institution asks. Raises BadParameter, Refused or WrongSetting."""
    if institution is None and path is None:
        raise typer.BadParameter("Say who asks: --as an institution of the demo, or --config its settings.")
    found = path or _of_demo(institution or "")
    config = client_settings(found, "asking")
    if institution not in (None, config.institution):
        raise Refused(f"{found} holds the settings of {config.institution}, not of {institution}.")
    return config


def _of_demo(institution: str) -> Path:
    """Give the settings of a participant of the demo. Raises Refused, with the institutions that are there."""
    demo = (Path(os.environ.get("CROSSROADS_HOME", "var")) / "demo").absolute()
    found = demo / institution / "participant.yaml"
    if not found.exists():
        there = ", ".join(sorted(file.parent.name for file in demo.glob("*/participant.yaml")))
        hint = f"In {demo} are: {there}." if there else "Start `crossroads demo`."
        raise Refused(f"There are no settings at {found}. {hint} Or name your own with --config.")
    return found


def _plain(reply: Reply) -> dict[str, Any]:
    """Give the answer with its blocks opened."""
    answer = reply.answer
    return {
        "ticket": answer.ticket,
        "environment": answer.environment,
        "status": answer.status,
        "ssin": answer.ssin,
        "blocks": [block.plain for block in reply.blocks],
        "rejected": [block._asdict() for block in reply.rejected],
        "sources": answer.sources,
        "filtered": answer.filtered,
    }


def _print(reply: Reply, console: Console) -> None:
    status = reply.answer.status
    console.print(Text.assemble((status.value, "bold"), f" {status.detail or status.code}: {status.description}"))
    if reply.answer.ssin.replaces:
        console.print(f"The number was replaced. It is now {reply.answer.ssin.value}.", highlight=False)
    for block in reply.blocks:
        console.print(Text.assemble((f"\n{block.data_group}", "bold"), f" from {block.source}, {_days(block.period)}"))
        json = block.media_type == "application/json"
        text = msgspec.json.format(block.content, indent=2) if json else block.content
        console.print(Text(text.decode("utf-8", "replace")))
    for rejected in reply.rejected:
        console.print(
            f"\n{rejected.data_group} from {rejected.source} was rejected: {rejected.reason} ({rejected.code})"
        )
    _print_rest(reply, console)
    console.print(f"\nTicket {reply.answer.ticket}", highlight=False)


def _print_rest(reply: Reply, console: Console) -> None:
    """Print who was asked, and what was left out."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
    for name in ("source", "how it went", "took"):
        table.add_column(name)
    for source in reply.answer.sources:
        table.add_row(source.institution, f"{source.status} {source.code}", f"{source.milliseconds} ms")
    for group in reply.answer.filtered:
        table.add_row(f"left out: {group.data_group}", f"{group.reason} ({group.detail or group.code})", "")
    if table.row_count:
        console.print()
        console.print(table)


def _days(period: Period) -> str:
    return f"{period.start_date} to {period.end_date or 'now'}"
