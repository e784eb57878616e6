"""Mailboxes in PostgreSQL. Private to this room."""

from collections.abc import Sequence
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
from crossroads.wire.mutations import Pull


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


class Held(NamedTuple):
    """A lease with its slots; `running` is until when, unless that is over."""

    lease: UUID
    slots: Sequence[int]
    running: datetime | None


class Leased(NamedTuple):
    """A lease when some of its items are to be dealt with."""

    numbers: Sequence[int]
    open: Sequence[int]
    """Those not dealt with."""
    slots: Sequence[int]
    """Which it has still."""
    named: Sequence[int]
    """Those not dealt with that are to be now."""
    places: Sequence[int]
    """The slots of these."""
    aside: int
    """How many of these are parked."""
    waiting: int
    parked: int


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


async def holds(connection: Connection, recipient: str, pull: Pull) -> bool:
    """Tell whether the slots of a pull have anything to give."""
    return bool(await queries.holds(connection, recipient=recipient, slots=pull.slots, state=_wanted(pull).value))


async def locked(connection: Connection, recipient: str) -> list[int]:
    """Give, for each slot, the number below which nothing waits. Nobody else gives or settles items until the end."""
    found: list[int] = await queries.lock_progress(connection, recipient=recipient)
    return found


async def leases(connection: Connection, recipient: str, slots: Sequence[int]) -> list[Held]:
    """Give the leases that have any of some slots."""
    return [Held(*row) for row in await rows(queries.leases(connection, recipient=recipient, slots=list(slots)))]


async def next_items(connection: Connection, recipient: str, reached: Sequence[int], pull: Pull) -> list[Row]:
    """Give the next items of the slots of a pull, in order."""
    # What was dealt with may still be in the index while something old looks on: what lies behind is not looked at.
    first = 0 if pull.parked else min(reached[slot] for slot in pull.slots)
    wanted = {"recipient": recipient, "state": _wanted(pull).value, "count": pull.count, "first": first}
    if pull.lanes == 1:
        return _rows(await rows(queries.next_items(connection, **wanted)))
    return _rows(await rows(queries.next_items_of_slots(connection, slots=pull.slots, **wanted)))


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
    connection: Connection, recipient: str, lease: UUID, items: Sequence[Row], reached: Sequence[int], pull: Pull
) -> datetime:
    """Give items to a consumer, with the slots of its pull, and tell until when."""
    numbers, slots = [item.number for item in items], set() if pull.parked else set(pull.slots)
    until: datetime = await queries.lease_slots(
        connection,
        recipient=recipient,
        lease=lease,
        numbers=numbers,
        slots=pull.slots,
        reached=[max(number, numbers[0]) if slot in slots else number for slot, number in enumerate(reached)],
        lasting=timedelta(seconds=pull.lease_seconds),
    )
    return until


async def take_from(connection: Connection, recipient: str, held: Sequence[Held], slots: Sequence[int]) -> None:
    """Take slots from the leases that have them; a lease without any ends."""
    left = [(one.lease, sorted(set(one.slots) - set(slots))) for one in held]
    if gone := [lease for lease, kept in left if not kept]:
        await queries.end_leases(connection, recipient=recipient, leases=gone)
    if kept := [{"recipient": recipient, "lease": lease, "slots": slots} for lease, slots in left if slots]:
        await queries.leave_slots(connection, kept)


async def leased(
    connection: Connection, recipient: str, lease: UUID, numbers: Sequence[int], up_to: int | None
) -> Leased | None:
    """Give a lease, with those items that are named and not dealt with; None when there is no such lease."""
    await queries.lock_progress(connection, recipient=recipient)
    row = await queries.lease(connection, recipient=recipient, lease=lease, numbers=list(numbers), up_to=up_to)
    return Leased(**row) if row else None


async def settle(
    connection: Connection, recipient: str, lease: UUID, found: Leased, state: State, reason: str | None
) -> Leased:
    """Acknowledge or park the named items, count them, and give the lease as it is then."""
    count, acknowledged = len(found.named), state is State.ACKNOWLEDGED
    parked = (0 if acknowledged else count) - found.aside
    left = sorted(set(found.open) - set(found.named))
    await queries.settle(
        connection,
        recipient=recipient,
        lease=lease,
        numbers=list(found.named),
        state=state.value,
        reason=reason,
        acknowledged=count if acknowledged else 0,
        parked=parked,
        open=left,
    )
    # What was parked already waits no more; what is parked now neither.
    return found._replace(open=left, waiting=found.waiting - (count - found.aside), parked=found.parked + parked)


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


def _wanted(pull: Pull) -> State:
    return State.PARKED if pull.parked else State.WAITING


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
