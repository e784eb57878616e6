"""`crossroads mailbox`: pull, acknowledge, park, for a person at a terminal or another program."""

import logging
import sys
from contextlib import closing
from threading import Event
from typing import Annotated
from uuid import UUID

import msgspec
import structlog
import typer
from rich.console import Console
from sqlalchemy import Connection

from crossroads.participant.client import ClientConfig
from crossroads.participant.client_settings import client_settings
from crossroads.participant.consumer import Consumer, Progress
from crossroads.participant.inbox import Inbox
from crossroads.participant.mailbox_screen import line_of, show
from crossroads.participant.terminal import ConfigFile, Json, client, errors, told, write
from crossroads.participant.typed import counted
from crossroads.wire.decoding import convert
from crossroads.wire.mutations import MAXIMUM_ITEMS, MAXIMUM_LEASE_SECONDS, Item, Pull, Settled

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Empty your mailbox: the changes that you were to be told of.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_STATE = "mailbox"
Lease = Annotated[UUID, typer.Argument(help="The lease that `pull` showed.", metavar="LEASE")]


@app.command()
def pull(
    config: ConfigFile,
    *,
    count: Annotated[int, typer.Option(min=1, max=MAXIMUM_ITEMS, help="How many items at most.")] = 20,
    lease: Annotated[
        int, typer.Option(min=1, max=MAXIMUM_LEASE_SECONDS, help="Seconds for which nobody else is given them.")
    ] = 300,
    start: Annotated[
        int | None, typer.Option("--from", min=1, help="Show again what was given, from this number.")
    ] = None,
    parked: Annotated[bool, typer.Option("--parked", help="Take the items that were parked.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Write every item that comes and acknowledge it, until stopped.")
    ] = False,
    json: Json = False,
) -> None:
    """Take the next items, under a lease. They come again unless you acknowledge them."""
    with told():
        settings = client_settings(config, _STATE)
        if follow:
            if start is not None or parked:
                raise typer.BadParameter("--follow goes without --from and --parked.")
            _follow(settings, count, json=json)
            return
        wish = {"count": count, "leaseSeconds": lease, "from": start, "parked": parked}
        asked = convert(wish, Pull)
        with client(settings) as hub:
            page = hub.pull(asked)
        if json:
            write(page)
        else:
            show(page, asked, config)


@app.command()
def acknowledge(
    config: ConfigFile,
    lease: Lease,
    numbers: Annotated[list[int] | None, typer.Argument(help="The numbers dealt with.", metavar="[NUMBER]…")] = None,
    *,
    up_to: Annotated[int | None, typer.Option(help="All numbers of the lease up to this one.")] = None,
    json: Json = False,
) -> None:
    """Say which items are dealt with: they do not come again."""
    if bool(numbers) == (up_to is not None):
        raise typer.BadParameter("Give either numbers or --up-to.")
    with told(), client(client_settings(config, _STATE)) as hub:
        _tell(hub.acknowledge(lease, numbers=numbers or (), up_to=up_to), json=json)


@app.command()
def park(
    config: ConfigFile,
    lease: Lease,
    numbers: Annotated[list[int], typer.Argument(help="The numbers to set aside.", metavar="NUMBER…")],
    *,
    reason: Annotated[str, typer.Option(help="Why, for your colleagues; never the number of a person.")],
    json: Json = False,
) -> None:
    """Set items aside that you cannot deal with now. `pull --parked` takes them up again."""
    with told(), client(client_settings(config, _STATE)) as hub:
        _tell(hub.park(lease, numbers, reason), json=json)


def _follow(settings: ClientConfig, count: int, *, json: bool) -> None:
    _log_beside_the_items()
    store = settings.folder / settings.state / "inbox.sqlite"
    with client(settings) as hub, closing(Inbox.file(store)) as inbox:
        consumer = Consumer(hub, _as_json if json else _as_line, inbox, count=count)
        try:
            consumer.run(Event(), _Counter())
        except KeyboardInterrupt:
            errors.print(f"Stopped. {_counts(consumer.progress)}", highlight=False)


class _Counter:
    """Tells counts when they changed."""

    def __init__(self) -> None:
        self._told = ""

    def __call__(self, progress: Progress) -> None:
        counts = _counts(progress)
        if counts != self._told:
            errors.print(counts, highlight=False)
            self._told = counts


def _counts(progress: Progress) -> str:
    if not progress.dealt and not progress.depth:
        return "The mailbox is empty."
    return (
        f"{progress.handled} handled, {progress.repeated} received before, {progress.void} void, "
        f"{progress.parked} parked; {progress.depth} in the mailbox."
    )


def _as_json(item: Item, _: Connection) -> None:
    _put(msgspec.json.encode(item).decode())


def _as_line(item: Item, _: Connection) -> None:
    _put(line_of(item))


def _put(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except OSError:
        # Nobody reads any more: that is no fault of the item, which comes again.
        sys.exit(1)


def _tell(settled: Settled, *, json: bool) -> None:
    if json:
        write(settled)
        return
    left = counted(settled.open, "item of the lease is open", "items of the lease are open")
    left = left if settled.open else "The lease has ended"
    Console().print(f"{left}; {settled.depth:,} in the mailbox, {settled.parked:,} parked.", highlight=False)


def _log_beside_the_items() -> None:
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
