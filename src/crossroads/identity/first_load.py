"""A first load: a file that two operators signed, imported whole or not at all, and logged by the root of its lines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.identity import acts
from crossroads.identity.files import Scan, scan
from crossroads.kernel.errors import Refused
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import VerifyKey
from crossroads.wire.registrations import SignedAct, act

FIRST_LOAD = "first-load"

_ENTRIES = 500
"""Entries that are appended to the log at once."""

LoadKind = Literal["persons", "inscriptions"]


class FirstLoad(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Content of an act `first-load`: which file, by its SHA-256 in base64url, and what it holds."""

    installation: str
    sha256: str
    kind: LoadKind
    lines: int


class Load(NamedTuple):
    """A first load that is under way."""

    act: SignedAct
    content: FirstLoad
    actor: str
    ticket: UUID


class Loaded(NamedTuple):
    """What was imported."""

    ticket: UUID
    lines: int


def prepare(path: Path, kind: LoadKind, installation: str) -> SignedAct:
    """Make the act of a file, for two operators to sign. Raises Malformed for a form that is not known."""
    found = scan(path)
    return act(FIRST_LOAD, FirstLoad(installation=installation, sha256=found.digest, kind=kind, lines=found.lines))


def begin(
    signed: SignedAct, kind: LoadKind, operators: Mapping[str, VerifyKey], installation: str, ticket: UUID
) -> Load:
    """Begin the load that two operators signed. Raises Refused."""
    content = acts.content_of(signed, FIRST_LOAD, FirstLoad, installation)
    if content.kind != kind:
        raise Refused(f"The operators signed a load of {content.kind}, not of {kind}.")
    return Load(signed, content, acts.two_operators(signed, operators), ticket)


def require_digest(load: Load, digest: str) -> None:
    """Refuse a file that is not the one signed. Raises Refused."""
    if digest != load.content.sha256:
        raise Refused("The file is not the one that the operators signed.")


def require_whole(load: Load, found: Scan, staged: int) -> None:
    """Refuse a file that changed while it was read, or has not the lines that were signed. Raises Refused."""
    require_digest(load, found.digest)
    if not load.content.lines == found.lines == staged:
        raise Refused(f"The operators signed {load.content.lines} lines; the file holds {staged}.")


async def log_chunks(log: Log, event: Event, load: Load, roots: tuple[bytes, ...]) -> None:
    """Append an entry for each 10,000 lines, with their Merkle root. Raises Unavailable."""
    entries = [
        Entry(
            event=event,
            ticket=load.ticket,
            fields={
                "act": load.act.digest,
                "file": load.content.sha256,
                "lines": load.content.lines,
                "actor": load.actor,
                "chunk": number,
                "root": b64url(root),
            },
        )
        for number, root in enumerate(roots)
    ]
    for at in range(0, len(entries), _ENTRIES):
        await log.append_many(entries[at : at + _ENTRIES])
