"""Mailboxes in PostgreSQL. Private to this room."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.access.model import Pointer
from crossroads.access.push import PushPermit
from crossroads.identity.closure import moment_of_change
from crossroads.identity.database import Connection, rows
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from crossroads.mutations import report_store
from crossroads.mutations.model import About, State
from crossroads.mutations.store import queries
from crossroads.wire.messages import Asker


class Given(NamedTuple):
    """What was decided when an item was given last: what may be known of it, or why nothing."""

    period: Period | None
    whole: bool
    legal_context: str | None
    authorisation: str | None
    void: str | None


class Row(NamedTuple):
    """An item as it is kept."""

    number: int
    previous: int
    slot: int
    person: int
    mutation: int
    ticket: UUID
    institution: str
    added_at: datetime
    state: State
    reason: str | None
    given: Given | None


class Standing(NamedTuple):
    """How many items of a mailbox wait and are parked, and until when somebody is at work."""

    waiting: int = 0
    parked: int = 0
    first_kept: int = 1
    """The number from which on all items are there; below it, those that were not acknowledged."""
    leased_until: datetime | None = None


class Lag(NamedTuple):
    """How a mailbox stands."""

    recipient: str
    waiting: int
    parked: int
    oldest: datetime | None
    """When the oldest item that waits was added."""


async def standing(connection: Connection, recipient: str, slots: Sequence[int] = ()) -> Standing:
    """Tell how a mailbox stands, and until when anybody is at work at one of some slots."""
    row = await queries.standing(connection, recipient=recipient, slots=list(slots))
    return Standing(*row) if row else Standing()


async def holds(connection: Connection, recipient: str, slots: Sequence[int]) -> bool:
    """Tell whether anything waits in some slots."""
    return bool(await queries.holds(connection, recipient=recipient, slots=list(slots)))


async def items_from(connection: Connection, recipient: str, slots: Sequence[int], first: int, count: int) -> list[Row]:
    """Give the items of slots that were given before, from a number on, whatever their state."""
    found = queries.items_from(connection, recipient=recipient, slots=list(slots), first=first, count=count)
    return items(await rows(found))


async def about(connection: Connection, items: Sequence[Row], now: datetime) -> dict[int, About]:
    """Give what items are about, by the key of the change; a change that was removed meanwhile is missing."""
    found = queries.changes_of_items(
        connection, persons=[item.person for item in items], mutations=[item.mutation for item in items], now=now
    )
    told = {row["mutation"]: About(*row) for row in await rows(found)}
    reports = [(item.person, one.report) for item in items if (one := told.get(item.mutation)) and one.report]
    if not reports:
        return told
    errors = await report_store.notices(connection, reports)
    return {key: one._replace(error=errors.get(one.report)) if one.report else one for key, one in told.items()}


async def deliver(connection: Connection, recipient: str, decided: Sequence[tuple[Row, Given]]) -> None:
    """Keep what was decided of items that are given."""
    moment = await moment_of_change(connection)
    await queries.deliver(connection, recipient=recipient, moment=moment, **columns_of(decided))


def columns_of(decided: Sequence[tuple[Row, Given]]) -> dict[str, list[Any]]:
    """Give what was decided of items as the columns that keep it."""
    givens = [given for _, given in decided]
    return {
        "decided": [item.number for item, _ in decided],
        "starts": [given.period.start_date if given.period else None for given in givens],
        "ends": [given.period.end_date if given.period else None for given in givens],
        "wholes": [given.whole for given in givens],
        "legal_contexts": [given.legal_context for given in givens],
        "authorisations": [given.authorisation for given in givens],
        "voids": [given.void for given in givens],
    }


async def mailboxes(connection: Connection) -> list[Lag]:
    """Give how each mailbox stands."""
    return [Lag(*row) for row in await rows(queries.mailboxes(connection))]


async def delivered(
    connection: Connection, asker: Asker, ticket: UUID, persons: Sequence[int], since: datetime
) -> Pointer | None:
    """Give what an asker was told of under a ticket since a moment, about one of the persons."""
    row = await queries.delivered(
        connection,
        recipient=asker.institution,
        institution=asker.concerned,
        ticket=ticket,
        persons=list(persons),
        since=since,
    )
    if row is None:
        return None
    data_group = await queries.group_of_change(connection, person=row["person"], mutation=row["mutation"])
    if data_group is None:
        return None  # removed in between, with the item
    return Pointer(
        data_group=data_group,
        period=Period(row["start_date"], row["end_date"]),
        legal_context=row["legal_context"],
        authorisation=row["authorisation"],
    )


def given_of(decided: PushPermit | Code) -> Given:
    """Give what is kept of a decision."""
    if isinstance(decided, Code):
        return Given(None, whole=False, legal_context=None, authorisation=None, void=str(decided))
    return Given(decided.period, decided.whole, decided.legal_context, decided.authorisation, None)


def items(found: Sequence[Any]) -> list[Row]:
    """Give rows of items as they are kept."""
    return [_item(tuple(row)) for row in found]


def _item(row: tuple[Any, ...]) -> Row:
    delivered_at, start_date, end_date, whole, legal_context, authorisation, void = row[10:]
    given = None
    if delivered_at is not None:
        period = Period(start_date, end_date) if start_date else None
        given = Given(period, whole, legal_context, authorisation, void)
    return Row._make((*row[:8], State(row[8]), row[9], given))
