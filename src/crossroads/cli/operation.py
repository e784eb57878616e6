"""`crossroads operation [refusals]`: how the installation stands over all its processes; pages that were refused."""

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossroads.bootstrap.operating import standing_of
from crossroads.bootstrap.settings import load
from crossroads.kernel.errors import Refused
from crossroads.participant.log import newest, verify, years
from crossroads.participant.typed import counted

if TYPE_CHECKING:  # loaded when the command runs
    from crossroads.operation.model import Finding, Standing

app = typer.Typer(pretty_exceptions_enable=False)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

_WORDS = (("works", "green"), ("look today", "yellow"), ("act now", "red"))


@app.callback(invoke_without_command=True)
def operation(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show how the installation stands now. Ends with 1 where somebody must act now: for a program that watches."""
    if context.invoked_subcommand is not None:
        return
    stands = asyncio.run(standing_of(load()))
    if as_json:
        typer.echo(msgspec.json.encode(stands))
    else:
        _print(stands)
    if stands.light == len(_WORDS) - 1:
        raise typer.Exit(1)


@app.command()
def refusals(
    *,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="How many are shown, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show which pages the portal of this machine refused, and check that log. Ends with 1 where it was altered."""
    installation = load()
    if installation.settings.portal is None:
        raise Refused("There is no portal here: the settings have no block `portal`.")
    logs = years(installation.settings.portal.refusals(installation.home))
    checked = {year.name: verify(year) for year in logs}
    found = [one for year in logs for one in newest(year, count)][:count]
    if as_json:
        typer.echo(msgspec.json.encode({"logs": checked, "refusals": found}))
    else:
        _print_refusals(found)
        for year, log in checked.items():
            size = counted(log.size, "entry", "entries")
            Console().print(*log.faults, f"{year}: {size}, root {log.root}", sep="\n", highlight=False)
    if any(log.faults for log in checked.values()):
        raise typer.Exit(1)


def _print_refusals(found: list[dict[str, Any]]) -> None:
    table = Table("when", "page", "why", "who", "roles", "times", box=None)
    for one in found:
        who = one["who"] or "nobody logged in"
        table.add_row(one["at"], escape(one["page"]), one["why"], who, ", ".join(one["roles"]), str(one["times"]))
    Console().print(table)


def _print(stands: "Standing") -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    for one in stands.findings:
        word, colour = _WORDS[one.light]
        table.add_row(f"[{colour}]{word}[/]", one.what, escape(_about(one)), escape(one.command or ""))
    whole, console = stands.whole, Console()
    console.print(table if stands.findings else "Nothing needs attention.", highlight=False)
    processes = counted(whole.held, "process", "processes")
    questions = counted(whole.questions, "question", "questions")
    waiting = counted(whole.unsigned, "entry waits for a checkpoint", "entries wait for a checkpoint")
    console.print(
        f"{processes}; {questions} lately, 95 in 100 within {_seconds(whole.p95)}; "
        f"{waiting}; {counted(len(stands.jobs), 'job', 'jobs')}.",
        highlight=False,
    )


def _about(found: "Finding") -> str:
    said = found.about, None if found.number is None else f"{found.number:g}", found.moment
    return " ".join(str(one) for one in said if one is not None)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
