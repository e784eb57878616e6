"""`crossroads ask`: one question about one person, asked as an institution whose keys are on this machine."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from pyreqwest.exceptions import PyreqwestError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crossroads.cli.known import check_known
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import Refused, Unavailable
from crossroads.kernel.identifiers import DATA_GROUP_PATTERN
from crossroads.kernel.period import Period, day
from crossroads.participant.client import ClientConfig, ClientKeys, Reply, SyncClient, read_client_config
from crossroads.participant.config import read_config
from crossroads.participant.findings import NO_HUB
from crossroads.participant.yamlfile import read_settings

app = typer.Typer(pretty_exceptions_enable=False)

_DIGITS = 11
_GROUP = re.compile(DATA_GROUP_PATTERN.replace("$", r"\Z"))
_FULL = (StatusValue.DATA_FOUND, StatusValue.NO_DATA_FOUND)


@app.command()
def ask(  # noqa: PLR0913 - each is an option of the command
    data_groups: Annotated[list[str], typer.Argument(help="What is asked: living-wage@1, say.", metavar="GROUP…")],
    *,
    institution: Annotated[str, typer.Option("--as", help="The institution that asks.")],
    legal_context: Annotated[str, typer.Option(help="Why: PCSA:SOCIAL_INQUIRY, say.")],
    ssin: Annotated[str, typer.Option(help="About whom; - reads the number from standard input.")],
    period: Annotated[str | None, typer.Option(help="FIRST-DAY/LAST-DAY; today when absent.")] = None,
    reference_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day of the period when absent.")
    ] = None,
    agent: Annotated[str, typer.Option(help="Your own pseudonymous id of the user; never an SSIN.")] = "command-line",
    config: Annotated[
        Path | None, typer.Option(help="The settings of its participant or client; those of the demo when absent.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Ask one question about one person, open what comes back and check it."""
    groups, asked, person = _groups(data_groups), _period(period), _ssin(ssin)
    settings = _settings(institution, config)
    with _silence_told(settings.hub), SyncClient(settings) as client:
        check_known(settings.hub, groups)
        reply = client.ask(
            ssin=person,
            legal_context=legal_context,
            data_groups=groups,
            period=asked,
            reference_date=reference_date.date() if reference_date else asked.last,
            agent=agent,
        )
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(_plain(reply))))
    else:
        _print(reply, Console())
    if reply.answer.status.value not in _FULL or reply.rejected:
        raise typer.Exit(1)


@contextmanager
def _silence_told(hub: str) -> Iterator[None]:
    """Say that the hub does not answer, where that is so; what it says itself when it cannot is told as it stands."""
    try:
        yield
    except Unavailable as error:
        if isinstance(error.__cause__, PyreqwestError):
            raise Unavailable(NO_HUB.format(hub)) from error
        raise


def _groups(texts: list[str]) -> list[str]:
    if not all(_GROUP.match(text) for text in texts):
        raise typer.BadParameter("A data group is written name@version: identification@1.", param_hint="GROUP")
    return texts


def _ssin(text: str) -> str:
    found = sys.stdin.readline().strip() if text == "-" else text
    if not (len(found) == _DIGITS and found.isascii() and found.isdigit()):
        raise typer.BadParameter(f"An SSIN is {_DIGITS} digits, without dots, dashes or spaces.", param_hint="--ssin")
    return found


def _period(text: str | None) -> Period:
    if text is None:
        return day(brussels_day(datetime.now(UTC)))
    try:
        first, last = map(date.fromisoformat, text.split("/"))
        if last < first:
            raise typer.BadParameter("The first day is after the last.", param_hint="--period")
        return Period(first, last)
    except ValueError as error:
        raise typer.BadParameter(
            f"A period is written 2026-01-01/2026-03-31; {text} is not one.", param_hint="--period"
        ) from error


def _settings(institution: str, path: Path | None) -> ClientConfig:
    """Give the settings by which the institution asks. Raises Refused or WrongSetting."""
    found = path or _of_demo(institution)
    # Only a participant listens.
    listens = "listen" in read_settings(found, dict[str, Any])
    config = _as_client(found) if listens else read_client_config(found)
    if config.institution != institution:
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


def _as_client(found: Path) -> ClientConfig:
    """Give what a client needs, from the settings of a participant. Raises Refused or WrongSetting."""
    config = read_config(found)
    if config.keys.seal is None:
        raise Refused(f"{found} names no key to which answers can be sealed (keys.seal).")
    return ClientConfig(
        institution=config.institution,
        hub=config.hub,
        trust=config.trust,
        keys=ClientKeys(sign=config.keys.sign, seal=config.keys.seal),
        state=f"{config.state}/asking",
        folder=config.folder,
    )


def _plain(reply: Reply) -> dict[str, Any]:
    """Give the answer with its blocks opened."""
    answer = reply.answer
    return {
        "ticket": answer.ticket,
        "environment": answer.environment,
        "status": answer.status,
        "ssin": answer.ssin,
        "blocks": [
            {
                "dataGroup": block.data_group,
                "source": block.source,
                "period": block.period,
                "mediaType": block.media_type,
                **_content(block.media_type, block.content),
            }
            for block in reply.blocks
        ],
        "rejected": [block._asdict() for block in reply.rejected],
        "sources": answer.sources,
        "filtered": answer.filtered,
    }


def _content(media_type: str, content: bytes) -> dict[str, Any]:
    # Bytes travel as base64 in JSON, as they do on the wire.
    return {"content": msgspec.Raw(content)} if media_type == "application/json" else {"contentBytes": content}


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
