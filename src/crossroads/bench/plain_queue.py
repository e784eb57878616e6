"""The limit of `bench changes`: the rows that the hub wrote, as they are at the end, inserted again, and no rule."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg

Batch = Mapping[str, Sequence[Sequence[Any]]]
"""The columns of the rows of each table."""

_QUEUE = ("mutation", "mutation_reference", "mailbox_item")
_LOG = ("log_entry",)
_PREFIX = "plain_"


class PlainQueue:
    """Tables with the columns and indexes of the real ones, into which the rows of real changes are inserted again."""

    def __init__(self, owner: "asyncpg.Connection[asyncpg.Record]", name: str, tables: Sequence[str]) -> None:
        """Use a connection of the owner, and the columns of these tables."""
        self._owner, self._tables, self.name = owner, tables, name
        self._inserts: dict[str, str] = {}

    async def make(self) -> None:
        """Make the tables."""
        for table in self._tables:
            own = f"{_PREFIX}{self.name}_{table}"
            await self._owner.execute(f"CREATE TABLE {own} (LIKE {table} INCLUDING ALL)")
            statement = await self._owner.prepare(f"SELECT * FROM {table}")  # noqa: S608 - ours
            columns = statement.get_attributes()
            arrays = ", ".join(f"${place}::{column.type.name}[]" for place, column in enumerate(columns, 1))
            names = ", ".join(column.name for column in columns)
            self._inserts[table] = f"INSERT INTO {own} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - ours

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
        return {table: await self._columns(table, tickets) for table in self._tables}

    async def _columns(self, table: str, tickets: Sequence[UUID]) -> list[Sequence[Any]]:
        query = f"SELECT * FROM {table} WHERE ticket = ANY ($1)"  # noqa: S608 - ours
        return list(zip(*await self._owner.fetch(query, list(tickets)), strict=True))


def plain_queues(owner: "asyncpg.Connection[asyncpg.Record]") -> tuple[PlainQueue, PlainQueue]:
    """Give both limits: all rows that the hub writes, those of the log included, and those of a queue alone."""
    return PlainQueue(owner, "insert", _QUEUE + _LOG), PlainQueue(owner, "queue_insert", _QUEUE)
