"""`crossroads statuses pages|deeds`: the pages for people, and the log of what they did there."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Refused
from crossroads.participant import log as own_log
from crossroads.participant import website_running
from crossroads.participant.terminal import Json, errors, told, write
from crossroads.statuses.pages.settings import read_pages_settings
from crossroads.statuses.settings import read_status_settings

_HELP = "statuses.yaml of the institution; pages.yaml stands beside it."
SettingsFile = Annotated[Path, typer.Argument(help=_HELP, metavar="SETTINGS")]
Parent = Annotated[int | None, typer.Option(hidden=True, help="The process beside which it runs; it ends with that.")]


def pages(settings: SettingsFile, *, parent: Parent = None) -> None:
    """Serve the pages for people, until stopped. `crossroads serve --role statuses` does so too."""
    from crossroads.statuses.pages.app import application  # noqa: PLC0415 - only who has pages needs the extra `portal`

    with told():
        ours = read_status_settings(settings)
        found = read_pages_settings(ours.folder)
        if found is None:
            raise Refused(f"{ours.folder} has no pages.yaml (docs/how-to/status-pages.md).")
        found.check()
        website_running.run(found, lambda: application(ours, found, SystemClock()), parent)


def deeds(
    settings: SettingsFile,
    *,
    known: Annotated[
        str | None, typer.Option(help="A head that was printed earlier: the log must have grown from it.")
    ] = None,
    json: Json = False,
) -> None:
    """Compute every entry anew of the log of what people did at the pages, and name those that were altered or removed.

    Keep the head that it prints where nobody who could alter the log can alter it.
    """
    with told():
        found = read_pages_settings(read_status_settings(settings).folder)
        if found is None:
            raise Refused("There are no pages here: no pages.yaml stands beside these settings.")
        verified = own_log.verify(found.home / "deeds", own_log.KnownHead.read(known) if known else None)
    if json:
        write(verified)
    else:
        Console().print(f"{verified.size} entries, head {verified.head}", markup=False, soft_wrap=True)
        for fault in verified.faults:
            errors.print(fault, style="red", markup=False)
    raise typer.Exit(1 if verified.faults else 0)


COMMANDS: tuple[Callable[..., None], ...] = (pages, deeds)
