"""Service levels from the log: what counts as answered, in time, and what stays when the log has expired."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from audit_log import SIGNER, open_log
from crossroads.audit.database import queries
from crossroads.audit.events import Event
from crossroads.audit.levels import Levels, MonthLevels
from crossroads.audit.model import Entry
from crossroads.audit.retention import Retention
from crossroads.audit.service import Log
from database import Database, execute
from people import OpenPool

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


class Writing:
    """A log in which things are written at any time."""

    def __init__(self, log: Log, pool: Any, clock: Clock) -> None:
        self.log, self.pool, self.clock = log, pool, clock
        self.levels = Levels(pool, clock)

    async def write(self, at: datetime, event: Event, **fields: Any) -> None:
        self.clock.at = at
        ticket = fields.pop("ticket", None) or uuid4()
        await self.log.append(Entry(event=event, ticket=ticket, person=7, asker="pcsa-ghent", fields=fields))

    async def question(self, at: datetime, seconds: float | None) -> None:
        """Write a question; without seconds it is never answered."""
        ticket = uuid4()
        await self.write(at, Event.QUESTION_DECIDED, ticket=ticket, receivedAt=at.isoformat())
        if seconds is not None:
            replied = at + timedelta(seconds=seconds)
            await self.write(replied, Event.ANSWER_SENT, ticket=ticket, repliedAt=replied.isoformat())

    async def file(self, accepted: datetime, ended: datetime, event: Event, **fields: Any) -> None:
        ticket = uuid4()
        await self.write(accepted, Event.BATCH_ACCEPTED, ticket=ticket)
        await self.write(ended, event, ticket=ticket, **fields)

    async def months(self, at: datetime = APRIL) -> list[MonthLevels]:
        self.clock.at = at
        await self.levels.count_days()
        return list((await self.levels.counted()).months)


@pytest.fixture
async def writing(pool: OpenPool) -> AsyncIterator[Writing]:
    clock = Clock()
    async with open_log(pool, clock=clock) as log:
        yield Writing(log, await pool("crossroads_hub"), clock)


async def test_questions_are_counted_by_how_long_they_took(writing: Writing) -> None:
    for seconds in (0.2, 1.0, 1.5, 2.5, None):
        await writing.question(NOON, seconds)
    await writing.write(NOON, Event.QUESTION_REFUSED, receivedAt=(NOON - timedelta(seconds=0.1)).isoformat())
    await writing.question(NOON + timedelta(minutes=1), 0.1)
    await writing.question(NOON + timedelta(minutes=2), 0.1)
    march, april = await writing.months()
    assert (march.month, march.days, march.questions, march.expired) == ("2026-03", 22, 8, 0)
    assert march.answered == 7 / 8
    assert march.minutes_answered == 2 / 3
    assert (march.within_one_second, march.within_two_seconds) == (5 / 8, 6 / 8)
    assert march.available is False
    assert (april.month, april.days, april.questions, april.answered, april.available) == ("2026-04", 1, 0, None, None)


async def test_a_question_belongs_to_its_day_in_brussels_whenever_it_was_answered(writing: Writing) -> None:
    eve = datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC)
    await writing.question(eve, 1.5)
    await writing.question(eve + timedelta(seconds=1), 0.1)
    march, april = await writing.months()
    assert (march.questions, march.within_one_second, march.within_two_seconds) == (1, 0, 1)
    assert (april.questions, april.within_one_second) == (1, 1)


async def test_the_hours_of_a_day_that_is_longer_or_shorter_are_counted_once(writing: Writing) -> None:
    for hour in range(-2, 26):
        await writing.question(datetime(2026, 3, 29, tzinfo=UTC) + timedelta(hours=hour, minutes=30), 0.1)
    await writing.months()
    rows = await writing.pool.fetch("SELECT day, questions FROM service_level WHERE questions > 0 ORDER BY day")
    assert [tuple(row) for row in rows] == [
        (date(2026, 3, 28), 1), (date(2026, 3, 29), 23), (date(2026, 3, 30), 4),
    ]  # fmt: skip


async def test_files_are_in_time_within_four_calendar_days(writing: Writing) -> None:
    accepted = datetime(2026, 3, 5, 8, tzinfo=UTC)
    await writing.file(accepted, accepted + timedelta(days=4, hours=14), Event.BATCH_COMPLETED)
    await writing.file(accepted, accepted + timedelta(days=4, hours=15, minutes=59), Event.BATCH_COMPLETED)
    await writing.file(accepted, accepted + timedelta(days=1), Event.BATCH_CANCELLED, by="hub")
    await writing.file(accepted, accepted + timedelta(days=1), Event.BATCH_CANCELLED, by="pcsa-ghent")
    march, _ = await writing.months()
    assert (march.batches, march.batches_in_time) == (3, 1 / 3)


async def test_today_is_shown_and_not_kept(writing: Writing) -> None:
    await writing.question(NOON, 0.1)
    assert await writing.months(NOON + timedelta(minutes=1)) == []
    (march,) = (await writing.levels.with_today()).months
    assert (march.days, march.questions, march.within_one_second) == (1, 1, 1)
    assert (await writing.levels.counted()).months == ()


async def test_what_was_counted_stays_when_the_log_has_expired(
    writing: Writing, pool: OpenPool, database: Database
) -> None:
    await execute(database.url("crossroads_owner"), "UPDATE log_term SET days = 1")
    retention = Retention(await pool("crossroads_hub"), writing.log, SIGNER)
    await writing.question(NOON, 0.1)
    before = await writing.months()
    await writing.question(APRIL, 0.1)
    await retention.expire_all(await retention.due({"exchange": APRIL + timedelta(days=1)}))
    march, april = await writing.months(APRIL + timedelta(days=2))
    assert march == before[0]
    assert (april.questions, april.expired) == (1, 1)
    assert (april.answered, april.within_one_second, april.available) == (None, None, None)


async def test_nobody_is_named_and_a_day_is_counted_once(writing: Writing) -> None:
    await writing.question(NOON, 0.1)
    first = await writing.months()
    await writing.question(NOON + timedelta(hours=1), None)
    assert await writing.months() == first
    told = msgspec.json.encode(await writing.levels.counted())
    assert b"ghent" not in told


async def test_a_stretch_of_time_is_found_by_index(writing: Writing) -> None:
    connection: Any
    async with writing.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch("EXPLAIN " + queries.served.sql, NOON, NOON + HOUR, NOON + 2 * HOUR)
    steps = [row[0].strip() for row in plan]
    assert not [step for step in steps if "Seq Scan on log_entry" in step]
    tree = "SELECT count(*) FROM pg_partition_tree($1::text::regclass)"
    tables, indexes = [await writing.pool.fetchval(tree, name) for name in ("log_entry", "log_entry_at")]
    assert tables == indexes > 1
