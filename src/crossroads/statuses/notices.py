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
INSERT INTO notice (ssin, data_group, source, stamp, corrected, wrong_since)
VALUES (:ssin, :group, :source, {_NEXT}, :corrected, :since)
ON CONFLICT (ssin, data_group) DO UPDATE SET
  source = excluded.source, stamp = excluded.stamp, covered = 0, due = 0, tries = 0, waits = 1,
  corrected = excluded.corrected OR (corrected AND waits),
  wrong_since = CASE
    WHEN NOT (corrected AND waits) THEN excluded.wrong_since
    WHEN NOT excluded.corrected THEN wrong_since
    ELSE nullif(min(coalesce(wrong_since, ''), coalesce(excluded.wrong_since, '')), '') END
"""  # noqa: S608 - constants of this file
_DUE = """
SELECT ssin, data_group, source, stamp, corrected, wrong_since, compares, tries
FROM notice WHERE waits AND due <= ?
ORDER BY row_number() OVER (PARTITION BY source ORDER BY tries, stamp), tries, stamp LIMIT ?
"""
_LATER = "UPDATE notice SET due = ?, tries = tries + 1 WHERE ssin = ? AND data_group = ? AND stamp = ?"
_PUT_OFF = "UPDATE notice SET due = ? WHERE ssin = ? AND data_group = ? AND stamp = ?"
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
    source: str
    stamp: int
    """Another when it was told of once more."""
    cause: Cause
    compares: bool
    """Whether clients know what the buffer says now; not where a load took its place before this was looked into."""
    tries: int


class Renewed(NamedTuple):
    """What sources say now, and which rights that opens."""

    held: Mapping[tuple[str, str], Sequence[Holding]]
    """Of each person and status that was asked about."""
    opened: Mapping[str, Sequence[Entitlement]]
    """Of each person whom that can reach."""


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
        row = {"ssin": change.ssin.value, "group": change.data_group, "source": change.source, "since": since}
        for statement in (_PROPOSE, _NOTE):
            connection.exec_driver_sql(statement, row | {"corrected": int(change.kind in WRONG)})

    def due(self, now: datetime, most: int) -> list[Notice]:
        """Give those that are to be looked into now: the first of each source, then the next of each, and so on.

        The first are those that failed least often, so that those that always fail keep no other from its turn.
        """
        with self.engine.connect() as connection:
            return [_notice(tuple(row)) for row in connection.exec_driver_sql(_DUE, (int(now.timestamp()), most))]

    def later(self, notices: Iterable[Notice], now: datetime) -> None:
        """Look into them again after a while."""
        rows = [(int((now + _wait(one.tries)).timestamp()), *_key(one)) for one in notices]
        with self.engine.begin() as connection:
            _each(connection, _LATER, rows)

    def put_off(self, notices: Iterable[tuple[Notice, int]], now: datetime) -> None:
        """Look into them after a while, though they did not fail: each with how often its source was silent."""
        rows = [(int((now + _wait(times)).timestamp()), *_key(one)) for one, times in notices]
        with self.engine.begin() as connection:
            _each(connection, _PUT_OFF, rows)

    def drop(self, notices: Iterable[Notice]) -> None:
        """Leave them to the next load."""
        with self.engine.begin() as connection:
            _each(connection, _DROP, map(_key, notices))

    def renew(self, notices: Iterable[Notice], load: Load, found: Renewed, tell: Tell) -> int:
        """Put what is said now in place of what was, and what is told of that into the outbox; give how many.

        Raises Conflict where another load took the buffer's place meanwhile: they are looked into again.
        """
        with self.engine.begin() as connection:
            _each(connection, _DONE, map(_key, notices))
            if connection.exec_driver_sql("SELECT number FROM load").scalar() != load.number:
                raise Conflict("Another load took the place of this one.")
            for (ssin, status), holdings in found.held.items():
                if not _withdrew(connection, ssin):
                    connection.exec_driver_sql(_UNHOLD, (ssin, status))
                    _each(connection, HOLD, map(held, holdings))
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
    _each(connection, GRANT, map(granted, opened))
    contexts = {context for (context,) in connection.exec_driver_sql(_CONTEXTS, (ssin,))}
    return tell(ssin, contexts, before, opened)


def _withdrew(connection: Connection, ssin: str) -> bool:
    return connection.exec_driver_sql(_WITHDRAWN, (ssin,)).first() is not None


def _each(connection: Connection, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement for each row."""
    for row in rows:
        connection.exec_driver_sql(statement, row)


def _notice(row: tuple[Any, ...]) -> Notice:
    ssin, group, source, stamp, corrected, since, compares, tries = row
    cause = Cause(bool(corrected), datetime.fromisoformat(since) if since else None)
    return Notice(ssin, group, source, stamp, cause, bool(compares), tries)


def _wait(times: int) -> timedelta:
    doubled: int = 2 ** min(times, _MOST_DOUBLED)
    return min(_FIRST_WAIT * doubled, _LONGEST_WAIT)


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
