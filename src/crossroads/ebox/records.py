"""What the log keeps of a box: who did what with which message. Never the subject, nor the name of a document."""

from collections.abc import Mapping
from uuid import UUID

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.kernel.guards import Signed
from crossroads.wire.canonical import b64url, sha256

OPENED = frozenset({"event", "ticket", "at", "asker", "reference", "message", "request", "legalContext"})
"""The fields that a proof opens to the sender: not who the person is in the log, nor who looked."""


def entry(
    event: Event, ticket: UUID, asker: str, fields: Mapping[str, object], signed: Signed, person: int | None = None
) -> Entry:
    """Give the entry of something that an institution asked, with what is kept of its request."""
    every = {**fields, **_of_request(signed)}
    return Entry(event=event, ticket=ticket, person=person, asker=asker, fields=every)


def _of_request(signed: Signed) -> dict[str, object]:
    return {
        "request": b64url(sha256(signed.body)),
        "keyId": signed.key_id,
        "requestSignature": signed.signature,
    }
