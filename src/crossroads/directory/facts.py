"""The hot read: what decides whether a request may be answered, in one round trip, for many requests at once.

Where the server spreads its tables, it is some round trips: `facts_spread`.

Requests that arrive while every connection is busy are read together, as soon as one is free. There is no pool and no
wrapper between: each connection is held for good, with its statement prepared and planned once.

The store of nonces is unlogged, so that a nonce costs no write to the disk; the recovery after a crash empties it. It
empties `nonce_store` with it, and who finds no row there begins a new store: whatever was created before that moment,
plus the seconds that a clock may be ahead, is refused, for its nonce may have been seen and forgotten.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple, Self

import asyncpg

from crossroads.directory import facts_spread
from crossroads.directory.model import Facts, FactsQuery, Line, PersonFacts
from crossroads.directory.nonces import slot_of
from crossroads.directory.store import queries
from crossroads.identity.database import outages
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.period import Period
from crossroads.wire.signatures import MAXIMUM_AHEAD

BATCH = 64
"""Requests that are read together at most."""
QUEUE = 2_000
"""Requests that may wait; more are refused at once."""
CONNECTIONS = 2
"""Connections of a process for the hot read."""

_DECOYS = 1_024
_TIMEOUT_SECONDS = 3
_SETTINGS = {
    "jit": "off",
    # The plan is one by index whatever the tables hold; it is made once, not for every batch.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    # It writes to unlogged tables alone: there is nothing to wait for.
    "synchronous_commit": "off",
}


class _Waiting(NamedTuple):
    query: FactsQuery
    read: "asyncio.Future[Facts]"


class FactsReader:
    """Reads facts for the requests of one process: `async with FactsReader(url) as reader`."""

    def __init__(self, url: str, *, connections: int = CONNECTIONS, queue: int = QUEUE, spread: bool = False) -> None:
        """Read with connections of its own to the database at `url`, which may have its tables on many machines."""
        self._lanes = [_Lane(url, spread=spread) for _ in range(connections)]
        self._idle = list(self._lanes)
        self._queue = queue
        self.accepted_since = datetime.max.replace(tzinfo=UTC)
        """Requests created before this are refused; as this process saw it last."""
        self._waiting: deque[_Waiting] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._decoys: deque[int] = deque([0], maxlen=_DECOYS)
        self._random = Random()  # noqa: S311 - chooses whose lines are read in vain; nothing secret

    async def __aenter__(self) -> Self:
        """Connect, and begin the store of nonces if it is empty. Raises Unavailable."""
        await asyncio.gather(*(lane.connect() for lane in self._lanes))
        self.accepted_since = await self._lanes[0].begin_nonces()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Refuse what waits, and hang up."""
        _fail(self._waiting, Unavailable("The hub is stopping.", code=Code.UNAVAILABLE))
        self._waiting.clear()
        await asyncio.gather(*self._running)
        await asyncio.gather(*(lane.close() for lane in self._lanes))

    async def read(self, query: FactsQuery) -> Facts:
        """Give the facts for a request, and note its nonce. Raises Unavailable; the nonce may then be used up."""
        if len(self._waiting) >= self._queue:
            raise Unavailable(code=Code.OVERLOADED)
        read: asyncio.Future[Facts] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(query, read))
        if self._idle:
            task = asyncio.create_task(self._serve(self._idle.pop()))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await read

    async def _serve(self, lane: "_Lane") -> None:
        """Read batch after batch while there are requests."""
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                await self._read_batch(lane, batch)
        finally:
            self._idle.append(lane)

    async def _read_batch(self, lane: "_Lane", batch: Sequence[_Waiting]) -> None:
        try:
            rows = await lane.read(*self._arguments(batch))
            since = self.accepted_since = rows[0][1] or await lane.begin_nonces()
            for waiting, row in zip(batch, rows, strict=True):
                if not waiting.read.done():
                    waiting.read.set_result(self._facts(waiting.query, row, since))
        except CrossroadsError as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - whoever waits must be told, whatever went wrong
            _fail(batch, error)
            await lane.close()

    def _arguments(self, batch: Sequence[_Waiting]) -> tuple[list[Any], ...]:
        asked = [waiting.query for waiting in batch]
        return (
            [query.institution for query in asked],
            [query.nonce for query in asked],
            [slot_of(query.created_at) for query in asked],
            [query.ssin for query in asked],
            [self._random.choice(self._decoys) for _ in asked],
        )

    def _facts(self, query: FactsQuery, row: Any, since: datetime) -> Facts:
        """Build the facts of one request; those of a decoy are built as well, and dropped."""
        version, _, nonce_new, requests, known, person, ssin, deceased_on, *columns = row
        lines = _lines(*columns) if columns[0] else ()
        human = PersonFacts(person, ssin, ssin != query.ssin, deceased_on)
        if not known:
            return Facts(version, since, nonce_new, requests, None, ())
        self._decoys.append(person)
        return Facts(version, since, nonce_new, requests, human, lines)


class _Lane:
    """One connection with the prepared statement; it connects again when it must."""

    def __init__(self, url: str, *, spread: bool) -> None:
        """Do not connect yet."""
        self._url, self._spread = url, spread
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._statement: Any = None

    async def connect(self) -> None:
        """Connect and prepare. Raises Unavailable."""
        await self.close()
        with outages():
            settings = facts_spread.SETTINGS if self._spread else _SETTINGS
            self._connection = connection = await asyncpg.connect(
                self._url, server_settings=settings, timeout=_TIMEOUT_SECONDS, command_timeout=_TIMEOUT_SECONDS
            )
            spread = facts_spread.SpreadFacts(connection) if self._spread else None
            self._statement = spread or await connection.prepare(queries.facts.sql)

    async def close(self) -> None:
        """Hang up, without waiting for a server that does not answer."""
        if self._connection is not None:
            self._connection.terminate()
        self._connection = self._statement = None

    async def read(self, *arguments: list[Any]) -> list[Any]:
        """Run the hot read. Raises Unavailable."""
        # Without a statement: the connection was made, and then the database failed.
        if self._statement is None or self._connection is None or self._connection.is_closed():
            await self.connect()
        with outages():
            return await self._statement.fetch(*arguments)  # type: ignore[no-any-return]  # asyncpg has no types

    async def begin_nonces(self) -> datetime:
        """Begin an empty store of nonces, unless another process has. Raises Unavailable."""
        with outages():
            await queries.begin_nonces(self._connection, ahead=timedelta(seconds=MAXIMUM_AHEAD))
            since: datetime = await queries.accepted_since(self._connection)
            return since


def _lines(
    inscriptions: list[int], institutions: list[str], contexts: list[str], starts: list[Any], ends: list[Any],
    phases: list[int],
) -> tuple[Line, ...]:  # fmt: skip
    return tuple(map(Line, inscriptions, institutions, contexts, map(Period, starts, ends), phases))


def _fail(batch: Sequence[_Waiting] | deque[_Waiting], error: Exception) -> None:
    for waiting in batch:
        if not waiting.read.done():
            waiting.read.set_exception(error)
