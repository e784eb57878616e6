"""The participant's own log: given out for a reconciliation with the hub's, and verified. Read only."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.errors import CrossroadsError, InvalidValue
from crossroads.participant.log_forgetting import fault_of
from crossroads.participant.state import state_file
from crossroads.wire.canonical import b64url
from crossroads.wire.commitments import commitments_of, leaf_of
from crossroads.wire.merkle import Frontier

_ENTRIES = "select position, ticket, holder, asker, nonce, fields, salts, leaf from entry order by position"

_NEWEST = "select fields from entry order by position desc limit ?"


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


class KnownHead(NamedTuple):
    """What somebody noted of the log at an earlier time, and kept where nobody who could alter the log can alter it."""

    size: int
    root: str

    @classmethod
    def read(cls, text: str) -> "KnownHead":
        """Read it as it was printed: `340:4Zk…`. Raises InvalidValue."""
        size, _, root = text.partition(":")
        if not size.isdecimal() or not root:
            raise InvalidValue("A known head is written as it was printed: the number of entries, a colon, the root.")
        return cls(int(size), root)


class Verified(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a verification ended: the head of the log, and every entry that is not what it was."""

    size: int
    root: str
    faults: tuple[str, ...]

    @property
    def head(self) -> str:
        """What to keep elsewhere, for a later verification."""
        return f"{self.size}:{self.root}"


NOTHING = Verified(size=0, root=b64url(Frontier().root), faults=())
"""Of a log in which nothing stands yet."""


def export(folder: Path) -> Iterator[dict[str, Any]]:
    """Give every entry: its position, ticket, fields and leaf. Raises CrossroadsError where there is no log."""
    with closing(_connect(folder)) as connection:
        for row in connection.execute(_ENTRIES):
            entry = Entry(*row)
            fields = msgspec.json.decode(entry.fields)
            yield {"position": entry.position, "ticket": entry.ticket, "fields": fields, "leaf": b64url(entry.leaf)}


def years(folder: Path) -> list[Path]:
    """Give the logs of a folder that has one for each year, the newest first."""
    found = [one for one in folder.iterdir() if one.name.isdecimal()] if folder.is_dir() else []
    return sorted((one for one in found if state_file(one).exists()), key=lambda one: int(one.name), reverse=True)


def newest(folder: Path, count: int) -> list[dict[str, Any]]:
    """Give the fields of the newest entries, the last first. Raises CrossroadsError where there is no log."""
    with closing(_connect(folder)) as connection:
        return [msgspec.json.decode(fields) for (fields,) in connection.execute(_NEWEST, (count,))]


def verify(folder: Path, known: KnownHead | None = None, over: datetime | None = None) -> Verified:
    """Compute every leaf and the root anew, and that the log grew from a head that was known.

    Entries from before `over` may be forgotten: then what they said is gone.
    Raises CrossroadsError where there is no log.
    """
    faults: list[str] = []
    frontier, expected = Frontier(), 0
    seen = KnownHead(0, b64url(frontier.root))
    with closing(_connect(folder)) as connection:
        # One snapshot: the head and the entries of the same moment, while the participant goes on writing.
        connection.execute("begin")
        size, peaks = connection.execute("select size, peaks from head").fetchone()
        for row in connection.execute(_ENTRIES):
            entry = Entry(*row)
            if entry.position != expected:
                faults.append(f"Entries {expected} to {entry.position - 1} are missing.")
            expected = entry.position + 1
            faults.extend(_faults(entry, over))
            frontier.append([entry.leaf])
            if known is not None and frontier.size == known.size:
                seen = KnownHead(frontier.size, b64url(frontier.root))
    if known is not None and seen != known:
        faults.append(f"The log does not begin with the {known.size} entries that it had when its head was noted.")
    if (frontier.size, frontier.peaks) != (size, peaks):
        faults.append(f"The log has {frontier.size} entries that do not make up the head written for {size}.")
    return Verified(size=size, root=b64url(Frontier(size, peaks).root), faults=tuple(faults))


def _faults(entry: Entry, over: datetime | None) -> Iterator[str]:
    if not entry.salts:
        if fault := fault_of(entry.fields, entry.leaf, over):
            yield f"Entry {entry.position} {fault}."
        return
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
