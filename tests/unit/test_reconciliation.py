"""A participant's own log beside the hub's: requests to confirm a person."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from crossroads.audit.reconciliation import Difference, Discrepancy, Reconciliation, reconcile
from crossroads.participant.records import match_record
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import MatchRequest
from crossroads.wire.signatures import Request, find_signature, sign_request

REGISTER = "national-register"
HUB = SigningKey.generate("cbss#permit-1")
KIND = {"content-type": "application/json"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND, THIRD = (str(UUID(int=number)) for number in (1, 2, 3))


def asked(ticket: str) -> dict[str, Any]:
    """Give the line of the register's participant, as it writes it."""
    request = MatchRequest(ticket=UUID(ticket), ssin="80631512393", birth_date="1980-03-15", last_name="Peeters")
    signature = find_signature(sign_request(HUB, Request("POST", "https://register.example/", KIND, b"{}"), NOW))
    record = match_record(request, REGISTER, "cbss", b"{}", signature, NOW)
    return {"ticket": record.ticket, "fields": record.fields}


async def compared(told: Mapping[str, str], *tickets: str) -> Reconciliation:
    """Compare a hub's log, given as events by ticket, with the register's."""

    async def entries() -> AsyncIterator[tuple[str, str, Mapping[str, Any]]]:
        for ticket, event in told.items():
            yield event, ticket, {}

    return await reconcile(entries(), [asked(ticket) for ticket in tickets])


async def test_a_match_that_the_hub_logged_agrees() -> None:
    outcome = await compared({FIRST: "identity:match:asked", SECOND: "identity:match:asked"}, FIRST, SECOND)
    assert outcome == Reconciliation(agreed=2)


async def test_a_match_of_which_the_hub_logged_nothing_is_told() -> None:
    outcome = await compared({FIRST: "identity:match:asked", SECOND: "identity:person:created"}, FIRST, SECOND, THIRD)
    assert outcome.agreed == 1
    assert outcome.discrepancies == [
        Discrepancy(ticket, REGISTER, Difference.UNKNOWN_TO_HUB) for ticket in (SECOND, THIRD)
    ]
