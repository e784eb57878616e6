"""`crossroads directory prepare | import | check`."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console

from crossroads.bootstrap.settings import load
from crossroads.cli.opened import with_services
from crossroads.directory.model import Check, KnownOverlap
from crossroads.identity.first_load import Loaded, LoadKind, prepare
from crossroads.kernel.clock import in_brussels
from crossroads.kernel.errors import Malformed
from crossroads.participant.typed import counted, program
from crossroads.wire.decoding import decode
from crossroads.wire.registrations import SignedAct

if TYPE_CHECKING:  # the act of a file is made without what the hub needs
    from crossroads.bootstrap.wiring import Services

app = typer.Typer(help="Who knows whom: first loads and proof of the rules.", no_args_is_help=True)

_FILE = typer.Argument(help="CSV with a header line, or JSON Lines (.csv, .jsonl).", exists=True, dir_okay=False)
_KIND = typer.Option("--kind", help="What the file holds.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command("prepare")
def prepare_load(
    file: Annotated[Path, _FILE],
    kind: Annotated[LoadKind, _KIND],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the act goes; FILE.act when absent.")
    ] = None,
) -> None:
    """Write the act of a file. Two operators sign it with `crossroads key sign`."""
    target = output or file.with_name(f"{file.name}.act")
    target.write_bytes(msgspec.json.encode(prepare(file, kind, load().settings.installation)))
    then = f"{program()} directory import {file} --act {target} --kind {kind}"
    Console(soft_wrap=True).print(f"Wrote {target}. Two operators sign it; then: {then}")


@app.command("import")
def import_load(
    file: Annotated[Path, _FILE],
    act: Annotated[Path, typer.Option("--act", help="The act that two operators signed.", exists=True)],
    kind: Annotated[LoadKind, _KIND],
    *,
    as_json: AsJson = False,
) -> None:
    """Import a file that two operators signed: whole, or not at all with the lines that are wrong."""
    signed = decode(act.read_bytes(), msgspec.json.Decoder(SignedAct))
    try:
        with Console(stderr=True).status(f"Importing {kind}…"):
            loaded = asyncio.run(_import(file, signed, kind))
    except Malformed as error:
        _print_faults(error, as_json=as_json)
        raise typer.Exit(1) from None
    _print(loaded._asdict(), f"Imported {loaded.lines} {kind}, ticket {loaded.ticket}.", as_json=as_json)


@app.command()
def check(*, as_json: AsJson = False) -> None:
    """Prove over the whole directory that no exclusive context is held twice, but where a merge made it so.

    Ends with 1 where it is held twice, and with 0 where it is not, or a merge made it so.
    """
    with Console(stderr=True).status("Looking through the whole directory…"):
        found = asyncio.run(_check())
    inscriptions = counted(found.inscriptions, "inscription", "inscriptions")
    of = counted(found.persons, "person", "persons")
    text = f"{inscriptions} of {of}; {found.exclusive:,} in exclusive contexts."
    _print(found._asdict(), f"{_verdict(found)}\n{text}", as_json=as_json)
    if found.known and not as_json:
        _print_known(found.known)
    if found.conflicts:
        numbers = ", ".join(str(number) for number in found.conflicts)
        Console(stderr=True).print(f"Inscriptions that overlap in an exclusive context: {numbers}.")
        raise typer.Exit(1)


async def _import(file: Path, act: SignedAct, kind: LoadKind) -> Loaded:
    async def work(hub: "Services") -> Loaded:
        operators = hub.catalogue.current.operators
        if kind == "persons":
            return await hub.identity.import_persons(file, act, operators)
        return await hub.directory.import_inscriptions(file, act, operators)

    return await with_services(work)


async def _check() -> Check:
    return await with_services(lambda hub: hub.directory.check())


def _verdict(found: Check) -> str:
    if found.conflicts:
        return "Not in order: somebody stands twice at the same time in a context that only one institution may hold."
    if found.known:
        return "In order, but for what merges of numbers made: nobody else stands twice in an exclusive context."
    return "In order: nobody stands twice at the same time in a context that only one institution may hold."


def _print(figures: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(figures))
    else:
        Console().print(text)


def _print_known(known: Sequence[KnownOverlap]) -> None:
    """Print overlaps that merges made: nothing is wrong with the directory, but two institutions have to agree."""
    console = Console(soft_wrap=True)
    console.print("Overlaps known, each since a merge, until one institution ends its inscription:")
    for one in known:
        first, second = one.inscriptions
        recorded = f"{in_brussels(one.recorded_at):%Y-%m-%d %H:%M} (Brussels)"
        merge = f"by merge {one.link} of {recorded}, which holds since {one.since}"
        console.print(f"  inscriptions {first} and {second} in {one.context}, {merge}", highlight=False)


def _print_faults(error: Malformed, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode({"faults": [fault._asdict() for fault in error.faults]}))
        return
    console = Console(stderr=True)
    console.print("Nothing was imported.")
    for fault in error.faults:
        console.print(f"{fault.path}: {fault.detail}", highlight=False)
