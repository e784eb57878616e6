"""What the commands of an institution have in common: a client that is told of, and answers for people or programs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from pyreqwest.exceptions import PyreqwestError
from rich.console import Console

from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.participant.client import ClientConfig, SyncClient
from crossroads.participant.findings import NO_HUB

ConfigFile = Annotated[Path, typer.Argument(help="The settings of your participant or client.", metavar="CONFIG")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON for a program.")]
Ssin = Annotated[str, typer.Option(help="The number of the person, or a file with it; - reads it from standard input.")]
For = Annotated[str | None, typer.Option("--for", help="An institution that you manage, for which you do it.")]

errors = Console(stderr=True)


@contextmanager
def told(hint: Callable[[CrossroadsError], str] = lambda _: "") -> Iterator[None]:
    """Say in a sentence what goes wrong, with a hint where there is one, and end with 1."""
    try:
        yield
    except CrossroadsError as error:
        errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        if then := hint(error):
            errors.print(then, markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


@contextmanager
def client(settings: ClientConfig) -> Iterator[SyncClient]:
    """Give a client. Raises Unavailable that names the hub, where it is silent; what it says itself stands."""
    try:
        with SyncClient(settings) as made:
            yield made
    except Unavailable as error:
        if isinstance(error.__cause__, PyreqwestError):
            raise Unavailable(NO_HUB.format(settings.hub)) from error
        raise


def write(content: Any) -> None:
    """Write a line of JSON."""
    sys.stdout.write(msgspec.json.encode(content).decode() + "\n")
