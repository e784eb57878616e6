"""What is read of a request about a page before it is worked on: who asks and by what permit. Its records come later.

To read ten thousand records takes longer than to answer a question about one person, so that is done elsewhere.
"""

from hashlib import sha256
from uuid import UUID

import msgspec

from crossroads.kernel.clock import Moment
from crossroads.wire.decoding import decode
from crossroads.wire.messages import Message, ProvenKey


class PagePermit(Message, frozen=True, kw_only=True):
    """`BulkPermit`, its scopes not yet read."""

    audience: str
    holder: str
    issued_at: Moment
    expires_at: Moment
    asker: str
    on_behalf_of: str | None = None
    legal_context: str
    encryption_key: str
    scopes: msgspec.Raw


class Head(Message, frozen=True, kw_only=True):
    """`BulkRequest`, its records not yet read."""

    ticket: UUID
    page: int
    permit: PagePermit
    statement: str
    openings: dict[str, str]
    records: msgspec.Raw
    asker_keys: tuple[ProvenKey, ...]
    deadline: Moment
    checkpoint: str

    @property
    def digest(self) -> str:
        """What the request asks, whenever it is permitted anew: the same question has the same digest."""
        known = (self.ticket, self.page, self.permit.holder, self.statement, self.openings)
        return sha256(
            b"\n".join((msgspec.json.encode(known), bytes(self.permit.scopes), bytes(self.records)))
        ).hexdigest()


_decoder = msgspec.json.Decoder(Head)


def read_head(body: bytes) -> Head:
    """Read a request as far as that. Raises Malformed."""
    return decode(body, _decoder)
