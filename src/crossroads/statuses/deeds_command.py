"""`crossroads statuses deeds`: the log of what was done about people; and how commands write what they do there."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import Refused
from crossroads.kernel.ssin import is_number_of_person, parse_ssin
from crossroads.participant import log as own_log
from crossroads.participant import typed
from crossroads.participant.client_config import ClientConfig
from crossroads.participant.client_settings import client_settings
from crossroads.participant.terminal import Json, errors, told, write
from crossroads.participant.trust import read_trust
from crossroads.statuses.deeds import Deed, Deeds, What, account
from crossroads.statuses.settings import StatusSettings, read_status_settings

T = TypeVar("T")
SettingsFile = Annotated[Path, typer.Argument(help="statuses.yaml of the institution.", metavar="SETTINGS")]
"""The settings of the institution that keeps statuses."""
COMMAND_LINE = "command-line"
_STATE = "statuses"
_MOST = 10_000
_NOTHING = "No log is here: nothing was done about anybody yet, or the log was removed."

Agent = Annotated[
    str,
    typer.Option(
        callback=typed.like(r"^[^\x00-\x1f\x7f]{1,64}\Z", "It has from 1 to 64 characters."),
        help="Your own pseudonymous id of the user; never an SSIN. The account of the machine is logged beside it.",
    ),
]


def logged(settings: StatusSettings, what: What, ssin: str, act: Callable[[], T], agent: str, **fields: str) -> T:
    """Do something about a person by command, and log it. Raises InvalidSsin, Refused, and what `Deeds.do` does."""
    config = _config(settings)
    environment, today = read_trust(config.folder / config.trust).environment, brussels_day(SystemClock().now())
    parse_ssin(ssin, environment, today)
    if is_number_of_person(agent, environment, today):
        raise Refused("The agent is a number of a person: give an id of your own.")
    return _deeds(settings, config).do(what, ssin, act, by=account(), agent=agent, **fields)


def deeds(
    settings: SettingsFile,
    *,
    count: Annotated[int, typer.Option(min=0, max=_MOST, help="How many are shown, the newest first.")] = 50,
    known: Annotated[
        str | None, typer.Option(help="A head that was printed earlier: the log must have grown from it.")
    ] = None,
    json: Json = False,
) -> None:
    """Show what was done about people, at the pages and by command, and name entries that were altered or removed.

    No number of a person is shown. Keep the head that it prints where nobody who could alter the log can alter it.
    """
    with told():
        ours = read_status_settings(settings)
        kept = _deeds(ours, _config(ours))
        verified = kept.verify(own_log.KnownHead.read(known) if known else None)
        newest = kept.of_all(count)
    if json:
        write(msgspec.to_builtins(verified) | {"deeds": [one._asdict() for one in newest]})
    else:
        if newest:
            _show(newest)
        elif not verified.size:
            Console().print(_NOTHING, soft_wrap=True)
        size = typed.counted(verified.size, "entry", "entries")
        Console().print(f"{size}, head {verified.head}", markup=False, soft_wrap=True)
        for fault in verified.faults:
            errors.print(fault, style="red", markup=False)
    raise typer.Exit(1 if verified.faults else 0)


COMMANDS: tuple[Callable[..., None], ...] = (deeds,)


def forget(settings: StatusSettings) -> int:
    """Remove what entries say whose time is over; tell of how many."""
    return _deeds(settings, _config(settings)).forget()


def _show(newest: list[Deed]) -> None:
    table = Table("when", "what", "state", "right", "by", "agent", box=None, pad_edge=False)
    for one in newest:
        by = escape(one.by) if one.by else "the person"
        table.add_row(one.at.isoformat(), one.what, one.state, escape(one.right or ""), by, escape(one.agent or ""))
    Console().print(table)


def _deeds(settings: StatusSettings, config: ClientConfig) -> Deeds:
    return Deeds(settings, config.institution, SystemClock())


def _config(settings: StatusSettings) -> ClientConfig:
    return client_settings(settings.path(settings.client), _STATE)
