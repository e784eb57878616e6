"""`crossroads stats`: how well the hub served, by month."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from crossroads.cli.opened import with_services

if TYPE_CHECKING:  # loaded when the command runs
    from crossroads.audit.levels import MonthLevels, ServiceLevels
    from crossroads.bootstrap.wiring import Services

app = typer.Typer(help="How well the hub served, from the log.")


@app.callback(invoke_without_command=True)
def stats(*, as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False) -> None:
    """Show, by month: questions answered, within 1 s and 2 s, and files within 4 calendar days."""
    levels = asyncio.run(with_services(_counted))
    if as_json:
        typer.echo(msgspec.json.encode(levels))
        return
    if not levels.months:
        Console().print("Nothing was logged yet.")
        return
    shares = ("answered", "minutes", "within 1 s", "within 2 s")
    table = Table("month", "days", "questions", *shares, "files", f"within {levels.batch_days} days", box=None)
    for month in levels.months:
        table.add_row(*_row(month))
    Console().print(table)
    Console().print(f"The norm of availability is {_share(levels.availability_norm)}.", highlight=False)


async def _counted(hub: "Services") -> "ServiceLevels":
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("days", total=None)
        async for done, of in hub.levels.counting():
            bar.update(task, completed=done, total=of)
        return await hub.levels.with_today()


def _row(month: "MonthLevels") -> tuple[str, ...]:
    shares = (month.answered, month.minutes_answered, month.within_one_second, month.within_two_seconds)
    questions = f"{month.questions:,}" + (f" ({month.expired:,} expired)" if month.expired else "")
    told = (_share(share) for share in shares)
    return month.month, str(month.days), questions, *told, f"{month.batches:,}", _share(month.batches_in_time)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"
