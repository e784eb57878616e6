"""`crossroads audit archive | expire | usage`: what leaves the log, and what of it can still be read."""

import asyncio
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress

from crossroads.audit.archive import Archiver, archived_before
from crossroads.audit.archive_store import Month
from crossroads.audit.archived import Archive
from crossroads.audit.archived_reading import OpenArchive
from crossroads.audit.manifests import Manifest, month_name
from crossroads.audit.model import Expirable, Receipt, UsageLine
from crossroads.audit.reading import Reading
from crossroads.audit.terms import expiring_before
from crossroads.bootstrap.archiving import archive_expiry, archiving
from crossroads.bootstrap.wiring import Services
from crossroads.cli.acts import report
from crossroads.cli.opened import with_services
from crossroads.kernel.clock import BRUSSELS
from crossroads.kernel.errors import Refused
from crossroads.participant.typed import counted
from crossroads.wire.notes import NoteVerifier

_Folder = Annotated[
    Path, typer.Option("--to", help="The folder of the archive; made, with mode 0700, where it is not.")
]
_Url = Annotated[
    str | None,
    typer.Option(
        envvar="CROSSROADS_RETENTION_URL", help="URL of role crossroads_retention, for a database of your own."
    ),
]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_Before = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day that stays as it is.")]
_PAGE = 1000


def archive_months(
    *, before: _Before, to: _Folder, retention_url: _Url = None, yes: _Yes = False, as_json: _Json = False
) -> None:
    """Take the months that end before a day out of the database, each to a file. Proofs and checkpoints go on.

    A run that was broken off is run again. Nothing leaves that is not in a file whose every entry was verified.
    """

    async def due(hub: Services) -> list[Month]:
        moment = archived_before(before.date(), hub.clock.now(), await _online_days(hub))
        async with archiving(hub, retention_url, to) as archiver:
            return await archiver.months(moment)

    months = asyncio.run(with_services(due))
    entries = sum(month.entries for month in months)
    if months and not yes:
        of = counted(len(months), "month", "months")
        typer.confirm(f"Move {entries_told(entries)} of {of} to {to}?", abort=True, err=True)

    async def move(hub: Services) -> list[Manifest]:
        async with archiving(hub, retention_url, to) as archiver:
            return await _archived(archiver, months)

    done = asyncio.run(with_services(move)) if months else []
    told = "\n".join(f"{one.month}: {entries_told(one.entries)} in {to / one.file}" for one in done)
    files = [{"month": one.month, "file": one.file, "entries": one.entries, "digest": one.digest} for one in done]
    report({"archived": files}, told or "There is nothing to archive.", as_json=as_json)


def expire(
    *,
    before: _Before,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="Do so in the files of this folder, instead of in the database.")
    ] = None,
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Remove what entries from before a day say of persons. That they were there stays, and is signed.

    The job log-retention of the hub does so each day by itself in the database, for what is old enough.
    """
    if archive:
        _expire_files(before, archive, yes=yes, as_json=as_json)
        return

    async def due(hub: Services) -> list[Expirable]:
        return await hub.log_retention.due(await _moments(hub, before))

    async def remove(hub: Services) -> list[Receipt]:
        return await hub.log_retention.expire_all(ranges)

    ranges = asyncio.run(with_services(due))
    entries = sum(part.entries for part in ranges)
    if ranges and not yes:
        _confirm(entries, before)
    with Console(stderr=True).status("Removing what expired"):
        receipts = asyncio.run(with_services(remove)) if ranges else []
    of = counted(len(ranges), "range", "ranges")
    told = f"{entries_told(entries)} from before {before:%Y-%m-%d} expired, in {of}."
    report({"expired": entries, "ranges": ranges, "receipts": receipts}, told, as_json=as_json)


def _expire_files(before: datetime, folder: Path, *, yes: bool, as_json: bool) -> None:
    async def due(hub: Services) -> list[tuple[Manifest, list[Expirable]]]:
        return await archive_expiry(hub, folder).due(await _moments(hub, before))

    async def renew(hub: Services) -> list[str]:
        expiry, moments = archive_expiry(hub, folder), await _moments(hub, before)
        renewed = [(await expiry.expire(*one, moments)).file for one in found]
        await expiry.tidy()
        return renewed

    found = asyncio.run(with_services(due))
    entries = sum(part.entries for _, ranges in found for part in ranges)
    if found and not yes:
        _confirm(entries, before)
    with Console(stderr=True).status("Writing the files anew"):
        files = asyncio.run(with_services(renew))
    archived, of = counted(entries, "archived entry", "archived entries"), counted(len(files), "file", "files")
    told = f"{archived} from before {before:%Y-%m-%d} expired, in {of}."
    report({"expired": entries, "files": files}, told, as_json=as_json)


def _confirm(entries: int, before: datetime) -> None:
    said = f"Remove the content of {entries_told(entries)} from before {before:%Y-%m-%d}, for ever?"
    typer.confirm(said, abort=True, err=True)


async def _moments(hub: Services, before: datetime) -> dict[str, datetime]:
    return expiring_before(before.date(), await hub.log_retention.terms())


def usage(
    *,
    person: Annotated[list[int], typer.Option("--person", help="A key of the person, as the log has it; several.")],
    archive: Annotated[
        Path | None, typer.Option("--archive", help="The folder of archived months, to read too.")
    ] = None,
) -> None:
    """Print what was logged about a person as lines of JSON, what is archived first. Mind where it goes."""

    async def work(hub: Services) -> None:
        if archive:
            async for line in (await open_archive(hub, archive)).usage(person):
                _print(line)
        await _print_usage(hub, person)

    asyncio.run(with_services(work))
    sys.stdout.buffer.flush()


def entries_told(number: int) -> str:
    """Write how many entries there are."""
    return counted(number, "entry", "entries")


async def open_archive(hub: Services, folder: Path) -> OpenArchive:
    """Open the files that the log of this hub says are archived."""
    verifier = NoteVerifier.parse(hub.catalogue.current.genesis.log_key)
    return await OpenArchive.open(Reading(hub.pool), Archive(folder), [verifier])


async def _archived(archiver: Archiver, months: Collection[Month]) -> list[Manifest]:
    with Progress(console=Console(stderr=True), transient=True) as bar:
        tasks = {
            month_name(month.since): bar.add_task(month_name(month.since), total=month.entries) for month in months
        }
        return [
            await archiver.archive(
                month, lambda name, done, total: bar.update(tasks[name], completed=done, total=total)
            )
            for month in months
        ]


async def _online_days(hub: Services) -> int:
    terms = await hub.log_retention.terms()
    if not terms:
        raise Refused("It is not settled for how long the log is kept: run `crossroads migrate`.")
    return hub.installation.settings.log_online_days or max(term.days for term in terms)


async def _print_usage(hub: Services, persons: list[int]) -> None:
    first, until = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=BRUSSELS)
    page = await hub.log.usage(persons, first, until, limit=_PAGE)
    while True:
        for line in page.lines:
            _print(line)
        if page.next is None:
            return
        page = await hub.log.usage(persons, first, until, page.next, _PAGE)


def _print(line: UsageLine) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
