"""`crossroads audit given`, and the log that such commands read: also the months that left the database."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from crossroads.audit.archived import Archive
from crossroads.audit.events import Event
from crossroads.audit.given import EVENTS, Given
from crossroads.audit.whole_log import WholeLog
from crossroads.bootstrap.wiring import Services
from crossroads.cli.acts import report
from crossroads.cli.opened import with_services
from crossroads.kernel.clock import BRUSSELS
from crossroads.wire.notes import NoteVerifier

_ASKED_BEFORE = timedelta(days=31)
ArchiveFolder = Annotated[
    Path | None, typer.Option("--archive", help="The folder of the months that left the database, to read them too.")
]


def whole_log(hub: Services, folder: Path | None, events: Collection[Event], since: datetime | None = None) -> WholeLog:
    """Read the log of a hub, with the files of a folder where one is named."""
    verifier = NoteVerifier.parse(hub.catalogue.current.genesis.log_key)
    return WholeLog(hub.pool, [verifier], Archive(folder) if folder else None, events, since)


def given(
    *,
    person: Annotated[list[int], typer.Option("--person", help="A key of the person, as the log has it; several.")],
    data_group: Annotated[str, typer.Option("--data-group", help="With its version: living-wage@1.")],
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Given since this day; ever when absent.")
    ] = None,
    archive: ArchiveFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Show to whom a data group about a person was given, by which source and for which days."""
    first = since.replace(tzinfo=BRUSSELS) if since else None

    async def work(hub: Services) -> list[Given]:
        # What was given at the beginning of a month was decided in the one before.
        asked = first and first - _ASKED_BEFORE
        async with whole_log(hub, archive, EVENTS, asked).snapshot() as snapshot:
            return sorted(await snapshot.given(person, data_group, first), key=lambda one: (one.asker, one.source))

    found = asyncio.run(with_services(work))
    told = "\n".join(map(_line, found))
    report({"given": [one._asdict() for one in found]}, told or "It was given to nobody.", as_json=as_json)


def _line(one: Given) -> str:
    days = f"{one.period.start_date} to {one.period.end_date or 'now'}"
    return f"{one.asker} was given it by {one.source}: {days}"
