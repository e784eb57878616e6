"""What people did here about themselves: a log in the participant's form, written before each act and after it."""

import hmac
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from uuid6 import uuid7

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import CrossroadsError
from crossroads.participant.state import Record, State, state_file

_OF_ONE = "select fields from entry where holder = ? and asker = ? order by position desc limit ?"
_SINCE = """
select count(*) from entry
where holder = ? and asker = ? and nonce >= ? and json_extract(cast(fields as text), '$.event') = ?
"""
_PSEUDONYM = 32


class What(StrEnum):
    """What a person does here."""

    LOOKED = "person:looked"
    ATTESTED = "person:attested"
    WITHDREW = "person:withdrew"
    CAME_BACK = "person:came-back"


class Deed(NamedTuple):
    """An entry: what was begun, done or refused."""

    what: What
    state: str
    at: datetime
    right: str | None


class Deeds:
    """The log of the pages; one process has it open."""

    def __init__(self, folder: Path, institution: str, secret: bytes, clock: Clock) -> None:
        """Open it; by the secret the entries of one person are found. Raises AlreadyRunning."""
        self._folder, self._institution, self._secret, self._clock = folder, institution, secret, clock
        self._state = State(folder)

    @asynccontextmanager
    async def doing(self, what: What, ssin: str, **fields: Any) -> AsyncIterator[None]:
        """Log that something is begun, and that it was done or refused.

        Raises Unavailable where it cannot be logged: then it is not done.
        """
        begun = await self._note(f"{what}:begun", ssin, **fields)
        try:
            yield
        except CrossroadsError as error:
            await self._note(f"{what}:refused", ssin, **fields, of=begun, reason=type(error).__name__)
            raise
        await self._note(f"{what}:done", ssin, **fields, of=begun)

    async def looked(self, ssin: str) -> None:
        """Log that a person looked at what is held of it."""
        await self._note(f"{What.LOOKED}:done", ssin)

    def newest(self, ssin: str, most: int) -> list[Deed]:
        """Give the newest entries of a person, the last first."""
        with closing(sqlite3.connect(state_file(self._folder))) as connection:
            rows = connection.execute(_OF_ONE, (self._institution, self._by(ssin), most)).fetchall()
        return [_deed(fields) for (fields,) in rows]

    def count(self, what: What, ssin: str, since: datetime) -> int:
        """Tell how often a person began something since a moment."""
        # Nonces are UUIDs of version 7: they begin with their moment, in milliseconds.
        stamp = f"{int(since.timestamp() * 1000):012x}"
        key = (self._institution, self._by(ssin), f"{stamp[:8]}-{stamp[8:]}", f"{what}:begun")
        with closing(sqlite3.connect(state_file(self._folder))) as connection:
            found: int = connection.execute(_SINCE, key).fetchone()[0]
        return found

    async def close(self) -> None:
        """Finish what is being written."""
        await self._state.close()

    async def _note(self, event: str, ssin: str, **fields: Any) -> str:
        ticket, now = str(uuid7()), self._clock.now()
        said = {"event": event, "at": now.isoformat(), "ticket": ticket, "ssin": ssin, **fields}
        record = Record(
            ticket=ticket,
            holder=self._institution,
            asker=self._by(ssin),
            nonce=ticket,
            request_nonce="",
            created=int(now.timestamp()),
            fields=said,
        )
        await self._state.record(record)
        return ticket

    def _by(self, ssin: str) -> str:
        return hmac.new(self._secret, ssin.encode(), "sha256").hexdigest()[:_PSEUDONYM]


def _deed(content: bytes) -> Deed:
    fields = msgspec.json.decode(content)
    what, _, state = fields["event"].rpartition(":")
    return Deed(What(what), state, datetime.fromisoformat(fields["at"]), fields.get("right"))
