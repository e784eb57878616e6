"""Leases of mailboxes in PostgreSQL: who has which items and slots, and what is given next. Private to this room."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from uuid6 import uuid7

from crossroads.identity.database import Connection, rows
from crossroads.mutations.mailbox_store import Given, Row, columns_of, items
from crossroads.mutations.model import State
from crossroads.mutations.store import queries
from crossroads.wire.mutations import SLOTS, Pull


class Locked(NamedTuple):
    """How far a mailbox is emptied, which nobody else moves until the end of the transaction."""

    reached: Sequence[int]
    """For each slot, the number below which nothing waits."""
    first_kept: int
    moment: datetime
    """At which it was looked at."""


_NOTHING = Locked((0,) * SLOTS, 1, datetime.min.replace(tzinfo=UTC))
"""Of a mailbox that is not there yet."""


class Held(NamedTuple):
    """A lease with its slots; `running` is until when, unless that is over."""

    lease: UUID
    slots: Sequence[int]
    open: Sequence[int]
    """Its items that were not dealt with."""
    beyond: int | None
    """Of all items of its slots below this number, only these wait; not known of a lease from an older program."""
    running: datetime | None


class Next(NamedTuple):
    """Items to be given, and the number below which no others of their slots wait."""

    items: list[Row]
    beyond: int | None
    """None where what waits was not looked at."""
    decided: Sequence[tuple[Row, Given]] = ()
    """What was decided of those of which another thing is told than before."""


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
    beyond: int | None
    running: datetime | None
    """As of `Held`."""
    waiting: int
    parked: int

    def held(self, lease: UUID) -> Held:
        """Give the lease as it is held."""
        return Held(lease, self.slots, self.open, self.beyond, self.running if self.open else None)


async def locked(connection: Connection, recipient: str) -> Locked:
    """Tell how far a mailbox is emptied. Nobody else gives or settles items of it until the end."""
    row = await queries.lock_progress(connection, recipient=recipient)
    return Locked(row["reached"], row["first_kept"], row["moment"]) if row else _NOTHING


async def leases(connection: Connection, recipient: str, slots: Sequence[int], known: Held | None = None) -> list[Held]:
    """Give the leases that have any of some slots, of which one may be known: a slot has one."""
    if known and set(slots) <= set(known.slots):
        return [known]
    return [Held(*row) for row in await rows(queries.leases(connection, recipient=recipient, slots=list(slots)))]


async def next_items(connection: Connection, recipient: str, locked: Locked, held: Sequence[Held], pull: Pull) -> Next:
    """Give the next items of the slots of a pull, in order; `held` are the leases that had any of them."""
    if pull.parked:
        found = queries.next_parked_items(connection, recipient=recipient, slots=pull.slots, count=pull.count)
        return Next(items(await rows(found)), None)
    # What was dealt with lies behind, and is not looked at again; what ended leases left open lies there too.
    first, left = _first(locked, held, pull), sorted({number for one in held if one.beyond for number in one.open})
    again = await _left(connection, recipient, [number for number in left if number < first], pull)
    given, rest = again[: pull.count], again[pull.count :]
    if len(given) < pull.count:
        given += await _new(connection, recipient, first, pull, pull.count - len(given))
    beyond = rest[0].number if rest else max(first, given[-1].number + 1) if given else first
    return Next(given, beyond)


def _first(locked: Locked, held: Sequence[Held], pull: Pull) -> int:
    beyond = {slot: one.beyond for one in held if one.beyond for slot in one.slots}
    return min(max(locked.reached[slot], beyond.get(slot, 0)) for slot in pull.slots)


async def _left(connection: Connection, recipient: str, numbers: Sequence[int], pull: Pull) -> list[Row]:
    if not numbers:
        return []
    found = queries.left_items(connection, recipient=recipient, numbers=list(numbers), slots=pull.slots)
    return items(await rows(found))


async def _new(connection: Connection, recipient: str, first: int, pull: Pull, count: int) -> list[Row]:
    wanted = {"recipient": recipient, "first": first, "count": count}
    if pull.lanes == 1:
        return items(await rows(queries.next_items(connection, **wanted)))
    return items(await rows(queries.next_items_of_slots(connection, slots=pull.slots, **wanted)))


async def lease(
    connection: Connection, recipient: str, given: Next, locked: Locked, pull: Pull, ended: Sequence[UUID]
) -> tuple[UUID, datetime]:
    """Give items to a consumer, with the slots of its pull and instead of leases that ended; tell until when.

    What was decided of them is kept with it.
    """
    lease, numbers = uuid7(), [item.number for item in given.items]
    slots = set() if pull.parked else set(pull.slots)
    until: datetime = await queries.lease_slots(
        connection,
        recipient=recipient,
        lease=lease,
        numbers=numbers,
        slots=pull.slots,
        beyond=given.beyond,
        reached=[max(number, numbers[0]) if slot in slots else number for slot, number in enumerate(locked.reached)],
        ended=list(ended),
        lasting=timedelta(seconds=pull.lease_seconds),
        moment=locked.moment,
        **columns_of(given.decided),
    )
    return lease, until


async def take_from(
    connection: Connection, recipient: str, held: Sequence[Held], slots: Sequence[int]
) -> Sequence[UUID]:
    """Take slots from the leases that have them, and give those that have none any more."""
    left = [(one.lease, sorted(set(one.slots) - set(slots))) for one in held]
    if kept := [{"recipient": recipient, "lease": lease, "slots": slots} for lease, slots in left if slots]:
        await queries.leave_slots(connection, kept)
    return [lease for lease, slots in left if not slots]


async def leased(
    connection: Connection, recipient: str, lease: UUID, numbers: Sequence[int], up_to: int | None
) -> Leased | None:
    """Give a lease of a locked mailbox, with those items that are named and not dealt with; None when there is none."""
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
