"""`crossroads statuses invite`: households that a client does not have learn in their box that a right may be open."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.errors import CrossroadsError, Refused, Tampered, Unavailable
from crossroads.participant.boxes_shelf import Shelf, shelf_folder
from crossroads.participant.client_settings import client_settings
from crossroads.participant.config import read_config
from crossroads.participant.terminal import Json, client, told, write
from crossroads.participant.trust import read_trust
from crossroads.participant.typed import counted
from crossroads.statuses.absent import absent_adults
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.customers import Customers
from crossroads.statuses.deciding import Decider
from crossroads.statuses.deeds_command import SettingsFile
from crossroads.statuses.inviting import Inviting
from crossroads.statuses.rights import one_right
from crossroads.statuses.settings import read_status_settings

_STATE = "inviting"
_WORDS = {
    "households": "of which the client has nobody",
    "invited": "invited",
    "no_box": "without an active box",
    "nobody": "in which nobody of age can be written to",
    "refused": "about which the hub refused it",
}


def invite(
    settings: SettingsFile,
    customers: Annotated[
        Path, typer.Argument(help="Whom the client has: a CSV file with the columns reference and ssin.")
    ],
    *,
    right: Annotated[str, typer.Option(help="The right: culture-pass, say.")],
    json: Json = False,
) -> None:
    """Put an invitation in the box of each household for which a right is open and of whom the client has nobody.

    Each is invited once after a load: given again, the command goes on where it stopped.
    """
    with told(_again):
        ours, today = read_status_settings(settings), brussels_day(SystemClock().now())
        config, invited_to = client_settings(ours.path(ours.client), _STATE), one_right(ours.path(ours.rights), right)
        listed = Customers(customers, read_trust(config.folder / config.trust).environment, today)
        buffer = Buffer(ours.path(ours.buffer))
        if (loaded := buffer.current()) is None or loaded.over(today):
            raise Refused("Nothing is loaded, or its time is over: load anew.")
        shelf = Shelf(shelf_folder(read_config(ours.path(ours.client))))
        with client(config) as hub, Decider(buffer.facts(loaded), loaded.day) as decider:
            inviting = Inviting(hub, shelf, buffer, loaded, invited_to)
            counts = inviting.run(absent_adults(decider, invited_to, listed.numbers(), today), today)
        shelf.forget(today)
    if json:
        write(counts)
        return
    for name, count in msgspec.structs.asdict(counts).items():
        many = "hidden households" if count is None else counted(count, "household", "households")
        Console(highlight=False).print(f"{many} {_WORDS[name]}")


def _again(error: CrossroadsError) -> str:
    again = "Give the same command again: it goes on, and nobody is invited twice."
    return again if isinstance(error, Unavailable | Tampered) else ""
