"""Bringing changes to the mailboxes: one process of the hub at a time does it, for all mailboxes.

It holds a lease with an epoch, and each batch begins with holding on to it in the same transaction: who was slow or cut
off and lost it writes nothing any more. Counters, items and the queue commit together, so that numbers have no gap and
no change is brought twice, whenever a process dies.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from crossroads.access.push import Pushing, Reach
from crossroads.catalogue.service import Catalogue
from crossroads.identity.closure import moment_of_change
from crossroads.identity.database import Connection, Pool, outages
from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.errors import Unavailable
from crossroads.mutations import corrections, store
from crossroads.mutations.mailbox_store import Lag
from crossroads.mutations.mailboxes import Mailboxes
from crossroads.mutations.model import Addressed, Queued, numbered, slot_of
from crossroads.mutations.pushing import CurrentRule
from crossroads.mutations.retention import ItemRetention
from crossroads.mutations.service import Mutations
from crossroads.mutations.writer import Writer

BATCH = 500
"""Changes that are brought to the mailboxes together at most."""
_IDLE_SECONDS = 0.05
_WATCH_SECONDS = 10
_EXPIRY_SECONDS = 600

Observer = Callable[[Sequence[Lag]], None]

_log = structlog.get_logger(__name__)


class Distributor:
    """Fills the mailboxes, while it may."""

    def __init__(self, pool: Pool, catalogue: Catalogue, clock: Clock, writer: Writer | None = None) -> None:
        """Do nothing yet. Other work of the process that writes to the mailboxes shares the writer."""
        self._pool, self._catalogue, self._clock = pool, catalogue, clock
        self._writer = writer or Writer()
        self._rule = CurrentRule()

    async def run(self) -> None:
        """Fill the mailboxes until cancelled, whenever no other process does."""
        await self._writer.keep(self._pool, self.distribute, "filling the mailboxes", _IDLE_SECONDS)

    async def distribute(self) -> int:
        """Bring a batch of changes to the mailboxes, and count them. Raises NotTheWriter and Unavailable."""
        with outages():
            async with self._pool.acquire() as connection:
                now = await store.work(connection)
        if not now.waits:
            return 0
        snapshot = await self._catalogue.refresh(now.catalogue_version)
        pushing = self._rule.under(snapshot, brussels_day(self._clock.now()))
        async with store.lasting(self._pool) as connection:
            await self._writer.hold(connection)
            changes = await store.queued(connection, BATCH)
            if changes:
                await _bring(connection, changes, pushing)
        return len(changes)


async def _bring(connection: Connection, changes: Sequence[Queued], pushing: Pushing) -> None:
    people = await store.people(connection, list({change.person for change in changes}))
    addressed = []
    for change in changes:
        person = people[change.person]
        permits = pushing.permits(change.changed, person.lines)
        if change.changed.reach is Reach.GIVEN:
            permits += await corrections.addressed(connection, change, person, pushing, permits)
        addressed.append(Addressed(change, slot_of(person.today), permits))
    recipients = sorted({permit.mailbox for one in addressed for permit in one.permits})
    if recipients:
        tails = await store.locked_tails(connection, recipients)
        items, moved = numbered(addressed, tails, await moment_of_change(connection))
        await store.fill(connection, items, moved)
    await store.unqueue(connection, changes)


class Watch:
    """Tells observers from time to time how the mailboxes stand."""

    def __init__(self, mailboxes: Mailboxes) -> None:
        """Tell nobody yet."""
        self._mailboxes = mailboxes
        self.observers: list[Observer] = []

    async def run(self) -> None:
        """Tell them until cancelled; without any, ask nothing of the database."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if not self.observers:
                continue
            try:
                lags = await self._mailboxes.lags()
                for observe in self.observers:
                    observe(lags)
            except Unavailable as error:
                _log.warning("mailboxes not watched", reason=str(error))
            except Exception:  # noqa: BLE001 - nobody awaits this task: it must not end in silence
                _log.exception("mailboxes not watched")


async def expire(mutations: Mutations, items: ItemRetention) -> None:
    """Remove content and items whose time has come, from time to time, until cancelled."""
    while True:
        try:
            await mutations.expire_content()
            await items.expire()
        except Unavailable as error:
            _log.warning("content not expired", reason=str(error))
        except Exception:  # noqa: BLE001 - as above
            _log.exception("content not expired")
        await asyncio.sleep(_EXPIRY_SECONDS)
