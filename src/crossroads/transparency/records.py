"""What the log keeps of those who look: who, why, on whose authority; and of those who are refused."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from crossroads.access.sight import Sight
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.canonical import b64url, sha256


class Look(Protocol):
    """What every request says."""

    @property
    def ssin(self) -> str:
        """About whom."""
        ...

    @property
    def legal_context(self) -> str:
        """Why."""
        ...

    @property
    def agent(self) -> str:
        """Who looks, by a pseudonym."""
        ...


def shown(
    event: Event, ticket: UUID, person: int | None, sight: Sight, agent: str, said: Mapping[str, object], signed: Signed
) -> Entry:
    """Give the entry of what is about to be shown. `said` is what was asked for, without the number."""
    fields = {**said, "authorisation": sight.authorisation, "groupsAsked": [sight.data_group]}
    return _entry(event, ticket, person, sight.legal_context, agent, fields, signed)


def refused(
    ticket: UUID, person: int | None, legal_context: str, agent: str, what: str, error: Refused, signed: Signed
) -> Entry:
    """Give the entry of a refusal: with the person who exists, so that this person sees it."""
    fields = {"what": what, "code": str(error.code) if error.code else None}
    return _entry(Event.LOOK_REFUSED, ticket, person, legal_context, agent, fields, signed)


def entry(
    event: Event,
    ticket: UUID,
    person: int | None,
    look: Look,
    said: Mapping[str, object],
    signed: Signed,
    *,
    legal_context: str | None = None,
) -> Entry:
    """Give the entry of what is done about a person, for the purpose of the look unless another is named."""
    return _entry(event, ticket, person, legal_context or look.legal_context, look.agent, said, signed)


def _entry(
    event: Event,
    ticket: UUID,
    person: int | None,
    legal_context: str,
    agent: str,
    fields: Mapping[str, object],
    signed: Signed,
) -> Entry:
    every = {
        **fields,
        "legalContext": legal_context,
        "agent": agent,
        "keyId": signed.key_id,
        "request": b64url(sha256(signed.body)),
        "requestSignature": signed.signature,
    }
    return Entry(event=event, ticket=ticket, person=person, asker=signed.institution, fields=every)
