"""`crossroads inscriptions`: an institution keeps its own lines of the directory from a file, and compares its list."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import CrossroadsError, Refused, Unavailable
from crossroads.participant import inscriptions_compared as comparing
from crossroads.participant import inscriptions_kept as keeping
from crossroads.participant.batch_screen import bars
from crossroads.participant.client_config import ClientConfig
from crossroads.participant.client_settings import client_settings
from crossroads.participant.inscriptions import SyncInscriptions
from crossroads.participant.inscriptions_file import InscriptionFile, KeptRow, ListedRow, RowRules
from crossroads.participant.terminal import ConfigFile, For, Json, client, told, write
from crossroads.participant.trust import read_trust
from crossroads.participant.typed import counted, short
from crossroads.wire.inscriptions import Action
from crossroads.wire.packing import BadFile

# Plain tracebacks: typer's own would show the values of variables, an SSIN among them.
app = typer.Typer(
    help="Keep your own lines of the directory from a file, and compare your list with them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_STATE = "inscriptions"

Lines = Annotated[
    Path, typer.Argument(help="The lines: FILE.jsonl or FILE.csv, perhaps with .gz or .zst.", metavar="FILE")
]
Results = Annotated[
    Path | None,
    typer.Option("--results", help="Where what came of each line is put, and with which it goes on; beside FILE."),
]


@app.command()
def register(
    config: ConfigFile, file: Lines, *, results: Results = None, on_behalf_of: For = None, json: Json = False
) -> None:
    """Inscribe the persons of a file. Given again after a break, it goes on where it ended."""
    _keep(Action.REGISTER, config, file, results, on_behalf_of, json=json)


@app.command()
def close(
    config: ConfigFile, file: Lines, *, results: Results = None, on_behalf_of: For = None, json: Json = False
) -> None:
    """End the inscriptions of a file: each that starts on `startDate`, on `endDate`. Given again, it goes on."""
    _keep(Action.CLOSE, config, file, results, on_behalf_of, json=json)


@app.command()
def compare(
    config: ConfigFile,
    file: Lines,
    *,
    output: Annotated[Path, typer.Option(help="Where to put what differs: JSON Lines, for you alone to read.")],
    on_behalf_of: For = None,
    json: Json = False,
) -> None:
    """Compare your own list with the directory, and write what differs. It ends with 1 where something does."""
    with _inscriptions(config) as (settings, hub), bars() as tell:
        institution = on_behalf_of or settings.institution
        if output.exists():
            raise Refused(f"{output} is there already.")
        if not output.absolute().parent.is_dir():
            raise Refused(f"{output.absolute().parent} is no folder.")
        found = comparing.compare(_opened(file, ListedRow, settings), institution, hub, output, tell)
    if json:
        write(found._asdict())
    else:
        same = counted(found.same, "line is the same", "lines are the same")
        different, missing = counted(found.different, "differs", "differ"), counted(found.missing, "is", "are")
        _print(
            f"{same}, {different}, {missing} missing in the directory; "
            f"it has {found.unlisted} that your list has not. What differs is in {short(output)}."
        )
    raise typer.Exit(1 if found.different or found.missing or found.unlisted else 0)


def _keep(
    action: Action, config: Path, file: Path, results: Path | None, on_behalf_of: str | None, *, json: bool
) -> None:
    results = results or file.with_name(f"{file.name}.{action}.results")
    with _inscriptions(config) as (settings, hub), bars() as tell:
        opened, institution = _opened(file, KeptRow, settings), on_behalf_of or settings.institution
        counts = keeping.keep(opened, action, institution, results, hub.keep, tell)
    if json:
        write({**counts._asdict(), "results": str(results)})
    else:
        done, refused = counted(counts.done, "line is done", "lines are done"), counted(counts.refused, "was", "were")
        _print(f"{done}, {refused} refused. What came of each: {short(results)}.")
    raise typer.Exit(1 if counts.refused else 0)


def _opened(file: Path, kind: type[ListedRow], settings: ClientConfig) -> InscriptionFile:
    environment = read_trust(settings.folder / settings.trust).environment
    return InscriptionFile(file, kind, RowRules(environment, brussels_day(SystemClock().now())))


@contextmanager
def _inscriptions(config: Path) -> Iterator[tuple[ClientConfig, SyncInscriptions]]:
    with told(_go_on):
        settings = client_settings(config, _STATE)
        with client(settings) as hub:
            yield settings, hub.inscriptions


def _go_on(error: CrossroadsError) -> str:
    if isinstance(error, Unavailable):
        return "Give the same command again: it goes on where it ended."
    return "Nothing was sent." if isinstance(error, BadFile) else ""


def _print(text: str) -> None:
    Console(soft_wrap=True, highlight=False).print(text, markup=False)
