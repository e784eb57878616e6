"""`crossroads catalogue check | diff | sign | apply | show`."""

import asyncio
from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from crossroads.catalogue.changes import Plan
from crossroads.catalogue.check import check as faults_of
from crossroads.catalogue.errors import FaultyCatalogue
from crossroads.catalogue.kinds import AnyEntry, Kind, listed
from crossroads.catalogue.loader import Loaded, load
from crossroads.catalogue.model import Document
from crossroads.cli.acts import confirm, read_act, report, shown, sign_file, write_act
from crossroads.cli.opened import with_catalogue
from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.participant.typed import counted, program

if TYPE_CHECKING:  # `check` and `sign` start without what the hub needs
    from crossroads.catalogue.service import Catalogue

app = typer.Typer(help="What exists and who may have what: as files, as a signed plan, in force.", no_args_is_help=True)

_Folder = Annotated[Path, typer.Argument(help="The folder of YAML files.", exists=True, file_okay=False)]
_PlanFile = Annotated[Path, typer.Argument(help="The plan, as `diff` wrote it.", exists=True, dir_okay=False)]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command()
def check(folder: _Folder, *, as_json: _Json = False) -> None:
    """Say what is wrong with the files, each fault with its file and line. Needs no database."""
    try:
        loaded = _load(folder)
    except FaultyCatalogue as error:
        _print_faults(error, as_json=as_json)
        raise typer.Exit(1) from None
    files = len({located.file for located in loaded.entries})
    counts = {"faults": [], "entries": len(loaded.entries), "files": files}
    entries, of = counted(len(loaded.entries), "entry", "entries"), counted(files, "file", "files")
    report(counts, f"{entries} in {of}; nothing is wrong.", as_json=as_json)


@app.command()
def diff(
    folder: _Folder,
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the plan goes, to be signed.")] = None,
    reason: Annotated[str, typer.Option(help="Why; kept with what was believed before.")] = "",
    as_json: _Json = False,
) -> None:
    """Show what would change, and write it as a plan. Changes nothing."""
    try:
        document = _load(folder).document
    except FaultyCatalogue as error:
        _print_faults(error, as_json=as_json)
        raise typer.Exit(1) from None
    plan = asyncio.run(with_catalogue(lambda catalogue: catalogue.plan(document, reason)))
    report(plan, "\n".join(shown(plan.signable())) if plan.changes else "Nothing changes.", as_json=as_json)
    if output is not None and plan.changes:
        write_act(output, plan.signable())
        typer.echo(f"Wrote {output}. {_next_step(plan, output)}", err=True)


@app.command()
def sign(
    plan: _PlanFile,
    *,
    key_id: Annotated[str, typer.Option("--key-id", help="Your key, as operator:alice#1.")],
    key: Annotated[Path, typer.Option("--key", help="The file of the private key.", exists=True, dir_okay=False)],
    yes: _Yes = False,
    as_json: _Json = False,
) -> None:
    """Show a plan and add your signature to it. Needs no database."""
    sign_file(plan, key_id, key, yes=yes, as_json=as_json)


@app.command()
def apply(plan: _PlanFile, *, yes: _Yes = False, as_json: _Json = False) -> None:
    """Carry out a signed plan: whole, or not at all."""
    act = read_act(plan)
    confirm(act, "Apply this?", yes=yes, as_json=as_json)
    version = asyncio.run(with_catalogue(lambda catalogue: catalogue.apply(act)))
    counts = "Versions count acts on keys and endpoints too; this one is the base of the next plan."
    report({"version": version}, f"Version {version} of the catalogue is in force. {counts}", as_json=as_json)


@app.command()
def show(
    *,
    kind: Annotated[Kind | None, typer.Option(help="Show the entries of one kind.")] = None,
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day; today when absent.")] = None,
    provenance: Annotated[bool, typer.Option("--provenance", help="Count by where entries come from.")] = False,
    as_json: _Json = False,
) -> None:
    """Show what is in force, counted, or one kind entry by entry."""
    day = on.date() if on else brussels_day(SystemClock().now())
    document = asyncio.run(with_catalogue(lambda catalogue: _as_of(catalogue, day)))
    entries = [(of, entry) for of, entry in listed(document) if kind in (None, of)]
    if kind is None or provenance:
        _print_counts(entries, by_provenance=provenance, as_json=as_json)
    else:
        lines = (f"{entry.key}  {_name(entry)}  ({entry.provenance})" for _, entry in entries)
        report([entry for _, entry in entries], "\n".join(lines), as_json=as_json)


async def _as_of(catalogue: "Catalogue", day: date) -> Document:
    return catalogue.as_of(day)


def _load(folder: Path) -> Loaded:
    # What reads models is loaded where there are files to look at: `apply` and `show` need none of it.
    from crossroads.cli.models import model_faults  # noqa: PLC0415 - see above

    loaded = load(folder)
    if faults := faults_of(loaded.entries) or model_faults(loaded.entries):
        raise FaultyCatalogue(*faults)
    return loaded


def _print_faults(error: FaultyCatalogue, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode({"faults": [fault._asdict() for fault in error.faults]}).decode())
    else:
        typer.echo(f"{error}\n{counted(len(error.faults), 'fault', 'faults')}.", err=True)


def _print_counts(entries: list[tuple[Kind, AnyEntry]], *, by_provenance: bool, as_json: bool) -> None:
    counts = Counter(str(entry.provenance) if by_provenance else kind.plural for kind, entry in entries)
    lines = (f"{count:6}  {name}" for name, count in counts.items())
    report(dict(counts), "\n".join(lines), as_json=as_json)


def _name(entry: AnyEntry) -> str:
    names = getattr(entry, "names", None)
    return names.in_language("en") if names is not None else ""


def _next_step(plan: Plan, path: Path) -> str:
    who = "Two operators sign" if plan.operators_needed > 1 else "An operator signs"
    return f"{who} it with `{program()} catalogue sign {path}`; then `{program()} catalogue apply {path}`."
