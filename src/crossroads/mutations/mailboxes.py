"""Emptying mailboxes: under a lease, in order, each item logged before it is told for the first time.

Authorisation and inscription are checked again at the first delivery; what was decided then is kept with the item. The
slots of a lane are locked while items are given and dealt with, so that two consumers never have one item.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from uuid6 import uuid7

from crossroads.access.model import Pointer
from crossroads.access.push import Changed, Pushing, PushPermit
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.directory.rules import CurrentCatalogue
from crossroads.identity.closure import closure_of
from crossroads.identity.database import Connection, Pool, outages, transaction
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.kernel.period import Period
from crossroads.mutations import mailbox_store, store
from crossroads.mutations.mailbox_store import About, Given, Lag, Row, given_of
from crossroads.mutations.model import Person, State
from crossroads.wire.messages import AnsweredSsin, Asker
from crossroads.wire.mutations import (
    Acknowledgement,
    Change,
    Item,
    MailboxPage,
    MutationKind,
    Parking,
    Pull,
    Settled,
    Void,
)

_CODES = {str(code): code for code in Code}


class Mailboxes:
    """The mailboxes of all institutions."""

    def __init__(self, pool: Pool, log: Log, catalogue: CurrentCatalogue, surroundings: Surroundings) -> None:
        """Give the log connections of its own, not those of `pool`: it is awaited while one of them is held."""
        self._pool, self._log, self._catalogue, self._surroundings = pool, log, catalogue, surroundings

    async def pull(self, pull: Pull, signed: Signed) -> MailboxPage:
        """Give the next items of a lane, under a lease; or items from a number on, again. Raises Unavailable."""
        recipient = signed.institution
        async with store.lasting(self._pool) as connection:
            page = await (self._replayed if pull.from_ else self._leased)(connection, recipient, pull)
            depth = await mailbox_store.depth(connection, recipient)
        return msgspec.structs.replace(page, depth=depth.waiting, parked=depth.parked, checkpoint=self._log.checkpoint)

    async def acknowledge(self, done: Acknowledgement, signed: Signed) -> Settled:
        """Count items as dealt with. Raises Refused for a lease or number that is not the consumer's."""
        named = done.numbers or (done.up_to or 0,)
        return await self._settle(signed, done.lease, named, State.ACKNOWLEDGED, up_to=done.up_to)

    async def park(self, parking: Parking, signed: Signed) -> Settled:
        """Set items aside. Raises Refused as `acknowledge`, and Malformed for a reason that is a person's number."""
        self._surroundings.check_pseudonymous({"$.reason": parking.reason})
        return await self._settle(signed, parking.lease, parking.numbers, State.PARKED, reason=parking.reason)

    async def find(self, asker: Asker, ticket: UUID, ssin: str) -> Pointer | None:
        """Give what an asker was told of under a ticket; None where it was not, or of another person."""
        with outages():
            async with self._pool.acquire() as connection:
                closure = await closure_of(connection, ssin)
                persons = closure.persons if closure else ()
                return await mailbox_store.delivered(connection, asker.institution, asker.concerned, ticket, persons)

    async def lags(self) -> list[Lag]:
        """Give how each mailbox stands, for who runs the hub. Raises Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                return await mailbox_store.mailboxes(connection)

    async def _leased(self, connection: Connection, recipient: str, pull: Pull) -> MailboxPage:
        slots = await mailbox_store.locked_slots(connection, recipient, pull.slots)
        page = MailboxPage(environment=self._surroundings.environment)
        if running := [slot.leased_until for slot in slots if slot.running and slot.leased_until]:
            return msgspec.structs.replace(page, leased_until=max(running))
        state = State.PARKED if pull.parked else State.WAITING
        rows = await mailbox_store.next_items(connection, recipient, pull.slots, state, pull.count)
        if not rows:
            return page
        items = await self._deliver(connection, recipient, rows)
        lease, lasting = uuid7(), timedelta(seconds=pull.lease_seconds)
        numbers = [row.number for row in rows]
        until = await mailbox_store.lease(connection, recipient, slots, lease, numbers, lasting)
        return msgspec.structs.replace(page, items=items, lease=lease, leased_until=until)

    async def _replayed(self, connection: Connection, recipient: str, pull: Pull) -> MailboxPage:
        await mailbox_store.locked_slots(connection, recipient, pull.slots)
        rows = await mailbox_store.items_from(connection, recipient, pull.slots, pull.from_ or 1, pull.count)
        items = await self._deliver(connection, recipient, rows, again=True)
        return MailboxPage(environment=self._surroundings.environment, items=items)

    async def _deliver(
        self, connection: Connection, recipient: str, rows: Sequence[Row], *, again: bool = False
    ) -> tuple[Item, ...]:
        """Decide what is told for the first time, or again, log it, and give all items as they are told."""
        people = await store.people(connection, list({row.person for row in rows}))
        now = self._surroundings.clock.now()
        pushing = Pushing(self._catalogue.current, brussels_day(now))
        delivery = _Delivery(recipient, pushing, await mailbox_store.about(connection, rows, now), people)
        told = [delivery.tell(row, again=again) for row in rows]
        await mailbox_store.deliver(connection, recipient, [(one.row, one.given) for one in told if one.first])
        await self._log.append_many(one.entry for one in told if one.entry)
        return tuple(delivery.item(one) for one in told)

    async def _settle(
        self,
        signed: Signed,
        lease: UUID,
        named: Sequence[int],
        state: State,
        *,
        up_to: int | None = None,
        reason: str | None = None,
    ) -> Settled:
        recipient = signed.institution
        async with transaction(self._pool) as connection:
            numbers, still_open, slots = await mailbox_store.leased(connection, recipient, lease)
            if not numbers:
                raise Refused(code=Code.LEASE_UNKNOWN)
            if not set(named) <= set(numbers):
                raise Refused(code=Code.NUMBER_NOT_LEASED)
            wanted = [number for number in still_open if number <= up_to] if up_to else named
            dealt = set(wanted) & set(still_open)
            places = await mailbox_store.places(connection, recipient, dealt)
            if not {slot for slot, _ in places.values()} <= slots:
                raise Refused(code=Code.LEASE_UNKNOWN)
            await mailbox_store.settle(connection, recipient, places, state, reason)
            left = [number for number in still_open if number not in dealt]
            await mailbox_store.keep_open(connection, recipient, lease, left)
            depth = await mailbox_store.depth(connection, recipient)
        return Settled(
            environment=self._surroundings.environment, open=len(left), depth=depth.waiting, parked=depth.parked
        )


class _Told(NamedTuple):
    """An item as it is told now."""

    row: Row
    given: Given
    first: bool
    entry: Entry | None


class _Delivery:
    """Items of one mailbox, judged by one catalogue."""

    def __init__(
        self, recipient: str, pushing: Pushing, abouts: Mapping[int, About], people: Mapping[int, Person]
    ) -> None:
        self._recipient, self._pushing, self._abouts, self._people = recipient, pushing, abouts, people

    def tell(self, row: Row, *, again: bool) -> _Told:
        """Decide about an item that is told for the first time, or again from a number on."""
        if row.given is not None and not again:
            return _Told(row, row.given, first=False, entry=None)
        decided = self._decided(row)
        first = row.given is None
        given = given_of(decided)
        if row.given is not None and row.given.void:
            given = row.given
        return _Told(row, given, first, self._entry(row, given, decided, first=first))

    def item(self, told: _Told) -> Item:
        """Give an item as it travels."""
        row, given = told.row, told.given
        void = _CODES[given.void] if given.void else None
        return Item(
            number=row.number,
            previous=row.previous,
            slot=row.slot,
            ticket=row.ticket,
            added_at=row.added_at,
            concerning=row.institution if row.institution != self._recipient else None,
            change=None if void else self._change(row, given),
            void=Void(code=str(void), reason=void.description) if void else None,
            parked=row.reason,
        )

    def _decided(self, row: Row) -> PushPermit | Code:
        about = self._abouts[row.mutation]
        changed = Changed(about.source, about.data_group, Period(about.start_date, about.end_date))
        own = [line for line in self._people[row.person].lines if line.institution == row.institution]
        decided = self._pushing.decide(changed, row.institution, own)
        if isinstance(decided, PushPermit) and decided.mailbox != self._recipient:
            return Code.NOT_MANAGED
        return decided

    def _change(self, row: Row, given: Given) -> Change:
        about, person = self._abouts[row.mutation], self._people[row.person]
        group = self._pushing.snapshot.data_group(about.data_group, self._pushing.on)
        sealed = group is None or group.sealed
        content = about.content if given.whole and not sealed else None
        return Change(
            ssin=AnsweredSsin(value=person.ssin, replaces=about.ssin if about.ssin != person.ssin else None),
            data_group=about.data_group,
            period=given.period or Period(about.start_date, about.end_date),
            kind=MutationKind(about.kind),
            happened_on=about.happened_on,
            source=about.source,
            legal_context=given.legal_context or "",
            authorisation=given.authorisation or "",
            sealed=sealed,
            content=msgspec.json.decode(content) if content else None,
            wrong_since=about.wrong_since,
        )

    def _entry(self, row: Row, given: Given, decided: PushPermit | Code, *, first: bool) -> Entry:
        about = self._abouts[row.mutation]
        return Entry(
            event=Event.ITEM_VOIDED if given.void else Event.ITEM_DELIVERED,
            ticket=row.ticket,
            person=row.person,
            asker=row.institution,
            fields={
                "mailbox": self._recipient,
                "number": row.number,
                "first": first,
                "source": about.source,
                "dataGroup": about.data_group,
                "kind": about.kind,
                "period": msgspec.to_builtins(given.period),
                "content": bool(given.whole and about.content),
                "legalContext": given.legal_context,
                "authorisation": given.authorisation,
                "lines": list(decided.lines) if isinstance(decided, PushPermit) else [],
                "catalogueVersion": self._pushing.snapshot.version,
                "code": given.void,
            },
        )
