"""`crossroads statuses pages`: the pages for people."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Refused
from crossroads.participant import website_running
from crossroads.participant.terminal import told
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


COMMANDS: tuple[Callable[..., None], ...] = (pages,)
