"""Service levels, computed from the log: by month, without naming anybody.

A day is counted once, when it is over, hour by hour. What was counted stays, also when what the log says has expired.
"""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

import msgspec

from crossroads.audit.database import Pool, outages, queries, rows
from crossroads.kernel.clock import BRUSSELS, Clock, brussels_day

NAME = "service-levels"
EVERY = timedelta(hours=1)
AVAILABILITY_NORM = 0.98
"""Of the Belgian Crossroads Bank (facts: identification-and-directory.md)."""
BATCH_DAYS = 4
"""Calendar days within which a file is to be answered, from the day on which its voucher was accepted (likewise)."""

_SETTLED = timedelta(hours=1)
"""After which nothing is added to what the log says of a question."""
_STRETCH = timedelta(hours=1)
_DAY = timedelta(days=1)


class Counts(msgspec.Struct, frozen=True):
    """What is counted of a stretch of time."""

    questions: int = 0
    known: int = 0
    """Questions of which the log still said something when they were counted."""
    lost: int = 0
    """Questions that were decided and not answered, because the hub failed."""
    within_one_second: int = 0
    within_two_seconds: int = 0
    minutes: int = 0
    """Minutes in which there were questions."""
    minutes_lost: int = 0
    batches: int = 0
    """Files that ended: answered, or given up by the hub."""
    batches_in_time: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Count both."""
        return Counts(*(one + two for one, two in zip(_values(self), _values(other), strict=True)))


class MonthLevels(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How well a month was served. Shares are between 0 and 1, of what the log said; absent where it said nothing."""

    month: str
    days: int
    """That are counted."""
    questions: int
    expired: int
    """Questions of which the log said no more than that they were, when they were counted."""
    answered: float | None
    """Share of the questions that were answered, refusals included."""
    minutes_answered: float | None
    """Share of the minutes with questions in which all were answered."""
    within_one_second: float | None
    within_two_seconds: float | None
    batches: int
    batches_in_time: float | None
    available: bool | None
    """Whether the norm of availability was kept."""


class ServiceLevels(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Service levels by month, the newest last."""

    availability_norm: float = AVAILABILITY_NORM
    batch_days: int = BATCH_DAYS
    months: tuple[MonthLevels, ...]


class Levels:
    """Counts what the log says of how well the hub served."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        """Read the log, and keep what was counted, with these connections (role crossroads_hub)."""
        self._pool, self._clock = pool, clock

    async def counted(self) -> ServiceLevels:
        """Give the service levels of the days that were counted. Raises Unavailable."""
        return _levels((await self._days()).items())

    async def with_today(self) -> ServiceLevels:
        """Give the service levels, today until now included. Raises Unavailable."""
        days, now = await self._days(), self._clock.now()
        today = brussels_day(now)
        began = datetime.combine(today, time(), BRUSSELS)
        return _levels([*days.items(), (today, await self._count(began, now))])

    async def count_days(self) -> None:
        """Count the days that are over and were not counted yet. Raises Unavailable."""
        async for _ in self.counting():
            pass

    async def counting(self) -> AsyncIterator[tuple[int, int]]:
        """Count those days, and tell after each how many are counted, and of how many."""
        missing = await self._missing()
        for number, day in enumerate(missing, 1):
            began, ends = (datetime.combine(one, time(), BRUSSELS) for one in (day, day + _DAY))
            counts = await self._count(began, ends)
            with outages():
                await queries.keep_day(self._pool, day=day, **msgspec.structs.asdict(counts))
            yield number, len(missing)

    async def _missing(self) -> list[date]:
        with outages():
            began = await queries.log_began(self._pool)
        if began is None:
            return []
        kept, day, last = await self._days(), brussels_day(began), brussels_day(self._clock.now() - _SETTLED)
        every = (day + timedelta(days=number) for number in range((last - day).days))
        return [one for one in every if one not in kept]

    async def _days(self) -> dict[date, Counts]:
        with outages():
            found = await rows(queries.counted_days(self._pool))
        return {row["day"]: _counts(row) for row in found}

    async def _count(self, since: datetime, until: datetime) -> Counts:
        # In UTC: an hour of the wall clock is not always one.
        counts, at, until = Counts(), since.astimezone(UTC), until.astimezone(UTC)
        while at < until:
            end = min(at + _STRETCH, until)
            with outages():
                row = await queries.served(self._pool, since=at, until=end, closing=end + _SETTLED)
            counts, at = counts + _counts(row), end
        return counts


def _levels(days: Iterable[tuple[date, Counts]]) -> ServiceLevels:
    months = groupby(days, key=lambda one: f"{one[0]:%Y-%m}")
    return ServiceLevels(months=tuple(_month(name, [counts for _, counts in found]) for name, found in months))


def _month(name: str, days: list[Counts]) -> MonthLevels:
    whole = sum(days, start=Counts())
    answered = _share(whole.known - whole.lost, whole.known)
    return MonthLevels(
        month=name,
        days=len(days),
        questions=whole.questions,
        expired=whole.questions - whole.known,
        answered=answered,
        minutes_answered=_share(whole.minutes - whole.minutes_lost, whole.minutes),
        within_one_second=_share(whole.within_one_second, whole.known),
        within_two_seconds=_share(whole.within_two_seconds, whole.known),
        batches=whole.batches,
        batches_in_time=_share(whole.batches_in_time, whole.batches),
        available=None if answered is None else answered >= AVAILABILITY_NORM,
    )


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


def _counts(row: Any) -> Counts:
    return Counts(*(row[name] for name in Counts.__struct_fields__))


def _values(counts: Counts) -> tuple[int, ...]:
    return msgspec.structs.astuple(counts)
