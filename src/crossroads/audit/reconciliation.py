"""A participant's own log beside the hub's, ticket by ticket: what only one of them has, somebody hides.

The participant's lines are looked up at the hub some thousands at a time; of each, only that it was there is kept. Then
the answers that the hub logged are walked.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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

_DECIDED = (Event.QUESTION_DECIDED, Event.BATCH_RECORD_DECIDED, Event.BATCH_ACCEPTED, Event.MATCH_ASKED)


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
    stated_at: UUID | None = None
    """The ticket under which the hub logged the statement, which is that of the batch; None for a match."""


class _Told(NamedTuple):
    """What the hub's log says of a ticket."""

    permits: Mapping[str, Collection[str]]
    """The data groups that each holder may be asked for."""
    statement: str | None


async def reconcile(
    reading: Reading, exported: Iterable[Mapping[str, Any]], holders: Collection[str] = ()
) -> Reconciliation:
    """Compare the hub's log with the lines of `participant log export`. Raises Unavailable.

    `holders` are those whose log it is, beside all that its lines name. Of each record of a batch a byte is kept, of
    each question its ticket and holder.
    """
    outcome, known = Reconciliation(), _Known(holders)
    asked = chain.from_iterable(map(_asked, exported))
    async with reading.snapshot() as snapshot:
        while some := list(islice(asked, PAGE)):
            told = await _told(snapshot, some)
            for one in some:
                _compare(outcome, one, told)
        async for answered in _answered(snapshot):
            pass
    return outcome
