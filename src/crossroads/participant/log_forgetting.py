"""Entries of an own log whose time is over: what they say goes, and the log can be verified as before.

Of each stays when it was, opened against its leaf, and the commitments of the rest. Their salts go too, so nothing can
be read or guessed from them.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from crossroads.kernel.errors import Tampered
from crossroads.participant.state import state_file
from crossroads.wire.commitments import Opening, commitments_of, open_field, verify_opening

_WHOLE = "select position, fields, salts from entry where salts <> x'' order by position"
_FORGET = "update entry set asker = '', fields = ?, salts = x'' where position = ?"
_WHEN = "at"
"""The field with the moment of an entry."""


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What stays of an entry."""

    at: Opening
    commitments: dict[str, str]


def forget(folder: Path, before: datetime) -> int:
    """Remove what entries from before a moment say; tell of how many. The log may be written meanwhile."""
    if not state_file(folder).exists():
        return 0
    with closing(sqlite3.connect(state_file(folder), timeout=30)) as connection:
        connection.execute("pragma secure_delete = on")
        with connection:
            connection.execute("begin immediate")
            over = list(_over(connection.execute(_WHOLE), before))
            connection.executemany(_FORGET, over)
        connection.execute("pragma wal_checkpoint(truncate)")
    return len(over)


def fault_of(fields: bytes, leaf: bytes, over: datetime | None) -> str | None:
    """Say what is wrong with an entry that is forgotten: only those from before `over` may be. None: nothing is."""
    try:
        kept = msgspec.json.decode(fields, type=Forgotten)
        proved = verify_opening(_WHEN, kept.at.value, kept.at.salt, kept.commitments)
        at = datetime.fromisoformat(kept.at.value)
    except (msgspec.MsgspecError, Tampered, TypeError, ValueError):
        return "was altered: its fields cannot be read"
    if proved != leaf:
        return "was altered: its fields are not those it was written with"
    return None if over is not None and at < over else "was removed before its time was over"


def _over(rows: Iterable[tuple[int, bytes, bytes]], before: datetime) -> Iterator[tuple[bytes, int]]:
    for position, content, salts in rows:
        fields: dict[str, Any] = msgspec.json.decode(content)
        # Not the end of it: by a clock that was ahead for a moment, older entries stand behind this one.
        if datetime.fromisoformat(fields[_WHEN]) >= before:
            continue
        kept = Forgotten(at=open_field(fields, salts, _WHEN), commitments=commitments_of(fields, salts))
        yield msgspec.json.encode(kept), position
