"""The limit of `bench changes`: the rows that the hub wrote, inserted again as they are, without any rule."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg

Batch = Mapping[str, Sequence[Sequence[Any]]]
"""The columns of the rows of each table."""

_QUEUE = {
    "mutation": "person, ssin, ticket, source, context, data_group, start_date, end_date, kind, happened_on",
    "mutation_reference": "institution, reference, digest, ticket, log_stream, log_index, leaf",
    "mailbox_item": "recipient, number, previous, slot, person, mutation, ticket, institution, added_at",
}
_LOG = {"log_entry": "stream, index, epoch, event, ticket, person, asker, at, content, salts, leaf"}
_PREFIX = "plain_"


class PlainQueue:
    """Tables with the columns and indexes of the real ones, into which the rows of real changes are inserted again."""

    def __init__(self, owner: "asyncpg.Connection[asyncpg.Record]", name: str, tables: Mapping[str, str]) -> None:
        """Use a connection of the owner, and the columns of these tables."""
        self._owner, self._tables, self.name = owner, tables, name
        self._inserts: dict[str, str] = {}

    async def make(self) -> None:
        """Make the tables."""
        for table, columns in self._tables.items():
            own = f"{_PREFIX}{self.name}_{table}"
            await self._owner.execute(f"CREATE TABLE {own} (LIKE {table} INCLUDING ALL)")
            statement = await self._owner.prepare(f"SELECT {columns} FROM {table}")  # noqa: S608 - ours
            arrays = ", ".join(
                f"${place}::{column.type.name}[]" for place, column in enumerate(statement.get_attributes(), 1)
            )
            self._inserts[table] = f"INSERT INTO {own} ({columns}) SELECT * FROM unnest({arrays})"  # noqa: S608 - ours

    async def insert(self, batches: Sequence[Sequence[UUID]]) -> float:
        """Insert the rows of changes, given by ticket, a transaction for each batch; give the items a second."""
        prepared = [await self._rows(batch) for batch in batches]
        began = perf_counter()
        for batch in prepared:
            async with self._owner.transaction():
                for table, columns in batch.items():
                    await self._owner.execute(self._inserts[table], *columns)
        return sum(len(batch["mailbox_item"][0]) for batch in prepared) / (perf_counter() - began)

    async def _rows(self, tickets: Sequence[UUID]) -> Batch:
        return {table: await self._columns(table, columns, tickets) for table, columns in self._tables.items()}

    async def _columns(self, table: str, columns: str, tickets: Sequence[UUID]) -> list[Sequence[Any]]:
        query = f"SELECT {columns} FROM {table} WHERE ticket = ANY ($1)"  # noqa: S608 - ours
        return list(zip(*await self._owner.fetch(query, list(tickets)), strict=True))


def plain_queues(owner: "asyncpg.Connection[asyncpg.Record]") -> tuple[PlainQueue, PlainQueue]:
    """Give both limits: all rows that the hub writes, those of the log included, and those of a queue alone."""
    return PlainQueue(owner, "insert", _QUEUE | _LOG), PlainQueue(owner, "queue_insert", _QUEUE)
