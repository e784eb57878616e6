"""Bringing items to institutions that want them at their endpoint.

The hub is then a consumer of their mailbox like any other: it pulls under a lease, so that each item is judged and
logged before it leaves, brings what it was given, and acknowledges what the institution says it dealt with. Where that
fails it tries again, later and later, and never gives up. Several processes may do this: a lease is one's own.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from random import uniform

import msgspec
import structlog

from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.kinds import Kind
from crossroads.directory.rules import CurrentCatalogue
from crossroads.kernel.clock import Clock, SystemClock, brussels_day
from crossroads.kernel.errors import CrossroadsError, Refused
from crossroads.kernel.guards import Signed
from crossroads.mutations.mailboxes import Mailboxes
from crossroads.mutations.ports import Carrier
from crossroads.wire.decoding import UNREADABLE
from crossroads.wire.mutations import Acknowledgement, ItemsTaken, MailboxPage, Parking, Pull

ITEMS = 20
"""That are brought at once."""
LEASE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
"""Between two tries, however often it failed."""
_IDLE_SECONDS = 1.0
_SHORTEST_SECONDS = 1.0

_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(ItemsTaken).decode


class Bringer:
    """Brings items to all institutions whose entry in the catalogue says so."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        catalogue: CurrentCatalogue,
        carrier: Carrier,
        *,
        longest_pause: timedelta = LONGEST_PAUSE,
        clock: Clock | None = None,
    ) -> None:
        """Bring nothing yet."""
        self._mailboxes, self._catalogue, self._carrier = mailboxes, catalogue, carrier
        self._longest, self._clock = longest_pause.total_seconds(), clock or SystemClock()

    async def run(self) -> None:
        """Bring until cancelled: to each institution by itself, so that none waits for another."""
        tasks: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                wanted = self._wanted()
                for name in tasks.keys() - wanted:
                    tasks.pop(name).cancel()
                tasks |= {name: asyncio.create_task(self._keep_on(name)) for name in wanted - tasks.keys()}
                await asyncio.sleep(_IDLE_SECONDS)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def once(self, institution: str) -> int:
        """Bring what waits for an institution, and count what it dealt with. Raises Unavailable."""
        signed = Signed(institution, "hub", b"", {})
        pull = Pull(count=ITEMS, lease_seconds=int(LEASE.total_seconds()))
        page = await self._mailboxes.pull(pull, signed)
        if page.lease is None:
            return 0
        answer = await self._carrier.bring(institution, msgspec.json.encode(page))
        return await self._settled(page, _taken(answer), signed)

    async def _settled(self, page: MailboxPage, taken: ItemsTaken, signed: Signed) -> int:
        given = {item.number for item in page.items}
        done = tuple(number for number in taken.acknowledged if number in given)
        aside = [(tuple(given & set(one.numbers)), one.reason) for one in taken.parked]
        if page.lease is None:
            return 0
        with suppress(Refused):  # the lease ended, and the items are another's
            if done:
                await self._mailboxes.acknowledge(Acknowledgement(lease=page.lease, numbers=done), signed)
            for numbers, reason in aside:
                if numbers:
                    parking = Parking(lease=page.lease, numbers=numbers, reason=reason[:200])
                    await self._mailboxes.park(parking, signed)
        return len(done) + sum(len(numbers) for numbers, _ in aside)

    async def _keep_on(self, institution: str) -> None:
        pause = 0.0
        while True:
            wait = _IDLE_SECONDS
            try:
                if await self.once(institution):
                    wait = pause = 0.0
            except CrossroadsError as error:
                wait = pause = self._longer(pause)
                _log.warning("items not brought", institution=institution, why=str(error), next_try=round(pause))
            except Exception:  # noqa: BLE001 - whatever it was, the items wait, and a later try may do
                wait = pause = self._longer(pause)
                _log.exception("items not brought", institution=institution)
            await asyncio.sleep(wait * uniform(0.8, 1.0))  # noqa: S311 - so that processes do not try all at once

    def _longer(self, pause: float) -> float:
        return min(max(2 * pause, _SHORTEST_SECONDS), self._longest)

    def _wanted(self) -> set[str]:
        snapshot, today = self._catalogue.current, brussels_day(self._clock.now())
        entries = snapshot.listed(Kind.INSTITUTION, today)
        return {one.id for one in entries if isinstance(one, Institution) and one.push_items}


def _taken(answer: bytes) -> ItemsTaken:
    try:
        return _decode(answer)
    except UNREADABLE:
        raise Refused("The institution did not say what it dealt with.") from None
