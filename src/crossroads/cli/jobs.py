"""`crossroads jobs list | show | hold | resume | cancel | run`: work that outlives a request."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from crossroads.cli.opened import with_services
from crossroads.kernel.clock import in_brussels
from crossroads.kernel.errors import Refused

if TYPE_CHECKING:  # loaded when a command runs
    from crossroads.bootstrap.wiring import Services
    from crossroads.jobs.model import Job

app = typer.Typer(help="Work that outlives a request: files of questions, and what recurs.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Number = Annotated[UUID, typer.Argument(help="The number of a job.", metavar="JOB")]

_INDENT = (0, 0, 0, 2)
_MOST = 1000


@app.command("list")
def list_jobs(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too, of the last month.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the jobs that are not over, the newest first, with how much of each is done."""
    found = asyncio.run(with_services(lambda hub: hub.jobs.listed(_MOST, everything=everything)))
    if as_json:
        typer.echo(msgspec.json.encode({"jobs": [_plain(job) for job in found]}))
        return
    if not found:
        Console().print("There is nothing to do.")
        return
    console = Console(highlight=False)
    for job in found:
        console.print(Text(f"{job.job}  {job.state}"), Padding(_of(job), _INDENT, expand=False), sep="\n")


@app.command()
def show(number: Number, *, as_json: AsJson = False) -> None:
    """Show all that is known of a job."""
    job = asyncio.run(with_services(lambda hub: _one(hub, number)))
    if as_json:
        typer.echo(msgspec.json.encode(_plain(job)))
        return
    table = Table.grid(padding=(0, 2))
    for name, value in job._asdict().items():
        if value is not None:
            told = f"{in_brussels(value):%Y-%m-%d %H:%M} (Brussels)" if isinstance(value, datetime) else str(value)
            table.add_row(name.replace("_", " "), told)
    Console().print(table)


@app.command()
def hold(number: Number) -> None:
    """Stop a job until `resume`; what is being done of it at this moment is not written."""
    _done(lambda hub: hub.jobs.hold_back(number), f"Job {number} waits until it is resumed.")


@app.command()
def resume(number: Number) -> None:
    """Let a job that is paused, or waits, go on now."""
    _done(lambda hub: hub.jobs.resume(number), f"Job {number} goes on.")


@app.command()
def cancel(number: Number) -> None:
    """Give up the batch that a job is about, for its institution; the log says that an operator did."""

    async def give_up(hub: "Services") -> None:
        job = await _one(hub, number)
        if job.subject is None or job.institution is None:
            raise Refused("The job recurs by itself: it can be held, and not be given up.")
        await hub.batches.cancel(job.subject, job.institution, by="operator")

    _done(give_up, f"The batch of job {number} is given up.")


@app.command()
def run(
    *,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
    spare: Annotated[bool, typer.Option("--spare", hidden=True)] = False,
) -> None:
    """Work on jobs until stopped, giving way to all else on this machine; `crossroads serve` starts such processes."""
    from crossroads.cli.job_running import work  # noqa: PLC0415 - what is only looked at needs none of it

    work(parent, spare=spare)


def _of(job: "Job") -> Text:
    """Say what a job is, how far it is, and what went wrong: in the narrowest terminal its number stays whole."""
    kind = f"{job.kind} of {job.institution}" if job.institution else job.kind
    how_far = f": {job.done:,} of {job.total:,} done" if job.total else ""
    lines = [f"{kind}{how_far}", *([job.problem] if job.problem else [])]
    return Text("\n".join(lines))


async def _one(hub: "Services", number: UUID) -> "Job":
    job = await hub.jobs.one(number)
    if job is None:
        raise Refused(f"There is no job {number}.")
    return job


def _done(work: "Callable[[Services], Awaitable[Any]]", said: str) -> None:
    asyncio.run(with_services(work))
    Console().print(said, highlight=False)


def _plain(job: "Job") -> dict[str, Any]:
    return {_camel(name): value for name, value in job._asdict().items()}


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.title() for other in others)
