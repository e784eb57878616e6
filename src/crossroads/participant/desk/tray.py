"""The items of the mailbox that the desk has taken: one lease for all its users, who deal with them one by one.

Nothing of it is kept on disk: items that nobody dealt with when the lease ends are given again.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from crossroads.kernel.clock import Clock
from crossroads.participant.client import Client
from crossroads.wire.mutations import MAXIMUM_ITEMS, Item, MailboxPage, Pull

COUNT = 50
LEASE_SECONDS = 900


class Tray:
    """What is taken and not dealt with yet."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Begin empty."""
        self._client, self._clock = client, clock
        self._lease: UUID | None = None
        self._until: datetime | None = None
        self._items: dict[int, Item] = {}
        self._taking = asyncio.Lock()

    @property
    def items(self) -> dict[int, Item]:
        """The items by number, as long as they are the desk's."""
        if self._until is not None and self._clock.now() >= self._until:
            self._items, self._lease, self._until = {}, None, None
        return self._items

    @property
    def until(self) -> datetime | None:
        """Until when the items are the desk's."""
        return self._until if self.items else None

    async def take(self, *, parked: bool = False) -> MailboxPage | None:
        """Take the next items, or those that were set aside, unless some are still to be dealt with.

        Raises Refused, Unavailable or Tampered.
        """
        async with self._taking:
            if self.items:
                return None
            page = await self._client.pull(Pull(count=COUNT, lease_seconds=LEASE_SECONDS, parked=parked))
            self._lease, self._until = page.lease, page.leased_until
            self._items = {item.number: item for item in page.items} if page.lease else {}
            return page

    async def given(self, number: int) -> Item | None:
        """Give an item that was given before, whoever has it now. Raises Refused, Unavailable or Tampered.

        Refused where it was dealt with so long ago that it is kept no longer.
        """
        if number in self.items:
            return self.items[number]
        page = await self._client.pull(Pull(count=1, from_=number))
        return next((item for item in page.items if item.number == number), None)

    async def earlier(self, numbers: Collection[int]) -> list[Item]:
        """Give items that were given before, the newest first, as far as they are kept and not too far apart.

        Raises Refused, Unavailable or Tampered.
        """
        if not numbers:
            return []
        newest = max(numbers)
        kept = (await self._client.pull(Pull(count=1, from_=newest))).first_kept
        first = max(min(numbers), kept, newest - MAXIMUM_ITEMS + 1)
        page = await self._client.pull(Pull(count=newest - first + 1, from_=first))
        return [item for item in reversed(page.items) if item.number in numbers]

    async def deal(self, number: int) -> None:
        """Say that an item is dealt with. Raises Refused, Unavailable or Tampered."""
        if self._lease and number in self.items:
            await self._client.acknowledge(self._lease, numbers=[number])
            self._items.pop(number, None)

    async def park(self, number: int, reason: str) -> None:
        """Set an item aside, with a reason that names no person. Raises Refused, Unavailable or Tampered."""
        if self._lease and number in self.items:
            await self._client.park(self._lease, [number], reason)
            self._items.pop(number, None)
