"""Mailboxes in PostgreSQL. Private to this room."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from crossroads.access.model import Pointer
from crossroads.access.push import PushPermit
from crossroads.identity.database import Connection, rows
from crossroads.kernel.codes import Code
from crossroads.kernel.period import Period
from crossroads.mutations import report_store
from crossroads.mutations.model import About, State
from crossroads.mutations.store import queries
from crossroads.wire.messages import Asker
from crossroads.wire.mutations import SLOTS


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


class Slot(NamedTuple):
    """Who has a slot."""

    slot: int
    lease: UUID | None
    leased_until: datetime | None
    running: bool
    reached: int
    """The number below which none of its items waits any more."""


class Depth(NamedTuple):
    """How many items wait and are parked."""

    waiting: int
    parked: int


class Lag(NamedTuple):
    """How a mailbox stands."""

    recipient: str
    waiting: int
    parked: int
    oldest: datetime | None
    """When the oldest item that waits was added."""


async def locked_slots(connection: Connection, recipient: str, slots: Sequence[int]) -> list[Slot]:
    """Give the leases of slots, which nobody else may take until the transaction ends."""
    return [Slot(*row) for row in await rows(queries.lock_slots(connection, recipient=recipient, slots=list(slots)))]


async def idle(connection: Connection, recipient: str, slots: Sequence[int], state: State) -> bool:
    """Tell whether slots have nothing to give and nobody at work."""
    found = await queries.idle(connection, recipient=recipient, slots=list(slots), state=state.value)
    return bool(found)


async def next_items(
    connection: Connection, recipient: str, slots: Sequence[Slot], state: State, count: int
) -> list[Row]:
    """Give the next items of slots, in order."""
    # What was dealt with may still be in the index while something old looks on: what lies behind is not looked at.
    first = min((slot.reached for slot in slots), default=0) if state is State.WAITING else 0
    wanted = {"recipient": recipient, "state": state.value, "count": count, "first": first}
    if len(slots) == SLOTS:
        return _rows(await rows(queries.next_items(connection, **wanted)))
    numbers = [slot.slot for slot in slots]
    return _rows(await rows(queries.next_items_of_slots(connection, slots=numbers, **wanted)))


async def items_from(connection: Connection, recipient: str, slots: Sequence[int], first: int, count: int) -> list[Row]:
    """Give the items of slots that were given before, from a number on, whatever their state."""
    found = queries.items_from(connection, recipient=recipient, slots=list(slots), first=first, count=count)
    return _rows(await rows(found))


async def about(connection: Connection, items: Sequence[Row], now: datetime) -> dict[int, About]:
    """Give what items are about, by the key of the change."""
    found = queries.changes_of_items(
        connection, persons=[item.person for item in items], mutations=[item.mutation for item in items], now=now
    )
    told = {row["mutation"]: About(*row) for row in await rows(found)}
    reports = [(item.person, one.report) for item in items if (one := told[item.mutation]).report]
    if not reports:
        return told
    errors = await report_store.notices(connection, reports)
    return {key: one._replace(error=errors.get(one.report)) if one.report else one for key, one in told.items()}


async def deliver(connection: Connection, recipient: str, decided: Sequence[tuple[Row, Given]]) -> None:
    """Keep what was decided of items that are given."""
    givens = [given for _, given in decided]
    await queries.deliver(
        connection,
        recipient=recipient,
        numbers=[item.number for item, _ in decided],
        starts=[given.period.start_date if given.period else None for given in givens],
        ends=[given.period.end_date if given.period else None for given in givens],
        wholes=[given.whole for given in givens],
        legal_contexts=[given.legal_context for given in givens],
        authorisations=[given.authorisation for given in givens],
        voids=[given.void for given in givens],
    )


async def lease(
    connection: Connection,
    recipient: str,
    slots: Sequence[Slot],
    lease: UUID,
    items: Sequence[Row],
    lasting: timedelta,
) -> datetime:
    """Give items to a consumer, with their slots, and tell until when. Leases that had those slots end."""
    await queries.add_lease(connection, recipient=recipient, lease=lease, numbers=[item.number for item in items])
    until: datetime = await queries.lease_slots(
        connection,
        recipient=recipient,
        lease=lease,
        slots=[slot.slot for slot in slots],
        reached=items[0].number if items[0].state is State.WAITING else 0,
        lasting=lasting,
    )
    before = list({slot.lease for slot in slots if slot.lease})
    await queries.forget_leases(connection, recipient=recipient, leases=before)
    return until


async def leased(connection: Connection, recipient: str, lease: UUID) -> tuple[list[int], list[int], set[int]]:
    """Give the numbers of a lease, those not dealt with, and the slots it still has, which nobody else may take."""
    slots = {row["slot"] for row in await rows(queries.slots_of_lease(connection, recipient=recipient, lease=lease))}
    row = await queries.lease(connection, recipient=recipient, lease=lease)
    return (row["numbers"], row["open"], slots) if row and slots else ([], [], set())


async def places(connection: Connection, recipient: str, numbers: Iterable[int]) -> dict[int, tuple[int, State]]:
    """Give slot and state of items."""
    found = queries.items_numbered(connection, recipient=recipient, numbers=list(numbers))
    return {row["number"]: (row["slot"], State(row["state"])) for row in await rows(found)}


async def settle(
    connection: Connection, recipient: str, items: dict[int, tuple[int, State]], state: State, reason: str | None
) -> None:
    """Acknowledge or park items, and count them in their slots."""
    numbers = list(items)
    await queries.settle(connection, recipient=recipient, numbers=numbers, state=state.value, reason=reason)
    added = Counter(slot for slot, _ in items.values())
    parked = Counter(slot for slot, before in items.values() if before is State.PARKED)
    slots = list(added)
    acknowledged = state is State.ACKNOWLEDGED
    await queries.count_settled(
        connection,
        recipient=recipient,
        slots=slots,
        acknowledged=[added[slot] if acknowledged else 0 for slot in slots],
        parked=[(0 if acknowledged else added[slot]) - parked[slot] for slot in slots],
    )


async def keep_open(connection: Connection, recipient: str, lease: UUID, numbers: Sequence[int]) -> None:
    """Keep which items of a lease are not dealt with; with none, the lease ends."""
    await queries.keep_open(connection, recipient=recipient, lease=lease, open=list(numbers))
    if not numbers:
        await queries.end_lease(connection, recipient=recipient, lease=lease)


async def depth(connection: Connection, recipient: str) -> Depth:
    """Give how many items of a mailbox wait and are parked."""
    row = await queries.depth(connection, recipient=recipient)
    return Depth(*row) if row else Depth(0, 0)


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
    return Pointer(
        data_group=row["data_group"],
        period=Period(row["start_date"], row["end_date"]),
        legal_context=row["legal_context"],
        authorisation=row["authorisation"],
    )


def given_of(decided: PushPermit | Code) -> Given:
    """Give what is kept of a decision."""
    if isinstance(decided, Code):
        return Given(None, whole=False, legal_context=None, authorisation=None, void=str(decided))
    return Given(decided.period, decided.whole, decided.legal_context, decided.authorisation, None)


def _rows(found: Sequence[Any]) -> list[Row]:
    return [_row(row) for row in found]


def _row(row: Any) -> Row:
    given = None
    if row["delivered_at"] is not None:
        period = Period(row["start_date"], row["end_date"]) if row["start_date"] else None
        given = Given(period, row["whole"], row["legal_context"], row["authorisation"], row["void"])
    return Row(
        number=row["number"],
        previous=row["previous"],
        slot=row["slot"],
        person=row["person"],
        mutation=row["mutation"],
        ticket=row["ticket"],
        institution=row["institution"],
        added_at=row["added_at"],
        state=State(row["state"]),
        reason=row["reason"],
        given=given,
    )
