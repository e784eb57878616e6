"""Questions that together look odd, read from some days of the log."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import aiosql

from crossroads.audit.database import Pool
from crossroads.audit.search_store import in_time

queries: Any = aiosql.from_path(
    Path(__file__).parent / "queries" / "suspicions.sql", "asyncpg", mandatory_parameters=False
)


class Within(NamedTuple):
    """The time that is read, of one institution or of all, and how much is given at most."""

    since: datetime
    until: datetime
    institution: str | None
    askers: Sequence[str]
    purposes: Sequence[str]
    """Pair by pair: who asks for people about themselves, and for which purpose."""
    limit: int


class Odd(NamedTuple):
    """What one agent asked, or one institution, taken together."""

    institution: str
    agent: str | None
    since: datetime
    until: datetime
    persons: int
    questions: int
    tickets: tuple[UUID, ...]
    person: int | None = None
    sessions: int | None = None


class Asked(NamedTuple):
    """Whom one agent asked about."""

    institution: str
    agent: str
    since: datetime
    until: datetime
    persons: Sequence[int]
    questions: int


class SuspicionStore:
    """Reads them. Raises Unavailable while the database does not work, SearchTooWide where it takes too long."""

    def __init__(self, pool: Pool) -> None:
        """Use these connections, of any role that may read the log."""
        self._pool = pool

    async def days(self, days: Sequence[date]) -> list[date]:
        """Give those of some days of which there is anything to read."""
        return [row["day"] for row in await in_time(queries.days_of_log(self._pool, days=list(days)))]

    async def many_persons(self, within: Within, least: int) -> list[Odd]:
        """Give where one agent asked about so many people within a minute."""
        return _odd(await in_time(queries.many_persons(self._pool, least=least, **within._asdict())))

    async def outside_hours(self, within: Within, hours: tuple[int, int], least: int) -> list[Odd]:
        """Give which agents asked so often outside some hours of Brussels, or at a weekend."""
        given = {"begin": hours[0], "end": hours[1], "least": least, **within._asdict()}
        return _odd(await in_time(queries.outside_hours(self._pool, **given)))

    async def about(self, within: Within, persons: Sequence[int]) -> list[Odd]:
        """Give which agents asked about some people."""
        return _odd(await in_time(queries.about_persons(self._pool, persons=list(persons), **within._asdict())))

    async def own_people(self, within: Within, in_minute: int, in_hour: int) -> list[Odd]:
        """Give where who asks for people about themselves asked about so many within a minute, or within an hour."""
        given = {"in_minute": in_minute, "in_hour": in_hour, **within._asdict()}
        return _odd(await in_time(queries.own_people(self._pool, **given)))

    async def own_sessions(self, within: Within, least: int) -> list[Odd]:
        """Give about whom who asks for people about themselves asked in so many sessions."""
        return _odd(await in_time(queries.own_sessions(self._pool, least=least, **within._asdict())))

    async def persons_by_agent(self, within: Within, least: int) -> list[Asked]:
        """Give whom the agents asked about who asked about so many people."""
        found = await in_time(queries.persons_by_agent(self._pool, least=least, **within._asdict()))
        return [Asked(*row) for row in found]

    async def tickets(self, asked: Asked, persons: Sequence[int], until: datetime) -> tuple[UUID, ...]:
        """Give the first questions of an agent about some of these people."""
        given = {"since": asked.since, "until": until, "institution": asked.institution, "agent": asked.agent}
        found = await in_time(queries.tickets_of_agent(self._pool, persons=list(persons), **given))
        return tuple(row["ticket"] for row in found)


def _odd(found: list[Any]) -> list[Odd]:
    return [Odd(**dict(row) | {"tickets": tuple(row["tickets"])}) for row in found]
