"""The hub's log beside a participant's own, ticket by ticket: what only one of them has, somebody hides."""

from collections import defaultdict
from collections.abc import AsyncIterable, Iterable, Mapping
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec

from crossroads.audit.events import Event
from crossroads.wire.batches import PAGE
from crossroads.wire.chunks import record_ticket

DATA_ASKED = "participant:data:asked"
PAGE_ASKED = "participant:page:asked"
MATCH_ASKED = "participant:match:asked"

_Asked = dict[tuple[str, str], tuple[frozenset[str], str]]
"""Data groups and statement of each data request, by ticket and holder; of a page, of each of its records."""

_DECIDED = (Event.QUESTION_DECIDED, Event.BATCH_RECORD_DECIDED)


class Difference(StrEnum):
    """In what the two logs differ."""

    UNKNOWN_TO_HUB = "unknown-to-hub"
    """The participant was asked, and the hub's log says nothing of it: the gravest of all."""
    NOT_PERMITTED = "not-permitted"
    """The hub decided this ticket, and not that this holder may be asked this."""
    DIFFERENT_STATEMENT = "different-statement"
    """The hub logged another statement of the asker than the one the participant was shown."""
    UNKNOWN_TO_PARTICIPANT = "unknown-to-participant"
    """The hub logged an answer of the holder, and the participant's log says nothing of it."""


class Discrepancy(msgspec.Struct, frozen=True, rename="camel"):
    """One ticket on which the logs differ."""

    ticket: str
    holder: str
    difference: Difference


class Reconciliation(msgspec.Struct, kw_only=True, rename="camel"):
    """How many questions and matches both have, and where they differ."""

    agreed: int = 0
    discrepancies: list[Discrepancy] = msgspec.field(default_factory=list)


async def reconcile(
    entries: AsyncIterable[tuple[str, str, Mapping[str, Any]]], exported: Iterable[Mapping[str, Any]]
) -> Reconciliation:
    """Compare (event, ticket, fields) of the hub's log with the lines of `participant log export`.

    Memory grows with the participant's lines, of which only ticket, holder and groups are kept.
    """
    asked, matches = _kept(exported)
    holders = {holder for _, holder in asked}
    known: set[str] = set()
    matched: set[str] = set()
    outcome = Reconciliation()
    by_ticket = _holders(asked)
    statements: dict[str, str] = {}
    batches: dict[tuple[str, str], set[str]] = defaultdict(set)
    async for event, ticket, fields in entries:
        if event in _DECIDED and ticket in by_ticket:
            known.add(ticket)
            _compare(outcome, ticket, fields, asked, by_ticket[ticket])
            for holder in by_ticket[ticket] if "batch" in fields else ():
                batches[fields["batch"], holder].add(asked[ticket, holder][1])
        elif event == Event.BATCH_ACCEPTED:
            statements[ticket] = fields["statement"]
        elif event == Event.BATCH_PAGE_ANSWERED:
            _answered_page(outcome, ticket, fields, asked, holders)
        elif event == Event.ANSWER_SENT:
            _answered(outcome, ticket, fields, asked, holders)
        elif event == Event.MATCH_ASKED and ticket in matches:
            matched.add(ticket)
    outcome.agreed += len(matched)
    outcome.discrepancies += [
        Discrepancy(batch, holder, Difference.DIFFERENT_STATEMENT)
        for (batch, holder), stated in batches.items()
        if stated != {statements.get(batch)}
    ]
    hidden = [
        *(pair for pair in asked if pair[0] not in known),
        *(pair for pair in matches.items() if pair[0] not in matched),
    ]
    outcome.discrepancies += [Discrepancy(*pair, Difference.UNKNOWN_TO_HUB) for pair in hidden]
    return outcome


def _compare(
    outcome: Reconciliation, ticket: str, fields: Mapping[str, Any], asked: _Asked, holders: Iterable[str]
) -> None:
    permitted = {permit["holder"]: set(permit["dataGroups"]) for permit in fields["permits"]}
    for holder in holders:
        groups, statement = asked[ticket, holder]
        if not groups <= permitted.get(holder, set()):
            outcome.discrepancies.append(Discrepancy(ticket, holder, Difference.NOT_PERMITTED))
        # The statement of a batch stands in the entry of its voucher alone.
        elif statement != fields.get("statement", statement):
            outcome.discrepancies.append(Discrepancy(ticket, holder, Difference.DIFFERENT_STATEMENT))
        else:
            outcome.agreed += 1


def _answered(
    outcome: Reconciliation,
    ticket: str,
    fields: Mapping[str, Any],
    asked: _Asked,
    holders: set[str],
) -> None:
    for source in fields["sources"]:
        holder = source["institution"]
        if source["signature"] and holder in holders and (ticket, holder) not in asked:
            outcome.discrepancies.append(Discrepancy(ticket, holder, Difference.UNKNOWN_TO_PARTICIPANT))


def _answered_page(
    outcome: Reconciliation, batch: str, fields: Mapping[str, Any], asked: _Asked, holders: set[str]
) -> None:
    for source in fields["sources"]:
        ticket = str(record_ticket(UUID(batch), fields["page"] * PAGE + source["from"]))
        if source["signature"] and source["institution"] in holders and (ticket, source["institution"]) not in asked:
            discrepancy = Discrepancy(ticket, source["institution"], Difference.UNKNOWN_TO_PARTICIPANT)
            outcome.discrepancies.append(discrepancy)


def _kept(exported: Iterable[Mapping[str, Any]]) -> tuple[_Asked, dict[str, str]]:
    """Give what is kept of data requests, and the holder of each match request by its ticket."""
    asked: _Asked = {}
    matches: dict[str, str] = {}
    for line in exported:
        ticket, fields = line["ticket"], line["fields"]
        if fields.get("event") == DATA_ASKED:
            asked[ticket, fields["holder"]] = frozenset(fields["dataGroups"]), fields["statement"]
        elif fields.get("event") == PAGE_ASKED:
            asked |= _records(fields)
        elif fields.get("event") == MATCH_ASKED:
            matches[ticket] = fields["holder"]
    return asked, matches


def _records(fields: Mapping[str, Any]) -> _Asked:
    scopes = [frozenset(scope["dataGroups"]) for scope in fields["scopes"]]
    batch, first = UUID(fields["batch"]), fields["page"] * PAGE
    return {
        (str(record_ticket(batch, first + index)), fields["holder"]): (scopes[scope], fields["statement"])
        for index, scope in zip(fields["records"], fields["scopeOf"], strict=True)
    }


def _holders(asked: _Asked) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for ticket, holder in asked:
        found[ticket].append(holder)
    return found
