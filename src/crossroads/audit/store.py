"""The log in PostgreSQL as it is written: leases, entries, lists of heads. Private to this room."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from crossroads.audit.database import Pool, outages, queries, rows
from crossroads.audit.events import CLOSING
from crossroads.audit.model import TOP, Head, Record, stream_heads
from crossroads.kernel.errors import Unavailable
from crossroads.wire.merkle import Frontier, Node
from crossroads.wire.proofs import Heads, heads_leaf

_CLOSING = [event.value for event in CLOSING]
_PATIENCE_SECONDS = 5
_COLUMNS = ("events", "tickets", "persons", "askers", "moments", "contents", "salts", "leaves")


class Store:
    """What the hub does to the log. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of the role crossroads_hub."""
        self._pool = pool

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Store"]:
        """Keep one connection, whose commits wait for the disk."""
        with outages():
            connection = await self._pool.acquire(timeout=_PATIENCE_SECONDS)
        try:
            with outages():
                await rows(queries.durable_commits(connection))
            yield Store(connection)
        except BaseException:
            # In the middle of a statement, perhaps: closing it cleanly could wait for a server that is gone. Whatever
            # comes of it, what was raised goes on as it is: a cancellation that became an error would be lost.
            with suppress(Unavailable), outages():
                connection.terminate()
                await self._pool.release(connection)
            raise
        else:
            with outages():
                await self._pool.release(connection)

    async def add_streams(self, count: int) -> None:
        """Make sure that there are as many streams, and the tree above them."""
        with outages():
            await queries.add_streams(self._pool, streams=[TOP, *range(count)])

    async def lease(self, owner: UUID, lease: timedelta) -> Head | None:
        """Take a stream that nobody holds, if there is one."""
        with outages():
            return await self._lease_one(queries.free_streams(self._pool, owner=owner), owner, lease)

    async def lease_top(self, owner: UUID, lease: timedelta) -> Head | None:
        """Take the tree above the streams, if nobody holds it."""
        with outages():
            return await self._lease_one(queries.free_top(self._pool, owner=owner), owner, lease)

    async def lease_orphan(self, owner: UUID, lease: timedelta, grace: timedelta) -> Head | None:
        """Take a stream that was left with open questions longer ago than `grace`, if there is one."""
        with outages():
            return await self._lease_one(queries.orphaned_streams(self._pool, grace=grace), owner, lease)

    async def _lease_one(self, free: Any, owner: UUID, lease: timedelta) -> Head | None:
        for stream, epoch in await rows(free):
            row = await queries.lease_stream(self._pool, stream=stream, epoch=epoch, owner=owner, lease=lease)
            if row is not None:
                frontier = Frontier(row["size"], row["frontier"])
                return Head(stream=stream, epoch=row["epoch"], frontier=frontier, settled=row["settled"])
        return None

    async def renew(self, head: Head, lease: timedelta, settled: int) -> bool:
        """Hold on to a stream; False when it was taken."""
        with outages():
            kept = await queries.renew_lease(
                self._pool, stream=head.stream, epoch=head.epoch, lease=lease, settled=settled
            )
        return kept is not None

    async def release(self, head: Head, settled: int) -> None:
        """Give a stream back."""
        with outages():
            await queries.release_stream(self._pool, stream=head.stream, epoch=head.epoch, settled=settled)

    async def append(self, head: Head, records: Sequence[Record], lease: timedelta) -> bool:
        """Append to a stream in one round trip and move the head on; False, with nothing written, when it was taken."""
        frontier = head.frontier.copy()
        complete = frontier.append(record.leaf for record in records)
        columns = dict(zip(_COLUMNS, zip(*records, strict=True), strict=True))
        with outages():
            written = await queries.append_entries(self._pool, **_growth(head, frontier, complete, lease), **columns)
        return _moved(head, frontier, written)

    async def append_heads(self, head: Head, heads: Heads, sign: Callable[[Frontier], str], lease: timedelta) -> bool:
        """Append a list of heads and its checkpoint to the tree above the streams; False when that was taken.

        To be asked of a session: the tree moves on where the streams are, the list stands with the coordinator.
        """
        frontier, leaf = head.frontier.copy(), heads_leaf(heads)
        complete = frontier.append([leaf])
        listed = {"index": head.frontier.size, "heads": msgspec.json.encode(heads).decode(), "leaf": leaf}
        with outages():
            async with self._pool.transaction():
                written = await queries.append_entries(
                    self._pool, **_growth(head, frontier, complete, lease), **dict.fromkeys(_COLUMNS, ())
                )
                if written is not None:
                    await queries.add_heads(self._pool, **listed, note=sign(frontier))
        return _moved(head, frontier, written)

    async def open_questions(self, stream: int, first: int, last: int) -> list[UUID]:
        """Give the tickets decided from `first` to before `last` of a stream that ended nowhere."""
        with outages():
            decided = queries.open_questions(self._pool, stream=stream, first=first, last=last, closing=_CLOSING)
            tickets = [row["ticket"] for row in await rows(decided)]
            ended = await rows(queries.ended_tickets(self._pool, tickets=tickets, closing=_CLOSING))
        gone = {row["ticket"] for row in ended}
        return [ticket for ticket in tickets if ticket not in gone]

    async def heads(self) -> Heads:
        """Give the heads of all streams that have entries, at one moment."""
        with outages():
            return stream_heads(await rows(queries.heads(self._pool)))

    async def add_first_checkpoint(self, note: str) -> None:
        """Store the checkpoint of the empty log, unless there is one."""
        with outages():
            await queries.first_checkpoint(self._pool, note=note)


def _growth(head: Head, frontier: Frontier, complete: list[tuple[Node, bytes]], lease: timedelta) -> dict[str, Any]:
    return {
        "stream": head.stream,
        "epoch": head.epoch,
        "before": head.frontier.size,
        "lease": lease,
        "size": frontier.size,
        "frontier": frontier.peaks,
        "levels": [node.level for node, _ in complete],
        "positions": [node.position for node, _ in complete],
        "roots": [root for _, root in complete],
    }


def _moved(head: Head, frontier: Frontier, written: Any) -> bool:
    if written is not None:
        head.frontier = frontier
    return written is not None
