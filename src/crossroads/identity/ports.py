"""What identity needs of others: the register that knows who exists, and rules that a link of persons must keep."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol
from uuid import UUID

from crossroads.identity.database import Connection


class Match(NamedTuple):
    """What the register says: never data."""

    exists: bool
    matches: bool


class Register(Protocol):
    """The authentic register of persons, asked through its participant."""

    async def match(self, ticket: UUID, ssin: str, birth_date: str, last_name: str) -> Match:
        """Ask whether the person exists and the particulars are theirs. Raises Unavailable."""
        ...


class LinkRule(Protocol):
    """A rule of a room above that must hold once persons are one."""

    async def __call__(self, connection: Connection, persons: Sequence[int]) -> None:
        """Look, in the transaction that links them and holds their locks. Raises Conflict when the rule would break."""
        ...
