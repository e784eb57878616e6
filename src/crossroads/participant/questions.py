"""Making a question: the statement that the asker signs, and the signed request. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.errors import InvalidValue, Refused
from crossroads.kernel.period import Period
from crossroads.participant.trust import Trust
from crossroads.wire.decoding import convert
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import Question
from crossroads.wire.mutations import Item
from crossroads.wire.signatures import Request, new_nonce, sign_request
from crossroads.wire.statements import Statement, group_digests, new_salts, sign_statement

LIFE = timedelta(seconds=120)
"""How long a statement is valid."""
JSON = "application/json"


class Wish(NamedTuple):
    """What a caller wants to know."""

    ssin: str
    legal_context: str
    data_groups: Sequence[str]
    agent: str
    period: Period | None = None
    reference_date: date | None = None
    on_behalf_of: str | None = None
    customer_ticket: str | None = None
    mutation: UUID | None = None
    """The ticket of the change that is asked about."""


class Asking(NamedTuple):
    """Who asks: the institution's keys and what it pins."""

    institution: str
    sign: SigningKey
    seal: SealingKey
    trust: Trust


class Asked(NamedTuple):
    """A question as it is sent: the request, what was stated, and what must come back."""

    request: Request
    statement: Statement
    wish: Wish


def build(wish: Wish, asking: Asking, hub: str, checkpoint: str, now: datetime) -> Asked:
    """Make a signed question. Raises InvalidValue or Malformed for one that cannot be asked."""
    if wish.period is None and wish.reference_date is None:
        raise InvalidValue("A question is about a period, or a reference date.")
    salts = new_salts(wish.data_groups)
    statement = stated(wish, asking, group_digests(salts), checkpoint, now)
    body = _body(wish, asking, sign_statement(statement, asking.sign), salts)
    return Asked(signed(f"{hub}/v1/exchanges", body, asking.sign, now), statement, wish)


def stated(wish: Wish, asking: Asking, digests: tuple[str, ...], checkpoint: str, now: datetime) -> Statement:
    """Make the statement of a question; `digests` are of the disclosures of what is asked for."""
    return Statement(
        asker=asking.institution,
        on_behalf_of=wish.on_behalf_of,
        agent=wish.agent,
        legal_context=wish.legal_context,
        ssin=wish.ssin,
        data_groups=digests,
        period=wish.period,
        reference_date=wish.reference_date,
        encryption_key=asking.seal.jwk.thumbprint,
        nonce=new_nonce(),
        issued_at=now,
        expires_at=now + LIFE,
        installation=asking.trust.installation,
        environment=asking.trust.environment,
        checkpoint=checkpoint,
    )


def fetching(item: Item, agent: str, now: datetime) -> Wish:
    """Give the question that fetches the data of an item of the mailbox. Raises Refused for one that is void."""
    change = item.change
    if change is None:
        raise Refused(item.void.reason if item.void else "The item tells of no change.")
    # A moment group is asked for one day: the last of the change, today where that has no end.
    today = max(change.period.start_date, brussels_day(now))
    return Wish(
        ssin=change.ssin.value,
        legal_context=change.legal_context,
        data_groups=[change.data_group],
        agent=agent,
        period=change.period,
        reference_date=change.period.end_date or today,
        on_behalf_of=item.concerning,
        mutation=item.ticket,
    )


def signed(url: str, body: bytes, key: SigningKey, now: datetime) -> Request:
    """Give a signed POST of JSON."""
    headers = {"content-type": JSON}
    headers |= sign_request(key, Request("POST", url, headers, body), now)
    return Request("POST", url, headers, body)


def _body(wish: Wish, asking: Asking, statement: str, salts: dict[str, str]) -> bytes:
    content = {
        "customerTicket": wish.customer_ticket,
        "asker": {
            "institution": asking.institution,
            "onBehalfOf": wish.on_behalf_of,
            "agent": wish.agent,
            "encryptionKey": asking.seal.jwk.thumbprint,
        },
        "legalContext": wish.legal_context,
        "ssin": wish.ssin,
        "dataGroups": list(wish.data_groups),
        "period": msgspec.to_builtins(wish.period),
        "referenceDate": wish.reference_date.isoformat() if wish.reference_date else None,
        "statement": statement,
        "openings": salts,
        "mutation": str(wish.mutation) if wish.mutation else None,
    }
    # Through the message's own rules: what the hub would refuse as malformed is told here, with its place.
    return msgspec.json.encode(convert(content, Question))
