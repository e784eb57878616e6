"""What the desk did at the hub, and for whom: a log in the participant's form, written before and after each act."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from uuid6 import uuid7

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.participant.desk.model import Basis
from crossroads.participant.state import Record, State, state_file
from crossroads.web.tally import Tally

_EARLIER = "select position, fields from entry where position < ? order by position desc limit ?"
_NEWEST = 2**62
"""More than any position."""
_AMONG = 20_000
"""Entries, the newest, among which items that were dealt with are looked for."""
_NAMED = ("act", "verdict", "report", "item")
"""What a line says again of how it ended: which act it was, what was answered, to which report, and on which item."""


class What(StrEnum):
    """What is done at the hub. Each has an entry when it is begun, and one when it is done or refused."""

    QUESTION = "desk:question"
    """Somebody's data are asked for."""
    INSCRIPTION = "desk:inscription"
    """A line of the directory is opened or closed, or the institution's own lines of a person are looked at."""
    MAILBOX = "desk:mailbox"
    """Items are taken, dealt with or set aside."""
    BATCH = "desk:batch"
    """A file of questions is sent, followed, given up, or its result fetched."""
    ERROR = "desk:error"
    """A presumed error is reported, or a report answered."""
    USERS = "desk:users"
    """Users and roles: here only what is refused, as what is done is in the log of acts."""


class Entry(NamedTuple):
    """An entry, without the person it is about."""

    position: int
    event: str
    at: datetime
    agent: str
    legal_context: str
    fields: Mapping[str, Any]


class Acting(NamedTuple):
    """Somebody who acts: in which legal context, on what, perhaps for another institution."""

    agent: str
    legal_context: str
    basis: Basis | None
    """None for somebody who may not, and is refused."""
    on_behalf_of: str | None = None


class Traffic:
    """The log of one desk; one process has it open."""

    def __init__(self, folder: Path, institution: str, clock: Clock) -> None:
        """Open it. Raises AlreadyRunning."""
        self._folder, self._institution, self._clock = folder, institution, clock
        self._state = State(folder)
        self._strangers = Tally[str](clock)

    @asynccontextmanager
    async def doing(self, what: What, acting: Acting, **fields: Any) -> AsyncIterator[dict[str, Any]]:
        """Log that something is begun, and what came of it: what stands in the dictionary at the end, or the refusal.

        Raises Unavailable where it cannot be logged: then it is not done.
        """
        begun = await self._note(f"{what}:begun", acting, **fields)
        outcome: dict[str, Any] = {}
        named = {name: fields[name] for name in _NAMED if name in fields}
        try:
            yield outcome
        except CrossroadsError as error:
            await self._note(f"{what}:refused", acting, **named, of=begun, code=error.code, reason=str(error))
            raise
        await self._note(f"{what}:done", acting, **named, of=begun, **outcome)

    async def refuse(self, what: What, acting: Acting, reason: str, **fields: Any) -> None:
        """Log that the desk itself refused something."""
        await self._note(f"{what}:refused", acting, reason=reason, **fields)

    async def turn_away(self, subject: str) -> None:
        """Log that an account is of no user: at once, and how often it came again when the hour is over."""
        for known, times in self._strangers.again().items():
            await self._turned_away(known, times)
        if self._strangers.first(subject):
            await self._turned_away(subject, 1)

    async def _turned_away(self, subject: str, times: int) -> None:
        await self.refuse(What.USERS, Acting("no-user", "", None), "NO_USER", subject=subject, times=times)

    async def _note(self, event: str, acting: Acting, **fields: Any) -> str:
        ticket, now = str(uuid7()), self._clock.now()
        basis = acting.basis and {name: value for name, value in acting.basis._asdict().items() if value}
        common = {
            "event": event,
            "at": now.isoformat(),
            "ticket": ticket,
            "by": acting.agent,
            "legalContext": acting.legal_context,
            "onBehalfOf": acting.on_behalf_of,
            "basis": basis,
        }
        record = Record(
            ticket=ticket,
            holder=self._institution,
            asker=acting.agent,
            nonce=ticket,
            request_nonce="",
            created=int(now.timestamp()),
            fields=common | msgspec.to_builtins(fields),
        )
        await self._state.record(record)
        return ticket

    def newest(
        self, wanted: Callable[[Entry], bool], limit: int, before: int | None = None, among: int = _NEWEST
    ) -> list[Entry]:
        """Give some entries, the newest first, from those before a position on; `among` are looked at."""
        first = _NEWEST if before is None else max(0, min(before, _NEWEST))
        with closing(sqlite3.connect(state_file(self._folder))) as connection:
            rows = connection.execute(_EARLIER, (first, among))
            return list(islice(filter(wanted, (_entry(*row) for row in rows)), limit))

    def settled_items(self, most: int) -> dict[int, Entry]:
        """Give how the items were dealt with or set aside that were last, by number."""
        found = self.newest(_settled_an_item, most, among=_AMONG)
        return {entry.fields["item"]: entry for entry in reversed(found)}

    async def close(self) -> None:
        """Finish what is being written."""
        for subject, times in self._strangers.rest().items():
            with suppress(Unavailable):
                await self._turned_away(subject, times)
        await self._state.close()


def _settled_an_item(entry: Entry) -> bool:
    fields = entry.fields
    return entry.event == f"{What.MAILBOX}:done" and fields.get("act") in {"done", "park"} and "item" in fields


def _entry(position: int, content: bytes) -> Entry:
    fields = msgspec.json.decode(content)
    fields.pop("ssin", None)
    at = datetime.fromisoformat(fields["at"])
    return Entry(position, fields["event"], at, fields["by"], fields["legalContext"], fields)
