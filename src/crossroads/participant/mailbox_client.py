"""What a consumer needs of a client."""

from typing import Protocol
from uuid import UUID

from crossroads.wire.mutations import MailboxPage, Pull, Settled


class MailboxClient(Protocol):
    """What the consumer needs of a client, as `SyncClient` has it."""

    def pull(self, pull: Pull | None = None) -> MailboxPage:
        """Take items."""
        ...

    def acknowledge(self, lease: UUID, *, numbers: list[int]) -> Settled:
        """Say which are dealt with."""
        ...

    def park(self, lease: UUID, numbers: list[int], reason: str) -> Settled:
        """Set some aside."""
        ...
