"""`crossroads audit …`: that the log is whole, and what it says."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.status import Status

from crossroads.audit import export as exporting
from crossroads.audit.archived import Archive
from crossroads.audit.archived_reading import prove_everywhere
from crossroads.audit.findings import Verification
from crossroads.audit.patterns import EVENTS as PATTERN_EVENTS
from crossroads.audit.patterns import Pattern, patterns
from crossroads.audit.reconciliation import EVENTS, Reconciliation
from crossroads.audit.reconciliation import reconcile as compare
from crossroads.audit.verification import verify as verify_log
from crossroads.bootstrap.wiring import Services
from crossroads.cli.audit_keeping import archive_months, entries_told, expire, open_archive, usage
from crossroads.cli.audit_whole import ArchiveFolder, given, whole_log
from crossroads.cli.opened import with_services
from crossroads.kernel.clock import BRUSSELS, brussels_day
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.participant.typed import counted
from crossroads.wire.notes import NoteVerifier, read_checkpoint
from crossroads.wire.proofs import EntryProof, verify_entry_proof

_console = Console(emoji=False)
_WHY = "Each may be in order: a short file, or one that was recorded when it was over."
app = typer.Typer(help="The log: that it is whole, and what it says.", no_args_is_help=True)
for command in (archive_months, expire, usage, given):
    app.command("archive" if command is archive_months else None)(command)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_LogKey = Annotated[str, typer.Option("--log-key", help="The public key of the log, from your own trust.json.")]


@app.command()
def verify(
    *,
    known: Annotated[
        list[Path] | None, typer.Option("--known", help="A checkpoint kept elsewhere, that the log must extend.")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="The folder of the months that left the database.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Compute the whole log anew, and name whatever was altered, removed or added.

    Of months in an archive only the leaves are in the database; what they say is verified with `--archive`.
    """
    notes = [path.read_text("utf-8") for path in known or ()]

    async def work(hub: Services) -> Verification:
        verifier = NoteVerifier.parse(hub.catalogue.current.genesis.log_key)
        return await verify_log(
            hub.pool,
            [verifier],
            known=[read_checkpoint(note) for note in notes],
            archive=Archive(archive) if archive else None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Verifying the log", total=None)
        outcome = asyncio.run(with_services(work))
    if as_json:
        _print_json(outcome)
    else:
        for finding in outcome.findings:
            _console.print(f"[red]wrong[/] {finding}", highlight=False)
        for one in outcome.archives:
            looked = "verified" if one.looked else "not looked at"
            entries = entries_told(one.entries)
            _console.print(f"archived {one.month}: {entries} in {one.file}, {looked}", highlight=False)
        expired = f", {outcome.expired} expired" if outcome.expired else ""
        archived = f", {outcome.archived} archived" if outcome.archived else ""
        checkpoints = counted(outcome.checkpoints, "checkpoint", "checkpoints")
        counts = f"{entries_told(outcome.entries)}{expired}{archived}, {checkpoints}"
        _console.print(f"The log is {'sound' if outcome.sound else 'NOT sound'}: {counts}.", highlight=False)
    if not outcome.sound:
        raise typer.Exit(1)


@app.command()
def prove(
    ticket: Annotated[UUID, typer.Argument(help="The ticket of an answer.")],
    fields: Annotated[
        list[str] | None, typer.Option("--field", help="A field to open to the outsider; all when absent.")
    ] = None,
    archive: Annotated[
        Path | None, typer.Option("--archive", help="The folder of archived months, to prove what is in those too.")
    ] = None,
) -> None:
    """Print, as JSON, the proof that the entries of a ticket are in the log. `audit check` verifies it anywhere."""

    async def work(hub: Services) -> list[EntryProof]:
        if archive is None:
            return await hub.log.prove(ticket, fields)
        return await prove_everywhere(hub.log, await open_archive(hub, archive), ticket, fields)

    proofs = asyncio.run(with_services(work))
    if not proofs:
        raise Refused(f"The log has no entry of ticket {ticket}.")
    _print_json(proofs)


@app.command()
def check(
    *,
    proof: Annotated[Path, typer.Argument(help="The file that `audit prove` printed.", exists=True, dir_okay=False)],
    log_key: _LogKey,
    as_json: _Json = False,
) -> None:
    """Verify a proof with nothing but the public key of the log. Needs no hub."""
    verifiers = [NoteVerifier.parse(log_key)]
    try:
        proofs = msgspec.json.decode(proof.read_bytes(), type=list[EntryProof])
    except msgspec.MsgspecError as error:
        raise InvalidValue(f"{proof} holds no proofs: {error}") from error
    with _working("Verifying the proof…"):
        opened = [verify_entry_proof(one, verifiers) for one in proofs]
    if as_json:
        _print_json(opened)
        return
    for one, values in zip(proofs, opened, strict=True):
        place = f"entry {one.inclusion.index} of stream {one.inclusion.stream}"
        _console.print(f"[green]proven[/] {place}, under checkpoint {read_checkpoint(one.inclusion.checkpoint).size}")
        for name, value in sorted(values.items()):
            _console.print(f"  {name}: {escape(in_words(value))}", highlight=False)


@app.command()
def reconcile(
    *,
    exported: Annotated[
        Path, typer.Argument(help="What `crossroads participant log export` wrote.", exists=True, dir_okay=False)
    ],
    holders: Annotated[
        list[str] | None,
        typer.Option("--holder", help="An institution whose log it is, also where no line of it names that one."),
    ] = None,
    archive: ArchiveFolder = None,
    as_json: _Json = False,
) -> None:
    """Compare a participant's own log with the hub's, ticket by ticket: each question, each record of a batch.

    What differs is named by its ticket: that of the question, or of the record of the batch.
    """

    async def work(hub: Services) -> Reconciliation:
        return await compare(whole_log(hub, archive, EVENTS), _lines(exported), holders or ())

    outcome = asyncio.run(with_services(work))
    if as_json:
        _print_json(outcome)
    else:
        for one in outcome.discrepancies:
            _console.print(f"[red]{one.difference}[/] {one.ticket} at {one.holder}", highlight=False)
        agreed, differing = outcome.agreed, len(outcome.discrepancies)
        agree, differ = counted(agreed, "question agrees", "questions agree"), counted(differing, "differs", "differ")
        _console.print(f"{agree}, {differ}.", highlight=False)
    if outcome.discrepancies:
        raise typer.Exit(1)


@app.command("patterns")
def show_patterns(
    *,
    days: Annotated[int | None, typer.Option(min=1, max=366, help="Instead of the setting pattern_days.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Inscribed since this day; a year ago when absent.")
    ] = None,
    archive: ArchiveFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each.")] = False,
) -> None:
    """Show who inscribed somebody, asked about the person, and ended the inscription within some days."""

    async def work(hub: Services) -> int:
        now, count = hub.clock.now(), 0
        first = since.replace(tzinfo=BRUSSELS) if since else now - timedelta(days=365)
        within = days or hub.installation.settings.pattern_days
        async for one in patterns(whole_log(hub, archive, PATTERN_EVENTS, first), within, first, now):
            count += 1
            if as_json:
                sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
            else:
                _console.print(_line(one), highlight=False)
        return count

    with nullcontext() if as_json else _working("Looking through the log…"):
        found = asyncio.run(with_services(work))
    sys.stdout.buffer.flush()
    if not as_json:
        flagged = counted(found, "inscription", "inscriptions")
        _console.print(f"{flagged} to look at. {_WHY if found else ''}".strip(), highlight=False)


@app.command()
def export() -> None:
    """Print every entry of the log as a line of JSON. It names persons: mind where it goes."""

    async def work(hub: Services) -> None:
        async for entry in exporting.entries(hub.pool):
            sys.stdout.buffer.write(msgspec.json.encode(entry) + b"\n")

    asyncio.run(with_services(work))
    sys.stdout.buffer.flush()


def _line(one: Pattern) -> str:
    end = (
        f"ended by {one.closed} on {brussels_day(one.closed_at)}" if one.closed_at else f"whose last day was {one.ends}"
    )
    asked = f"{counted(one.questions, 'question', 'questions')}, the first {one.tickets[0]}"
    opened = f"inscribed person {one.person} in {one.context} by {one.opened} on {brussels_day(one.opened_at)}"
    return f"[yellow]{one.institution}[/] {opened}, {end}; {asked}"


def in_words(value: Any) -> str:
    """Write what an entry holds for people: lists with commas, parts by name, and what is not known as a dash."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return ", ".join(f"{name} {in_words(part)}" for name, part in value.items()) or "-"
        case list() | tuple():
            return "; ".join(map(in_words, value)) or "-"
        case _:
            return str(value)


def _working(doing: str) -> Status:
    """Say on a terminal what is done meanwhile."""
    return Console(stderr=True).status(doing)


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                yield msgspec.json.decode(line, type=dict[str, Any])
            except msgspec.MsgspecError as error:
                raise InvalidValue(f"{path}, line {number}: this is no line of a participant's log.") from error


def _print_json(value: Any) -> None:
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")
    sys.stdout.buffer.flush()
