"""What the hub's public catalogue knows: a name that was mistyped is told as such, before anybody is asked anything."""

from collections.abc import Sequence
from difflib import get_close_matches

import msgspec
import typer

from crossroads.participant.client import TIMEOUT
from crossroads.participant.steps import Call, SyncHttp, fetch


class _Named(msgspec.Struct, frozen=True):
    id: str


class _Items(msgspec.Struct, frozen=True):
    items: tuple[_Named, ...]


_decoder = msgspec.json.Decoder(_Items)


def check_known(hub: str, groups: Sequence[str]) -> None:
    """Refuse a data group that the catalogue has not, with the nearest that it has. Raises BadParameter, Unavailable.

    The hub itself refuses such a group as it refuses one for which there is no authorisation: it cannot tell a mistake.
    """
    http = SyncHttp(TIMEOUT)
    try:
        known = {group.id for group in http.run(fetch(Call("GET", f"{hub}/v1/data-groups"), _decoder)).items}
    finally:
        http.close()
    for group in groups:
        if group not in known:
            near = get_close_matches(group, sorted(known), n=1)
            meant = f"Did you mean {near[0]}?" if near else f"All that it has are at {hub}/v1/data-groups."
            raise typer.BadParameter(f"The catalogue has no data group {group}. {meant}", param_hint="GROUP")
