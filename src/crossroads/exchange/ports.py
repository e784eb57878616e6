"""What the exchange needs from others: somebody who asks a source, and who knows what an asker was told of."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from crossroads.access.model import Permit, Pointer
from crossroads.kernel.codes import Code, StatusValue
from crossroads.wire.messages import Asker, Block, ProvenKey, SourceTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a source is asked, with all it needs to check that it may answer."""

    ticket: UUID
    permit: Permit
    statement: str
    openings: dict[str, str]
    """Of the groups of this permit alone."""
    asker_keys: tuple[ProvenKey, ...]
    encryption_key: str
    received_on: date
    """The Brussels day of the question: the catalogue counts as of then."""
    deadline: datetime
    checkpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReply:
    """How it went at one source. A source never raises: what failed is in status and code."""

    status: StatusValue
    code: Code | str
    blocks: tuple[Block, ...] = ()
    asked_at: datetime
    answered_at: datetime
    times: SourceTimes | None = None
    signature: dict[str, str] | None = None
    """What is kept of the signature of the source's answer."""

    @property
    def milliseconds(self) -> int:
        """How long the source took, as the hub saw it."""
        return int((self.answered_at - self.asked_at).total_seconds() * 1000)


class Sources(Protocol):
    """Whoever asks the sources."""

    async def ask(self, errand: Errand) -> SourceReply:
        """Ask one source, within the deadline."""
        ...


class Pointers(Protocol):
    """Whoever knows the changes that institutions were told of."""

    async def find(self, asker: Asker, ticket: UUID, ssin: str) -> Pointer | None:
        """Give what the asker was told of under the ticket; None where it was not, or of another person."""
        ...
