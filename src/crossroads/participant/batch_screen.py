"""Batches as a person at a terminal reads them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.printable import printable
from crossroads.participant.batches_file import Tell
from crossroads.participant.batches_output import Written
from crossroads.participant.batches_reasons import Reason
from crossroads.participant.terminal import errors
from crossroads.participant.typed import counted, program, short
from crossroads.wire.batches import BatchList, BatchState, BatchStatus

_TICKET = 36
"""Characters."""
_REASONS = 5
"""That are said; each record of the result says its own."""


@contextmanager
def bars() -> Iterator[Tell]:
    """Show a bar for each kind of work that is told of, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    tasks = {}
    with Progress(*columns, console=errors, transient=True) as shown:

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what, total=of)
            shown.update(tasks[what], completed=done)

        yield tell


def show_status(status: BatchStatus, config: Path, reasons: Sequence[Reason] | None = ()) -> None:
    """Print how far a batch is, and what to do next; reasons that were not read are None."""
    console = Console(soft_wrap=True, highlight=False)
    console.print(Text.assemble((str(status.state), "bold"), f": {_how_far(status)}"))
    if status.problem:
        line = f"Line {status.problem.line}: " if status.problem.line else ""
        said = status.problem.detail if status.problem.detail.startswith(line) else line + status.problem.detail
        console.print(Text(printable(f"{said} ({status.problem.code})"), "red"))
    if status.counts:
        console.print(Text(_counts(status.counts)))
    if reasons is None:
        console.print(Text("Why records have no data is said when the result is fetched."))
    for sentence in _why(reasons or ()):
        console.print(Text(sentence))
    console.print(
        Text(f"Reference {printable(status.reference)}, number {status.file_sequence_number}, ticket {status.ticket}")
    )
    for sentence in _next(status, config):
        console.print(Text(sentence))


def show_list(listed: BatchList) -> None:
    """Print batches as a table."""
    if not listed.batches:
        errors.print("You have sent no batch yet.")
        return
    ticket = Column("ticket", min_width=_TICKET)  # whole in the narrowest terminal: one copies it
    table = Table("number", "reference", ticket, "state", "records", "answered", "sent", box=None, pad_edge=False)
    for status in listed.batches:
        sent = status.submitted_at.astimezone(BRUSSELS)
        words = (
            printable(status.reference),
            str(status.ticket),
            str(status.state),
            str(status.records),
            str(status.answered),
        )
        row = (str(status.file_sequence_number), *words, f"{sent:%Y-%m-%d %H:%M}")
        table.add_row(*map(Text, row))
    Console(soft_wrap=True, highlight=False).print(table)


def show_written(written: Written, file: Path) -> None:
    """Print what a result holds, and what could not be believed."""
    console = Console(soft_wrap=True, highlight=False)
    records = counted(written.records, "record is", "records are")
    console.print(Text(f"{records} in {short(file)}: {_counts(written.counts)}."))
    for sentence in _why(written.reasons):
        console.print(Text(sentence))
    if written.rejected:
        rejected = counted(
            written.rejected, "block did not hold and was rejected", "blocks did not hold and were rejected"
        )
        errors.print(
            f"{rejected}: each record says which, and why. "
            "The result stays at the hub until it is read without such, or its days are over.",
            style="red",
            highlight=False,
        )


def _how_far(status: BatchStatus) -> str:
    if status.state is BatchState.ANNOUNCED:
        return f"{status.received} of {status.size} bytes of the file are at the hub."
    until = f", at the latest {status.deadline.astimezone(BRUSSELS):%Y-%m-%d %H:%M} (Brussels)"
    over = status.state in (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)
    records = counted(status.records, "record is", "records are")
    return f"{status.answered:,} of {records} answered{'' if over else until}."


def _next(status: BatchStatus, config: Path) -> Iterator[str]:
    command = f"  {program()} batch {{}} {short(config)} {status.ticket}"
    if status.state is BatchState.ANNOUNCED:
        yield "To send the rest of it, give `batch submit` again as you did."
    elif status.state is BatchState.COMPLETED and status.fetched:
        yield "Its result was fetched, and is gone from the hub."
    elif status.state is BatchState.COMPLETED:
        if status.kept_until:
            yield f"The result is kept until {status.kept_until.astimezone(BRUSSELS):%Y-%m-%d}. To fetch it:"
        yield command.format("result") + " --output FILE"
    elif status.state is not BatchState.REFUSED and status.state is not BatchState.CANCELLED:
        yield "To see how far it is:"
        yield command.format("status") + " --wait"


def _counts(counts: dict[str, int]) -> str:
    return printable(", ".join(f"{many} {status}" for status, many in sorted(counts.items())))


def _why(reasons: Sequence[Reason]) -> Iterator[str]:
    """Say the reasons of most records."""
    for one in reasons[:_REASONS]:
        source = f"{one.source}: " if one.source else ""
        yield printable(f"{one.records} {one.status}: {source}{one.description} ({one.code})")
    if others := len(reasons[_REASONS:]):
        yield f"Other reasons: {others}. Each record of the result says its own."
