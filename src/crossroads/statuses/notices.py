"""What sources told since the last load, in the buffer's own file: whom they told of, and what became of it.

That a person is told of, what is known of it now, and what its clients must be told, are written in one transaction
each, together with what the consumer and the outbox of the kit keep. So nothing is lost or told twice, whatever dies.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, create_engine, event

from crossroads.kernel.errors import Conflict
from crossroads.participant.outbox import ACCEPTED, REFUSED, Outbox, write
from crossroads.statuses.buffer import Buffer
from crossroads.statuses.buffer_rows import ENTITLEMENTS, GRANT, HOLD, entitlement, granted, held
from crossroads.statuses.model import Entitlement, Holding, Load
from crossroads.statuses.telling import Cause
from crossroads.wire.mutations import Change, Mutation, MutationKind

WRONG = (MutationKind.CORRECTED, MutationKind.CANCELLED)
"""By which a source says that what it had said before was wrong."""
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=6)
"""Before a source that did not answer is asked again; each wait is twice the one before."""
_MOST_DOUBLED = 20
_BUSY_SECONDS = 30

_NEXT = "(SELECT coalesce(max(stamp), 0) + 1 FROM notice)"
_PROPOSE = "INSERT OR IGNORE INTO candidate SELECT :ssin WHERE :ssin NOT IN (SELECT ssin FROM withdrawal)"
_NOTE = f"""
INSERT INTO notice (ssin, data_group, stamp, corrected, wrong_since) VALUES (:ssin, :group, {_NEXT}, :corrected, :since)
ON CONFLICT (ssin, data_group) DO UPDATE SET
  stamp = excluded.stamp, covered = 0, due = 0, tries = 0, waits = 1,
  corrected = excluded.corrected OR (corrected AND waits),
  wrong_since = CASE
    WHEN NOT (corrected AND waits) THEN excluded.wrong_since
    WHEN NOT excluded.corrected THEN wrong_since
    ELSE nullif(min(coalesce(wrong_since, ''), coalesce(excluded.wrong_since, '')), '') END
"""  # noqa: S608 - constants of this file
_DUE = """
SELECT ssin, data_group, stamp, corrected, wrong_since, compares, tries
FROM notice WHERE waits AND due <= ? ORDER BY stamp LIMIT 1
"""
_LATER = "UPDATE notice SET due = ?, tries = tries + 1 WHERE ssin = ? AND data_group = ? AND stamp = ?"
_DROP = "DELETE FROM notice WHERE ssin = ? AND data_group = ? AND stamp = ?"
_DONE = f"""
UPDATE notice SET stamp = {_NEXT}, waits = 0, covered = 0, compares = 1 WHERE ssin = ? AND data_group = ? AND stamp = ?
"""  # noqa: S608 - as above
_UNHOLD = "DELETE FROM holding WHERE ssin = ? AND status = ?"
_WITHDRAWN = "SELECT 1 FROM withdrawal WHERE ssin = ?"
_UNGRANT = "DELETE FROM entitlement WHERE ssin = ?"
_CONTEXTS = "SELECT context FROM inscribed WHERE ssin = ?"
_FORGET_SENT = "DELETE FROM crossroads_outbox WHERE outcome = ?"
_FORGET_OLD = "DELETE FROM crossroads_outbox WHERE sent_at < ?"
_SHOWN = 3


class Notice(NamedTuple):
    """That a source told of a status of a person."""

    ssin: str
    data_group: str
    stamp: int
    """Another when it was told of once more."""
    cause: Cause
    compares: bool
    """Whether clients know what the buffer says now; not where a load took its place before this was looked into."""
    tries: int


class Renewed(NamedTuple):
    """What a source says now, and which rights that opens."""

    status: str
    held: Sequence[Holding]
    opened: Mapping[str, Sequence[Entitlement]]
    """Of each person whom it can reach."""


Tell = Callable[[str, Collection[str], Sequence[Entitlement], Sequence[Entitlement]], Iterable[Mutation]]
"""Gives what clients are told of a person, who is inscribed in some contexts: which rights were open, and are now."""


class Notices:
    """The notices of a buffer."""

    def __init__(self, buffer: Buffer) -> None:
        """Open the buffer's file, with the outbox in it."""
        self.engine = _engine(buffer)
        self.outbox = Outbox(self.engine)
        self.outbox.create()

    def note(self, connection: Connection, change: Change) -> None:
        """Note a change, and propose whom it is about for the next load, within a transaction."""
        since = change.wrong_since.astimezone(UTC).isoformat() if change.wrong_since else None
        row = {"ssin": change.ssin.value, "group": change.data_group, "since": since}
        for statement in (_PROPOSE, _NOTE):
            connection.exec_driver_sql(statement, row | {"corrected": int(change.kind in WRONG)})

    def due(self, now: datetime) -> Notice | None:
        """Give one that is to be looked into now."""
        with self.engine.connect() as connection:
            row = connection.exec_driver_sql(_DUE, (int(now.timestamp()),)).first()
        if row is None:
            return None
        ssin, group, stamp, corrected, since, compares, tries = row
        cause = Cause(bool(corrected), datetime.fromisoformat(since) if since else None)
        return Notice(ssin, group, stamp, cause, bool(compares), tries)

    def later(self, notice: Notice, now: datetime) -> None:
        """Look into it again after a while."""
        due = now + min(_FIRST_WAIT * 2 ** min(notice.tries, _MOST_DOUBLED), _LONGEST_WAIT)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_LATER, (int(due.timestamp()), *_key(notice)))

    def drop(self, notice: Notice) -> None:
        """Leave it to the next load."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_DROP, _key(notice))

    def renew(self, notice: Notice, load: Load, found: Renewed, tell: Tell) -> int:
        """Put what is said now in place of what was, and what is told of that into the outbox; give how many.

        Raises Conflict where another load took the buffer's place meanwhile: it is looked into again.
        """
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_DONE, _key(notice))
            if connection.exec_driver_sql("SELECT number FROM load").scalar() != load.number:
                raise Conflict("Another load took the place of this one.")
            if not _withdrew(connection, notice.ssin):
                connection.exec_driver_sql(_UNHOLD, (notice.ssin, found.status))
                _insert(connection, HOLD, map(held, found.held))
            mutations = [one for ssin in found.opened for one in _renewed(connection, ssin, found.opened[ssin], tell)]
            for mutation in mutations:
                write(connection, mutation)
        return len(mutations)

    def forget_sent(self) -> None:
        """Remove what the hub took."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_FORGET_SENT, (ACCEPTED,))

    def forget_old(self, before: datetime) -> None:
        """Remove what the hub refused before a moment."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(_FORGET_OLD, (before.isoformat(" "),))

    def refused(self) -> tuple[int, Sequence[str]]:
        """Give how many changes the hub refused, and the newest reasons."""
        reasons = dict.fromkeys(row.reason for row in self.outbox.refused(_SHOWN))
        return self.outbox.counts()[REFUSED], list(reasons)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def _renewed(connection: Connection, ssin: str, opened: Sequence[Entitlement], tell: Tell) -> Iterable[Mutation]:
    """Put the rights of a person in place of those before, and give what is told of that."""
    if _withdrew(connection, ssin):
        return ()
    before = [entitlement(tuple(row)) for row in connection.exec_driver_sql(ENTITLEMENTS, (ssin,))]
    connection.exec_driver_sql(_UNGRANT, (ssin,))
    _insert(connection, GRANT, map(granted, opened))
    contexts = {context for (context,) in connection.exec_driver_sql(_CONTEXTS, (ssin,))}
    return tell(ssin, contexts, before, opened)


def _withdrew(connection: Connection, ssin: str) -> bool:
    return connection.exec_driver_sql(_WITHDRAWN, (ssin,)).first() is not None


def _insert(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    for row in rows:
        connection.exec_driver_sql(statement, row)


def _key(notice: Notice) -> tuple[str, str, int]:
    return notice.ssin, notice.data_group, notice.stamp


def _engine(buffer: Buffer) -> Engine:
    url = URL.create("sqlite", database=str(buffer.path))
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _careful)
    return engine


def _careful(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA secure_delete = ON")
