"""What a pull gives, whatever was pulled, dealt with and left open before; acknowledgements that go along with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal
from uuid import UUID

import msgspec
import pytest

from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.wire.mutations import Acknowledgement, MailboxPage, Parking, Pull
from database import Database, execute
from mutating import Town, change, populate, town
from people import GHENT, LIVING_WAGE, OpenPool, by

STEPS = 120
Lanes = Literal[1, 2, 4]


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[Town]:
    async with town(pool) as made:
        yield made


@pytest.fixture
async def people(world: Town, tmp_path: Path) -> list[str]:
    found = await populate(world, tmp_path, 4)
    for person in found:
        await world.inscribe(person, (GHENT, LIVING_WAGE))
    return found


def numbers(page: MailboxPage) -> list[int]:
    return [item.number for item in page.items]


async def acknowledging(world: Town, page: MailboxPage, *which: int, **pull: Any) -> MailboxPage:
    """Pull with an acknowledgement of what a page gave: some numbers, or all of it."""
    assert page.lease
    done = {"numbers": which} if which else {"upTo": page.items[-1].number}
    return await world.pull(GHENT, acknowledge={"lease": page.lease, **done}, **pull)


async def test_an_acknowledgement_goes_along_with_the_next_pull(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    first = await world.pull(GHENT, count=3)
    second = await acknowledging(world, first, count=3)
    assert (numbers(first), numbers(second), second.depth) == ([1, 2, 3], [4], 1)
    last = await acknowledging(world, second)
    assert (last.items, last.lease, last.depth, last.first_kept) == ((), None, 0, 1)


async def test_what_it_leaves_open_stays_leased(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    first = await world.pull(GHENT, count=3)
    held = await acknowledging(world, first, 1, 3)
    assert (held.items, held.lease, held.leased_until, held.depth) == ((), None, first.leased_until, 2)
    assert numbers(await acknowledging(world, first, 2)) == [4]


async def test_where_it_is_refused_nothing_is_given_nor_dealt_with(world: Town, people: list[str]) -> None:
    await world.told(*(change(person) for person in people))
    first = await world.pull(GHENT, count=2)
    with pytest.raises(Refused) as refused:
        await acknowledging(world, first, 1, 3)
    assert refused.value.code is Code.NUMBER_NOT_LEASED
    second = await acknowledging(world, first)
    # The answer was lost, say, and the consumer says it again: its lease has ended, and its items are leased once more.
    with pytest.raises(Refused) as refused:
        await acknowledging(world, first)
    assert refused.value.code is Code.LEASE_UNKNOWN
    again = await world.pull(GHENT)
    assert (again.items, again.depth, again.leased_until) == ((), 2, second.leased_until)


async def test_it_does_not_go_along_with_a_replay(world: Town, people: list[str]) -> None:
    await world.told(change(people[0]))
    with pytest.raises(msgspec.ValidationError, match="either from or acknowledge"):
        await acknowledging(world, await world.pull(GHENT), **{"from": 1})


@dataclass
class Lease:
    """What a consumer has, as far as it was told."""

    id: UUID
    slots: set[int]
    open: set[int]
    running: bool = True


@dataclass
class Mailbox:
    """What a mailbox has to be, in a few lines."""

    slots: dict[int, int] = field(default_factory=dict)
    waiting: set[int] = field(default_factory=set)
    parked: set[int] = field(default_factory=set)
    leases: list[Lease] = field(default_factory=list)

    def given(self, pull: Pull) -> list[int]:
        """Give the numbers that a pull has to give."""
        slots = set(pull.slots)
        if any(lease.running and lease.slots & slots for lease in self.leases):
            return []
        found = self.parked if pull.parked else self.waiting
        return sorted(number for number in found if self.slots[number] in slots)[: pull.count]

    def take(self, page: MailboxPage, pull: Pull) -> None:
        """Know the lease of a page, and that the ended ones have its slots no more."""
        if page.lease is None:
            return
        for lease in self.leases:
            lease.slots -= set(pull.slots)
        self.leases = [lease for lease in self.leases if lease.slots]
        self.leases.append(Lease(page.lease, set(pull.slots), set(numbers(page))))

    def settle(self, lease: Lease, named: set[int], into: set[int]) -> None:
        """Know that items of a lease are dealt with."""
        for number in named & lease.open:
            self.waiting.discard(number)
            self.parked.discard(number)
            into.add(number)
        lease.open -= named
        lease.running = lease.running and bool(lease.open)

    def nameable(self, lease: Lease) -> list[int]:
        """Give the open items of a lease whose slots it has still."""
        return sorted(number for number in lease.open if self.slots[number] in lease.slots)


async def added(world: Town, mailbox: Mailbox, people: list[str], random: Random) -> None:
    """Bring more changes to the mailbox."""
    await world.told(*(change(random.choice(people)) for _ in range(random.randint(1, 6))))
    rows = await world.pool.fetch("SELECT number, slot FROM mailbox_item WHERE recipient = $1", GHENT)
    mailbox.waiting |= {row["number"] for row in rows if row["number"] not in mailbox.slots}
    mailbox.slots = {row["number"]: row["slot"] for row in rows}


async def pulled(world: Town, mailbox: Mailbox, random: Random) -> None:
    """Pull a lane, of what waits or is parked, with an acknowledgement or without."""
    lanes: Lanes = random.choice((1, 1, 2, 4))
    pull = Pull(lanes=lanes, lane=random.randrange(lanes), count=random.randint(1, 5), parked=random.random() < 0.2)
    leases = [lease for lease in mailbox.leases if mailbox.nameable(lease)]
    if leases and random.random() < 0.5:
        lease = random.choice(leases)
        named = random.sample(mailbox.nameable(lease), random.randint(1, len(mailbox.nameable(lease))))
        pull = msgspec.structs.replace(pull, acknowledge=Acknowledgement(lease=lease.id, numbers=tuple(named)))
        mailbox.settle(lease, set(named), set())
    expected = mailbox.given(pull)
    page = await world.mailboxes.pull(pull, by(GHENT))
    assert (numbers(page), page.depth, page.parked) == (expected, len(mailbox.waiting), len(mailbox.parked))
    mailbox.take(page, pull)


async def parked(world: Town, mailbox: Mailbox, random: Random) -> None:
    """Set an item of a lease aside."""
    leases = [lease for lease in mailbox.leases if mailbox.nameable(lease)]
    if leases:
        lease = random.choice(leases)
        number = random.choice(mailbox.nameable(lease))
        await world.mailboxes.park(Parking(lease=lease.id, numbers=(number,), reason="schema"), by(GHENT))
        mailbox.settle(lease, {number}, mailbox.parked)


async def ended(database: Database, mailbox: Mailbox) -> None:
    """Let the time of all leases be over."""
    moved = "UPDATE mailbox_lease SET leased_until = now() - interval '1 second' WHERE leased_until IS NOT NULL"
    await execute(database.url("crossroads_owner"), moved)
    for lease in mailbox.leases:
        lease.running = False


@pytest.mark.parametrize("seed", range(3))
async def test_a_pull_gives_what_waits_longest_whatever_came_before(
    world: Town, people: list[str], database: Database, seed: int
) -> None:
    random, mailbox = Random(seed), Mailbox()
    for _ in range(STEPS):
        match random.choice("ttppppaxx"):
            case "t":
                await added(world, mailbox, people, random)
            case "p":
                await pulled(world, mailbox, random)
            case "a":
                await parked(world, mailbox, random)
            case _:
                await ended(database, mailbox)
    assert len(mailbox.slots) > STEPS / 4


async def test_what_is_left_open_for_ever_does_not_slow_the_rest(
    world: Town, people: list[str], database: Database
) -> None:
    """A consumer that cannot deal with an item, and does not park it, is given it again, and what comes after."""
    await world.told(*(change(person) for _ in range(10) for person in people))
    for at in range(4):
        page = await world.pull(GHENT, count=10)
        assert numbers(page) == [1, *range(2 + 9 * at, 11 + 9 * at)]
        assert page.lease
        await world.mailboxes.acknowledge(
            Acknowledgement(lease=page.lease, numbers=tuple(numbers(page)[1:])), by(GHENT)
        )
        await ended(database, Mailbox())
    looked_from = await world.pool.fetchval("SELECT beyond FROM mailbox_lease WHERE recipient = $1", GHENT)
    assert looked_from == 38
