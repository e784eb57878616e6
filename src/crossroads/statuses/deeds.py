"""What was done here about people, by themselves or by command: a log in the participant's form.

Each act is written before it is done and after it. Whoever writes holds the log for that moment: the pages and commands
write by turns. What an entry says goes when its time is over.
"""

import asyncio
import hmac
import os
import pwd
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import msgspec
from uuid6 import uuid7

from crossroads.kernel.clock import Clock
from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.participant import log, log_forgetting
from crossroads.participant.state import AlreadyRunning, Record, opened_in_turn, state_file
from crossroads.statuses.settings import StatusSettings
from crossroads.web.secret import kept_secret

T = TypeVar("T")

_OF_ONE = "select fields from entry where holder = ? and asker = ? order by position desc limit ?"
_SINCE = """
select count(*) from entry
where holder = ? and asker = ? and nonce >= ? and json_extract(cast(fields as text), '$.event') = ?
"""
_PSEUDONYM = 32


class What(StrEnum):
    """What is done about a person here, by whom it is or for whom it is."""

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
    by: str | None
    """The account of the machine under which a command did it; None for the person, at the pages."""
    agent: str | None
    """Who gave the command, as told there."""


class Deeds:
    """The log of an institution, beside its buffer."""

    def __init__(self, settings: StatusSettings, institution: str, clock: Clock) -> None:
        """Make its secret where it is missing: by that the entries of one person are found."""
        self._folder = settings.path(settings.buffer) / "deeds"
        self._secret = kept_secret(self._folder / "key")
        self._kept = timedelta(days=settings.kept_days)
        self._institution, self._clock, self._turn = institution, clock, asyncio.Lock()

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

    def do(self, what: What, ssin: str, act: Callable[[], T], **fields: Any) -> T:
        """Do something and log it as `doing` does, where there is no event loop."""

        async def done() -> T:
            async with self.doing(what, ssin, **fields):
                # In a thread: it may have an event loop of its own.
                return await asyncio.to_thread(act)

        return asyncio.run(done())

    async def looked(self, ssin: str) -> None:
        """Log that a person looked at what is held of it."""
        await self._note(f"{What.LOOKED}:done", ssin)

    def newest(self, ssin: str, most: int) -> list[Deed]:
        """Give the newest entries of a person, the last first."""
        with closing(sqlite3.connect(state_file(self._folder))) as connection:
            rows = connection.execute(_OF_ONE, (self._institution, self._by(ssin), most)).fetchall()
        return [_deed(msgspec.json.decode(fields)) for (fields,) in rows]

    def of_all(self, most: int) -> list[Deed]:
        """Give the newest entries that are not over, the last first."""
        if not self._begun:
            return []
        return [_deed(fields) for fields in log.newest(self._folder, most) if "event" in fields]

    def verify(self, known: log.KnownHead | None) -> log.Verified:
        """Verify the log as `log.verify` does. It begins with the first act: until then nothing is wrong with it.

        Raises CrossroadsError where there is none and a head of it was known.
        """
        return log.verify(self._folder, known, self._over) if self._begun or known else log.NOTHING

    def forget(self) -> int:
        """Remove what entries say whose time is over; tell of how many."""
        return log_forgetting.forget(self._folder, self._over)

    def count(self, what: What, ssin: str, since: datetime) -> int:
        """Tell how often a person began something since a moment."""
        # Nonces are UUIDs of version 7: they begin with their moment, in milliseconds.
        stamp = f"{int(since.timestamp() * 1000):012x}"
        key = (self._institution, self._by(ssin), f"{stamp[:8]}-{stamp[8:]}", f"{what}:begun")
        with closing(sqlite3.connect(state_file(self._folder))) as connection:
            found: int = connection.execute(_SINCE, key).fetchone()[0]
        return found

    @property
    def _begun(self) -> bool:
        return state_file(self._folder).exists()

    @property
    def _over(self) -> datetime:
        return self._clock.now() - self._kept

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
        async with self._turn:
            try:
                state = await opened_in_turn(self._folder)
            except AlreadyRunning:
                raise Unavailable("Another process holds the log of what is done here: try again.") from None
            try:
                await state.record(record)
            finally:
                await state.close()
        return ticket

    def _by(self, ssin: str) -> str:
        return hmac.new(self._secret, ssin.encode(), "sha256").hexdigest()[:_PSEUDONYM]


def account() -> str:
    """Give the account of the machine under which this process runs."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _deed(fields: dict[str, Any]) -> Deed:
    what, _, state = fields["event"].rpartition(":")
    return Deed(What(what), state, datetime.fromisoformat(fields["at"]), *map(fields.get, ("right", "by", "agent")))
