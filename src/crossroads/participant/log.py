"""The participant's own log: given out for a reconciliation with the hub's, and verified. Read only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import CrossroadsError, InvalidValue
from crossroads.participant.state import state_file
from crossroads.wire.canonical import b64url
from crossroads.wire.commitments import commitments_of, leaf_of
from crossroads.wire.merkle import Frontier

_ENTRIES = "select position, ticket, holder, asker, nonce, fields, salts, leaf from entry order by position"


class Entry(NamedTuple):
    """A row of the log."""

    position: int
    ticket: str
    holder: str
    asker: str
    nonce: str
    fields: bytes
    salts: bytes
    leaf: bytes


class Verified(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a verification ended: the head of the log, and every entry that is not what it was."""

    size: int
    root: str
    faults: tuple[str, ...]


def export(folder: Path) -> Iterator[dict[str, Any]]:
    """Give every entry: its position, ticket, fields and leaf. Raises CrossroadsError where there is no log."""
    with closing(_connect(folder)) as connection:
        for row in connection.execute(_ENTRIES):
            entry = Entry(*row)
            fields = msgspec.json.decode(entry.fields)
            yield {"position": entry.position, "ticket": entry.ticket, "fields": fields, "leaf": b64url(entry.leaf)}


def verify(folder: Path) -> Verified:
    """Compute every leaf and the root anew. Raises CrossroadsError where there is no log."""
    faults: list[str] = []
    frontier, expected = Frontier(), 0
    with closing(_connect(folder)) as connection:
        # One snapshot: the head and the entries of the same moment, while the participant goes on writing.
        connection.execute("begin")
        size, peaks = connection.execute("select size, peaks from head").fetchone()
        for row in connection.execute(_ENTRIES):
            entry = Entry(*row)
            if entry.position != expected:
                faults.append(f"Entries {expected} to {entry.position - 1} are missing.")
            expected = entry.position + 1
            faults.extend(_faults(entry))
            frontier.append([entry.leaf])
    if (frontier.size, frontier.peaks) != (size, peaks):
        faults.append(f"The log has {frontier.size} entries that do not make up the head written for {size}.")
    return Verified(size=size, root=b64url(Frontier(size, peaks).root), faults=tuple(faults))


def _faults(entry: Entry) -> Iterator[str]:
    try:
        fields = msgspec.json.decode(entry.fields, type=dict[str, Any])
        leaf = leaf_of(commitments_of(fields, entry.salts))
    except (msgspec.MsgspecError, InvalidValue):
        yield f"Entry {entry.position} was altered: its fields cannot be read."
        return
    if leaf != entry.leaf:
        yield f"Entry {entry.position} was altered: its fields are not those it was written with."
    if fields.get("ticket") != entry.ticket:
        yield f"Entry {entry.position} was altered: its ticket differs from its fields."


def _connect(folder: Path) -> sqlite3.Connection:
    file = state_file(folder)
    try:
        return sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error as error:
        raise CrossroadsError(f"{file}: there is no log here.") from error
