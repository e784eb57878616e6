"""Appending to the log: by several processes, through crashes, outages and lost leases."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from collections.abc import Sized
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from audit_log import QUICK, SIGNER, OpenPool, entry, open_log, until
from crossroads.audit.events import Event
from crossroads.audit.model import record_of
from crossroads.audit.service import Log
from crossroads.audit.store import Store
from crossroads.audit.verification import verify
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import InvalidValue, Unavailable
from database import Database, execute, value

PROGRAM = Path(__file__).parents[1] / "audit_log.py"
pytestmark = pytest.mark.timeout(60)


async def test_a_receipt_tells_where_the_entry_is(pool: OpenPool) -> None:
    reader = await pool("crossroads_reader")
    async with open_log(pool) as log:
        receipt = await log.append(entry(legalContext="PCSA:SOCIAL_INQUIRY"))
        row = await reader.fetchrow(
            "SELECT event, person, content::text, leaf FROM log_entry WHERE stream = $1 AND index = $2",
            receipt.stream,
            receipt.index,
        )
    assert row is not None
    assert tuple(row) == (
        "directory:inscription:opened",
        7,
        '{"legalContext": "PCSA:SOCIAL_INQUIRY"}',
        receipt.leaf,
    )


async def test_entries_given_together_stand_together(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        several, one = await asyncio.gather(log.append_many(entry(n=n) for n in range(5)), log.append(entry()))
        assert await log.append_many([]) == []
    assert [receipt.index for receipt in several] == list(range(5))
    assert one.index == 5


async def test_two_hubs_append_to_streams_of_their_own(pool: OpenPool) -> None:
    async with open_log(pool) as one, open_log(pool) as two:
        receipts = await asyncio.gather(*(log.append(entry(n=n)) for n in range(700) for log in (one, two)))
    places = {(receipt.stream, receipt.index) for receipt in receipts}
    assert places == {(stream, index) for stream in (0, 1) for index in range(700)}
    outcome = await verify(await pool("crossroads_reader"), [SIGNER.verifier])
    assert (outcome.entries, outcome.findings) == (1400, [])


async def test_what_was_acknowledged_survives_kill_9(pool: OpenPool, database: Database) -> None:
    programs = [
        await create_subprocess_exec(sys.executable, PROGRAM, database.url(), stdout=PIPE, stderr=DEVNULL)
        for _ in range(2)
    ]
    acknowledged = []
    for program in programs:
        assert program.stdout
        acknowledged += [await program.stdout.readline() for _ in range(200)]
    for program in programs:
        program.kill()
        assert program.stdout
        # The last line may be cut off where the program was killed.
        acknowledged += (await program.stdout.read()).splitlines(keepends=True)
        await program.wait()
    reader = await pool("crossroads_reader")
    stored = {
        f"{row['stream']} {row['index']} {row['leaf'].hex()}"
        for row in await reader.fetch("SELECT stream, index, leaf FROM log_entry")
    }
    assert {line.decode().strip() for line in acknowledged if line.endswith(b"\n")} - stored == set()
    async with open_log(pool):
        await until(lambda: reader.fetchval("SELECT every(settled = size) FROM log_stream WHERE stream >= 0"))
    unanswered = await reader.fetchval(
        "SELECT count(*) FROM log_entry d WHERE event = 'exchange:question:decided' AND 1 <> (SELECT count(*) FROM"
        " log_entry a WHERE a.ticket = d.ticket AND a.event IN ('exchange:answer:sent', 'exchange:outcome:unknown'))"
    )
    assert unanswered == 0
    assert (await verify(reader, [SIGNER.verifier])).findings == []


async def test_whoever_lost_its_lease_writes_nothing(pool: OpenPool, database: Database) -> None:
    store = Store(await pool("crossroads_hub"))
    await store.add_streams(1)
    lease = timedelta(seconds=30)
    old = await store.lease(uuid4(), lease)
    assert old
    assert await store.lease(uuid4(), lease) is None
    await execute(database.url("postgres"), "UPDATE log_stream SET lease_until = now() - interval '1 s'")
    new = await store.lease(uuid4(), lease)
    assert new
    records = [record_of(entry(), SystemClock().now())]
    assert not await store.append(old, records, lease)
    assert not await store.renew(old, lease, 0)
    assert await store.append(new, records, lease)
    assert await value(database.url("postgres"), "SELECT count(*) FROM log_entry") == 1


async def test_a_hub_that_lost_its_stream_goes_on_in_another(pool: OpenPool, database: Database) -> None:
    async with open_log(pool, streams=2) as slow:
        first = await slow.append(entry())
        await execute(
            database.url("postgres"),
            "UPDATE log_stream SET epoch = epoch + 1, leased_by = gen_random_uuid(),"
            " lease_until = now() + interval '1 h' WHERE stream = 0",
        )
        second = await slow.append(entry())
    assert (first.stream, second.stream) == (0, 1)


async def test_without_a_free_stream_the_log_does_not_open(pool: OpenPool) -> None:
    async with open_log(pool, streams=1):
        with pytest.raises(Unavailable, match="taken by other processes"):
            async with open_log(pool, streams=1):
                pass
    async with open_log(pool, streams=1) as log:
        assert (await log.append(entry())).index == 0


async def test_more_than_the_queue_holds_is_refused_at_once(pool: OpenPool) -> None:
    async with open_log(pool, queue=10) as log:
        done = await asyncio.gather(*(log.append(entry(n=n)) for n in range(50)), return_exceptions=True)
        refused = [error for error in done if isinstance(error, Unavailable)]
        assert {error.code for error in refused} == {Code.OVERLOADED}
        assert len(refused) == 40
        assert (await log.append(entry())).index == 10


async def test_an_outage_is_told_and_the_log_resumes_by_itself(pool: OpenPool, database: Database) -> None:
    admin = database.server.dsn("postgres", "postgres")
    async with open_log(pool) as log:
        await log.append(entry())
        await execute(admin, f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS false')
        ours = f"datname = '{database.name}'"
        await execute(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}")  # noqa: S608 - our own
        with pytest.raises(Unavailable) as told:
            await log.append(entry())
        assert told.value.code is Code.UNAVAILABLE
        await execute(admin, f'ALTER DATABASE "{database.name}" ALLOW_CONNECTIONS true')

        async def appended() -> bool:
            try:
                return bool(await log.append(entry(after="outage")))
            except Unavailable:
                return False

        await until(appended)
    assert (await verify(await pool("crossroads_reader"), [SIGNER.verifier])).findings == []


async def test_what_was_acknowledged_stays_when_connections_break_at_any_moment(
    pool: OpenPool, database: Database
) -> None:
    acknowledged = set()
    working = True

    async def work(log: Log) -> None:
        while working:
            try:
                receipt = await log.append(entry())
            except Unavailable:
                await asyncio.sleep(0.01)
            else:
                acknowledged.add((receipt.stream, receipt.index, receipt.leaf))

    async with open_log(pool) as log:
        workers = [asyncio.create_task(work(log)) for _ in range(20)]
        for _ in range(6):
            await until(partial(_more_than, acknowledged, len(acknowledged) + 50))
            await execute(
                database.url("postgres"),
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND usename = 'crossroads_hub'",
            )
        working = False
        await asyncio.gather(*workers)
    reader = await pool("crossroads_reader")
    stored = {tuple(row) for row in await reader.fetch("SELECT stream, index, leaf FROM log_entry")}
    assert acknowledged - stored == set()
    assert (await verify(reader, [SIGNER.verifier])).findings == []


async def _more_than(acknowledged: Sized, count: int) -> bool:
    return len(acknowledged) > count


async def test_a_field_that_cannot_be_logged_harms_nobody_else(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        bad = [log.append(entry(amount=1.5)), log.append(entry(at="now")), log.append(entry(text="a\x00b"))]
        done = await asyncio.gather(log.append(entry()), *bad, log.append(entry()), return_exceptions=True)
    assert [type(outcome) is InvalidValue for outcome in done] == [False, True, True, True, False]


async def test_a_closed_log_takes_nothing(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        pass
    with pytest.raises(Unavailable, match="closed"):
        await log.append(entry())


async def test_commits_wait_for_the_disk_whatever_the_database_is_set_to(pool: OpenPool, database: Database) -> None:
    await execute(database.url("postgres"), f'ALTER DATABASE "{database.name}" SET synchronous_commit = off')
    async with Store(await pool("crossroads_hub")).session() as session:
        assert await session._pool.fetchval("SHOW synchronous_commit") == "on"


async def test_a_question_left_open_by_a_crash_gets_an_unknown_outcome_once(pool: OpenPool) -> None:
    answered, refused, open_one = uuid4(), uuid4(), uuid4()
    crashed = await crash_after(
        pool,
        entry(Event.QUESTION_DECIDED, answered),
        entry(Event.ANSWER_SENT, answered),
        entry(Event.QUESTION_REFUSED, refused),
        entry(Event.QUESTION_DECIDED, open_one),
    )
    assert crashed == 0
    reader = await pool("crossroads_reader")
    query = "SELECT ticket FROM log_entry WHERE event = 'exchange:outcome:unknown'"
    async with open_log(pool), open_log(pool):
        await until(lambda: reader.fetch(query))
    async with open_log(pool) as later:
        await later.close_open()
    assert [row["ticket"] for row in await reader.fetch(query)] == [open_one]


async def test_a_question_that_nobody_answers_is_closed_while_the_hub_lives(pool: OpenPool) -> None:
    reader = await pool("crossroads_reader")
    async with open_log(pool) as log:
        await log.append(entry(Event.QUESTION_DECIDED))
        await until(lambda: reader.fetch("SELECT FROM log_entry WHERE event = 'exchange:outcome:unknown'"))
        assert await log.close_open() == 0


async def crash_after(pool: OpenPool, *entries: object) -> int:
    """Append as a process that then dies without a word; its stream stays leased for a second."""
    log = Log(await pool("crossroads_hub"), SIGNER, rhythm=QUICK)
    await log.start()
    receipts = await log.append_many(entries)  # type: ignore[arg-type] # entries of the tests
    for task in asyncio.all_tasks():
        if task.get_name().startswith("log "):
            task.cancel()
            await asyncio.wait([task])
    return receipts[0].stream


@pytest.mark.parametrize("table", ["log_entry", "log_subtree", "log_top", "log_checkpoint"])
@pytest.mark.parametrize("act", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_hub_may_not_change_what_is_logged(module_database: Database, table: str, act: str) -> None:
    column = {"log_checkpoint": "note", "log_subtree": "root"}.get(table, "leaf")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(module_database.url("crossroads_hub"), act.format(table, column, column))


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("crossroads_hub", "DELETE FROM log_stream"),
        ("crossroads_retention", "DELETE FROM log_entry"),
        ("crossroads_retention", "UPDATE log_entry SET leaf = leaf"),
        ("crossroads_retention", "UPDATE log_entry SET at = at"),
        ("crossroads_retention", "INSERT INTO log_checkpoint VALUES (1, '', now())"),
        ("crossroads_reader", "UPDATE log_entry SET content = NULL"),
        ("crossroads_reader", "INSERT INTO log_stream (stream) VALUES (99)"),
    ],
)
async def test_each_role_may_do_its_own_work_only(module_database: Database, role: str, act: str) -> None:
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
        await execute(module_database.url(role), act)
