"""The participant's own state: which questions it answered, which nonces it saw, and its log, in one SQLite file.

All of it is written in one transaction for all requests that wait at that moment, before any of them is answered. So an
answer that left is in the log, and no question is answered twice, also after a crash.
"""

import asyncio
import fcntl
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Refused, Unavailable
from crossroads.wire.commitments import Committed, commit
from crossroads.wire.merkle import Frontier
from crossroads.wire.signatures import MAXIMUM_AGE, MAXIMUM_AHEAD, SignatureRejected

_MAXIMUM_WAITING = 1024
_TRIES, _BETWEEN_TRIES = 100, 0.05
_KEEP_NONCES = 2 * (MAXIMUM_AGE + MAXIMUM_AHEAD)
_SCHEMA = """
create table if not exists entry (
    position integer primary key, ticket text not null, holder text not null, asker text not null, nonce text not null,
    fields blob not null, salts blob not null, leaf blob not null,
    unique (ticket, holder), unique (holder, asker, nonce)
) strict;
create table if not exists head (
    id integer primary key check (id = 0), size integer not null, peaks blob not null
) strict;
insert into head (id, size, peaks) values (0, 0, x'') on conflict do nothing;
create table if not exists nonce (nonce text primary key, created integer not null) strict, without rowid;
create index if not exists nonce_created on nonce (created);
create table if not exists part (
    holder text not null, asker text not null, nonce text not null, page integer not null, start integer not null,
    until integer not null, batch text not null, request text not null, expires integer not null,
    primary key (holder, asker, nonce, page, start)
) strict, without rowid;
"""
_INSERT = """
insert into entry (position, ticket, holder, asker, nonce, fields, salts, leaf) values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing
"""
_TAKEN = """
select max(request = ?1), max(case when request = ?1 then until end) from part
where holder = ?2 and asker = ?3 and nonce = ?4 and (batch <> ?5 or page = ?6 and until > ?7)
"""
_TAKE = """
insert into part (holder, asker, nonce, page, start, until, batch, request, expires)
values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set until = excluded.until
"""


class AlreadyRunning(CrossroadsError):
    """Another process uses this state folder."""


class Part(NamedTuple):
    """Records of one page of a batch, answered together. The parts of a page are answered in its order."""

    batch: str
    nonce: str
    """Of the asker's statement, which is of one batch alone."""
    page: int
    start: int
    until: int
    """The place after the last record that is answered."""
    request: str
    """Digest of what was asked: the same again is no other question."""
    expires: int


class Record(NamedTuple):
    """A question that is about to be answered: `nonce` is of the asker's statement, `request_nonce` of the request."""

    ticket: str
    holder: str
    asker: str
    nonce: str
    request_nonce: str
    created: int
    fields: dict[str, Any]
    part: Part | None = None


class _Waiting(NamedTuple):
    request_nonce: str
    """Empty where it was seen before."""
    created: int
    done: "asyncio.Future[None]"
    entry: tuple[Record, Committed] | None = None


def state_file(folder: Path) -> Path:
    """Give the file that holds the state."""
    return folder / "state.sqlite"


class State:
    """Writes records, many at a time."""

    def __init__(self, folder: Path) -> None:
        """Open the state for this process alone. Raises AlreadyRunning."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = (folder / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise AlreadyRunning(f"Another participant runs on {folder}.") from None
        self._connection = _open(state_file(folder))
        size, peaks = self._connection.execute("select size, peaks from head").fetchone()
        self._frontier = Frontier(size, peaks)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="state")
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Future[list[CrossroadsError | None]] | None = None

    async def record(self, record: Record) -> None:
        """Write a record durably.

        Raises SignatureRejected when the request was seen before, Refused when the question was answered before, and
        Unavailable when it cannot be written: then it must not be answered.
        """
        await self._wait(record.request_nonce, record.created, (record, commit(record.fields)))

    async def seen(self, request_nonce: str, created: int) -> None:
        """Note a request that is not recorded, or later. Raises SignatureRejected and Unavailable as `record`."""
        await self._wait(request_nonce, created)

    async def take(self, record: Record, committed: Committed) -> None:
        """Write the record of a part of a page, once; its request was seen. Raises Refused and Unavailable."""
        await self._wait("", record.created, (record, committed))

    async def close(self) -> None:
        """Finish what waits, and close."""
        while self._writing is not None:
            await asyncio.wait([self._writing])
        self._thread.shutdown()
        self._connection.close()
        self._lock.close()

    async def _wait(self, nonce: str, created: int, entry: tuple[Record, Committed] | None = None) -> None:
        if len(self._waiting) >= _MAXIMUM_WAITING:
            raise Unavailable(code=Code.OVERLOADED)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(nonce, created, done, entry))
        if self._writing is None:
            self._write()
        await done

    def _write(self) -> None:
        """Begin to write all that waits. What comes meanwhile is written together, afterwards."""
        batch, self._waiting = self._waiting, []
        self._writing = asyncio.get_running_loop().run_in_executor(self._thread, self._commit, batch)
        self._writing.add_done_callback(partial(self._written, batch))

    def _written(self, batch: list[_Waiting], written: "asyncio.Future[list[CrossroadsError | None]]") -> None:
        self._writing = None
        for waiting, outcome in zip(batch, written.result(), strict=True):
            if waiting.done.done():  # its request was given up
                continue
            if outcome is None:
                waiting.done.set_result(None)
            else:
                waiting.done.set_exception(outcome)
        if self._waiting:
            self._write()

    def _commit(self, batch: list[_Waiting]) -> list[CrossroadsError | None]:
        frontier = self._frontier.copy()
        try:
            self._connection.execute("begin immediate")
            oldest = min(waiting.created for waiting in batch) - _KEEP_NONCES
            self._connection.execute("delete from nonce where created < ?", (oldest,))
            outcomes = [self._insert(waiting, frontier) for waiting in batch]
            self._connection.execute("update head set size = ?, peaks = ?", (frontier.size, frontier.peaks))
            self._connection.execute("commit")
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever went wrong
            return [self._failed(error)] * len(batch)
        self._frontier = frontier
        return outcomes

    def _insert(self, waiting: _Waiting, frontier: Frontier) -> CrossroadsError | None:
        execute = self._connection.execute
        if waiting.request_nonce:
            nonce = (waiting.request_nonce, waiting.created)
            if not execute("insert into nonce values (?, ?) on conflict do nothing", nonce).rowcount:
                return SignatureRejected(Code.NONCE_REPLAYED)
        if waiting.entry is None:
            return None
        record, (leaf, salts) = waiting.entry
        alike = self._taken(record, record.part) if record.part else None
        if alike is not None:
            return None if alike else Refused(code=Code.QUESTION_REPEATED)
        fields = msgspec.json.encode(record.fields)
        row = (frontier.size, record.ticket, record.holder, record.asker, record.nonce, fields, salts, leaf)
        if not execute(_INSERT, row).rowcount:
            return Refused(code=Code.QUESTION_REPEATED)
        frontier.append([leaf])
        return None

    def _taken(self, record: Record, part: Part) -> bool | None:
        """Note a part as answered. Give whether it was asked just so before; None where it was not asked.

        Made again, because it was lost, it may hold less than what was logged of it, never more.
        """
        execute = self._connection.execute
        of = (record.holder, record.asker, part.nonce)
        asked = (part.request, *of, part.batch, part.page, part.start)
        alike, until = execute(_TAKEN, asked).fetchone()
        if alike and part.until > until:
            return False
        if alike != 0:
            execute("delete from part where expires < ?", (record.created - _KEEP_NONCES,))
            execute(_TAKE, (*of, part.page, part.start, part.until, part.batch, part.request, part.expires))
        return None if alike is None else bool(alike)

    def _failed(self, error: Exception) -> CrossroadsError:
        if self._connection.in_transaction:
            self._connection.execute("rollback")
        return Unavailable(f"The participant cannot write its log: {type(error).__name__}.", code=Code.UNAVAILABLE)


async def opened_in_turn(folder: Path) -> State:
    """Open a state that several processes write by turns, each for a moment. Raises AlreadyRunning after 5 s."""
    for _ in range(_TRIES):
        try:
            return State(folder)
        except AlreadyRunning:
            await asyncio.sleep(_BETWEEN_TRIES)
    return State(folder)


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.executescript(_SCHEMA)
    file.chmod(0o600)
    return connection
