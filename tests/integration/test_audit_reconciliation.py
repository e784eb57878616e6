"""A participant's own log beside the hub's: questions to confirm a person, and pages of batches."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from audit_log import entry, open_log
from batch_running import Hall, Source, hall, honest
from batching import CENTRE, OTHER, asked
from crossroads.audit.events import Event
from crossroads.audit.reading import Reading
from crossroads.audit.reconciliation import Difference, Discrepancy, Reconciliation, reconcile
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.participant.records import Signed, match_record, page_fields
from crossroads.sources.pages import page_request
from crossroads.wire.batches import PAGE
from crossroads.wire.bulk import BulkRequest
from crossroads.wire.chunks import record_ticket
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import MatchRequest
from crossroads.wire.pages import read_batch_statement
from crossroads.wire.signatures import Request, find_signature, sign_request
from database import OpenPool
from people import ssin

REGISTER = "national-register"
HUB = SigningKey.generate("cbss#permit-1")
KIND = {"content-type": "application/json"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def matched(ticket: UUID) -> dict[str, Any]:
    """Give the line of the register's participant, as it writes it."""
    request = MatchRequest(ticket=ticket, ssin=ssin(0), birth_date="1980-03-15", last_name="Peeters")
    signature = find_signature(sign_request(HUB, Request("POST", "https://register.example/", KIND, b"{}"), NOW))
    record = match_record(request, REGISTER, "cbss", b"{}", signature, NOW)
    return {"ticket": record.ticket, "fields": record.fields}


async def test_a_match_of_which_the_hub_logged_nothing_is_told(pool: OpenPool) -> None:
    known, other, unknown = (uuid4() for _ in range(3))
    async with open_log(pool) as log:
        await log.append(entry(Event.MATCH_ASKED, known))
        await log.append(entry(Event.PERSON_CREATED, other))
    outcome = await reconcile(Reading(await pool("crossroads_hub")), map(matched, (known, other, unknown)))
    expected = [Discrepancy(str(one), REGISTER, Difference.UNKNOWN_TO_HUB) for one in (other, unknown)]
    assert outcome == Reconciliation(agreed=1, discrepancies=expected)


@dataclass
class Logging:
    """A source with the log that a participant keeps: an entry for each answer."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, source: Source, errand: PageErrand) -> PageReply:
        """Answer as a source should, and log it."""
        body = page_request(errand, errand.permits.holder, NOW, timedelta(seconds=30))
        request = msgspec.json.decode(body, type=BulkRequest)
        _, statement = read_batch_statement(errand.statement)
        signature = Signed("cbss#permit-1", b"")
        fields = page_fields(request, request.records[: source.most], statement, body, signature, NOW)
        self.lines.append({"ticket": fields["ticket"], "fields": fields})
        return await honest(source, errand)


@dataclass
class World:
    """Batches that are answered by a source that logs, and the two logs compared."""

    hall: Hall
    source: Logging

    @property
    def fields(self) -> dict[str, Any]:
        """What the source logged of the first page that it answered."""
        found: dict[str, Any] = self.source.lines[0]["fields"]
        return found

    async def compared(self) -> tuple[int, list[tuple[str, str]]]:
        """Give how many agree, and ticket and kind of the differences; all are of this source."""
        outcome = await reconcile(Reading(self.hall.office.pool), self.source.lines, [OTHER])
        assert {one.holder for one in outcome.discrepancies} <= {OTHER}
        return outcome.agreed, [(one.ticket, str(one.difference)) for one in outcome.discrepancies]

    async def remove(self, ticket: UUID) -> None:
        """Remove the entries of a ticket from the hub's log, as who may do anything."""
        await self.hall.owner.execute("DELETE FROM log_entry WHERE ticket = $1", ticket)


@pytest.fixture
async def world(pool: OpenPool) -> AsyncIterator[World]:
    async with hall(pool) as made:
        for number in range(5):
            await made.hold(number, CENTRE, "17:1")
            if number != 2:
                await made.hold(number, OTHER)
        source = made.neighbours.sources[OTHER]
        source.behaves = logging = Logging()
        yield World(made, logging)


def tickets(batch: UUID, *numbers: int) -> list[str]:
    return [str(record_ticket(batch, number)) for number in numbers]


async def test_a_batch_answered_in_pieces_agrees(world: World) -> None:
    world.hall.neighbours.sources[OTHER].most = 3
    await world.hall.sent(asked(6))
    await world.hall.answered()
    assert [line["fields"]["records"] for line in world.source.lines] == [[0, 1, 3], [4]]
    assert await world.compared() == (4, [])


async def test_records_of_a_later_page_are_told_by_their_own_tickets(world: World) -> None:
    batch = await world.hall.sent([*asked(1) * PAGE, *asked(4)])
    await world.hall.answered()
    assert await world.compared() == (PAGE + 3, [])
    await world.remove(record_ticket(batch, PAGE + 1))
    # Two pages are asked at once: either may be logged first.
    world.source.lines = [line for line in world.source.lines if line["fields"]["page"]]
    (hidden,) = tickets(batch, PAGE + 1)
    agreed, differences = await world.compared()
    assert agreed == 2
    assert differences[0] == (hidden, "unknown-to-hub")
    assert differences[1:] == [(ticket, "unknown-to-participant") for ticket in tickets(batch, *range(PAGE))]


async def test_a_record_that_the_participant_left_out_is_told(world: World) -> None:
    batch = await world.hall.sent(asked(6))
    await world.hall.answered()
    for name in ("records", "ssins", "scopeOf"):
        del world.fields[name][1]
    (left_out,) = tickets(batch, 1)
    assert await world.compared() == (3, [(left_out, "unknown-to-participant")])
    world.source.lines.clear()
    gone = [(ticket, "unknown-to-participant") for ticket in tickets(batch, 0, 1, 3, 4)]
    assert await world.compared() == (0, gone)


async def test_records_that_were_not_permitted_or_not_decided_are_told(world: World) -> None:
    batch = await world.hall.sent(asked(6))
    await world.hall.answered()
    world.fields["records"][1:3] = [2, 9]
    not_permitted, unknown = tickets(batch, 2, 9)
    left_out = [(ticket, "unknown-to-participant") for ticket in tickets(batch, 1, 3)]
    agreed, differences = await world.compared()
    assert (agreed, differences) == (2, [(not_permitted, "not-permitted"), (unknown, "unknown-to-hub"), *left_out])


async def test_a_page_under_another_statement_is_told(world: World) -> None:
    batch = await world.hall.sent(asked(2))
    await world.hall.answered()
    stated = world.fields["statement"]
    world.fields["statement"] = f"{stated}x"
    different = [(ticket, "different-statement") for ticket in tickets(batch, 0, 1)]
    assert await world.compared() == (0, different)
    world.fields["statement"] = stated
    await world.remove(batch)
    assert await world.compared() == (0, different)


async def test_what_was_withdrawn_or_never_answered_is_nobodys_fault(world: World) -> None:
    source = world.hall.neighbours.sources[OTHER]
    source.behaves = world.hall.silent
    await world.hall.sent(asked(6))
    assert await world.hall.slice()
    await world.hall.leave(1, OTHER)
    source.behaves = world.source
    await world.hall.later(timedelta(seconds=30))
    assert await world.compared() == (3, [])
    source.behaves = world.hall.silent
    batch = await world.hall.sent(asked(5))
    await world.hall.later(timedelta(days=5))
    assert (await world.hall.status(batch)).state == "COMPLETED"
    assert await world.compared() == (3, [])
