"""Sources of a batch that fail, lie or answer another question: what is theirs is incomplete, the rest is given."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from batch_running import Hall, Source, hall, honest, replied
from batching import CENTRE, MANAGED, OTHER, asked
from crossroads.batch.ports import PageErrand, PageReply
from crossroads.batch.running_store import FIRST_PAUSE
from crossroads.wire.batches import BatchState
from crossroads.wire.bulk import BulkAnswer
from crossroads.wire.keys import SigningKey
from database import OpenPool
from people import ssin

Change = Callable[[Source, PageErrand], BulkAnswer]


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Hall]:
    async with hall(pool) as made:
        for number in (0, 1):
            await made.hold(number, CENTRE, "17:1")
            await made.hold(number, OTHER)
        await made.hold(0, MANAGED)
        yield made


async def test_a_source_that_fails_is_tried_until_the_deadline(here: Hall) -> None:
    here.neighbours.sources[OTHER].behaves = here.silent
    ticket = await here.sent(asked(2))
    assert await here.slice()
    tries = [len(here.neighbours.asked)]
    for pause in (FIRST_PAUSE, FIRST_PAUSE / 2, FIRST_PAUSE * 2):
        await here.later(pause)
        tries.append(len(here.neighbours.asked))
    # Each time it rests twice as long.
    assert tries == [2, 3, 3, 4]
    await here.later(timedelta(days=5))
    status = await here.status(ticket)
    assert (status.state, status.counts) == (BatchState.COMPLETED, {"INCOMPLETE_DATA": 2})
    first, second = await here.records(ticket)
    assert [(one.institution, one.code) for one in first.sources] == [
        (MANAGED, "MSG00000"),
        (OTHER, "CR-SOURCE-UNREACHABLE"),
    ]
    assert first.status.code == second.status.code == "CR-SOURCE-FAILED"
    assert len(first.blocks) == 1
    assert len(here.neighbours.asked) == 4


async def test_a_clock_that_went_back_keeps_no_batch_waiting(here: Hall) -> None:
    here.neighbours.sources[OTHER].behaves = here.silent
    ticket = await here.sent(asked(2))
    # The clock of the hub was wrong when the source failed: it is due again in three days, as it seems.
    await here.later(timedelta(days=3))
    assert (await here.status(ticket)).state is BatchState.RUNNING
    here.neighbours.sources[OTHER].behaves = honest
    await here.later(timedelta(days=-3))
    assert (await here.status(ticket)).counts == {"DATA_FOUND": 2}


async def test_what_is_first_looked_at_after_the_deadline_is_decided_and_nobody_is_asked(here: Hall) -> None:
    ticket = await here.sent(asked(3))
    await here.later(timedelta(days=5))
    codes = [line.status.code for line in await here.records(ticket)]
    assert codes == ["CR-SOURCE-FAILED", "CR-SOURCE-FAILED", "MSG00012"]
    assert here.neighbours.asked == []
    assert len(await here.decided()) == 3


async def test_a_source_that_answers_record_by_record_keeps_nobody_waiting_nor_the_batch_beyond_its_deadline(
    here: Hall,
) -> None:
    here.running = here.at_a_page_a_slice()
    here.neighbours.sources[OTHER].most = 1
    ticket = await here.sent(asked(2))
    assert await here.slice()
    assert [one for one in here.neighbours.asked if one[0] == OTHER] == [(OTHER, 0, 0, 2)]
    await here.later(timedelta(days=5))
    first, second = await here.records(ticket)
    assert [(one.institution, one.code) for one in first.sources] == [(MANAGED, "MSG00000"), (OTHER, "MSG00000")]
    assert [(one.institution, one.code) for one in second.sources] == [(OTHER, "CR-SOURCE-LATE")]
    assert (await here.status(ticket)).state == BatchState.COMPLETED


async def test_what_is_too_much_for_a_page_is_dropped_and_logged(here: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    large = msgspec.json.encode({"pad": "x" * 100_000})

    async def stuffed(source: Source, errand: PageErrand) -> PageReply:
        answer = msgspec.json.encode(source.answer(errand))
        return replied(answer[:-1] + b',"more":' + large + b"}")

    monkeypatch.setattr("crossroads.batch.paging.MAXIMUM_GIVEN", 100_000)
    here.neighbours.sources[OTHER].behaves = stuffed
    await _check_dropped(here)


def changed(**changes: Any) -> Change:
    return lambda source, errand: source.answer(errand, **changes)


def _without_a_block(source: Source, errand: PageErrand) -> BulkAnswer:
    answer = source.answer(errand)
    return msgspec.structs.replace(answer, blocks=answer.blocks[1:])


def _altered(source: Source, errand: PageErrand) -> BulkAnswer:
    first, *rest = source.answer(errand).blocks
    return source.answer(errand, blocks=(msgspec.structs.replace(first, sealed="AAAA"), *rest))


def _open(source: Source, errand: PageErrand) -> BulkAnswer:
    return source.answer(errand, sealed=False)


def _of_another_person(source: Source, errand: PageErrand) -> BulkAnswer:
    record = errand.records[0]
    other = (record.index, errand.records[1].ssin, record.scope, record.salt)
    swapped = msgspec.structs.replace(record, ssin=other[1])
    return source.answer(_with_records(errand, (swapped, *errand.records[1:])))


def _with_records(errand: PageErrand, records: Any) -> PageErrand:
    return PageErrand(**{name: getattr(errand, name) for name in errand.__slots__} | {"records": records})


def _of_a_record_not_asked(source: Source, errand: PageErrand) -> BulkAnswer:
    moved = msgspec.structs.replace(errand.records[1], index=9)
    return source.answer(_with_records(errand, (errand.records[0], moved)))


def _by_another_key(source: Source, errand: PageErrand) -> BulkAnswer:
    return Source(SigningKey.generate(f"{OTHER}#other"), source.recipient).answer(errand)


def _by_another_institution(source: Source, errand: PageErrand) -> BulkAnswer:
    return Source(SigningKey.generate(f"{MANAGED}#sign-1"), source.recipient).answer(errand)


LIES: dict[str, Change] = {
    "another ticket": changed(ticket=uuid4()),
    "another page": changed(page=1),
    "more records than asked about": changed(answered=3),
    "no record": changed(answered=0),
    "a block left out": _without_a_block,
    "an altered block": _altered,
    "not sealed": _open,
    "a block of another person": _of_another_person,
    "a record that was not asked about": _of_a_record_not_asked,
    "a failure with a record that was not asked about": changed(failed={"7": {"living-wage@1": "CR-SOURCE-FAILED"}}),
    "a failure with a data group that was not asked for": changed(failed={"0": {"other@1": "CR-SOURCE-FAILED"}}),
    "a key that is not registered": _by_another_key,
    "the name of another": _by_another_institution,
    "no signature": changed(chunk="x.y.z"),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
async def test_a_lie_is_dropped_and_logged(here: Hall, lie: Change) -> None:
    async def lying(source: Source, errand: PageErrand) -> PageReply:
        return replied(msgspec.json.encode(lie(source, errand)))

    here.neighbours.sources[OTHER].behaves = lying
    await _check_dropped(here)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'{"ticket":1}', b"\xff" * 100])
async def test_garbage_is_dropped_and_logged(here: Hall, body: bytes) -> None:
    async def babbling(_: Source, __: PageErrand) -> PageReply:
        return replied(body)

    here.neighbours.sources[OTHER].behaves = babbling
    await _check_dropped(here)


async def _check_dropped(here: Hall) -> None:
    ticket = await here.sent(asked(2))
    await here.answered()
    first, second = await here.records(ticket)
    assert [(one.institution, one.code) for one in first.sources] == [
        (MANAGED, "MSG00000"),
        (OTHER, "CR-SOURCE-BLOCK-DROPPED"),
    ]
    assert (first.status.code, second.status.code) == ("CR-SOURCE-FAILED", "CR-SOURCE-FAILED")
    assert [len(first.blocks), len(second.blocks)] == [1, 0]
    assert len(here.opened(await here.result(ticket))) == 1
    (dropped,) = await here.office.logged("batch:chunk:dropped")
    assert (dropped["ticket"], dropped["source"], dropped["page"]) == (ticket, OTHER, 0)
    assert len(here.neighbours.asked) == 2


async def test_what_a_source_could_not_give_is_incomplete_and_what_it_gave_is_there(here: Hall) -> None:
    async def failing(source: Source, errand: PageErrand) -> PageReply:
        failed = {"1": {"living-wage@1": "CR-SOURCE-FAILED"}}
        source.without = errand.records[1].ssin[-2:]
        return replied(msgspec.json.encode(source.answer(errand, failed=failed)))

    here.neighbours.sources[OTHER].behaves = failing
    ticket = await here.sent(asked(2))
    await here.answered()
    assert [line.status.value for line in await here.records(ticket)] == ["DATA_FOUND", "INCOMPLETE_DATA"]


async def test_about_a_number_that_is_another_since_it_was_logged_nobody_is_asked(here: Hall) -> None:
    """Else the source would answer about another number than the asker, and the log, are told of."""
    here.neighbours.sources[OTHER].behaves = here.silent
    ticket = await here.sent(asked(2))
    await here.answered()
    await here.replaced(0, 50)
    here.neighbours.sources[OTHER].behaves = honest
    await here.later(FIRST_PAUSE)
    assert [[one.ssin for one in named] for *_, named in here.neighbours.records[-1:]] == [[ssin(1)]]
    await here.later(timedelta(days=5))
    records = await here.records(ticket)
    assert [(one.ssin.value, one.status.value, [block.source for block in one.blocks]) for one in records] == [
        (ssin(0), "INCOMPLETE_DATA", [MANAGED]),
        (ssin(1), "DATA_FOUND", [OTHER]),
    ]


async def test_about_a_number_that_is_of_another_person_since_it_was_logged_nobody_is_asked(here: Hall) -> None:
    here.neighbours.sources[OTHER].behaves = here.silent
    ticket = await here.sent(asked(1))
    await here.answered()
    person = await here.office.pool.fetchval("SELECT person FROM ssin_assignment WHERE ssin = $1", ssin(1))
    await here.office.pool.execute("UPDATE ssin_assignment SET person = $1 WHERE ssin = $2", person, ssin(0))
    asked_before = len(here.neighbours.asked)
    here.neighbours.sources[OTHER].behaves = honest
    await here.later(FIRST_PAUSE)
    await here.later(timedelta(days=5))
    (record,) = await here.records(ticket)
    assert (record.status.value, [block.source for block in record.blocks]) == ("INCOMPLETE_DATA", [MANAGED])
    assert len(here.neighbours.asked) == asked_before
