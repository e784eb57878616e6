"""Removing items that have served, and the changes that nothing leads to any more. Private to this room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.identity.database import Connection, rows
from crossroads.mutations.store import queries

BATCH = 1_000
"""Numbers of a mailbox that are looked at together."""


class Removed(NamedTuple):
    """What an item led to that is there no more."""

    person: int
    mutation: int
    ticket: UUID


async def recipients(connection: Connection) -> list[str]:
    """Give whose mailboxes there are."""
    return [row["recipient"] for row in await rows(queries.recipients(connection))]


async def remove_late(connection: Connection, recipient: str, before: datetime) -> list[Removed]:
    """Remove items below the first number kept that were parked as it moved on, and acknowledged since."""
    return _removed(await rows(queries.remove_late(connection, recipient=recipient, before=before)))


async def remove_next(connection: Connection, recipient: str, before: datetime) -> list[Removed]:
    """Remove the next acknowledged items that were first given before a moment, and move the first number kept."""
    return _removed(await rows(queries.remove_next(connection, recipient=recipient, before=before, batch=BATCH)))


async def remove_changes(connection: Connection, removed: Sequence[Removed], *, reported: bool = False) -> None:
    """Remove changes that no item of any mailbox leads to any more: those about reports of errors, or the others."""
    changes = sorted({(one.person, one.mutation): one.ticket for one in removed}.items())
    # Locked before it is looked whether others lead to them: of two that remove the last two items, one sees so.
    await queries.lock_change(connection, [{"person": person, "mutation": key} for (person, key), _ in changes])
    found = await rows(queries.tickets_told(connection, tickets=[ticket for _, ticket in changes]))
    told = {row["ticket"] for row in found}
    gone = [key for key, ticket in changes if ticket not in told]
    await queries.remove_changes(
        connection,
        persons=[person for person, _ in gone],
        mutations=[mutation for _, mutation in gone],
        reported=reported,
    )


async def remove_reported_changes(connection: Connection, before: datetime) -> None:
    """Remove changes about reports that were answered before a moment, when no item leads to them any more."""
    answered = _removed(await rows(queries.reported_changes(connection, before=before)))
    await remove_changes(connection, answered, reported=True)


async def drop_months(connection: Connection) -> list[str]:
    """Drop the partitions of changes whose month is over and that have no row any more, and give their names."""
    return [row["name"] for row in await rows(queries.drop_months(connection))]


def _removed(found: Sequence[Any]) -> list[Removed]:
    return [Removed(*row) for row in found]
