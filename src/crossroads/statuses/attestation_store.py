"""What an institution keeps of its attestations: one SQLite file, in which stands neither a code nor a number."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from crossroads.kernel.period import Period
from crossroads.statuses.attestation_model import Kept

_HOUR = timedelta(hours=1)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS attestation (
  key BLOB PRIMARY KEY, holder BLOB NOT NULL, "right" TEXT NOT NULL, start_date TEXT NOT NULL, end_date TEXT,
  made TEXT NOT NULL, until TEXT NOT NULL, revoked TEXT, wrong INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS miss (peer TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
"""
_ADD = "INSERT INTO attestation VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0)"
_FIND = "SELECT * FROM attestation WHERE key = ?"
_WRONG = "UPDATE attestation SET wrong = wrong + 1 WHERE key = ?"
_REVOKE = "UPDATE attestation SET revoked = coalesce(revoked, ?) WHERE key = ?"
_FORGET = "DELETE FROM attestation WHERE until < ?"
_MISSED = "SELECT count(*) FROM miss WHERE peer = ? AND at > ?"


class Turn:
    """The store, held by one process for a moment: what is counted and what is decided on it are one."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Work in a transaction that is begun."""
        self._database = database

    def add(self, kept: Kept) -> None:
        """Keep what is kept of a new attestation."""
        days = kept.days
        end = days.end_date.isoformat() if days.end_date else None
        made = (days.start_date.isoformat(), end, kept.made.isoformat(), kept.until.isoformat())
        self._database.execute(_ADD, (kept.key, kept.holder, kept.right, *made))

    def find(self, key: bytes) -> Kept | None:
        """Give what is kept under the digest of a code."""
        row = self._database.execute(_FIND, (key,)).fetchone()
        return _kept(row) if row else None

    def wrong(self, key: bytes) -> None:
        """Note that a number was given that is not the holder's."""
        self._database.execute(_WRONG, (key,))

    def revoke(self, key: bytes, today: date) -> bool:
        """Revoke an attestation; tell whether there is one. Once revoked, it stays so since that day."""
        return self._database.execute(_REVOKE, (today.isoformat(), key)).rowcount == 1

    def forget(self, before: date) -> int:
        """Remove what was valid until a day before this one; tell how many."""
        return self._database.execute(_FORGET, (before.isoformat(),)).rowcount

    def missed(self, peer: str, now: datetime) -> int:
        """Tell how many codes that nobody has a peer gave in the last hour; older ones are forgotten."""
        since = int((now - _HOUR).timestamp())
        self._database.execute("DELETE FROM miss WHERE at <= ?", (since,))
        found: int = self._database.execute(_MISSED, (peer, since)).fetchone()[0]
        return found

    def miss(self, peer: str, now: datetime) -> None:
        """Note one more."""
        self._database.execute("INSERT INTO miss VALUES (?, ?)", (peer, int(now.timestamp())))


class AttestationStore:
    """The file, in a folder which nobody else may read."""

    def __init__(self, folder: Path) -> None:
        """Open it, or make an empty one."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "attestations.sqlite"
        self._path.touch(mode=0o600)
        with self._database() as database:
            database.executescript(_SCHEMA)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Hold it; what was done stands when this ends without an error."""
        with self._database() as database, database:
            database.execute("BEGIN IMMEDIATE")
            yield Turn(database)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=30)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA secure_delete = ON")
            yield database


def _kept(row: tuple[bytes, bytes, str, str, str | None, str, str, str | None, int]) -> Kept:
    key, holder, right, start, end, made, until, revoked, wrong = row
    return Kept(
        key=key,
        holder=holder,
        right=right,
        days=Period(date.fromisoformat(start), date.fromisoformat(end) if end else None),
        made=date.fromisoformat(made),
        until=date.fromisoformat(until),
        revoked=date.fromisoformat(revoked) if revoked else None,
        wrong=wrong,
    )
