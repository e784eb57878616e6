"""The log in PostgreSQL as it is read: for proofs, usage and verification. A store, private to this room."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec

from crossroads.audit.database import Pool, outages, queries, rows
from crossroads.audit.errors import EntryArchived, NotInLog
from crossroads.audit.events import Event
from crossroads.audit.given import Given, given
from crossroads.audit.model import TOP, CheckpointRow, Cursor, Record, StoredHead, UsageLine
from crossroads.kernel.errors import Tampered
from crossroads.kernel.sentences import Sentence
from crossroads.wire.merkle import HASH_BYTES, STORED_LEVELS, Node, path, perfect_nodes, root_of, stored_nodes
from crossroads.wire.proofs import Heads

_FETCHED = 1000
"""Rows that a walk over the log keeps in memory."""


class Reading:
    """What is read from the log. Raises Unavailable while the database does not work."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of any role that may read the log."""
        self._pool = pool

    async def newest_checkpoint(self) -> CheckpointRow | None:
        """Give the newest checkpoint, if there is one."""
        with outages():
            return _checkpoint(await queries.newest_checkpoint(self._pool))

    async def checkpoints(self, sizes: Collection[int]) -> dict[int, CheckpointRow]:
        """Give the checkpoints over so many lists of heads, those that there are, by size."""
        with outages():
            found = map(_checkpoint, await rows(queries.checkpoints_of_sizes(self._pool, sizes=list(sizes))))
        return {one.size: one for one in found if one}

    async def path(self, stream: int, spans: Sequence[range]) -> tuple[bytes, ...]:
        """Give the proof made of the roots of these spans of a stream."""
        (found,) = await self.paths([(stream, spans)])
        return found

    async def paths(self, wanted: Sequence[tuple[int, Sequence[range]]]) -> list[tuple[bytes, ...]]:
        """Give several proofs, each of a stream and spans of it, with one reading of each table."""
        needed: dict[int, set[Node]] = defaultdict(set)
        for stream, spans in wanted:
            needed[stream] |= {below for span in spans for node in perfect_nodes(span) for below in stored_nodes(node)}
        known = await self._stored(needed)
        return [_path(spans, known[stream]) for stream, spans in wanted]

    async def _stored(self, needed: Mapping[int, Collection[Node]]) -> dict[int, dict[Node, bytes]]:
        known = {stream: await self._nodes(stream, nodes) for stream, nodes in needed.items()}
        for stream, nodes in needed.items():
            for node in nodes:
                if node not in known[stream]:
                    said = Sentence("The log lacks a part of the tree of stream %(stream)s.", stream=stream)
                    raise Tampered(said)
        return known

    async def _nodes(self, stream: int, nodes: Collection[Node]) -> dict[Node, bytes]:
        """Give some leaves and stored roots of a stream, as far as they are there, perhaps with leaves between them."""
        leaves = [node.position for node in nodes if node.level == 0]
        above = [node for node in nodes if node.level]
        known = await self._leaves_of_top(leaves) if stream == TOP and leaves else {}
        firsts, lasts = _within_subtrees(leaves if stream != TOP else ())
        if not firsts and not above:
            return known
        with outages():
            found = await rows(
                # Each month is asked for the ranges: for every leaf by itself would be a hundred times as often.
                queries.nodes_of_stream(
                    self._pool,
                    stream=stream,
                    firsts=firsts,
                    lasts=lasts,
                    levels=[node.level for node in above],
                    positions=[node.position for node in above],
                )
            )
        return known | {Node(level, position): root for level, position, root in found}

    async def _leaves_of_top(self, indexes: Sequence[int]) -> dict[Node, bytes]:
        with outages():
            found = await rows(queries.leaves_of_top(self._pool, indexes=indexes))
        return {Node(0, index): leaf for index, leaf in found}

    async def leaves(self, stream: int, indexes: Iterable[int]) -> dict[int, bytes]:
        """Give some leaves of a stream, as far as they are there, perhaps with others between them."""
        found = await self._nodes(stream, [Node(0, index) for index in indexes])
        return {node.position: leaf for node, leaf in found.items()}

    async def root(self, stream: int, node: Node) -> bytes | None:
        """Give a stored root of a stream, if there is one."""
        return (await self._nodes(stream, [node])).get(node)

    async def entry(self, stream: int, index: int) -> Record:
        """Give one entry. Raises NotInLog, or EntryArchived."""
        with outages():
            row = await queries.entry(self._pool, stream=stream, index=index)
            if row is None and await queries.has_leaf(self._pool, stream=stream, index=index):
                raise EntryArchived
        if row is None:
            raise NotInLog(Sentence("Stream %(stream)s of the log has no entry %(index)s.", stream=stream, index=index))
        return Record(*row)

    async def entries(self, places: Sequence[tuple[int, int]]) -> list[Record]:
        """Give some entries by stream and index. Raises as `entry`."""
        known: dict[tuple[int, int], Record] = {}
        for stream in sorted({stream for stream, _ in places}):
            indexes = [index for other, index in places if other == stream]
            with outages():
                found = await rows(queries.entries(self._pool, stream=stream, indexes=indexes))
            known |= {(stream, index): Record(*columns) for index, *columns in found}
        return [known.get(place) or await self.entry(*place) for place in places]

    async def places(self, ticket: UUID) -> list[tuple[int, int]]:
        """Give stream and index of every entry of a ticket, in order of time."""
        with outages():
            return [tuple(row) for row in await rows(queries.places_of_ticket(self._pool, ticket=ticket))]

    async def is_logged(self, ticket: UUID, event: str, page: int | None) -> bool:
        """Tell whether there is such an entry: of a ticket, of one page where one is named."""
        with outages():
            return bool(await queries.is_logged(self._pool, ticket=ticket, event=event, page=page))

    async def asked_within(self, within: timedelta) -> bool:
        """Tell whether a single question was asked or answered so lately."""
        with outages():
            return bool(await queries.asked_within(self._pool, within=within))

    async def usage(
        self, persons: Iterable[int], first: datetime, until: datetime, after: Cursor, limit: int
    ) -> list[UsageLine]:
        """Give what was logged about these persons from `first` until before `until`, after a place."""
        with outages():
            found = await rows(
                queries.usage(
                    self._pool,
                    persons=list(persons),
                    first=first,
                    until=until,
                    after_at=after.at,
                    after_stream=after.stream,
                    after_index=after.place,
                    limit=limit,
                )
            )
        return [_usage_line(row) for row in found]

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Snapshot"]:
        """Look at the whole log as it is at one moment."""
        with outages():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield Snapshot(connection)


class Snapshot:
    """The whole log at one moment, walked in order with little memory."""

    def __init__(self, connection: Any) -> None:
        """Read in the transaction of this connection."""
        self._connection = connection

    async def streams(self) -> list[StoredHead]:
        """Give the heads of all streams, of those too that only the newest list knows, and of the tree above them."""
        with outages():
            found = [StoredHead(*row) for row in await rows(queries.all_heads(self._connection))]
            newest = _checkpoint(await queries.newest_checkpoint(self._connection))
        there = {head.stream for head in found}
        lost = [StoredHead(head.stream, 0, b"") for head in newest.heads if head.stream not in there] if newest else []
        return found + lost

    async def own_entries(self, event: Event) -> list[dict[str, Any]]:
        """Give the content of the entries that say that a range expired, or that a month was archived, by time."""
        with outages():
            found = await rows(queries.own_entries(self._connection, event=event.value))
        return [msgspec.json.decode(row["content"] or "{}") for row in found]

    async def entries(self, stream: int) -> AsyncIterator[tuple[int, Record]]:
        """Walk the entries of a stream."""
        async for index, *columns in self._walk(queries.walk_entries.sql, stream):
            yield index, Record(*columns)

    async def leaves(self, stream: int) -> AsyncIterator[tuple[int, bytes]]:
        """Walk the leaves of a stream whose entries went to an archive."""
        async for first, leaves in self._walk(queries.walk_leaves.sql, stream):
            for at in range(0, len(leaves), HASH_BYTES):
                yield first + at // HASH_BYTES, leaves[at : at + HASH_BYTES]

    async def places(self, stream: int) -> AsyncIterator[tuple[int, bytes, Record | None]]:
        """Walk all leaves of a stream, each with its entry where that is here."""
        leaves = self.leaves(stream)
        archived = await anext(leaves, None)
        async for index, record in self.entries(stream):
            while archived and archived[0] < index:
                yield *archived, None
                archived = await anext(leaves, None)
            yield index, record.leaf, record
        while archived:
            yield *archived, None
            archived = await anext(leaves, None)

    async def month(self, since: datetime, until: datetime) -> AsyncIterator[tuple[int, int, int, Record]]:
        """Walk the entries of a month that may leave: stream, index, epoch and the entry."""
        async for stream, index, epoch, *columns in self._walk(queries.walk_month.sql, since, until):
            yield stream, index, epoch, Record(*columns)

    async def patterns(self, days: int, since: datetime, until: datetime) -> AsyncIterator[Any]:
        """Walk the inscriptions that were followed by questions and ended within so many days."""
        async for row in self._walk(queries.patterns.sql, days, since, until):
            yield row

    async def given(self, persons: Sequence[int], data_group: str, since: datetime | None) -> list[Given]:
        """Give to whom a data group about a person (all keys that are this person) was given."""
        with outages():
            return await given(self._connection, persons, data_group, since=since)

    async def decided(self, tickets: Iterable[UUID], events: Iterable[str]) -> list[Any]:
        """Give ticket, permits and statement of the entries under some tickets of some events."""
        with outages():
            return await rows(queries.decided(self._connection, tickets=list(tickets), events=list(events)))

    async def answered(self) -> AsyncIterator[Any]:
        """Walk event, ticket and sources of the answers to questions and to pages of batches."""
        async for row in self._walk(queries.answered.sql):
            yield row

    async def subtrees(self, stream: int) -> AsyncIterator[tuple[Node, bytes]]:
        """Walk the stored subtrees of a stream in the order in which they were completed."""
        async for level, position, root in self._walk(queries.walk_subtrees.sql, stream):
            yield Node(level, position), root

    async def signed_heads(self, stream: int) -> AsyncIterator[tuple[int, int, bytes]]:
        """Walk the number of each list that has the stream, with the size and root listed."""
        async for index, heads, _, _ in self.lists():
            for head in heads:
                if head.stream == stream:
                    yield index, head.size, head.root

    async def lists(self) -> AsyncIterator[tuple[int, Heads, bytes, str | None]]:
        """Walk the lists of heads: number, list, leaf and checkpoint. An unreadable list is empty."""
        async for index, heads, leaf, note in self._walk(queries.walk_top.sql):
            yield index, _heads(heads), leaf, note

    async def _walk(self, sql: str, *arguments: Any) -> AsyncIterator[Any]:
        with outages():
            async for row in self._connection.cursor(sql, *arguments, prefetch=_FETCHED):
                yield row


def _within_subtrees(indexes: Iterable[int]) -> tuple[list[int], list[int]]:
    """Give the first and last of the indexes in each smallest stored subtree."""
    found = [list(of) for _, of in groupby(sorted(indexes), key=lambda index: index >> STORED_LEVELS)]
    return [of[0] for of in found], [of[-1] for of in found]


def _path(spans: Sequence[range], known: Mapping[Node, bytes]) -> tuple[bytes, ...]:
    """Give the proof made of the roots of these spans, from what is stored below them."""

    def root(node: Node) -> bytes:
        return root_of([known[below] for below in stored_nodes(node)])

    return tuple(path(spans, root))


def _checkpoint(row: Any) -> CheckpointRow | None:
    if row is None:
        return None
    return CheckpointRow(row["size"], row["note"], _heads(row["heads"] or "[]"))


def _heads(text: str) -> Heads:
    try:
        return msgspec.json.decode(text, type=Heads)
    except msgspec.MsgspecError:
        return ()


def _usage_line(row: Any) -> UsageLine:
    return UsageLine(
        at=row["at"],
        stream=row["stream"],
        index=row["index"],
        event=row["event"],
        ticket=row["ticket"],
        person=row["person"],
        asker=row["asker"],
        fields=msgspec.json.decode(row["content"] or "{}"),
    )
