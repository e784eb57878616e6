"""Whether the answers under load were answers: the hub's own log tells."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import asyncpg

from crossroads.audit.events import Event
from crossroads.bench.report import BenchFailed, progress
from crossroads.kernel.codes import StatusValue

_COUNT = """
SELECT coalesce(content -> 'status' ->> 'value', content ->> 'code', event) AS outcome, count(*) AS answers
FROM log_entry WHERE at > $1 AND event IN ($2, $3) GROUP BY 1 ORDER BY 2 DESC
"""


_REPETITIONS = 3


class NotLogged(BenchFailed):
    """There were answers that the log does not have: no busy moment explains that."""


T = TypeVar("T")


def patiently(load: Callable[[], T], failed: Callable[[BenchFailed], None]) -> T:
    """Put something under load; what did not go as it should is told, to `failed` too, and tried again three times.

    To prepare it took long, which a moment in which the machine was busy is not to undo. Raises BenchFailed.
    """
    for _ in range(_REPETITIONS):
        try:
            return load()
        except NotLogged:
            raise
        except BenchFailed as error:
            progress.print(f"Again: {error}")
            failed(error)
    return load()


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
        outcomes = asyncio.run(_count(dsn, since))
        if sum(outcomes.values()) < seen.answers:
            raise NotLogged(f"Of {seen.answers} answers the log has {sum(outcomes.values())}.")
        found = outcomes.pop(StatusValue.DATA_FOUND.value, 0)
        if found < seen.answers or outcomes:
            others = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) or "none"
            raise BenchFailed(f"Of {seen.answers} answers the log has {found} with data. Others: {others}.")


async def _now(dsn: str) -> datetime:
    connection = await asyncpg.connect(dsn)
    try:
        now: datetime = await connection.fetchval("SELECT clock_timestamp()")
        return now
    finally:
        await connection.close()


async def _count(dsn: str, since: datetime) -> dict[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        found = await connection.fetch(_COUNT, since, Event.ANSWER_SENT.value, Event.QUESTION_REFUSED.value)
        return {row["outcome"]: row["answers"] for row in found}
    finally:
        await connection.close()
