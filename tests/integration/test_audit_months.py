"""The log by months: partitions are made ahead, a wrong clock never makes it refuse, and reads stay bounded."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from audit_log import LONG_AGO, SIGNER, Clock, OpenPool, entry, open_log
from crossroads.audit.database import queries
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.months import AHEAD, Months
from crossroads.audit.reading import Reading
from crossroads.audit.retention import Retention
from crossroads.audit.service import Rhythm
from crossroads.audit.verification import verify
from crossroads.bootstrap.migrations import MigrationFailed
from crossroads.bootstrap.settings import Settings
from crossroads.bootstrap.settling import settle
from crossroads.kernel.errors import Unavailable
from database import Database, execute, value

KEYS = [SIGNER.verifier]
ASLEEP = Rhythm(pulse=timedelta(hours=1))
PARTITIONS = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'log_entry'::regclass"
pytestmark = pytest.mark.timeout(90)


def month(ahead: int) -> str:
    """Give the name of the partition of a month so far ahead."""
    now = datetime.now(UTC)
    year, number = divmod(now.year * 12 + now.month - 1 + ahead, 12)
    return f"log_entry_{year}{number + 1:02}"


@pytest.fixture
async def hub(pool: OpenPool) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
    """Give connections of the hub."""
    yield await pool("crossroads_hub")  # noqa: PT022 - opened in this loop


async def test_a_year_ahead_is_made_once_by_two_at_a_time(hub: Any, database: Database) -> None:
    months = Months(hub)
    assert await months.ahead() == AHEAD
    await execute(database.url("crossroads_owner"), f"DROP TABLE {month(1)}, {month(5)}")
    assert await months.ahead() == 0
    await asyncio.gather(*(Months(hub).add() for _ in range(6)))
    assert await months.ahead() == AHEAD
    # One for this month and each ahead, and the default one.
    assert await hub.fetchval(PARTITIONS) == AHEAD + 2


async def test_a_month_that_has_entries_in_the_default_partition_stays_there_and_is_found(
    hub: Any, database: Database
) -> None:
    await execute(database.url("crossroads_owner"), f"DROP TABLE {month(0)}, {month(3)}")
    async with open_log_of(hub) as log:
        ticket = uuid4()
        receipt = await log.append(entry(ticket=ticket))
        await Months(hub).add()
        assert await hub.fetchval("SELECT to_regclass($1) IS NULL", month(0))
        assert await hub.fetchval("SELECT to_regclass($1) IS NOT NULL", month(3))
        assert await Reading(hub).places(ticket) == [(receipt.stream, receipt.index)]
        await log.append(entry())
    assert (await verify(hub, KEYS)).findings == []


@pytest.mark.parametrize("moment", [LONG_AGO, datetime(1969, 7, 20, tzinfo=UTC), datetime(2222, 2, 2, tzinfo=UTC)])
async def test_a_clock_that_is_wrong_never_makes_the_log_refuse(hub: Any, moment: datetime) -> None:
    clock = Clock(datetime.now(UTC))
    async with open_log_of(hub, clock=clock) as log:
        for at in (clock.now(), moment, clock.now()):
            clock.moment = at
            await log.append_many(entry(n=n) for n in range(300))
        await log.sign_checkpoint()
        assert (await log.prove_entry(0, 450)).inclusion.index == 450
    outcome = await verify(hub, KEYS)
    assert (outcome.findings, outcome.entries) == ([], 900)


async def test_an_entry_that_stands_twice_is_noticed(hub: Any, database: Database) -> None:
    """The key no longer forbids it: it has the time of the entry."""
    async with open_log_of(hub) as log:
        await log.append_many(entry(n=n) for n in range(10))
    columns = "content, salts, leaf FROM log_entry WHERE index = 4"
    twice = f"SELECT stream, index, epoch, event, ticket, person, asker, at + interval '1 day', {columns}"
    await execute(database.url("postgres"), f"INSERT INTO log_entry {twice}")
    assert [str(finding) for finding in (await verify(hub, KEYS)).findings] == [
        "Entry 4 of stream 0: It was added beside the log."
    ]


@pytest.mark.parametrize(
    "arguments", ["'person', 1", "'log_entry', 121", "'log_entry', -1", "NULL, 1", "'log_entry', NULL"]
)
async def test_no_other_table_gets_partitions(hub: Any, arguments: str) -> None:
    with pytest.raises(asyncpg.InvalidParameterValueError):
        await hub.execute(f"SELECT add_months({arguments})")


async def test_who_reads_the_whole_log_holds_up_no_writer_and_months_come_later(
    hub: Any, pool: OpenPool, database: Database
) -> None:
    await execute(database.url("crossroads_owner"), f"DROP TABLE {month(12)}")
    reader = await pool("crossroads_reader")
    async with open_log_of(hub) as log:
        async with Reading(reader).snapshot() as snapshot:
            await snapshot.decided([uuid4()], ["x"])
            with pytest.raises(Unavailable):
                await Months(hub).add()
            with pytest.raises(MigrationFailed, match="somebody reads the log"):
                await settle(database.url("crossroads_owner"), Settings())
            await log.append(entry())
        await Months(hub).add()
    assert await Months(hub).ahead() == AHEAD


async def test_with_ten_years_of_months_a_lookup_reads_one_page_of_an_index_of_each(
    hub: Any, database: Database
) -> None:
    """Each month is asked once by its index, and none is read; where a time is named, only those of that time."""
    months = "generate_series('2016-01-01Z'::timestamptz, '2026-10-01Z', '1 month') AS m"
    years = f"SELECT add_month('log_entry', m) FROM {months}"  # noqa: S608 - ours
    await execute(database.url("crossroads_owner"), f"SET timezone = 'UTC'; {years}")
    async with open_log_of(hub) as log:
        receipts = await log.append_many(entry(n=n) for n in range(500))
    assert await hub.fetchval(PARTITIONS) > 120
    for sql, arguments in (
        (queries.entry.sql, (0, 7)),
        (queries.nodes_of_stream.sql, ([receipts[0].index, 256], [receipts[255].index, 300], 0, [8], [0])),
        (queries.places_of_ticket.sql, (uuid4(),)),
    ):
        steps = json.dumps(await _plan(hub, sql, arguments))
        assert "Seq Scan" not in steps.replace('"Relation Name": "log_leaf"', "")
    since = datetime.now(UTC) - timedelta(days=1)
    bounded = await _plan(hub, queries.usage.sql, ([7], since, since + timedelta(days=2), since, -1, -1, 10))
    assert json.dumps(bounded).count('"Relation Name": "log_entry_') <= 3


FILL = """
    INSERT INTO log_entry (stream, index, epoch, event, at, leaf)
    SELECT 0, n, 0, 'x', now(), '' FROM generate_series(0, 99999) AS n
"""


async def test_leaves_are_found_by_the_index_also_where_a_join_would_rather_read_the_whole_log(
    hub: Any, database: Database
) -> None:
    await execute(database.url("postgres"), f"{FILL}; ANALYZE log_entry")
    async with hub.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        explain = f"EXPLAIN (ANALYZE, FORMAT json) {queries.nodes_of_stream.sql}"
        plan = json.loads(await connection.fetchval(explain, [256, 99_000], [511, 99_010], 0, [8], [0]))[0]["Plan"]
    assert plan["Actual Rows"] == 256 + 11
    steps = json.dumps(plan)
    assert f'"Relation Name": "{month(0)}"' in steps
    assert "Seq Scan" not in steps


async def _plan(hub: Any, sql: str, arguments: tuple[Any, ...]) -> Any:
    async with hub.acquire() as connection, connection.transaction():
        # The partitions of a test are empty, where reading all of nothing is cheapest.
        await connection.execute("SET LOCAL enable_seqscan = off")
        rows = await connection.fetch("EXPLAIN (FORMAT json) " + sql, *arguments)
    return json.loads(rows[0][0])


def open_log_of(hub: Any, **options: Any) -> Any:
    """Open the log on these connections."""

    async def give(_: str) -> Any:
        return hub

    return open_log(give, **{"rhythm": ASLEEP, **options})


async def test_what_is_old_enough_expires_by_itself_class_by_class(hub: Any, database: Database) -> None:
    await execute(database.url("crossroads_owner"), "UPDATE log_term SET days = 10 WHERE class = 'exchange'")
    clock = Clock(datetime.now(UTC) - timedelta(days=12))
    async with open_log_of(hub, clock=clock) as log:
        retention = Retention(hub, log, SIGNER)
        for back in (12, 8):
            clock.moment = datetime.now(UTC) - timedelta(days=back)
            for event in (Event.ANSWER_SENT, Event.INSCRIPTION_OPENED, Event.KEY_REVOKED, Event.ANSWER_SENT):
                await log.append(entry(event))
        clock.moment = datetime.now(UTC)
        await retention.expire_what_is_due()
        assert await speaking(hub) == [1, 2, 4, 5, 6, 7]
        assert await expiries(hub) == 1
        await retention.expire_what_is_due()
        assert await expiries(hub) == 1, "what was looked at is not looked at again"
        outcome = await verify(hub, KEYS)
        assert (outcome.findings, outcome.expired) == ([], 2)
        await execute(database.url("postgres"), "UPDATE log_entry SET content = NULL, salts = NULL WHERE index = 1")
        assert [finding.first for finding in (await verify(hub, KEYS)).findings] == [1], "of another class"


async def test_a_run_that_died_after_its_entry_is_made_good(hub: Any, database: Database) -> None:
    await execute(database.url("crossroads_owner"), "UPDATE log_term SET days = 10")
    async with open_log_of(hub, clock=Clock(datetime.now(UTC) - timedelta(days=12))) as log:
        await log.append_many(entry(n=n) for n in range(5))
        cut = await database_function(database, "RENAME TO expire_log_away")
        retention = Retention(hub, log, SIGNER)
        with pytest.raises(asyncpg.UndefinedFunctionError):
            await retention.expire_what_is_due()
        await execute(database.url("crossroads_owner"), cut)
        assert len(await speaking(hub)) == 5
        await retention.expire_what_is_due()
    assert await speaking(hub) == []
    assert (await verify(hub, KEYS)).findings == []


async def database_function(database: Database, change: str) -> str:
    """Take the function of retention away, and give what brings it back."""
    name = "(smallint, bigint, bigint, text)"
    await execute(database.url("crossroads_owner"), f"ALTER FUNCTION expire_log{name} {change}")
    return f"ALTER FUNCTION expire_log_away{name} RENAME TO expire_log"


async def test_the_hub_itself_can_remove_nothing_before_its_time(hub: Any) -> None:
    """Neither without the log, nor what is younger than the owner settled, whatever the log says."""
    async with open_log_of(hub) as log:
        await log.append_many(entry(n=n) for n in range(5))
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="does not say"):
            await hub.execute("SELECT expire_log(0::smallint, 0, 4, 'directory')")
        said = {"stream": 0, "first": 0, "last": 4, "class": "directory"}
        await log.append(Entry(event=Event.RANGE_EXPIRED, fields=said))
        assert await hub.fetchval("SELECT expire_log(0::smallint, 0, 4, 'directory')") == 0
    assert len(await speaking(hub)) == 5


async def speaking(hub: Any) -> list[int]:
    """Give which entries still say something, less those of the log about itself."""
    rows = await hub.fetch(
        "SELECT index FROM log_entry WHERE content IS NOT NULL AND event NOT LIKE 'log:%' ORDER BY 1"
    )
    return [row[0] for row in rows]


async def expiries(hub: Any) -> int:
    return int(await hub.fetchval("SELECT count(*) FROM log_entry WHERE event = 'log:range:expired'"))


async def test_days_of_a_class_are_settled_by_the_owner_from_the_settings(hub: Any, database: Database) -> None:
    settings = Settings(log_kept_days=400, log_class_days={"batch": 100})  # type: ignore[dict-item] # as it is read
    await settle(database.url("crossroads_owner"), settings)
    found = await hub.fetch("SELECT DISTINCT class, days FROM log_term ORDER BY class")
    assert [tuple(row) for row in found] == [("batch", 100), ("changes", 400), ("directory", 400), ("exchange", 400)]
    assert await value(database.url("crossroads_reader"), "SELECT count(*) FROM log_term WHERE event LIKE 'log:%'") == 0


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("crossroads_hub", "SELECT drop_log_month('2026-03-01Z', 0, 0)"),
        ("crossroads_reader", "SELECT drop_log_month('2026-03-01Z', 0, 0)"),
        ("crossroads_hub", "DROP TABLE log_entry_default"),
        ("crossroads_hub", "DELETE FROM log_entry"),
        ("crossroads_hub", "INSERT INTO log_leaf VALUES (0, 0, '')"),
        ("crossroads_hub", "UPDATE log_term SET days = 1"),
        ("crossroads_hub", "SELECT add_month('log_entry', now())"),
        ("crossroads_retention", "UPDATE log_entry SET content = NULL"),
        ("crossroads_retention", "SELECT expire_log(0::smallint, 0, 9, 'directory')"),
        # Not before the log says so.
        ("crossroads_retention", "SELECT drop_log_month('2026-03-01Z', 0, 0)"),
    ],
)
async def test_nobody_removes_more_than_their_role_is_for(database: Database, role: str, statement: str) -> None:
    connection = await asyncpg.connect(database.url(role))
    try:
        await connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
