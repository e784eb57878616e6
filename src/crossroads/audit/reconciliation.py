"""The hub's log beside a participant's own, ticket by ticket: what only one of them has, somebody hides."""

from collections.abc import AsyncIterable, Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from crossroads.audit.events import Event

DATA_ASKED = "participant:data:asked"
MATCH_ASKED = "participant:match:asked"

_Asked = dict[tuple[str, str], tuple[frozenset[str], str]]
"""Data groups and statement of each data request, by ticket and holder."""


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
    tickets = {ticket for ticket, _ in asked}
    async for event, ticket, fields in entries:
        if event == Event.QUESTION_DECIDED and ticket in tickets:
            known.add(ticket)
            _compare(outcome, ticket, fields, asked)
        elif event == Event.ANSWER_SENT:
            _answered(outcome, ticket, fields, asked, holders)
        elif event == Event.MATCH_ASKED and ticket in matches:
            matched.add(ticket)
    outcome.agreed += len(matched)
    hidden = [
        *(pair for pair in asked if pair[0] not in known),
        *(pair for pair in matches.items() if pair[0] not in matched),
    ]
    outcome.discrepancies += [Discrepancy(*pair, Difference.UNKNOWN_TO_HUB) for pair in hidden]
    return outcome


def _compare(outcome: Reconciliation, ticket: str, fields: Mapping[str, Any], asked: _Asked) -> None:
    permitted = {permit["holder"]: set(permit["dataGroups"]) for permit in fields["permits"]}
    for holder in [holder for known, holder in asked if known == ticket]:
        groups, statement = asked[ticket, holder]
        if not groups <= permitted.get(holder, set()):
            outcome.discrepancies.append(Discrepancy(ticket, holder, Difference.NOT_PERMITTED))
        elif statement != fields["statement"]:
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


def _kept(exported: Iterable[Mapping[str, Any]]) -> tuple[_Asked, dict[str, str]]:
    """Give what is kept of data requests, and the holder of each match request by its ticket."""
    asked: _Asked = {}
    matches: dict[str, str] = {}
    for line in exported:
        ticket, fields = line["ticket"], line["fields"]
        if fields.get("event") == DATA_ASKED:
            asked[ticket, fields["holder"]] = frozenset(fields["dataGroups"]), fields["statement"]
        elif fields.get("event") == MATCH_ASKED:
            matches[ticket] = fields["holder"]
    return asked, matches
