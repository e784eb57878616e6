"""Whether the answers under load were answers: the hub's own log tells."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from crossroads.audit.events import Event
from crossroads.bench.report import BenchFailed
from crossroads.kernel.codes import StatusValue

_COUNT = """
SELECT count(*) FILTER (WHERE event = $2 AND content -> 'status' ->> 'value' = $3) AS found,
       count(*) FILTER (WHERE event = $2 AND content -> 'status' ->> 'value' <> $3 OR event = $4) AS others
FROM log_entry WHERE at > $1
"""


@dataclass(slots=True)
class Seen:
    """What a load says that it saw."""

    answers: int = 0

    def expect(self, answers: int) -> None:
        """Expect so many answers with data, and none without."""
        self.answers = answers


@contextmanager
def checked(dsn: str, *, exchange: bool = True) -> Iterator[Seen]:
    """Check afterwards that every answer of an exchange carried data and was logged. Raises BenchFailed."""
    seen, since = Seen(), asyncio.run(_now(dsn)) if exchange else None
    yield seen
    if since is not None:
        found, others = asyncio.run(_count(dsn, since))
        if found < seen.answers or others:
            raise BenchFailed(f"Of {seen.answers} answers the log has {found} with data, and {others} without.")


async def _now(dsn: str) -> datetime:
    connection = await asyncpg.connect(dsn)
    try:
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return now
    finally:
        await connection.close()


async def _count(dsn: str, since: datetime) -> tuple[int, int]:
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow(
            _COUNT, since, Event.ANSWER_SENT.value, StatusValue.DATA_FOUND.value, Event.QUESTION_REFUSED.value
        )
        return row["found"], row["others"]
    finally:
        await connection.close()
