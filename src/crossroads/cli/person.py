"""`crossroads person link | unlink | replace | decease | distinguish | apply | removed`: acts of operators on people.

Most write an act. Operators sign it with `crossroads key sign`; `apply` carries it out. `removed` shows what is gone.
"""

import asyncio
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from crossroads.cli.acts import confirm, read_act, report, write_act
from crossroads.cli.opened import with_services
from crossroads.identity.model import (
    DECEASE,
    DISTINGUISH,
    LINK,
    REPLACE,
    UNLINK,
    DeceasePerson,
    DistinguishPerson,
    LinkPersons,
    ReplaceNumber,
    UnlinkPersons,
)
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.participant.typed import program
from crossroads.wire.registrations import SignedAct, act

app = typer.Typer(help="Who people are: acts of operators, signed and carried out.", no_args_is_help=True)

_Content = TypeVar("_Content", LinkPersons, UnlinkPersons, ReplaceNumber, DeceasePerson, DistinguishPerson)
_FROM_INPUT = "- reads it from standard input, a line for each number."
_FORMATS = ["%Y-%m-%d"]

_Since: TypeAlias = Annotated[datetime, typer.Option(formats=_FORMATS, help="The first day on which it is so.")]
_Reason: TypeAlias = Annotated[str, typer.Option(help="Why; it is logged, so no name and no number of a person.")]
_Output: TypeAlias = Annotated[Path, typer.Option("--output", "-o", help="Where the act goes, to be signed.")]
_Installation: TypeAlias = Annotated[
    str | None, typer.Option(help="The installation the act is for; that of the settings when absent.")
]
_ActFile: TypeAlias = Annotated[Path, typer.Argument(help="The signed act.", exists=True, dir_okay=False)]
_Yes: TypeAlias = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def link(
    ssin: Annotated[str, typer.Argument(help=f"The number that turned out to be of somebody known; {_FROM_INPUT}")],
    into: Annotated[str, typer.Argument(help="The number of that person, which is the one of today.")],
    *,
    since: _Since,
    reason: _Reason,
    output: _Output,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that records that two persons are one. Two operators sign it."""
    content = _made(
        LinkPersons, installation, {"from": _number(ssin), "into": _number(into), "since": since.date()}, reason
    )
    _write(act(LINK, content), output, "Two operators sign", as_json=as_json)


@app.command()
def unlink(
    ssin: Annotated[str, typer.Argument(help=f"The number that was linked; {_FROM_INPUT}")],
    into: Annotated[str, typer.Argument(help="The number that it was linked to.")],
    *,
    reason: _Reason,
    output: _Output,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that tells two persons apart again. Two operators sign it."""
    content = _made(UnlinkPersons, installation, {"from": _number(ssin), "into": _number(into)}, reason)
    _write(act(UNLINK, content), output, "Two operators sign", as_json=as_json)


@app.command()
def replace(
    ssin: Annotated[str, typer.Argument(help=f"The number of until now; {_FROM_INPUT}")],
    to: Annotated[str, typer.Argument(help="The number from now on.")],
    *,
    since: _Since,
    reason: _Reason,
    output: _Output,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that gives a person another number. Two operators sign it."""
    content = _made(
        ReplaceNumber, installation, {"from": _number(ssin), "to": _number(to), "since": since.date()}, reason
    )
    _write(act(REPLACE, content), output, "Two operators sign", as_json=as_json)


@app.command()
def decease(
    ssin: Annotated[str, typer.Argument(help=f"The number of the person; {_FROM_INPUT}")],
    *,
    on: Annotated[
        datetime | None, typer.Option(formats=_FORMATS, help="The day; absent says that the death was wrong.")
    ] = None,
    reason: _Reason,
    output: _Output,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that records a death, or that it was wrong. An operator signs it."""
    day: date | None = on.date() if on else None
    content = _made(DeceasePerson, installation, {"ssin": _number(ssin), "deceasedOn": day}, reason)
    _write(act(DECEASE, content), output, "An operator signs", as_json=as_json)


@app.command()
def distinguish(
    institution: Annotated[str, typer.Argument(help="The institution that was refused a creation or correction.")],
    reference: Annotated[str, typer.Argument(help="Its reference of that request.")],
    request: Annotated[str, typer.Argument(help="What the refusal calls the request: 64 digits and letters.")],
    *,
    reason: _Reason,
    output: _Output,
    installation: _Installation = None,
    as_json: _Json = False,
) -> None:
    """Write the act that lets one request go on beside persons who agree closely. Two operators sign it."""
    given = {"institution": institution, "reference": reference, "request": request}
    content = _made(DistinguishPerson, installation, given, reason)
    _write(act(DISTINGUISH, content), output, "Two operators sign", as_json=as_json)


@app.command()
def apply(file: _ActFile, *, yes: _Yes = False, as_json: _Json = False) -> None:
    """Carry out a signed act on people: once."""
    signed = read_act(file)
    confirm(signed, "Carry this out?", yes=yes, as_json=as_json)
    ticket = asyncio.run(with_services(lambda hub: hub.identity.carry_out(signed, hub.catalogue.current.operators)))
    report({"ticket": str(ticket)}, f"Done, ticket {ticket}.", as_json=as_json)


@app.command()
def removed(*, as_json: _Json = False) -> None:
    """Show of how many persons what the BIS register held was removed at the end of its days, and why."""
    found = asyncio.run(with_services(lambda hub: hub.bis_retention.removed()))
    if as_json:
        typer.echo(msgspec.json.encode({"removed": [one._asdict() for one in found]}))
        return
    if not found:
        Console().print("Nothing was removed.")
        return
    table = Table("day", "why", "persons", "lines")
    for one in found:
        table.add_row(one.day.isoformat(), one.why, str(one.persons), str(one.lines))
    Console().print(table)


def _made(struct: type[_Content], installation: str | None, given: dict[str, Any], reason: str) -> _Content:
    """Make the content of an act with every constraint checked. Raises InvalidValue, which repeats no value."""
    common = {"installation": installation or _settings_installation(), "reason": reason, "at": SystemClock().now()}
    try:
        return msgspec.convert(msgspec.to_builtins(given | common), struct)
    except msgspec.ValidationError as error:
        raise InvalidValue(str(error)) from None


def _number(text: str) -> str:
    return sys.stdin.readline().strip() if text == "-" else text


def _write(unsigned: SignedAct, output: Path, who: str, *, as_json: bool) -> None:
    if output.exists():
        raise Refused(f"{output} is there already, perhaps signed by others: name another file.")
    write_act(output, unsigned)
    then = f"{who} it with `{program()} key sign {output}`; then `{program()} person apply {output}`."
    report({"file": str(output)}, f"Wrote {output}. {then}", as_json=as_json)


def _settings_installation() -> str:
    from crossroads.bootstrap.settings import load  # noqa: PLC0415 - only what needs the settings loads them

    return load().settings.installation
