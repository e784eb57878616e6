"""The buffer: what sources said of potential beneficiaries at the last load, and which rights that opened.

A load replaces the one before as a whole, in one transaction: whoever reads sees all of the old or all of the new. The
facts stand in Parquet, one folder a load; statuses and rights of a person in SQLite, where the participant reads them.
"""

import fcntl
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import msgspec

from crossroads.kernel.clock import Clock, SystemClock, brussels_day
from crossroads.kernel.errors import Conflict, Unavailable
from crossroads.kernel.period import Period
from crossroads.statuses.model import Entitlement, Holding, Load

_SCHEMA = """
CREATE TABLE IF NOT EXISTS load (
  number INTEGER PRIMARY KEY, day TEXT NOT NULL, until TEXT NOT NULL, sources TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS failure (source TEXT PRIMARY KEY, people INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (ssin TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holding (
  ssin TEXT NOT NULL, status TEXT NOT NULL, source TEXT NOT NULL,
  start_date TEXT NOT NULL, end_date TEXT, extracted TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS holding_ssin ON holding (ssin);
CREATE TABLE IF NOT EXISTS entitlement (
  ssin TEXT NOT NULL, "right" TEXT NOT NULL, start_date TEXT NOT NULL, end_date TEXT, rule INTEGER NOT NULL,
  version TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entitlement_ssin ON entitlement (ssin, "right");
CREATE TABLE IF NOT EXISTS candidate (ssin TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inscribed (ssin TEXT, context TEXT, PRIMARY KEY (ssin, context)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawal (ssin TEXT PRIMARY KEY, since TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""
_EMPTY = (
    "DELETE FROM load",
    "DELETE FROM failure",
    "DELETE FROM known",
    "DELETE FROM holding",
    "DELETE FROM entitlement",
)
_LEAVE = (
    "DELETE FROM known WHERE ssin IN (SELECT ssin FROM withdrawal)",
    "DELETE FROM holding WHERE ssin IN (SELECT ssin FROM withdrawal)",
    "DELETE FROM entitlement WHERE ssin IN (SELECT ssin FROM withdrawal)",
)
"""Who withdrew while the load was under way is not in it; who lives with somebody who has a right may be told of."""
_KNOW = "INSERT INTO known VALUES (?)"
_HOLD = "INSERT INTO holding VALUES (?, ?, ?, ?, ?, ?)"
_GRANT = "INSERT INTO entitlement VALUES (?, ?, ?, ?, ?, ?)"
_HOLDINGS = """
SELECT * FROM holding WHERE ssin = ? AND ssin NOT IN (SELECT ssin FROM withdrawal) ORDER BY status, start_date
"""
_ENTITLEMENTS = """
SELECT * FROM entitlement WHERE ssin = ? AND ssin NOT IN (SELECT ssin FROM withdrawal) ORDER BY "right", start_date
"""
_CANDIDATES = "SELECT ssin FROM candidate WHERE ssin NOT IN (SELECT ssin FROM withdrawal) ORDER BY ssin"
_NOT_INSCRIBED = """
SELECT asked.value FROM json_each(?) AS asked
WHERE NOT EXISTS (SELECT 1 FROM inscribed WHERE inscribed.ssin = asked.value AND inscribed.context = ?)
"""
_WITHDRAWN = "SELECT ssin FROM withdrawal JOIN json_each(?) AS asked ON asked.value = withdrawal.ssin"
_ASKED = """
SELECT ssin FROM known JOIN json_each(?) AS asked ON asked.value = known.ssin
WHERE ssin NOT IN (SELECT ssin FROM withdrawal)
"""
_WITHDRAWALS = "SELECT ssin FROM withdrawal ORDER BY ssin"
_GRANTED = """
SELECT entitlement.* FROM json_each(?) AS asked JOIN entitlement ON entitlement.ssin = asked.value
WHERE entitlement."right" = ? AND entitlement.ssin NOT IN (SELECT ssin FROM withdrawal)
ORDER BY entitlement.ssin, entitlement.start_date
"""


class Buffer:
    """The buffer in its folder, which nobody else may read."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """Open it, or make an empty one; a folder that others may read is closed to them."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder, self._clock = folder, clock or SystemClock()
        self.path = folder / "buffer.sqlite"
        with self._database() as database:
            database.executescript(_SCHEMA)
        self.path.chmod(0o600)

    def current(self) -> Load | None:
        """Give what it holds; None before the first load, and after the last one expired."""
        with self._database() as database:
            return _load(database)

    def facts(self, load: Load) -> Path:
        """Give the folder with the facts of a load."""
        return self._folder / f"load-{load.number:06}"

    def holdings(self, ssin: str) -> list[Holding]:
        """Give the statuses of a person who did not withdraw. Raises Unavailable for a load whose time is over."""
        with self._reading() as database:
            return [_holding(row) for row in database.execute(_HOLDINGS, (ssin,))]

    def entitlements(self, ssin: str) -> list[Entitlement]:
        """Give the rights that are open for a person who did not withdraw. Raises Unavailable as `holdings` does."""
        with self._reading() as database:
            return [_entitlement(row) for row in database.execute(_ENTITLEMENTS, (ssin,))]

    @contextmanager
    def loading(self) -> Iterator[tuple[int, Path]]:
        """Give the number of a new load and the folder for its facts; what is not committed is gone.

        Raises Conflict while another load is under way.
        """
        with self._only_one():
            before = self.current()
            self._sweep(before)
            number = (before.number if before else 0) + 1
            folder = self._folder / f"load-{number:06}"
            folder.mkdir(mode=0o700)
            try:
                yield number, folder
            finally:
                self._sweep(self.current())

    def opened(self, right: str, ssins: Sequence[str]) -> Mapping[str, Sequence[Entitlement]]:
        """Give, for those who are known here and did not withdraw, when a right is open: for whom it is not, nothing.

        Raises Unavailable where there is no load, or its time is over: that nobody has the right is not known then.
        """
        asked = msgspec.json.encode(ssins).decode()
        with self._reading() as database:
            if _load(database) is None:
                raise Unavailable("No statuses are loaded: which rights are open cannot be said now.")
            found: dict[str, list[Entitlement]] = {ssin: [] for (ssin,) in database.execute(_ASKED, (asked,))}
            for row in database.execute(_GRANTED, (asked, right)):
                found[row[0]].append(_entitlement(row))
        return found

    def commit(
        self, load: Load, known: Iterable[str], holdings: Iterable[Holding], entitlements: Iterable[Entitlement]
    ) -> None:
        """Put a load in place of the one before. Its facts must stand in its folder."""
        sources = msgspec.json.encode(load.sources).decode()
        with self._database() as database, database:
            for statement in _EMPTY:
                database.execute(statement)
            database.executemany(_KNOW, ((ssin,) for ssin in known))
            database.executemany(_HOLD, map(_held, holdings))
            database.executemany(_GRANT, map(_granted, entitlements))
            database.execute(
                "INSERT INTO load VALUES (?, ?, ?, ?)",
                (load.number, load.day.isoformat(), load.until.isoformat(), sources),
            )
            for statement in _LEAVE:
                database.execute(statement)
            database.executemany("INSERT INTO failure VALUES (?, ?)", load.failed.items())

    def withdraw(self, ssin: str, since: date) -> None:
        """Tell nothing of a person from now on, and leave it out of every load, whose wish that is."""
        with self._database() as database, database:
            database.execute("INSERT OR IGNORE INTO withdrawal VALUES (?, ?)", (ssin, since.isoformat()))
            database.execute("DELETE FROM candidate WHERE ssin = ?", (ssin,))

    def withdrawals(self) -> list[str]:
        """Give everybody who wished to be left out."""
        with self._database() as database:
            return [ssin for (ssin,) in database.execute(_WITHDRAWALS)]

    def withdrawn(self, people: Iterable[str]) -> set[str]:
        """Give those of the people who wished to be left out."""
        asked = msgspec.json.encode(list(people)).decode()
        with self._database() as database:
            return {ssin for (ssin,) in database.execute(_WITHDRAWN, (asked,))}

    def propose(self, people: Iterable[str]) -> None:
        """Note people who may have a right: the next load asks about them."""
        with self._database() as database, database:
            database.executemany("INSERT OR IGNORE INTO candidate VALUES (?)", ((ssin,) for ssin in people))

    def candidates(self) -> Iterator[str]:
        """Give who may have a right and did not wish to be left out."""
        with self._database() as database:
            yield from (ssin for (ssin,) in database.execute(_CANDIDATES))

    def not_inscribed(self, people: Iterable[str], context: str) -> list[str]:
        """Give those of the people who are not yet inscribed in a context, as far as is known here."""
        asked = msgspec.json.encode(list(people)).decode()
        with self._database() as database:
            return [ssin for (ssin,) in database.execute(_NOT_INSCRIBED, (asked, context))]

    def inscribed(self, people: Iterable[str], context: str) -> None:
        """Note that people are inscribed in a context."""
        with self._database() as database, database:
            rows = ((ssin, context) for ssin in people)
            database.executemany("INSERT OR IGNORE INTO inscribed VALUES (?, ?)", rows)

    def expire(self, today: date) -> bool:
        """Remove everything when its time is over; tell whether it was."""
        with self._only_one():
            load = self.current()
            if load is None or not load.over(today):
                return False
            with self._database() as database, database:
                for statement in _EMPTY:
                    database.execute(statement)
            self._sweep(None)
            return True

    def _sweep(self, current: Load | None) -> None:
        """Remove the folders of loads that are not the current one."""
        kept = self.facts(current) if current else None
        for folder in self._folder.glob("load-*"):
            if folder != kept:
                shutil.rmtree(folder)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        with (self._folder / "loading.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("Another load is under way: wait until it is over.") from None
            yield

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Read one load, even while another is put in place. Raises Unavailable when its time is over."""
        with self._database() as database, database:
            database.execute("BEGIN")
            load = _load(database)
            if load and load.over(brussels_day(self._clock.now())):
                raise Unavailable("The time of the statuses that are loaded is over: nothing can be said now.")
            yield database

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA secure_delete = ON")
            yield database


def _load(database: sqlite3.Connection) -> Load | None:
    row = database.execute("SELECT number, day, until, sources FROM load").fetchone()
    if row is None:
        return None
    number, day, until, sources = row
    return Load(
        number=number,
        day=date.fromisoformat(day),
        until=date.fromisoformat(until),
        sources=msgspec.json.decode(sources, type=dict[str, date | None]),
        failed=dict(database.execute("SELECT source, people FROM failure ORDER BY source")),
    )


def _held(one: Holding) -> tuple[str | None, ...]:
    return (one.ssin, one.status, one.source, *_days(one.period), one.extracted.isoformat())


def _granted(one: Entitlement) -> tuple[str | int | None, ...]:
    return (one.ssin, one.right, *_days(one.period), one.rule, one.version)


def _days(period: Period) -> tuple[str, str | None]:
    return period.start_date.isoformat(), period.end_date.isoformat() if period.end_date else None


def _period(start: str, end: str | None) -> Period:
    return Period(date.fromisoformat(start), date.fromisoformat(end) if end else None)


def _holding(row: tuple[str, str, str, str, str | None, str]) -> Holding:
    ssin, status, source, start, end, extracted = row
    return Holding(
        ssin=ssin, status=status, source=source, period=_period(start, end), extracted=date.fromisoformat(extracted)
    )


def _entitlement(row: tuple[str, str, str, str | None, int, str]) -> Entitlement:
    ssin, right, start, end, rule, version = row
    return Entitlement(ssin=ssin, right=right, period=_period(start, end), rule=rule, version=version)
