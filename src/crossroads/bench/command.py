"""`crossroads bench exchange|directory|audit|search|changes|batch|national|portal|statuses --json`."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.table import Table

from crossroads.bench.report import Report

app = typer.Typer(
    help="Speed and size, measured on this machine; nothing else should run meanwhile.", no_args_is_help=True
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")]
Inscriptions = Annotated[int, typer.Option(help="Lines in the directory, about.", min=100)]
Rounds = Annotated[int, typer.Option(help="Rounds; the median of them counts.", min=1)]


@app.callback()
def bench() -> None:
    """Keep standard output for the figures."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


@app.command()
def exchange(
    *,
    seconds: Annotated[float, typer.Option(help="Of load in each round.", min=1)] = 10,
    inscriptions: Inscriptions = 1_000_000,
    rounds: Rounds = 3,
    workers: Annotated[int, typer.Option(help="Processes of the hub, and of the plain gateway.", min=1)] = 1,
    connections: Annotated[int, typer.Option(help="Of the round with many of them.", min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """Measure the full exchange against nginx that only passes on, and against a plain gateway without cryptography."""
    from crossroads.bench import exchange as measuring  # noqa: PLC0415 - each bench needs other rooms

    _print(measuring.bench(measuring.Size(seconds, inscriptions, rounds, workers, connections)), as_json=as_json)


@app.command()
def directory(
    *,
    inscriptions: Inscriptions = 1_000_000,
    rounds: Rounds = 3,
    reads: Annotated[int, typer.Option(help="Look-ups in each round.", min=1, max=2000)] = 2000,
    as_json: AsJson = False,
) -> None:
    """Measure the first load against plain COPY, and batched look-ups against single ones."""
    from crossroads.bench import directory as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(inscriptions, rounds, reads), as_json=as_json)


@app.command()
def audit(
    *,
    entries: Annotated[int, typer.Option(help="Entries of each round.", min=1)] = 100_000,
    rounds: Rounds = 3,
    as_json: AsJson = False,
) -> None:
    """Measure appending to the log against plain inserts, verifying it, and proving tickets."""
    from crossroads.bench import audit as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(entries, rounds), as_json=as_json)


@app.command()
def search(
    *,
    people: Annotated[int, typer.Option(help="In the register.", min=100)] = 100_000,
    searches: Annotated[int, typer.Option(help="For people as others write them.", min=20)] = 5_000,
    strangers: Annotated[int, typer.Option(help="New people who are not in the register.", min=20)] = 10_000,
    namesakes: Annotated[int, typer.Option(help="People of one and the same name.", min=20)] = 10_000,
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 3,
    as_json: AsJson = False,
) -> None:
    """Measure whether people are found under misspelt names and wrong dates, and how fast."""
    from crossroads.bench import search as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(measuring.Size(people, searches, strangers, namesakes, seed)), as_json=as_json)


@app.command()
def changes(
    *,
    changes: Annotated[int, typer.Option(help="Of each round, at the full rate.", min=1)] = 3_000,
    seconds: Annotated[float, typer.Option(help="Of each round at a set rate.", min=0.1)] = 10,
    people: Annotated[int, typer.Option(help="Whom the changes are about, in turn.", min=200)] = 10_000,
    rounds: Rounds = 3,
    workers: Annotated[int, typer.Option(help="Processes of the hub.", min=1)] = 2,
    as_json: AsJson = False,
) -> None:
    """Measure changes on their way from a source to mailboxes that are emptied, against plain inserts of their rows."""
    from crossroads.bench import changes as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(measuring.Size(changes, seconds, people, rounds, workers)), as_json=as_json)


@app.command()
def batch(
    *,
    records: Annotated[int, typer.Option(help="Questions in the file.", min=10, max=10_000_000)] = 1_000_000,
    seconds: Annotated[float, typer.Option(help="Of single questions, in each round and load.", min=1)] = 10,
    inscriptions: Inscriptions = 1_000_000,
    rounds: Rounds = 2,
    as_json: AsJson = False,
) -> None:
    """Measure questions in a file against single ones, and what a batch costs those who ask meanwhile."""
    from crossroads.bench import batch as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(measuring.Size(records, seconds, inscriptions, rounds)), as_json=as_json)


@app.command()
def national(
    *,
    scale: Annotated[float, typer.Option(help="Share of 242,500,000 inscriptions.", min=0.0001, max=1)] = 1,
    folder: Annotated[
        Path | None, typer.Option(help="Where the databases are made, on a disk; the system's for temporary files.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Of exchanges, in each round and load.", min=1)] = 10,
    rounds: Rounds = 3,
    workers: Annotated[int, typer.Option(help="Processes of each hub.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Measure a directory of a whole nation against one of a hundredth of it; says first what it needs. Takes hours."""
    from crossroads.bench import national as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(measuring.Size(scale, folder, seconds, rounds, workers)), as_json=as_json)


@app.command()
def portal(
    *,
    entries: Annotated[int, typer.Option(help="Of the log.", min=200)] = 100_000,
    inscriptions: Inscriptions = 1_000_000,
    seconds: Annotated[float, typer.Option(help="Of visits, and of each load, in each round.", min=1)] = 10,
    rounds: Rounds = 3,
    as_json: AsJson = False,
) -> None:
    """Measure the pages for people over a full log and directory, against nginx that has one of them in memory."""
    from crossroads.bench import portal as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(measuring.Size(entries, inscriptions, seconds, rounds)), as_json=as_json)


@app.command()
def statuses(
    *,
    scale: Annotated[float, typer.Option(help="Share of 5,000,000 customers and the rest.", min=0.0001, max=1)] = 1,
    rounds: Rounds = 3,
    as_json: AsJson = False,
) -> None:
    """Measure decision tables over a whole country, against SQL and pandas; then eight statuses asked at once."""
    from crossroads.bench import statuses as measuring  # noqa: PLC0415 - as above

    _print(measuring.bench(measuring.Size(scale, rounds)), as_json=as_json)


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(report.json())
        return
    table = Table("figure", "value", "unit", title=f"bench {report.bench}")
    for name, figure in report.figures.items():
        table.add_row(name, f"{figure.value:,}", figure.unit)
    for name, ratio in report.ratios.items():
        table.add_row(name, f"{ratio:,}", "times")
    Console().print(table)
