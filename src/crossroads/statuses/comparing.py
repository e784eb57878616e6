"""As whom rights are looked into when they are asked about: one client, one look at the catalogue a minute, for all."""

import asyncio
import time
from datetime import date
from functools import cached_property

from crossroads.participant.client import Client, ClientConfig
from crossroads.statuses.granting import Granted, NotGranted, granted
from crossroads.statuses.rights import Right

_SECONDS = 60
"""How long the tables count as those of the catalogue once they were read."""


class Comparing:
    """What the rights of an institution have in common."""

    def __init__(self, config: ClientConfig) -> None:
        """Open no connection yet."""
        self.institution = config.institution
        self._config, self._turn = config, asyncio.Lock()
        self._read: tuple[Granted, float] | None = None

    @cached_property
    def client(self) -> Client:
        """With which is asked."""
        return Client(self._config)

    async def check(self, right: Right, day: date) -> None:
        """Let a right be decided by no other table than the catalogue has in force. Raises NotGranted and Unavailable.

        What refuses is read anew for the next question.
        """
        found = await self._granted(day)
        try:
            found.check(right)
        except NotGranted:
            self._read = None
            raise

    async def close(self) -> None:
        """Close the connections; the next question would open them again."""
        if client := self.__dict__.pop("client", None):
            await client.close()

    async def _granted(self, day: date) -> Granted:
        # Who comes while it is read waits for that.
        async with self._turn:
            if self._read is None or self._read[0].day != day or time.monotonic() - self._read[1] > _SECONDS:
                now = time.monotonic()
                self._read = (await self.client.published(granted, day), now)
            return self._read[0]
