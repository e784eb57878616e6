"""The reads, writes and locks on the way of each question, inscription and change, with something to ask of each.

Each is to touch one machine only, where tables are spread: EXPLAIN of Citus says so, and that of PostgreSQL says
whether each row is found by an index.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from crossroads.audit.database import queries as audit
from crossroads.directory.store import queries as directory
from crossroads.identity.store import queries as identity
from crossroads.mutations.store import queries as mutations

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ONE = UUID(int=1)
_HEAD = {"stream": 0, "epoch": 1, "size": 1, "frontier": b"", "lease": timedelta(seconds=10), "before": 0}
_ENTRY = {
    "levels": [0], "positions": [0], "roots": [b""], "events": ["log:opened"], "tickets": [_ONE], "persons": [1],
    "askers": ["a"], "moments": [_NOW], "contents": ["{}"], "salts": [b""], "leaves": [b""],
}  # fmt: skip
_PERSONS = {"persons": [1], "institutions": ["a"], "institution": "a", "contexts": ["7:101"], "context": "7:101"}
_ITEMS = {"recipient": "a", "recipients": ["a"], "first": 1, "count": 10, "numbers": [1], "slots": [0]}


class Hot(NamedTuple):
    """A query of a room by its name, and what it is asked with: more, perhaps, than it names."""

    room: Any
    name: str
    told: dict[str, Any]

    async def explained(self, connection: "asyncpg.Connection[asyncpg.Record]") -> str:
        """Give the plan as text."""
        given = self.room.driver_adapter.maybe_order_params(self.name, self.told)
        rows = await connection.fetch(f"EXPLAIN {getattr(self.room, self.name).sql}", *given)
        return "\n".join(row[0] for row in rows)


HOT = {
    "whose numbers": Hot(identity, "persons_of", {"ssins": ["00000000000"]}),
    "who is linked": Hot(identity, "linked", _PERSONS),
    "the number of today": Hot(identity, "present_numbers", _PERSONS),
    "the lock of a person": Hot(identity, "lock_person", {"person": 1}),
    "persons with their lines": Hot(directory, "persons", _PERSONS | {"all": False}),
    "lines": Hot(directory, "lines_of", _PERSONS),
    "nonces": Hot(directory, "note_nonces", {"institutions": ["a"], "nonces": ["n"], "slots": [0]}),
    "the count of requests": Hot(directory, "count_requests", {"institutions": ["a"]}),
    "the rate of requests": Hot(directory, "rates", {"institutions": ["a"], "second": 1}),
    "what was asked under a reference": Hot(directory, "references", {"institution": "a", "references": ["r"]}),
    "entries of the log": Hot(audit, "append_entries", _HEAD | _ENTRY),
    "the lease of a stream": Hot(audit, "renew_lease", _HEAD | {"settled": 0}),
    "people of changes": Hot(mutations, "people", _PERSONS),
    "what was notified under a reference": Hot(mutations, "references", {"institution": "a", "references": ["r"]}),
    "the lock of a mailbox": Hot(mutations, "lock_mailbox", _ITEMS),
    "the last numbers of mailboxes": Hot(mutations, "tails", _ITEMS),
    "the next items": Hot(mutations, "next_items", _ITEMS),
    "the next items of a lane": Hot(mutations, "next_items_of_slots", _ITEMS),
    "how far a mailbox is emptied": Hot(mutations, "lock_progress", _ITEMS),
    "what items are about": Hot(mutations, "changes_of_items", {"persons": [1], "mutations": [1], "now": _NOW}),
}
