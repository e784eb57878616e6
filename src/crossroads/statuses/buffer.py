"""The buffer: what sources said of potential beneficiaries at the last load, and which rights that opened.

A load replaces the one before as a whole, in one transaction: whoever reads sees all of the old or all of the new. The
facts stand in Parquet, one folder a load; statuses and rights of a person in SQLite, where the participant reads them.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

import msgspec

from crossroads.kernel.clock import Clock, SystemClock, brussels_day
from crossroads.kernel.errors import Unavailable
from crossroads.statuses.buffer_rows import (
    ASKED,
    CANDIDATES,
    COVER,
    DECIDED,
    EMPTY,
    ENTITLEMENTS,
    GRANT,
    GRANTED,
    HOLD,
    HOLDINGS,
    KNOW,
    LEAVE,
    NEEDLESS,
    NOT_INSCRIBED,
    PROPOSED,
    SCHEMA,
    SINCE,
    STANDING,
    TAKE_OVER,
    UNFORGOTTEN,
    WITHDRAWALS,
    WITHDRAWN,
    add_source,
    entitlement,
    granted,
    held,
    holding,
    read_load,
)
from crossroads.statuses.locking import locked
from crossroads.statuses.model import Entitlement, Holding, Load


class Buffer:
    """The buffer in its folder, which nobody else may read."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """Open it, or make an empty one; a folder that others may read is closed to them."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder, self._clock = folder, clock or SystemClock()
        self.path = folder / "buffer.sqlite"
        with self._database() as database:
            database.executescript(SCHEMA)
            add_source(database)
        self.path.chmod(0o600)

    def current(self) -> Load | None:
        """Give what it holds; None before the first load, and after the last one expired."""
        with self._database() as database:
            return read_load(database)

    def facts(self, load: Load) -> Path:
        """Give the folder with the facts of a load."""
        return self._folder / f"load-{load.number:06}"

    def knows(self, ssin: str) -> bool:
        """Tell whether the load has something of a person who did not withdraw. Raises Unavailable as `holdings`."""
        with self._reading() as database:
            return database.execute(ASKED, (msgspec.json.encode([ssin]).decode(),)).fetchone() is not None

    def holdings(self, ssin: str) -> list[Holding]:
        """Give the statuses of a person who did not withdraw. Raises Unavailable for a load whose time is over."""
        with self._reading() as database:
            return [holding(row) for row in database.execute(HOLDINGS, (ssin,))]

    def entitlements(self, ssin: str) -> list[Entitlement]:
        """Give the rights that are open for a person who did not withdraw. Raises Unavailable as `holdings` does."""
        with self._reading() as database:
            return [entitlement(row) for row in database.execute(ENTITLEMENTS, (ssin,))]

    @contextmanager
    def loading(self, *, anew: bool = True) -> Iterator[tuple[int, Path]]:
        """Give the number of a new load and the folder for its facts; what is not committed is gone.

        `anew` tells that the sources are asked: what they told before and was not looked into is then in it unseen.
        Raises Conflict while another load is under way.
        """
        with self._only_one():
            before = self.current()
            self._sweep(before)
            number = (before.number if before else 0) + 1
            folder = self._folder / f"load-{number:06}"
            folder.mkdir(mode=0o700)
            with self._database() as database, database:
                database.execute(COVER, (anew,))
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
            if read_load(database) is None:
                raise Unavailable("No statuses are loaded: which rights are open cannot be said now.")
            found: dict[str, list[Entitlement]] = {ssin: [] for (ssin,) in database.execute(ASKED, (asked,))}
            for row in database.execute(GRANTED, (asked, right)):
                found[row[0]].append(entitlement(row))
        return found

    def commit(
        self, load: Load, known: Iterable[str], holdings: Iterable[Holding], entitlements: Iterable[Entitlement]
    ) -> None:
        """Put a load in place of the one before. Its facts must stand in its folder."""
        sources = msgspec.json.encode(load.sources).decode()
        with self._database() as database, database:
            for statement in EMPTY:
                database.execute(statement)
            database.executemany(KNOW, ((ssin,) for ssin in known))
            database.executemany(HOLD, map(held, holdings))
            database.executemany(GRANT, map(granted, entitlements))
            database.execute(
                "INSERT INTO load VALUES (?, ?, ?, ?)",
                (load.number, load.day.isoformat(), load.until.isoformat(), sources),
            )
            for statement in (*LEAVE, *TAKE_OVER):
                database.execute(statement)
            database.executemany("INSERT INTO failure VALUES (?, ?)", load.failed.items())

    def withdraw(self, ssin: str, since: date) -> None:
        """Tell nothing of a person from now on, and leave it out of every load, whose wish that is."""
        with self._database() as database, database:
            database.execute("INSERT OR IGNORE INTO withdrawal VALUES (?, ?)", (ssin, since.isoformat()))
            database.execute("DELETE FROM candidate WHERE ssin = ?", (ssin,))
            for statement in LEAVE:
                database.execute(statement)

    def come_back(self, ssin: str) -> bool:
        """Take back a withdrawal: the next load asks about the person, of whom nothing is known until then.

        Tell whether there was one.
        """
        with self._database() as database, database:
            if not database.execute("DELETE FROM withdrawal WHERE ssin = ?", (ssin,)).rowcount:
                return False
            # Its facts may be there still: another withdrawal before the next load must find them.
            database.execute("INSERT OR IGNORE INTO former SELECT ssin FROM known WHERE ssin = ?", (ssin,))
            database.execute("DELETE FROM known WHERE ssin = ?", (ssin,))
            database.execute("INSERT OR IGNORE INTO candidate VALUES (?)", (ssin,))
            return True

    def withdrawn_since(self, ssin: str) -> date | None:
        """Give the day on which a person withdrew; None for one who did not."""
        with self._database() as database:
            row = database.execute(SINCE, (ssin,)).fetchone()
        return date.fromisoformat(row[0]) if row else None

    def unforgotten(self) -> bool:
        """Tell whether there are facts still of somebody who withdrew."""
        with self._database() as database:
            return bool(database.execute(UNFORGOTTEN).fetchone()[0])

    def decided(self) -> set[tuple[str, str]]:
        """Give by which tables was decided what stands here: each right with the version of a table."""
        with self._database() as database:
            return set(database.execute(DECIDED))

    def standing(self, but: Iterable[str]) -> Iterator[Entitlement]:
        """Give what stands of all rights but some."""
        with self._database() as database:
            yield from map(entitlement, database.execute(STANDING, (msgspec.json.encode(list(but)).decode(),)))

    def withdrawals(self) -> list[str]:
        """Give everybody who wished to be left out."""
        with self._database() as database:
            return [ssin for (ssin,) in database.execute(WITHDRAWALS)]

    def former(self) -> list[str]:
        """Give who withdrew and came back since the load: nothing is known of them, though facts may be there still."""
        with self._database() as database:
            return [ssin for (ssin,) in database.execute("SELECT ssin FROM former")]

    def withdrawn(self, people: Iterable[str]) -> set[str]:
        """Give those of the people who wished to be left out."""
        asked = msgspec.json.encode(list(people)).decode()
        with self._database() as database:
            return {ssin for (ssin,) in database.execute(WITHDRAWN, (asked,))}

    def propose(self, people: Iterable[str], *, instead: bool = False) -> None:
        """Note people who may have a right: the next load asks about them. `instead` forgets all noted before."""
        with self._database() as database, database:
            if instead:
                database.execute("DELETE FROM candidate")
            database.executemany("INSERT OR IGNORE INTO candidate VALUES (?)", ((ssin,) for ssin in people))

    def candidates(self) -> Iterator[str]:
        """Give who may have a right and did not wish to be left out."""
        with self._database() as database:
            yield from (ssin for (ssin,) in database.execute(CANDIDATES))

    def proposes(self, ssin: str) -> bool:
        """Tell whether the next load asks about a person because it was noted for that."""
        with self._database() as database:
            return bool(database.execute(PROPOSED, (ssin,)).fetchone()[0])

    def not_inscribed(self, people: Iterable[str], context: str) -> list[str]:
        """Give those of the people who are not yet inscribed in a context, as far as is known here."""
        asked = msgspec.json.encode(list(people)).decode()
        with self._database() as database:
            return [ssin for (ssin,) in database.execute(NOT_INSCRIBED, (asked, context))]

    def inscribed(self, people: Iterable[str], context: str) -> None:
        """Note that people are inscribed in a context."""
        with self._database() as database, database:
            rows = ((ssin, context) for ssin in people)
            database.executemany("INSERT OR IGNORE INTO inscribed VALUES (?, ?)", rows)

    def needless(self, context: str, candidates: str, after: str, most: int) -> list[str]:
        """Give who is inscribed in a context and need not be, behind a number.

        In that of candidates, who is none; in the other, who was not asked about or is inscribed as a candidate too.
        """
        asked = {"context": context, "candidates": candidates, "after": after, "most": most}
        with self._database() as database:
            return [ssin for (ssin,) in database.execute(NEEDLESS, asked)]

    def inscribed_no_more(self, people: Iterable[str], context: str) -> None:
        """Note that people are not inscribed in a context any more."""
        with self._database() as database, database:
            rows = ((ssin, context) for ssin in people)
            database.executemany("DELETE FROM inscribed WHERE ssin = ? AND context = ?", rows)

    def gone(self, people: Iterable[str]) -> None:
        """Propose people no more: nobody has anything on them for the year that was asked about."""
        with self._database() as database, database:
            database.executemany("DELETE FROM candidate WHERE ssin = ?", ((ssin,) for ssin in people))

    def waiting(self) -> int:
        """Give of how many people a source told something that was not looked into yet."""
        with self._database() as database:
            return int(database.execute("SELECT count(DISTINCT ssin) FROM notice WHERE waits").fetchone()[0])

    def expire(self, today: date) -> bool:
        """Remove everything when its time is over; tell whether it was."""
        with self._only_one():
            load = self.current()
            if load is None or not load.over(today):
                return False
            with self._database() as database, database:
                for statement in (*EMPTY, "DELETE FROM notice"):
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
        with locked(self.path.with_name("loading.lock"), "Another load is under way: wait until it is over."):
            yield

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Read one load, even while another is put in place. Raises Unavailable when its time is over."""
        with self._database() as database, database:
            database.execute("BEGIN")
            load = read_load(database)
            if load and load.over(brussels_day(self._clock.now())):
                raise Unavailable("The time of the statuses that are loaded is over: nothing can be said now.")
            yield database

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA secure_delete = ON")
            yield database
