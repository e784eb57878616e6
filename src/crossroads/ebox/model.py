"""What a box is made of. Pure."""

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.audit.model import Receipt
from crossroads.wire.box import Delivery, DocumentCard, Sort, Subject


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What lists a message, as it is kept until it expires."""

    subject: Subject
    sort: Sort
    documents: tuple[DocumentCard, ...]


class Step(NamedTuple):
    """When something was done with a message, and where the log has it."""

    at: datetime
    stream: int
    place: int


class Kept(NamedTuple):
    """A message."""

    person: int
    message: UUID
    ssin: str
    """The number under which the sender published."""
    sender: str
    reference: str
    legal_context: str
    content: Content | None
    """None once it expired."""
    received_on: date
    expires_on: date
    remind_on: date
    published: Step
    reminded: Step | None = None
    opened: Step | None = None

    def listed(self, today: date) -> bool:
        """Tell whether it is in the list on a day."""
        return self.content is not None and self.received_on <= today < self.expires_on

    def document(self, digest: str) -> DocumentCard | None:
        """Give a document of it."""
        documents = self.content.documents if self.content else ()
        return next((one for one in documents if one.digest == digest), None)


class Used(NamedTuple):
    """What a reference of a sender was used for."""

    digest: bytes
    message: UUID
    person: int
    active: bool
    published_at: datetime
    receipt: Receipt

    @property
    def delivery(self) -> Delivery:
        """What became of the message."""
        return Delivery.PUBLISHED if self.active else Delivery.NOT_ACTIVE


class Consent(NamedTuple):
    """From when until when a person wants messages."""

    active_from: datetime
    active_until: datetime | None
