"""`crossroads participant`: trust, check, serve, log, outbox."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Column, Table

from crossroads.kernel.period import Period
from crossroads.participant import log as own_log
from crossroads.participant.check import SAMPLE, check_config
from crossroads.participant.config import read_config
from crossroads.participant.conformance_bench import Target
from crossroads.participant.findings import Finding, right
from crossroads.participant.outbox_command import app as outbox_app
from crossroads.participant.pinning import pin
from crossroads.participant.rehearsal import rehearse
from crossroads.participant.serve import serve as serve_config
from crossroads.participant.terminal import ConfigFile, Json, errors, told, write
from crossroads.participant.typed import counted
from crossroads.participant.typed import ssin as person

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Run what an institution runs: answer the hub's questions from your own data, notify its changes.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
log_app = typer.Typer(help="The participant's own log.", no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(log_app, name="log")
app.add_typer(outbox_app, name="outbox")

_YEAR = timedelta(days=365)


@app.command()
def serve(config: ConfigFile) -> None:
    """Answer the hub's questions, until stopped."""
    with told():
        serve_config(read_config(config))


@app.command()
def check(  # noqa: PLR0913, PLR0917 - each is an option of the command
    target: Annotated[str, typer.Argument(help="A settings file, or the URL of a running participant.")],
    ssin: Annotated[
        str, typer.Option(help="A file with the SSIN of somebody with data there; - is standard input.")
    ] = "",
    permit_key: Annotated[
        Path | None, typer.Option(help="URL only: the hub's permit key of a test installation.")
    ] = None,
    permit_key_id: Annotated[str, typer.Option(help="URL only: the id of that key.")] = "",
    as_: Annotated[Path | None, typer.Option("--as", help="URL only: the client settings of who asks.")] = None,
    institution: Annotated[str, typer.Option(help="URL only: the institution that runs the participant.")] = "",
    holder: Annotated[str, typer.Option(help="URL only: the holder asked, when it is not the institution.")] = "",
    legal_context: Annotated[str, typer.Option(help="URL only: the purpose to state.")] = "CONFORMANCE:TEST",
    data_group: Annotated[str, typer.Option(help="URL only: the data group to ask for.")] = "",
    start_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="URL only: a year ago.")] = None,
    end_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="URL only: today.")] = None,
    *,
    json: Json = False,
) -> None:
    """Prove that a set-up is right, or say what is wrong and what to do."""
    if not target.startswith(("http://", "https://")):
        _tell(asyncio.run(check_config(Path(target), person(ssin) if ssin else SAMPLE)), json=json)
        return
    if not (permit_key and permit_key_id and as_ and institution and data_group and ssin):
        raise typer.BadParameter(
            "a URL needs --permit-key, --permit-key-id, --as, --institution, --data-group and --ssin"
        )
    today = datetime.now(UTC)
    period = Period((start_date or today - _YEAR).date(), (end_date or today).date())
    asked = Target(target, institution, holder or institution, person(ssin), legal_context, data_group, period)
    with told():
        findings = asyncio.run(rehearse(asked, as_, permit_key_id, permit_key))
    _tell(findings, json=json)


@app.command()
def trust(
    hub: Annotated[str, typer.Argument(help="The address of the hub.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The new file.")] = Path("trust.json"),
    *,
    json: Json = False,
) -> None:
    """Pin a hub: write its operators' keys and the key of its log. Compare them by telephone first."""
    with told():
        pinned = pin(hub.rstrip("/"), output)
    if json:
        write(pinned)
        return
    compared = [f"{operator.key_id}  {operator.jwk.thumbprint}" for operator in pinned.operators]
    lines = (f"Wrote {output}. Compare these with the operators, by telephone:", *compared, f"log  {pinned.log_key}")
    Console().print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


@log_app.command("export")
def export(config: ConfigFile) -> None:
    """Write every entry as a line of JSON, to reconcile with the hub's log. It names persons: keep it safe."""
    with told():
        for entry in own_log.export(_state(config)):
            sys.stdout.buffer.write(msgspec.json.encode(entry) + b"\n")


@log_app.command("verify")
def verify(
    config: ConfigFile,
    *,
    known: Annotated[
        str | None, typer.Option(help="A head that was printed earlier: the log must have grown from it.")
    ] = None,
    json: Json = False,
) -> None:
    """Compute every entry anew and name those that were altered or removed; print the head, to be kept elsewhere."""
    with told():
        verified = own_log.verify(_state(config), own_log.KnownHead.read(known) if known else None)
    if json:
        write(verified)
    else:
        size = counted(verified.size, "entry", "entries")
        Console().print(f"{size}, head {verified.head}", markup=False, soft_wrap=True)
        for fault in verified.faults:
            errors.print(fault, style="red", markup=False)
    raise typer.Exit(1 if verified.faults else 0)


def _state(config: Path) -> Path:
    settings = read_config(config)
    return settings.path(settings.state)


def _tell(findings: list[Finding], *, json: bool) -> None:
    ok = right(findings)
    if json:
        write({"ok": ok, "findings": findings})
    else:
        table = Table("", "what", Column("detail", overflow="fold"), box=None, show_header=False)
        for finding in findings:
            table.add_row(
                "[green]ok[/]" if finding.ok else "[red]wrong[/]", _plain(finding.what), _plain(finding.detail)
            )
        Console().print(table)
    raise typer.Exit(0 if ok else 1)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
