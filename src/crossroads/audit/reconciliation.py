"""A participant's own log beside the hub's, ticket by ticket: what only one of them has, somebody hides.

The participant's lines are looked up at the hub some thousands at a time; of each, only that it was there is kept. Then
the answers that the hub logged are walked.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, islice
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.audit.reading import Reading, Snapshot
from crossroads.wire.batches import PAGE
from crossroads.wire.chunks import record_ticket

DATA_ASKED = "participant:data:asked"
PAGE_ASKED = "participant:page:asked"
MATCH_ASKED = "participant:match:asked"

_RANGE = re.compile(r"\[(\d+),(\d+)\)")
_ANSWERED = (Event.ANSWER_SENT, Event.BATCH_PAGE_ANSWERED)
_DECIDED = (Event.QUESTION_DECIDED, Event.BATCH_RECORD_DECIDED, Event.BATCH_ACCEPTED, Event.MATCH_ASKED)
EVENTS = _DECIDED + _ANSWERED
"""What is looked at of the hub's log."""


class Difference(StrEnum):
    """In what the two logs differ."""

    UNKNOWN_TO_HUB = "unknown-to-hub"
    """The participant was asked, and the hub's log says nothing of it: the gravest of all."""
    NOT_PERMITTED = "not-permitted"
    """The hub decided this ticket, and not that this holder may be asked this."""
    DIFFERENT_STATEMENT = "different-statement"
    """The hub logged another statement of the asker than the one the participant was shown, or none."""
    UNKNOWN_TO_PARTICIPANT = "unknown-to-participant"
    """The hub logged an answer of the holder, and the participant's log says nothing of it."""


class Discrepancy(msgspec.Struct, frozen=True, rename="camel"):
    """One ticket on which the logs differ: of a question, or of a record of a batch."""

    ticket: str
    holder: str
    difference: Difference


class Reconciliation(msgspec.Struct, kw_only=True, rename="camel"):
    """How many questions and matches both have, and where they differ."""

    agreed: int = 0
    discrepancies: list[Discrepancy] = msgspec.field(default_factory=list)


class _Asked(NamedTuple):
    """One question, record of a batch or match that the participant was asked."""

    ticket: UUID
    holder: str
    groups: frozenset[str] = frozenset()
    statement: str | None = None
    batch: UUID | None = None
    number: int = 0
    """Of the record in its batch."""


class _Told(NamedTuple):
    """What the hub's log says of a ticket."""

    permits: Mapping[str, Collection[str]]
    """The data groups that each holder may be asked for."""
    statement: str | None


async def reconcile(
    reading: Reading, exported: Iterable[Mapping[str, Any]], holders: Collection[str] = ()
) -> Reconciliation:
    """Compare the hub's log with the lines of `participant log export`. Raises Unavailable.

    `holders` are those whose log it is, beside all that its lines name.
    """
    outcome, known = Reconciliation(), _Known(holders)
    asked = chain.from_iterable(map(_asked, exported))
    async with reading.snapshot() as snapshot:
        while some := list(islice(asked, PAGE)):
            told = await _told(snapshot, some)
            for one in some:
                known.add(one)
                difference = _difference(one, told)
                outcome.agreed += difference is None
                if difference:
                    outcome.discrepancies.append(Discrepancy(str(one.ticket), one.holder, difference))
        async for event, ticket, sources in snapshot.answered():
            for source in msgspec.json.decode(sources):
                hidden = known.lacking(event, ticket, source) if source["signature"] else ()
                holder, difference = source["institution"], Difference.UNKNOWN_TO_PARTICIPANT
                outcome.discrepancies += [Discrepancy(str(one), holder, difference) for one in hidden]
    return outcome


class _Known:
    """What the participant's log tells of: the ticket of each question, and a byte for each record of a batch."""

    def __init__(self, holders: Iterable[str]) -> None:
        self._holders = set(holders)
        self._questions: set[tuple[UUID, str]] = set()
        self._pages: dict[tuple[UUID, str, int], bytearray] = {}

    def add(self, one: _Asked) -> None:
        self._holders.add(one.holder)
        if one.batch is None:
            self._questions.add((one.ticket, one.holder))
        else:
            page, index = divmod(one.number, PAGE)
            self._pages.setdefault((one.batch, one.holder, page), bytearray(PAGE))[index] = True

    def lacking(self, event: str, ticket: UUID, source: Mapping[str, Any]) -> Iterator[UUID]:
        """Give the tickets under which the hub says that a source answered, and of which its log says nothing."""
        holder = source["institution"]
        if holder not in self._holders:
            return
        if event == Event.ANSWER_SENT:
            yield from () if (ticket, holder) in self._questions else (ticket,)
            return
        for number in _numbers(source["records"]):
            page, index = divmod(number, PAGE)
            known = self._pages.get((ticket, holder, page))
            if known is None or not known[index]:
                yield record_ticket(ticket, number)


async def _told(snapshot: Snapshot, asked: Iterable[_Asked]) -> dict[UUID, _Told]:
    """Look up what was asked, and the vouchers of the batches among it."""
    tickets = {ticket for one in asked for ticket in (one.ticket, one.batch) if ticket}
    return {
        ticket: _Told(
            {permit["holder"]: permit["dataGroups"] for permit in msgspec.json.decode(permits or "[]")}, statement
        )
        for ticket, permits, statement in await snapshot.decided(tickets, _DECIDED)
    }


def _difference(one: _Asked, told: Mapping[UUID, _Told]) -> Difference | None:
    found = told.get(one.ticket)
    if found is None:
        return Difference.UNKNOWN_TO_HUB
    if not one.groups <= set(found.permits.get(one.holder, ())):
        return Difference.NOT_PERMITTED
    # The statement of a batch stands in the entry of its voucher alone.
    stated = told.get(one.batch) if one.batch else found
    return None if stated and stated.statement == one.statement else Difference.DIFFERENT_STATEMENT


def _asked(line: Mapping[str, Any]) -> Iterator[_Asked]:
    """Give what a line of the participant's log tells of."""
    ticket, fields = UUID(line["ticket"]), line["fields"]
    if fields.get("event") == DATA_ASKED:
        yield _Asked(ticket, fields["holder"], frozenset(fields["dataGroups"]), fields["statement"])
    elif fields.get("event") == PAGE_ASKED:
        yield from _records(fields)
    elif fields.get("event") == MATCH_ASKED:
        yield _Asked(ticket, fields["holder"])


def _records(fields: Mapping[str, Any]) -> Iterator[_Asked]:
    scopes = [frozenset(scope["dataGroups"]) for scope in fields["scopes"]]
    batch, first = UUID(fields["batch"]), fields["page"] * PAGE
    for index, scope in zip(fields["records"], fields["scopeOf"], strict=True):
        ticket = record_ticket(batch, first + index)
        yield _Asked(ticket, fields["holder"], scopes[scope], fields["statement"], batch, first + index)


def _numbers(ranges: str) -> Iterator[int]:
    """Give the numbers of a multirange as the hub logs it: `{[0,3),[7,8)}`."""
    for first, end in _RANGE.findall(ranges):
        yield from range(int(first), int(end))
