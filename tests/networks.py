"""Whole networks for tests: real processes, real HTTP, real databases, on ports of this machine that are free."""

import asyncio
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from crossroads.bootstrap.postgres import ADMIN
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.bootstrap.wiring import Services
from crossroads.catalogue.loader import load
from crossroads.catalogue.model import Document
from crossroads.network.founders import Founders
from crossroads.network.loading import Lines, load_directory
from crossroads.network.members import Member
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from database import Database, execute
from warm import warm

BELGIUM = Path(__file__).parent.parent / "catalogue" / "belgium"
NOTHING_WAS_ASKED = """
    INSERT INTO nonce_store (accepted_since) VALUES (now() - interval '1 second')
    ON CONFLICT (one) DO UPDATE SET accepted_since = excluded.accepted_since
"""
"""A hub that finds no store of nonces waits until clocks that are ahead are past. Here none was lost: it need not."""


@cache
def belgium() -> Document:
    """Give the Belgian catalogue, read once."""
    return load(BELGIUM).document


@contextmanager
def network(
    folder: Path,
    database: Database,
    members: Mapping[str, Mapping[str, Any]],
    *,
    document: Document | None = None,
    persons: Sequence[str] = (),
    inscriptions: Lines = (),
    settings: Mapping[str, Any] | None = None,
    workers: int = 1,
    start: bool = True,
) -> Iterator[Network]:
    """Found a network on a fresh database and start its processes; stop them at the end.

    Of the members those run that serve something: who only asks is asked nothing.
    """
    hub_port, *ports = free_ports(1 + len(members))
    given = {
        "installation": "crossroads.test",
        "hub": "cbss",
        "port": hub_port,
        "public_url": f"http://127.0.0.1:{hub_port}",
        "database_url": database.url(),
        # What works on jobs is a process more: who needs it says so.
        "job_workers": 0,
    }
    made = msgspec.convert(given | dict(settings or {}), Settings)
    joined = tuple(
        Member(institution=name, port=port, folder=folder / name, **details)
        for port, (name, details) in zip(ports, members.items(), strict=True)
    )
    built = Network(installation=Installation(made, folder / "hub"), members=joined, processes=warm())
    built.make_files()

    async def fill(services: Services, founders: Founders) -> None:
        lines = ({"ssin": ssin} for ssin in persons)
        await load_directory(services, founders, lines, inscriptions)

    asyncio.run(built.found(document or belgium(), fill))
    asyncio.run(execute(database.url(ADMIN), NOTHING_WAS_ASKED))
    with built.processes:
        if start:
            built.start_hub(workers)
            built.start_members([name for name, serves in members.items() if serves])
        yield built
    shutil.rmtree(folder, ignore_errors=True)


def line(ssin: str, institution: str, context: str, start: str, end: str | None = None) -> dict[str, Any]:
    """Give a line of a first load of inscriptions."""
    return {
        "ssin": ssin,
        "institution": institution,
        "context": context,
        "startDate": start,
        "endDate": end,
        "phase": 0,
        "reference": "FILE-1",
    }


def builtin(value: Any) -> Any:
    """Give plain JSON values."""
    return msgspec.to_builtins(value)
