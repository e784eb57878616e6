"""What identity needs of others: the register that knows who exists, and rules that a link of persons may break."""

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


class Mandates(Protocol):
    """Rules of rooms above on who may do what about people. What they do not find, they refuse."""

    def acts_for(self, signer: str, institution: str) -> None:
        """Let an institution act for itself or one that it manages. Raises Refused."""
        ...

    def identifies(self, signer: str, institution: str, legal_context: str | None) -> str:
        """Let an institution find people, for a purpose or, without one, for any that it has.

        Gives the reference of the authorisation. Raises Refused.
        """
        ...

    def is_register(self, institution: str) -> bool:
        """Tell whether the institution is the register of persons."""
        ...

    async def keeps(self, connection: Connection, institution: str, persons: Sequence[int]) -> bool:
        """Tell whether the institution has one of the persons inscribed today, definitively."""
        ...


class SearchRate(Protocol):
    """How often one institution may search."""

    async def take(self, institution: str) -> None:
        """Count a search, over all processes. Raises what the gate raises when there are too many, and Unavailable."""
        ...


class Overlapping(NamedTuple):
    """An inscription of a person that, since a link, overlaps one of another institution in an exclusive context."""

    person: int
    inscription: int


class LinkRule(Protocol):
    """A rule of a room above that a link may break: who is one human being is not for a rule to say."""

    async def __call__(
        self, connection: Connection, source: Sequence[int], target: Sequence[int]
    ) -> Sequence[Overlapping]:
        """Give what breaks it once these persons and those are one; look under the locks of all of them."""
        ...
