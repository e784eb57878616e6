"""What a program stores sessions in: each has a table of its own."""

from datetime import datetime
from typing import NamedTuple, Protocol


class Row(NamedTuple):
    """A session as it is stored."""

    key: bytes
    subject: bytes | None
    provider_session: bytes | None
    content: bytes
    version: int
    created_at: datetime
    used_at: datetime
    ends_at: datetime


class Vault(Protocol):
    """Where sessions are stored: of each program its own. All raise Unavailable while that does not work."""

    async def get(self, key: bytes) -> Row | None:
        """Give a session, ended ones included."""
        ...

    async def add(self, row: Row) -> None:
        """Store a new session."""
        ...

    async def replace(self, row: Row) -> bool:
        """Store it anew unless somebody else did since: tell whether. Its version is that which it replaces."""
        ...

    async def remove(self, key: bytes) -> None:
        """Remove a session."""
        ...

    async def remove_of(self, subject: bytes | None, provider_session: bytes | None) -> int:
        """Remove the sessions of a subject, or of one session at the provider: how many."""
        ...

    async def trim(self, subject: bytes, most: int) -> int:
        """Remove the oldest sessions of a subject who has more: how many."""
        ...

    async def purge(self, before: datetime) -> int:
        """Remove what ended before a moment: how many."""
        ...
