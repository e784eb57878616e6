"""What was done about users, kept in a log of the participant's form: who may do what is nothing but its acts, in turn.

So each act is logged with who did it by its nature. Whoever acts holds the log for that moment; another process that
acts, the command line say, waits, and every process sees what the others did.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from uuid6 import uuid7

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.participant.desk.model import AnyAct, Done, Roster
from crossroads.participant.desk.rules import Setting, check
from crossroads.participant.state import Record, State, opened_in_turn, state_file
from crossroads.wire.decoding import convert

_NEW = "select fields from entry where position >= ? order by position"


class Acts:
    """The acts of an institution's desk, and what they make of its roster."""

    def __init__(self, folder: Path, institution: str, clock: Clock) -> None:
        """Keep them in a folder of their own. Call `open` before anything else."""
        self._folder, self._institution, self._clock = folder, institution, clock
        self._acting = asyncio.Lock()
        self._done: list[Done] = []
        self._roster = Roster()

    async def open(self) -> None:
        """Make the log where it is missing."""
        async with self._held():
            self._read()

    @property
    def roster(self) -> Roster:
        """What holds now, whoever did it."""
        self._read()
        return self._roster

    @property
    def done(self) -> Sequence[Done]:
        """All acts, the oldest first."""
        self._read()
        return self._done

    async def do(self, act: AnyAct, by: str, legal_contexts: frozenset[str]) -> Roster:
        """Do an act where it is allowed; the legal contexts are those that the catalogue assigns to the institution.

        Raises NotAllowed with the rule, Malformed for text that no log holds, Unavailable when it cannot be written.
        """
        # Through the act's own rules: no text with a line end in it, say.
        act = convert(msgspec.to_builtins(act), AnyAct)  # type: ignore[arg-type]  # msgspec takes unions
        async with self._held() as state:
            self._read()
            now = self._clock.now()
            check(self._roster, act, by, Setting(self._institution, legal_contexts, brussels_day(now)))
            await state.record(self._record(act, by, now))
            self._read()
            return self._roster

    def _record(self, act: AnyAct, by: str, now: datetime) -> Record:
        ticket = str(uuid7())
        return Record(
            ticket=ticket,
            holder=self._institution,
            asker=by,
            nonce=ticket,
            request_nonce="",
            created=int(now.timestamp()),
            fields=msgspec.to_builtins(act) | {"ticket": ticket, "at": now.isoformat(), "by": by},
        )

    @asynccontextmanager
    async def _held(self) -> AsyncIterator[State]:
        async with self._acting:
            state = await opened_in_turn(self._folder)
            try:
                yield state
            finally:
                await state.close()

    def _read(self) -> None:
        """Take in what was done since it was read last."""
        with closing(sqlite3.connect(state_file(self._folder))) as connection:
            for (fields,) in connection.execute(_NEW, (len(self._done),)):
                done = _done(msgspec.json.decode(fields))
                self._roster = self._roster.after(done.act)
                self._done.append(done)


def new_agent() -> str:
    """Make up the pseudonymous id of a user."""
    return f"staff-{secrets.token_hex(6)}"


def new_id() -> str:
    """Make up the id of a role, delegation or mandate."""
    return secrets.token_hex(8)


def _done(fields: dict[str, Any]) -> Done:
    act: AnyAct = msgspec.convert(fields, AnyAct)
    return Done(datetime.fromisoformat(fields["at"]), fields["by"], act)
