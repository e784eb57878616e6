"""What an operator sees of an installation: read with the rights of the portal, which see nobody in it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from audit_log import OpenPool, open_log, until
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.audit.service import Log
from crossroads.catalogue.snapshot import Facts, Snapshot
from crossroads.identity.database import transaction
from crossroads.jobs import store as jobs
from crossroads.jobs.model import NewJob
from crossroads.kernel.clock import SystemClock
from crossroads.operation.model import Light, Standing, What
from crossroads.operation.service import Operation
from crossroads.sources.breaker import FAILURES, PAUSE
from crossroads.sources.store import BreakerStore
from database import Database

VIEWS = {
    *("operation_source", "operation_job", "operation_mailbox", "operation_queue", "operation_stream"),
    *("operation_question", "operation_reply", "operation_bound"),
}
"""What the portal may read for it."""


MUCH = """
WITH written AS (
    INSERT INTO log_entry (stream, index, epoch, event, at, content, leaf)
    SELECT stream, size + n, 1, 'batch:record:decided', now(), '{}', '\\x00'
    FROM log_stream, generate_series(0, 20000) AS n
    WHERE stream >= 0 AND size > 0
)
UPDATE log_stream SET size = size + 20001 WHERE stream >= 0 AND size > 0
"""
"""More than is read of an hour, in each stream that has anything."""
HIDDEN = {"operation_recent", "operation_share"}
"""What only other views read."""


class NothingYet:
    """A catalogue in which nothing is."""

    current = Snapshot(Facts(1, 1, None, (), (), (), {}))


async def standing(pool: OpenPool) -> Standing:
    return await Operation(await pool("crossroads_portal"), NothingYet(), SystemClock(), "hub").standing()


def found(of: Standing) -> dict[What, Light]:
    return {one.what: one.light for one in of.findings}


async def test_an_installation_without_a_process_does_not_work(pool: OpenPool) -> None:
    stands = await standing(pool)
    assert found(stands) == {What.NO_PROCESS: Light.ACT}
    assert stands.light is Light.ACT
    assert stands.months_ahead == 12
    assert stands.whole.database_bytes > 1_000_000
    assert (stands.whole.questions, stands.whole.p95, stands.whole.checkpoint) == (0, None, None)


async def ask(log: Log, took: float, sources: dict[str, tuple[str, float]], person: int = 7) -> None:
    """Log a question that took so many seconds, and how it went at its sources."""
    ticket, now = uuid4(), datetime.now(UTC)
    received = now - timedelta(seconds=took)
    decided = {"receivedAt": received.isoformat(), "permits": [{}]}
    asked = [
        {
            "institution": name,
            "status": status,
            "code": "x",
            "askedAt": received.isoformat(),
            "answeredAt": (received + timedelta(seconds=seconds)).isoformat(),
        }
        for name, (status, seconds) in sources.items()
    ]
    answered = {"repliedAt": now.isoformat(), "sources": asked}
    for event, fields in ((Event.QUESTION_DECIDED, decided), (Event.ANSWER_SENT, answered)):
        await log.append(Entry(event=event, ticket=ticket, person=person, asker="centre", fields=fields))


async def test_how_long_questions_and_sources_take_is_read_from_the_log(pool: OpenPool) -> None:
    async with open_log(pool) as log:
        for took in (0.1, 0.2, 0.3, 3.5):
            await ask(log, took, {"nsso": ("DATA_FOUND", took / 2), "fund": ("TECHNICAL_ERROR", 1.0)})
        refused = {"receivedAt": (datetime.now(UTC) - timedelta(seconds=0.05)).isoformat()}
        await log.append(Entry(event=Event.QUESTION_REFUSED, ticket=uuid4(), fields=refused))
        await log.append(Entry(event=Event.QUESTION_DECIDED, ticket=uuid4(), fields=refused))
        portal = Operation(await pool("crossroads_portal"), NothingYet(), SystemClock(), "hub")

        async def signed() -> bool:
            return not (await portal.standing()).whole.unsigned

        await until(signed)
        stands = await portal.standing()
    whole = stands.whole
    assert whole.questions == 5
    assert whole.p50 == pytest.approx(0.2, abs=0.01)
    assert whole.p95 is not None
    assert whole.p95 > 2
    assert whole.held == 1
    assert whole.checkpoint_at is not None
    assert found(stands) == {What.SLOW: Light.LOOK}
    fund, nsso = stands.sources
    assert (fund.institution, fund.asked, fund.failed, fund.answered_at) == ("fund", 4, 4, None)
    assert nsso.p50 == pytest.approx(0.125)
    assert (nsso.failed, nsso.failing_since) == (0, None)
    assert nsso.answered_at is not None
    assert (nsso.answered_at.second, nsso.answered_at.microsecond) == (0, 0)


async def test_a_file_of_questions_hides_no_failure_and_what_is_not_read_is_told(
    pool: OpenPool, database: Database
) -> None:
    async with open_log(pool) as log:
        await ask(log, 0.2, {"fund": ("TECHNICAL_ERROR", 0.1)})
        for _ in range(5):
            lines = [Entry(event=Event.BATCH_RECORD_DECIDED, ticket=uuid4(), fields={}) for _ in range(1_000)]
            await log.append_many(lines)
        stands = await standing(pool)
    (fund,) = stands.sources
    assert (fund.institution, fund.asked, fund.failed, stands.whole.questions) == ("fund", 1, 1, 1)
    assert stands.whole.counted_since is None
    owner = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        await owner.execute(MUCH)
    finally:
        await owner.close()
    whole = (await standing(pool)).whole
    assert (whole.questions, whole.counted_since is None) == (0, False)


async def test_since_when_a_source_fails_and_whether_it_is_left_alone(pool: OpenPool) -> None:
    breakers = BreakerStore(await pool("crossroads_hub"))
    for participant, times in (("fund", FAILURES), ("nsso", 1), ("well-again", 2)):
        for _ in range(times):
            await breakers.count_failure(participant, FAILURES, PAUSE)
    first = {one.institution: one for one in (await standing(pool)).sources}
    await breakers.reset("well-again")
    await breakers.count_failure("nsso", FAILURES, PAUSE)
    stands = await standing(pool)
    fund, nsso = stands.sources
    assert (fund.suspended, fund.failures, nsso.suspended, nsso.failures) == (True, FAILURES, False, 2)
    assert (fund.failing_since, nsso.failing_since) == (first["fund"].failing_since, first["nsso"].failing_since)
    assert {one.about: one.what for one in stands.findings if one.about} == {
        "fund": What.SOURCE_SUSPENDED,
        "nsso": What.SOURCE_FAILS,
    }


async def test_jobs_that_are_held_or_failed_come_first_with_what_to_type(pool: OpenPool) -> None:
    hub = await pool("crossroads_hub")
    async with transaction(hub) as connection:
        for number in range(3):
            await jobs.add(connection, UUID(int=number + 1), NewJob(kind=f"kind-{number}", total=9))
        await jobs.hold_back(connection, UUID(int=1), "An operator holds it.")
        await connection.execute(
            "UPDATE job SET state = 'FAILED', finished_at = now() - interval '1 day' WHERE job = $1", UUID(int=2)
        )
        await jobs.add(connection, UUID(int=9), NewJob(kind="long-ago"))
        await connection.execute(
            "UPDATE job SET state = 'FAILED', finished_at = now() - interval '9 days' WHERE job = $1", UUID(int=9)
        )
    stands = await standing(pool)
    assert [job.kind for job in stands.jobs] == ["kind-0", "kind-1", "kind-2"]
    told = {one.about: (one.what, one.command) for one in stands.findings if one.about}
    assert told == {
        "kind-0": (What.JOB_HELD, f"crossroads jobs resume {UUID(int=1)}"),
        "kind-1": (What.JOB_FAILED, f"crossroads jobs show {UUID(int=2)}"),
    }


async def test_mailboxes_in_which_something_waits_long_or_is_parked(pool: OpenPool) -> None:
    hub = await pool("crossroads_hub")
    for recipient, last, parked, age in (("old", 2, 0, 3), ("new", 1, 0, 0), ("parked", 1, 1, 0), ("empty", 0, 0, 0)):
        await hub.execute("INSERT INTO mailbox (recipient, last_number) VALUES ($1, $2)", recipient, last)
        await hub.execute("INSERT INTO mailbox_progress (recipient, parked) VALUES ($1, $2)", recipient, parked)
        for number in range(1, last + 1):
            await hub.execute(
                "INSERT INTO mailbox_item (recipient, number, previous, slot, person, mutation, ticket, institution,"
                " added_at) VALUES ($1, $2, 0, 0, 7, $2, $3, $1, now() - make_interval(days => $4))",
                *(recipient, number, uuid4(), age),
            )
    stands = await standing(pool)
    assert [(one.recipient, one.waiting, one.parked) for one in stands.mailboxes] == [
        ("old", 2, 0),
        ("new", 1, 0),
        ("parked", 0, 1),
    ]
    assert {one.about: one.what for one in stands.findings if one.about} == {
        "old": What.MAILBOX_OLD,
        "parked": What.ITEMS_PARKED,
    }


async def test_the_views_show_nobody_and_the_portal_reads_no_more_than_them(pool: OpenPool, database: Database) -> None:
    owner = await asyncpg.connect(database.url("crossroads_owner"))
    try:
        rows = await owner.fetch(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_name LIKE 'operation\\_%'"
        )
    finally:
        await owner.close()
    shown = {row["column_name"] for row in rows if row["table_name"] in VIEWS}
    assert not shown & {"took", "at", "status", "code", "person", "ssin", "ticket", "subject", "content", "asker"}
    assert {row["table_name"] for row in rows} == VIEWS | HIDDEN
    portal = await pool("crossroads_portal")
    for hidden in (*sorted(HIDDEN), "log_entry", "mailbox_item", "job", "mutation_queue"):
        assert not await portal.fetchval("SELECT has_any_column_privilege($1, 'SELECT')", hidden)
