"""Emptying mailboxes: under a lease, in order, each item logged before it is told for the first time.

Authorisation and inscription are checked again whenever an item is given; what was decided last is kept with the item.
The slots of a lane are locked while items are given and dealt with, so that two consumers never have one item.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.access.model import Pointer
from crossroads.audit.service import Log
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.closure import closure_of, moment_of_change
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.sentences import Sentence, together
from crossroads.mutations import lease_store, mailbox_store, report_store, store
from crossroads.mutations.delivery import Delivery
from crossroads.mutations.lease_store import Held, Leased, Locked
from crossroads.mutations.mailbox_store import Given, Lag, Row, Standing
from crossroads.mutations.model import POINTER_LIFE, Addressed, State, numbered, slot_of
from crossroads.mutations.pushing import CurrentRule
from crossroads.mutations.turns import InstitutionTurns
from crossroads.wire.messages import Asker
from crossroads.wire.mutations import Acknowledgement, Item, MailboxPage, Parking, Pull, Settled


class Mailboxes:
    """The mailboxes of all institutions."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings
        self._turns, self._rule = InstitutionTurns(), CurrentRule()

    async def pull(self, pull: Pull, signed: Signed) -> MailboxPage:
        """Give the next items of a lane, under a lease; or items from a number on, again.

        Raises Refused where not all items from that number on are there any more, or for a lease or number to be
        acknowledged that is not the consumer's, and Unavailable.
        """
        recipient = signed.institution
        give, begin = (self._replayed, store.lasting) if pull.from_ else (self._leased, transaction)
        async with self._turns.turn(recipient), begin(self._pool) as connection:
            page = await give(connection, recipient, pull)
        return msgspec.structs.replace(page, checkpoint=self._log.checkpoint)

    async def acknowledge(self, done: Acknowledgement, signed: Signed) -> Settled:
        """Count items as dealt with. Raises Refused for a lease or number that is not the consumer's."""
        return await self._settled(signed, Named(done.lease, State.ACKNOWLEDGED, done.numbers or (), done.up_to))

    async def park(self, parking: Parking, signed: Signed) -> Settled:
        """Set items aside. Raises Refused as `acknowledge`, and Malformed for a reason that is a person's number."""
        self._surroundings.check_pseudonymous({"$.reason": parking.reason})
        return await self._settled(signed, Named(parking.lease, State.PARKED, parking.numbers, reason=parking.reason))

    async def find(self, asker: Asker, ticket: UUID, ssin: str) -> Pointer | None:
        """Give what an asker was told of under a ticket; None where it was not, long ago, or of another person."""
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, ssin)
                persons = closure.persons if closure else ()
                since = self._surroundings.clock.now() - POINTER_LIFE
                return await mailbox_store.delivered(connection, asker, ticket, persons, since)

    async def lags(self) -> list[Lag]:
        """Give how each mailbox stands, for who runs the hub. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return await mailbox_store.mailboxes(connection)

    async def _leased(self, connection: Connection, recipient: str, pull: Pull) -> MailboxPage:
        locked = known = None
        if pull.acknowledge:
            locked, known, standing = await self._acknowledged(connection, recipient, pull.acknowledge)
        else:
            standing = await mailbox_store.standing(connection, recipient, pull.slots)
        page = self._page(standing)
        if standing.leased_until or not await self._may_give(connection, recipient, pull, standing):
            return msgspec.structs.replace(page, leased_until=standing.leased_until)
        locked = locked or await lease_store.locked(connection, recipient)
        held = await lease_store.leases(connection, recipient, pull.slots, known)
        if running := [one.running for one in held if one.running]:
            return msgspec.structs.replace(page, leased_until=max(running))
        found = await lease_store.next_items(connection, recipient, locked, held, pull)
        if not found.items:
            return page
        told = await self._deliver(connection, recipient, found.items)
        ended = await lease_store.take_from(connection, recipient, held, pull.slots)
        given = found._replace(decided=told.decided)
        lease, until = await lease_store.lease(connection, recipient, given, locked, pull, ended)
        return msgspec.structs.replace(page, items=told.items, lease=lease, leased_until=until)

    @staticmethod
    async def _acknowledged(
        connection: Connection, recipient: str, done: Acknowledgement
    ) -> tuple[Locked, Held, Standing]:
        """Count items as dealt with before more are given, and give the mailbox as it is then."""
        named = Named(done.lease, State.ACKNOWLEDGED, done.numbers or (), done.up_to)
        locked, left = await _settle(connection, recipient, named)
        return locked, left.held(done.lease), Standing(left.waiting, left.parked, locked.first_kept)

    @staticmethod
    async def _may_give(connection: Connection, recipient: str, pull: Pull, standing: Standing) -> bool:
        """Tell whether there may be items: where there are none, nothing is locked, and the disk not waited for."""
        if pull.parked:
            return standing.parked > 0
        return standing.waiting > 0 and (
            pull.lanes == 1 or await mailbox_store.holds(connection, recipient, pull.slots)
        )

    async def _replayed(self, connection: Connection, recipient: str, pull: Pull) -> MailboxPage:
        start = pull.from_ or 1
        rows = await mailbox_store.items_from(connection, recipient, pull.slots, start, pull.count)
        # Looked up after the items: what is removed in between shows.
        standing = await mailbox_store.standing(connection, recipient)
        if start < standing.first_kept:
            first = Sentence("It is %(number)s.", number=standing.first_kept)
            raise Refused(together(Code.NUMBER_EXPIRED.description, first), code=Code.NUMBER_EXPIRED)
        told = await self._deliver(connection, recipient, rows)
        await mailbox_store.deliver(connection, recipient, told.decided)
        return msgspec.structs.replace(self._page(standing), items=told.items)

    def _page(self, standing: Standing) -> MailboxPage:
        return MailboxPage(
            environment=self._surroundings.environment,
            depth=standing.waiting,
            parked=standing.parked,
            first_kept=standing.first_kept,
        )

    async def _deliver(self, connection: Connection, recipient: str, rows: Sequence[Row]) -> "_Told":
        """Decide what is told, log it, and give all items as they are told; what was decided is yet to be kept."""
        concerned = list({row.institution for row in rows})
        people = await store.people(connection, list({row.person for row in rows}), concerned)
        now = self._surroundings.clock.now()
        pushing = self._rule.under(self._catalogue.current, brussels_day(now))
        abouts = await mailbox_store.about(connection, rows, now)
        if any(row.mutation not in abouts for row in rows):
            # Acknowledged long ago, and removed since they were read: given again, they would tell nothing.
            raise Refused(code=Code.NUMBER_EXPIRED)
        delivery = Delivery(recipient, pushing, abouts, people)
        told = [delivery.tell(row) for row in rows]
        await report_store.delivered(connection, delivery.reports(told))
        await self._log.append_many([*(one.entry for one in told if one.entry), *delivery.repeated(told)])
        await self._move(
            connection,
            [
                Addressed(one.row, slot_of(people[one.row.person].today), [one.elsewhere])
                for one in told
                if one.elsewhere
            ],
        )
        decided = [(one.row, one.given) for one in told if one.changed]
        return _Told(tuple(delivery.item(one) for one in told), decided)

    async def _move(self, connection: Connection, moved: Sequence[Addressed]) -> None:
        """Bring items to the mailboxes where they are told now: who managed the institution does so no longer."""
        recipients = sorted({permit.mailbox for one in moved for permit in one.permits})
        if recipients:
            tails = await store.locked_tails(connection, recipients)
            items, tails = numbered(moved, tails, await moment_of_change(connection))
            await store.fill(connection, items, tails)

    async def _settled(self, signed: Signed, named: "Named") -> Settled:
        async with self._turns.turn(signed.institution), transaction(self._pool) as connection:
            _, left = await _settle(connection, signed.institution, named)
        return Settled(
            environment=self._surroundings.environment, open=len(left.open), depth=left.waiting, parked=left.parked
        )


class _Told(NamedTuple):
    """Items as they are told, and those of which another thing was decided than before."""

    items: tuple[Item, ...]
    decided: Sequence[tuple[Row, Given]]


class Named(NamedTuple):
    """Items of a lease that are to be dealt with: by number, or all up to one."""

    lease: UUID
    state: State
    numbers: Sequence[int] = ()
    up_to: int | None = None
    reason: str | None = None


async def _settle(connection: Connection, recipient: str, named: Named) -> tuple[Locked, Leased]:
    """Deal with items of a mailbox, and give it and the lease as they are then. Raises Refused."""
    locked = await lease_store.locked(connection, recipient)
    found = await lease_store.leased(connection, recipient, named.lease, named.numbers, named.up_to)
    if found is None:
        raise Refused(code=Code.LEASE_UNKNOWN)
    if not set(named.numbers or (named.up_to or 0,)) <= set(found.numbers):
        raise Refused(code=Code.NUMBER_NOT_LEASED)
    if not set(found.places) <= set(found.slots):
        raise Refused(code=Code.LEASE_UNKNOWN)
    if found.named:
        found = await lease_store.settle(connection, recipient, named.lease, found, named.state, named.reason)
    return locked, found
