"""A batch is decided, logged, asked and composed; whoever breaks off, the next goes on and logs nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from audit_log import until
from batch_running import Hall, Source, batched, hall, honest
from batching import AUTHORISED, CENTRE, MANAGED, OTHER, asked
from crossroads.batch import places
from crossroads.batch.places import ASKED_AT_ONCE
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.kernel.period import Period
from crossroads.wire.batches import PAGE, BatchState, Record, SummaryLine
from database import OpenPool
from founding import small_catalogue
from people import ssin

_IMPATIENT = """
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET idle_in_transaction_session_timeout = 300', current_database());
    END $$
"""


class Large(bytes):
    """An answer that tells how many of them are in memory."""

    now = most = asking = most_asking = 0

    def __init__(self, _: bytes) -> None:
        Large.now += 1
        Large.most = max(Large.most, Large.now)

    def __del__(self) -> None:
        Large.now -= 1

    @staticmethod
    async def answered(source: Source, errand: PageErrand) -> PageReply:
        """Answer after all who may be asked at once were asked."""
        Large.asking += 1
        Large.most_asking = max(Large.most_asking, Large.asking)
        for _ in range(20):
            await asyncio.sleep(0)
        reply = await honest(source, errand)
        Large.asking -= 1
        return replace(reply, answer=Large(reply.answer or b""))


async def many_sources(here: Hall, many: int) -> list[str]:
    """Add centres that answer, and give their names in order."""
    names = [f"centre-x{number:02}" for number in range(many)]
    centres = [{"id": name, "sector": 17, "type": 1, "names": {"en": name}} for name in names]
    await here.office.here.apply(small_catalogue(institutions=[*batched(), *centres], authorisations=[AUTHORISED]))
    for name in names:
        key = await here.office.here.signing_key(name)
        here.neighbours.sources[name] = Source(key, here.office.authors[CENTRE].seal.jwk)
    return names


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Hall]:
    async with hall(pool) as made:
        yield made


async def test_each_record_gets_its_line_and_its_entry(here: Hall) -> None:
    for number in (0, 1, 2):
        await here.hold(number, CENTRE, "17:1")
    for number in (0, 1, 3):
        await here.hold(number, OTHER)
    here.neighbours.sources[OTHER].without = ssin(1)[-2:]
    ticket = await here.sent(asked(5))
    await here.answered()
    status = await here.status(ticket)
    assert (status.state, status.decided, status.answered, status.parts) == ("COMPLETED", 5, 5, 2)
    result = await here.result(ticket)
    found = [line for line in result if hasattr(line, "number")]
    assert [(line.number, line.status.value, line.status.code, line.status.detail) for line in found] == [
        (0, "DATA_FOUND", "MSG00000", None),
        (1, "NO_DATA_FOUND", "MSG00100", None),
        (2, "NO_DATA_FOUND", "MSG00021", None),
        (3, "NO_RESULT", "MSG00012", "CR-NOT-INSCRIBED"),
        (4, "NO_RESULT", "MSG00012", "CR-NOT-INSCRIBED"),
    ]
    assert here.opened(result) == [{"amount": int(ssin(0)) % 1000}]
    assert here.neighbours.asked == [(OTHER, 0, 0, 2)]
    summary = result[-1]
    assert isinstance(summary, SummaryLine)
    assert summary.counts == {"DATA_FOUND": 1, "NO_DATA_FOUND": 2, "NO_RESULT": 2} == status.counts
    assert summary.sources == {OTHER: {"DATA_FOUND": 1, "NO_DATA_FOUND": 1}}
    assert [line.ticket for line in found] == [entry["ticket"] for entry in await here.decided()]
    assert await here.office.rest() == {"batch_part": 0, "batch_page": 0, "batch_chunk": 0, "batch_result": 2}


async def test_the_log_says_of_each_record_what_it_says_of_a_question(here: Hall) -> None:
    await here.hold(0, CENTRE, "17:1")
    await here.hold(0, OTHER)
    ticket = await here.sent([Record(ssin=ssin(0), customer_ticket="mine"), Record(ssin=ssin(9))])
    await here.answered()
    known, unknown = await here.decided()
    assert (known["batch"], known["number"], known["customerTicket"]) == (str(ticket), 0, "mine")
    assert (known["asker"], known["ssin"], known["ssinHash"], known["status"]) == (CENTRE, ssin(0), None, None)
    (permit,) = known["permits"]
    assert (permit["holder"], len(permit["lines"])) == (OTHER, 2)
    assert (unknown["person"], unknown["ssin"], unknown["permits"]) == (None, None, [])
    assert unknown["status"]["detail"] == "CR-NOT-INSCRIBED"
    assert len(unknown["ssinHash"]) == 64
    assert set(known) == set(unknown)
    (page,) = await here.office.logged("batch:page:answered")
    assert page["groupsGiven"] == [["living-wage@1", OTHER, "{[0,1)}"]]
    assert page["sources"][0]["signature"] == {"value": "test"}
    (done,) = await here.office.logged("batch:file:completed")
    assert (page["ticket"], done["ticket"]) == (ticket, ticket)
    usage = await here.office.here.log.usage([known["person"]], *here.always)
    assert [(line.event, line.asker, line.fields["batch"]) for line in usage.lines] == [
        ("batch:record:decided", CENTRE, str(ticket))
    ]


async def test_a_record_has_days_of_its_own_and_a_person_a_newer_number(here: Hall) -> None:
    await here.hold(0, CENTRE, "17:1", date(2026, 1, 1))
    await here.hold(0, OTHER)
    await here.replaced(0, 50)
    own = Period(date(2025, 1, 1), date(2025, 6, 30))
    ticket = await here.sent([Record(ssin=ssin(0)), Record(ssin=ssin(0), period=own)])
    await here.answered()
    asked_now, asked_before = await here.records(ticket)
    assert (asked_now.ssin.value, asked_now.ssin.replaces) == (ssin(50), ssin(0))
    assert here.opened(await here.result(ticket)) == [{"amount": int(ssin(50)) % 1000}]
    assert asked_before.status.detail == "CR-PERIOD-NOT-COVERED"


async def test_a_source_that_answers_in_pieces_is_asked_for_the_rest(here: Hall) -> None:
    for number in range(5):
        await here.hold(number, CENTRE, "17:1")
        await here.hold(number, OTHER)
    here.neighbours.sources[OTHER].most = 2
    ticket = await here.sent(asked(5))
    await here.answered()
    assert [(first, count) for _, _, first, count in here.neighbours.asked] == [(0, 5), (2, 3), (4, 1)]
    assert len(here.opened(await here.result(ticket))) == 5


async def test_what_has_no_room_in_one_request_is_asked_in_several(here: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each record has days of its own, so that each needs a scope of its own."""
    monkeypatch.setattr("crossroads.batch.asking._ROOM", 900)
    for number in range(7):
        await here.hold(number, CENTRE, "17:1")
        await here.hold(number, OTHER)
    own = [Period(date(2026, 1, 1), date(2026, 1, 2 + number)) for number in range(7)]
    ticket = await here.sent([Record(ssin=ssin(number), period=own[number]) for number in range(7)])
    await here.answered()
    asked_of = [(first, len(records)) for _, _, first, records in here.neighbours.records]
    assert [first for first, _ in asked_of] == [0, *(first + many for first, many in asked_of[:-1])]
    assert len(asked_of) > 2
    for _, scopes, _, records in here.neighbours.records:
        assert sum(len(msgspec.json.encode(one)) for one in (*scopes, *records)) <= 900
        assert {record.scope for record in records} == set(range(len(scopes)))
    found = await here.records(ticket)
    assert [line.status.value for line in found] == ["DATA_FOUND"] * 7
    assert [line.blocks[0].period for line in found] == own
    (page,) = await here.office.logged("batch:page:answered")
    assert len(page["sources"]) == len(asked_of)


async def test_answers_of_many_sources_are_not_all_in_memory_at_once(here: Hall) -> None:
    sources = await many_sources(here, 20)
    await here.hold(0, CENTRE, "17:1")
    for name in sources:
        await here.hold(0, name)
        here.neighbours.sources[name].behaves = Large.answered
    ticket = await here.sent(asked(1))
    Large.most = Large.now = Large.asking = Large.most_asking = 0
    await here.answered()
    (line,) = await here.records(ticket)
    assert [(one.institution, one.status) for one in line.sources] == [(name, "DATA_FOUND") for name in sources]
    assert 1 < Large.most_asking <= ASKED_AT_ONCE
    assert Large.most <= ASKED_AT_ONCE + 1


async def test_a_slow_source_keeps_no_other_batch_waiting(here: Hall) -> None:
    slow, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(source: Source, errand: PageErrand) -> PageReply:
        slow.set()
        await go_on.wait()
        return await honest(source, errand)

    for number, holder in ((0, OTHER), (1, MANAGED)):
        await here.hold(number, CENTRE, "17:1")
        await here.hold(number, holder)
    here.neighbours.sources[OTHER].behaves = slowly
    waiting = await here.sent(asked(1))
    here.office.worker.kinds.append(replace(here.kind, waiting=1))
    running = asyncio.create_task(here.office.worker.run())
    await slow.wait()
    other = await here.sent([Record(ssin=ssin(1))])

    async def is_over(ticket: UUID) -> bool:
        return (await here.status(ticket)).state is BatchState.COMPLETED

    await until(lambda: is_over(other))
    assert (await here.status(waiting)).state is BatchState.RUNNING
    go_on.set()
    await until(lambda: is_over(waiting))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(here.opened(await here.result(waiting))) == 1


async def test_an_authorisation_withdrawn_between_two_pages_acts_at_once(here: Hall) -> None:
    here.running = here.at_a_page_a_slice()
    await here.hold(0, CENTRE, "17:1")
    await here.hold(0, OTHER)
    ticket = await here.sent(asked(1) * (PAGE + 1))
    assert await here.slice()
    await here.office.here.apply(small_catalogue(institutions=batched(), authorisations=[], subscriptions=[]))
    await here.answered()
    last = (await here.records(ticket))[-1]
    assert (last.number, last.status.value, last.status.code) == (PAGE, "NO_RESULT", "MSG00015")
    assert here.neighbours.asked == [(OTHER, 0, 0, PAGE)]
    assert (await here.status(ticket)).counts == {"DATA_FOUND": PAGE, "NO_RESULT": 1}


async def test_what_is_withdrawn_before_a_source_answers_is_not_asked_again(here: Hall) -> None:
    for number in (0, 1):
        await here.hold(number, CENTRE, "17:1")
        await here.hold(number, OTHER)
    here.neighbours.sources[OTHER].behaves = here.silent
    ticket = await here.sent(asked(2))
    assert await here.slice()
    await here.leave(0, OTHER)
    here.neighbours.sources[OTHER].behaves = honest
    await here.later(timedelta(seconds=30))
    first, second = await here.records(ticket)
    assert (first.status.code, first.sources[0].code) == ("CR-SOURCE-FAILED", "CR-PERMIT-WITHDRAWN")
    assert second.status.value == "DATA_FOUND"
    assert [(first, count) for _, _, first, count in here.neighbours.asked] == [(0, 2), (1, 1)]


async def test_the_job_is_kept_however_long_the_log_takes(pool: OpenPool) -> None:
    """Whatever the database does to transactions that stand still: else another would log the page as well."""
    owner = await pool("crossroads_owner")
    await owner.execute(_IMPATIENT)
    async with hall(pool) as here, owner.acquire() as connection:
        ticket = await here.sent(asked(1))
        async with connection.transaction():
            await connection.execute("SELECT FROM log_stream FOR UPDATE")
            slicing = asyncio.create_task(here.slice())
            await asyncio.sleep(1)
        await slicing
        await here.answered()
        assert (await here.status(ticket)).state is BatchState.COMPLETED
        assert len(await here.decided()) == 1


STOPS = {
    "before the decisions are noted": "batch_chunk",
    "before the result is kept": "batch_result",
}


@pytest.mark.parametrize("table", STOPS.values(), ids=STOPS.keys())
async def test_a_run_that_is_broken_off_logs_nothing_twice(here: Hall, table: str) -> None:
    for number in range(3):
        await here.hold(number, CENTRE, "17:1")
        await here.hold(number, OTHER)
    ticket = await here.sent(asked(4))
    async with here.full(table):
        assert await here.slice()
        paused = await here.status(ticket)
        assert paused.problem
        told = (paused.state, paused.problem.code, paused.problem.detail)
        assert told == (BatchState.PAUSED, "CR-BATCH-PAUSED", "The disk of the database is full.")
    await here.leave(2, OTHER)
    await here.later()
    # What the log says counts: that the third may be asked about was decided, but now it may not.
    codes = [line.sources[0].code if line.sources else line.status.detail for line in await here.records(ticket)]
    assert codes == ["MSG00000", "MSG00000", "CR-PERMIT-WITHDRAWN", "CR-NOT-INSCRIBED"]
    assert [entry["number"] for entry in await here.decided()] == [0, 1, 2, 3]
    assert len(await here.office.logged("batch:page:answered")) == 1
    assert len(await here.office.logged("batch:file:completed")) == 1


async def test_a_source_is_not_asked_again_for_what_it_answered(here: Hall) -> None:
    await here.hold(0, CENTRE, "17:1")
    for holder in (OTHER, MANAGED):
        await here.hold(0, holder)
    here.neighbours.sources[MANAGED].behaves = here.silent
    ticket = await here.sent(asked(1))
    assert await here.slice()
    assert (await here.status(ticket)).answered == 0
    here.neighbours.sources[MANAGED].behaves = honest
    await here.later(timedelta(seconds=30))
    assert [holder for holder, *_ in here.neighbours.asked] == [MANAGED, OTHER, MANAGED]
    assert len(here.opened(await here.result(ticket))) == 2


async def test_a_batch_that_is_cancelled_while_it_runs_leaves_nothing(here: Hall) -> None:
    await here.hold(0, CENTRE, "17:1")
    await here.hold(0, OTHER)
    tickets: list[Any] = []

    async def cancelling(source: Source, errand: PageErrand) -> PageReply:
        await here.office.batches.cancel(tickets[0], CENTRE)
        return await honest(source, errand)

    here.neighbours.sources[OTHER].behaves = cancelling
    tickets.append(await here.sent(asked(1)))
    await here.answered()
    assert (await here.status(tickets[0])).state is BatchState.CANCELLED
    assert not any((await here.office.rest()).values())
    assert await here.office.logged("batch:file:completed") == []


async def test_a_revoked_key_ends_the_batches_that_rest_on_it(here: Hall) -> None:
    await here.hold(0, CENTRE, "17:1")
    ticket = await here.sent(asked(1))
    await here.revoke(here.office.authors[CENTRE].seal.key_id)
    await here.answered()
    status = await here.status(ticket)
    assert (status.state, status.problem and status.problem.code) == (BatchState.CANCELLED, "CR-KEY-REVOKED")
    assert await here.decided() == []
    assert not any((await here.office.rest()).values())


@pytest.mark.parametrize(("room", "kept"), [(places.HELD_BYTES, 0), (0, 1)])
async def test_what_waits_to_be_composed_without_room_in_memory_is_kept_in_the_database(
    here: Hall, monkeypatch: pytest.MonkeyPatch, room: int, kept: int
) -> None:
    monkeypatch.setattr(places, "HELD_BYTES", room)
    await here.hold(0, CENTRE, "17:1")
    await here.hold(0, OTHER)
    ticket = await here.sent(asked(1))
    async with here.running.composing:
        answering = asyncio.create_task(here.answered())
        await until(lambda: _waits(here, kept))
        assert bool(here.running.places.held_bytes) is not bool(kept)
    await answering
    assert here.running.places.held_bytes == 0
    assert (await here.status(ticket)).counts == {"DATA_FOUND": 1}


async def _waits(here: Hall, kept: int) -> bool:
    """Tell whether the answer is where it is to wait."""
    rows = await here.office.pool.fetchval("SELECT count(*) FROM batch_chunk WHERE state = 'ANSWERED'")
    return (here.running.places.held_bytes > 0, rows) == (not kept, kept)
