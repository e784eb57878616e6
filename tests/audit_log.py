"""What tests of the log share. As a program it appends until it is killed, and prints what was acknowledged."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log, Rhythm
from crossroads.wire.notes import NoteSigner

# A fixed key, so that the programs that a test starts sign as it does.
SIGNER = NoteSigner("log.test.example", Ed25519PrivateKey.from_private_bytes(bytes(32)))
QUICK = Rhythm(lease=timedelta(seconds=1), grace=timedelta(milliseconds=200), pulse=timedelta(milliseconds=50))

LONG_AGO = datetime(2010, 5, 1, 12, tzinfo=UTC)
"""Old enough to expire, and in a month that no partition was made for."""

OpenPool = Callable[[str], Awaitable["asyncpg.Pool[asyncpg.Record]"]]


class Clock:
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        """Stand at a moment."""
        self.moment = moment

    def now(self) -> datetime:
        """Give it."""
        return self.moment


def entry(event: Event = Event.INSCRIPTION_OPENED, ticket: UUID | None = None, **fields: Any) -> Entry:
    """Give an entry about something."""
    return Entry(
        event=event, ticket=ticket or uuid4(), person=fields.pop("person", 7), asker="pcsa-ghent", fields=fields
    )


@asynccontextmanager
async def open_log(pool: OpenPool, **options: Any) -> AsyncIterator[Log]:
    """Open the log of the test's database as a process of the hub does."""
    async with Log(await pool("crossroads_hub"), SIGNER, **{"rhythm": QUICK, **options}) as log:
        yield log


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait until something is so; the time limit of the test is the only one."""
    while not await condition():  # noqa: ASYNC110 - what is waited for happens in a database, which tells nobody
        await asyncio.sleep(0.02)


async def _append_until_killed(url: str) -> None:
    async def work(log: Log) -> None:
        while True:
            ticket = uuid4()
            for event in (Event.QUESTION_DECIDED, Event.ANSWER_SENT):
                receipt = await log.append(entry(event, ticket, legalContext="PCSA:SOCIAL_INQUIRY"))
                print(receipt.stream, receipt.index, receipt.leaf.hex(), flush=True)  # noqa: T201 - read by the test

    async with asyncpg.create_pool(url, min_size=2) as pool, Log(pool, SIGNER, rhythm=QUICK) as log:
        await asyncio.gather(*(work(log) for _ in range(20)))


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(60)  # also when the test dies first, this ends
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_append_until_killed(sys.argv[1]))
