"""The log as lines, for auditors: every entry with its place, in the order of each stream, from one moment."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec

from crossroads.audit.database import Pool
from crossroads.audit.model import instant
from crossroads.audit.reading import Reading


class ExportedEntry(msgspec.Struct, frozen=True):
    """An entry as an auditor reads it. `fields` is empty once its retention is over; the leaf stays."""

    stream: int
    index: int
    event: str
    ticket: str | None
    at: str
    fields: dict[str, Any]
    leaf: bytes


async def entries(pool: Pool) -> AsyncIterator[ExportedEntry]:
    """Walk the whole log, with little memory. Raises Unavailable."""
    async with Reading(pool).snapshot() as snapshot:
        for head in await snapshot.streams():
            async for index, record in snapshot.entries(head.stream):
                yield ExportedEntry(
                    stream=head.stream,
                    index=index,
                    event=record.event,
                    ticket=str(record.ticket) if record.ticket else None,
                    at=instant(record.at),
                    fields=msgspec.json.decode(record.content) if record.content else {},
                    leaf=record.leaf,
                )
