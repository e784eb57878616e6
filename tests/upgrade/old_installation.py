"""Founds an installation, run with the program of the last version: `PYTHONPATH` names it, standard input says what.

It uses nothing of the tests, which are those of this version.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import msgspec

from crossroads.bootstrap.settings import Installation, Settings
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue.loader import load
from crossroads.network.founders import Founders
from crossroads.network.loading import load_directory
from crossroads.network.members import Member
from crossroads.network.service import Network


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be founded."""

    home: str
    catalogue: str
    settings: dict[str, Any]
    members: dict[str, dict[str, Any]]
    """By institution: the arguments of a member, its folder as text."""
    persons: list[str]
    inscriptions: list[dict[str, Any]]


def found(wish: Wish) -> None:
    """Make keys and settings, found the installation in its migrated database, and load the directory."""
    members = (
        Member(institution=name, **given | {"folder": Path(given["folder"])}) for name, given in wish.members.items()
    )
    installation = Installation(msgspec.convert(wish.settings, Settings), Path(wish.home))
    network = Network(installation=installation, members=tuple(members))
    network.make_files()

    async def fill(services: Services, founders: Founders) -> None:
        await load_directory(services, founders, ({"ssin": ssin} for ssin in wish.persons), wish.inscriptions)

    asyncio.run(network.found(load(Path(wish.catalogue)).document, fill))


if __name__ == "__main__":
    found(msgspec.json.decode(sys.stdin.buffer.read(), type=Wish))
