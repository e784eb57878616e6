"""`crossroads batch`: many questions in one file: submit, status, result, list, cancel, and a landing folder."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.errors import CrossroadsError, Refused, Unavailable
from crossroads.participant import typed
from crossroads.participant.batch_screen import bars, show_list, show_status, show_written
from crossroads.participant.batches_client import SyncBatches
from crossroads.participant.batches_file import Tell
from crossroads.participant.batches_landing import Landing
from crossroads.participant.batches_output import write_results
from crossroads.participant.batches_reasons import Reason, reasons_of
from crossroads.participant.batches_voucher import BatchWish
from crossroads.participant.client_settings import client_settings
from crossroads.participant.terminal import ConfigFile, For, Json, client, errors, told, write
from crossroads.wire.batches import MAXIMUM_LIFE, PAGE, BatchState, BatchStatus
from crossroads.wire.packing import BadFile

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Ask about many people at once, in a file.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_STATE = "batches"
_POLL_SECONDS = 1.0
_TOLD_EACH = 100
"""Records between two moves of a bar."""
_OVER = (BatchState.COMPLETED, BatchState.REFUSED, BatchState.CANCELLED)

T = TypeVar("T")
Batch = Annotated[str, typer.Argument(help="The ticket of the batch, or your reference.", metavar="BATCH")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until it is over, and show how far it is.")]


@app.command()
def submit(  # noqa: PLR0913 - each is an option of the command
    config: ConfigFile,
    file: Annotated[
        Path, typer.Argument(help="The questions: FILE.jsonl or FILE.csv, perhaps with .gz or .zst.", metavar="FILE")
    ],
    *,
    data_groups: Annotated[
        list[str], typer.Option("--data-group", help="What is asked: living-wage@1, say. For each once.")
    ],
    legal_context: Annotated[str, typer.Option(help="Why: PCSA:SOCIAL_INQUIRY, say.")],
    period: Annotated[
        str | None, typer.Option(help="FIRST-DAY/LAST-DAY, for records of the file that have none.")
    ] = None,
    reference_date: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="For records that have none; the last day of the period when absent."),
    ] = None,
    on_behalf_of: For = None,
    agent: Annotated[str, typer.Option(help="Your own pseudonymous id of the user; never an SSIN.")] = "command-line",
    reference: Annotated[
        str | None, typer.Option(help="Your own of the batch; made of the content of the file when absent.")
    ] = None,
    sequence_number: Annotated[
        int | None, typer.Option(min=1, help="Of the file; the next that the hub expects when absent.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=MAXIMUM_LIFE.days, help="Until the deadline.")] = 4,
    wait: Wait = False,
    json: Json = False,
) -> None:
    """Check a file line by line, announce it and send it. Given again after a break, it goes on where it ended."""
    asked = typed.period(period) if period else None
    day = reference_date.date() if reference_date else None
    if asked and day is None:
        day = asked.end_date or max(asked.start_date, brussels_day(SystemClock().now()))
    wish = BatchWish(
        legal_context,
        data_groups,
        agent,
        asked,
        day,
        on_behalf_of,
        reference,
        sequence_number,
        timedelta(days=days),
    )
    with _batches(config, _go_on) as batches, bars() as tell:
        status = _submitted(batches, file, wish, tell)
        if wait:
            status = _waited(batches, status, tell)
        reasons = () if json else _reasons(batches, status, tell)
    _tell(status, config, reasons, json=json)
    raise typer.Exit(0 if status.state is BatchState.COMPLETED or not wait else 1)


@app.command()
def status(config: ConfigFile, batch: Batch, *, wait: Wait = False, json: Json = False) -> None:
    """Tell how far a batch is."""
    with _batches(config) as batches, bars() as tell:
        found = batches.status(_ticket(batches, batch))
        if wait:
            found = _waited(batches, found, tell)
        reasons = () if json else _reasons(batches, found, tell)
    _tell(found, config, reasons, json=json)
    raise typer.Exit(1 if found.state in (BatchState.REFUSED, BatchState.CANCELLED) else 0)


@app.command()
def result(
    config: ConfigFile,
    batch: Batch,
    *,
    output: Annotated[Path, typer.Option(help="Where to put it: JSON Lines, for you alone to read.")],
    keep: Annotated[bool, typer.Option("--keep", help="Leave it at the hub as well.")] = False,
    json: Json = False,
) -> None:
    """Fetch a result: check every signature, open every block, and write a line for each record of the file."""
    with _batches(config) as batches, bars() as tell:
        if output.exists():
            raise Refused(f"{output} is there already.")
        if not output.absolute().parent.is_dir():
            raise Refused(f"{output.absolute().parent} is no folder.")
        ticket = _ticket(batches, batch)
        of = batches.status(ticket).records
        written = write_results(_counted(batches.results(ticket), tell, "fetched", of), output)
        if not (written.rejected or keep):
            batches.acknowledge(ticket)
    if json:
        write(written)
    else:
        show_written(written, output)
    raise typer.Exit(1 if written.rejected else 0)


@app.command("list")
def listed(
    config: ConfigFile,
    *,
    before: Annotated[int | None, typer.Option(min=1, help="Those before this sequence number.")] = None,
    json: Json = False,
) -> None:
    """Show your batches, the newest first."""
    with _batches(config) as batches:
        found = batches.listed(before)
    if json:
        write(found)
    else:
        show_list(found)


@app.command()
def cancel(config: ConfigFile, batch: Batch, *, json: Json = False) -> None:
    """Give a batch up. Nothing of it stays; what was asked of sources until now is in the log."""
    with _batches(config) as batches:
        cancelled = batches.cancel(_ticket(batches, batch))
    _tell(cancelled, config, json=json)


@app.command()
def watch(
    config: ConfigFile,
    folder: Annotated[Path, typer.Argument(help="Where vouchers and files are put.", metavar="FOLDER")],
    *,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Look once; 1 when something is still under way.")] = False,
) -> None:
    """Submit each pair of a voucher and a file that comes into a folder, and put its result beside it."""
    with _batches(config) as batches:
        if not folder.is_dir():
            raise Refused(f"{folder} is no folder.")
        landing = Landing(folder, batches, lambda said: errors.print(said, markup=False, highlight=False))
        try:
            under_way = landing.look()
            while not once:
                time.sleep(every)
                under_way = landing.look()
        except KeyboardInterrupt:
            errors.print("Stopped.")
            return
    raise typer.Exit(1 if under_way else 0)


@contextmanager
def _batches(config: Path, hint: Callable[[CrossroadsError], str] = lambda _: "") -> Iterator[SyncBatches]:
    with told(hint), client(client_settings(config, _STATE)) as hub:
        yield hub.batches


def _go_on(error: CrossroadsError) -> str:
    return "Give the command again: it goes on where it ended." if isinstance(error, Unavailable) else ""


def _submitted(batches: SyncBatches, file: Path, wish: BatchWish, tell: Tell) -> BatchStatus:
    try:
        return batches.submit(file, wish, tell)
    except BadFile as error:
        raise Refused(f"{file}: {error} Nothing was sent.") from None


def _waited(batches: SyncBatches, status: BatchStatus, tell: Tell) -> BatchStatus:
    while status.state not in _OVER and status.state is not BatchState.ANNOUNCED:
        tell("answered", status.answered, status.records)
        time.sleep(_POLL_SECONDS)
        status = batches.status(status.ticket)
    return status


def _reasons(batches: SyncBatches, status: BatchStatus, tell: Tell) -> Sequence[Reason] | None:
    """Read in a result why records have no data; None where that is said only when it is fetched."""
    if not status.parts or not set(status.counts) - {StatusValue.DATA_FOUND}:
        return ()
    # A larger result takes minutes to read.
    if status.records > PAGE:
        return None
    try:
        return reasons_of(_counted(batches.results(status.ticket), tell, "read", status.records))
    except CrossroadsError:
        # The batch is over all the same. Who fetches the result is told what is wrong with it.
        return None


def _ticket(batches: SyncBatches, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return batches.ticket(text)


def _counted(records: Iterable[T], tell: Tell, what: str, of: int) -> Iterator[T]:
    for done, record in enumerate(records, 1):
        if done % _TOLD_EACH == 0 or done == of:
            tell(what, done, of)
        yield record


def _tell(status: BatchStatus, config: Path, reasons: Sequence[Reason] | None = (), *, json: bool) -> None:
    if json:
        write(status)
    else:
        show_status(status, config, reasons)
