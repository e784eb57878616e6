"""A file of questions is taken whole or refused whole, and says where it is wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from batching import CENTRE, NOTHING, Office, asked, lines, office
from crossroads.batch.model import RUN_KIND
from crossroads.wire.batches import MAXIMUM_LINE, PAGE, BatchState, BatchStatus, FileFormat, Packing, Record
from crossroads.wire.packing import packed
from database import OpenPool
from people import ssin

pytest_plugins = ["page_fixtures"]

BLANKS = b" " * 1_000_000
RECORDS = asked(3)
FILE = lines(RECORDS)
LONG = lines(asked(1)).strip() + b" " * 4_000 + b"\n"


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Office]:
    async with office(pool) as made:
        yield made


def squeezed(content: bytes, packing: Packing = Packing.GZIP) -> bytes:
    return b"".join(packed([content], packing))


@pytest.mark.parametrize("packing", Packing)
@pytest.mark.parametrize("form", FileFormat)
async def test_a_file_is_read_into_pages(here: Office, form: FileFormat, packing: Packing) -> None:
    records = [*asked(PAGE), Record(ssin=ssin(3), customer_ticket="again")]
    file = squeezed(lines(records, form), packing)
    status = await here.sent(file, records, format=form, packing=packing)
    assert (status.state, status.problem, status.received) == (BatchState.RUNNING, None, len(file))
    pages = await here.pool.fetch("SELECT records FROM batch_page ORDER BY page")
    assert b"\n".join(page["records"] for page in pages).split(b"\n") == [msgspec.json.encode(one) for one in records]
    assert await here.rest() == NOTHING | {"batch_page": 2}
    jobs = await here.jobs.listed()
    assert [(job.kind, job.subject, job.total) for job in jobs] == [(RUN_KIND, status.ticket, len(records))] * 2


WITHOUT_PERIOD = [*asked(2, period={"startDate": "2026-01-01"}), *asked(1)]
WRONG: dict[str, tuple[bytes, dict[str, Any], str, int | None]] = {
    "another digest": (FILE, {"digest": "A" * 43}, "CR-FILE-DIGEST", None),
    "more records than announced": (FILE, {"records": 2}, "CR-FILE-COUNT", None),
    "fewer records than announced": (FILE, {"records": 4}, "CR-FILE-COUNT", None),
    "another root": (FILE, {"statement_root": "A" * 43}, "CR-FILE-ROOT", None),
    "other records": (lines(asked(2) + asked(1)), {}, "CR-FILE-ROOT", None),
    "another order": (lines(asked(3)[::-1]), {}, "CR-FILE-ROOT", None),
    "no JSON": (FILE + b"{\n", {}, "CR-FILE-RECORD-INVALID", 4),
    "a member that is none": (b'{"ssin":"%s","x":1}\n' % ssin(0).encode(), {}, "CR-FILE-RECORD-INVALID", 1),
    "not a number of a person": (FILE + b'{"ssin":"12345678901"}', {}, "CR-FILE-RECORD-INVALID", 4),
    "not UTF-8": (FILE + b'{"ssin":"\xff"}\n', {}, "CR-FILE-RECORD-INVALID", 4),
    "not UTF-8 in CSV": (b"ssin\n\xff\n", {"format": FileFormat.CSV}, "CR-FILE-RECORD-INVALID", 2),
    "an empty line": (FILE + b"\n" + FILE, {}, "CR-FILE-RECORD-INVALID", 4),
    "a line of 10 MB": (FILE + b'{"ssin":"' + b"1" * 10_000_000, {}, "CR-FILE-RECORD-INVALID", 4),
    "a number in the ticket": (
        lines([Record(ssin=ssin(0), customer_ticket=ssin(1))]),
        {"records": 1},
        "CR-FILE-RECORD-INVALID",
        1,
    ),
    "a period reversed": (
        b'{"ssin":"%s","period":{"startDate":"2026-02-01","endDate":"2026-01-01"}}' % ssin(0).encode(),
        {},
        "CR-FILE-RECORD-INVALID",
        1,
    ),
    "no period anywhere": (lines(WITHOUT_PERIOD), {"period": None}, "CR-FILE-RECORD-INVALID", 3),
    "cut in the middle of a line": (FILE[:-9], {}, "CR-FILE-RECORD-INVALID", 3),
    "cut after a line": (lines(RECORDS[:2]), {}, "CR-FILE-COUNT", None),
    "packed and cut": (squeezed(FILE)[:-9], {"packing": Packing.GZIP}, "CR-FILE-UNREADABLE", None),
    "packed with zstd and cut": (
        squeezed(FILE, Packing.ZSTD)[:-9],
        {"packing": Packing.ZSTD},
        "CR-FILE-UNREADABLE",
        None,
    ),
    "packed otherwise": (FILE, {"packing": Packing.ZSTD}, "CR-FILE-UNREADABLE", None),
    "a bomb of one line": (squeezed(BLANKS * 50), {"packing": Packing.GZIP}, "CR-FILE-RECORD-INVALID", 1),
    "a bomb of lines": (
        squeezed(lines(asked(1)) * 500_000),
        {"packing": Packing.GZIP, "records": 20_000},
        "CR-FILE-COUNT",
        None,
    ),
    **{
        f"a bomb of long lines in {packing.value}": (
            squeezed(LONG * 6_000, packing),
            {"packing": packing, "records": 6_000},
            "CR-FILE-UNREADABLE",
            None,
        )
        for packing in (Packing.GZIP, Packing.ZSTD)
    },
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_file_that_is_not_what_was_announced_is_refused_whole(here: Office, case: str) -> None:
    file, changes, code, line = WRONG[case]
    status = await here.sent(file, RECORDS, **changes)
    assert status.state is BatchState.REFUSED
    assert status.problem is not None
    assert (status.problem.code, status.problem.line) == (code, line)
    assert not [number for number in map(ssin, range(3)) if number in status.problem.detail]
    assert await here.rest() == NOTHING
    assert await here.jobs.listed() == []
    (entry,) = await here.logged("batch:file:refused")
    assert (entry["ticket"], entry["code"], entry["line"], entry["asker"]) == (status.ticket, code, line, CENTRE)


async def test_after_a_refused_file_the_same_may_be_announced_rightly(here: Office) -> None:
    assert (await here.sent(FILE, RECORDS, statement_root="A" * 43)).state is BatchState.REFUSED
    assert (await here.sent(FILE, RECORDS)).state is BatchState.RUNNING


async def test_a_hundred_thousand_copies_of_one_person_are_as_many_questions(here: Office) -> None:
    records = asked(1) * 100_000
    file = squeezed(lines(records))
    assert len(file) < 20_000
    status = await here.sent(file, records, packing=Packing.GZIP)
    assert (status.state, (await here.rest())["batch_page"]) == (BatchState.RUNNING, 10)


async def test_a_line_may_be_as_long_as_the_limit(here: Office) -> None:
    record = lines(asked(1)).strip()
    file = record + b" " * (MAXIMUM_LINE - len(record)) + b"\r\n"
    assert (await here.sent(file, asked(1))).state is BatchState.RUNNING


async def written(here: Office) -> list[str]:
    """Tell of each page by which transaction it was written last."""
    found = await here.pool.fetch("SELECT xmin::text FROM batch_page ORDER BY page")
    return [row["xmin"] for row in found]


@asynccontextmanager
async def stuck(here: Office, status: BatchStatus, page: int) -> AsyncIterator[None]:
    """Let whoever writes a page of a batch wait meanwhile: somebody else seems to write it, and does not after all."""
    async with here.pool.acquire() as connection:
        writing = connection.transaction()
        await writing.start()
        await connection.execute(
            "INSERT INTO batch_page (ticket, page, records, root) VALUES ($1, $2, '', '')", status.ticket, page
        )
        yield
        await writing.rollback()


@pytest.mark.parametrize("form", FileFormat)
async def test_a_check_that_is_broken_off_goes_on_where_it_ended(here: Office, small: int, form: FileFormat) -> None:
    records = asked(8 * small)
    file = squeezed(lines(records, form))
    voucher = here.authors[CENTRE].voucher(file, records, format=form, packing=Packing.GZIP)
    status = await here.upload(await here.announce(voucher), file)
    async with stuck(here, status, page=3):
        checking = asyncio.create_task(here.checked())
        while (await here.rest())["batch_page"] < 3:  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.01)
        checking.cancel()
        await asyncio.gather(checking, return_exceptions=True)
    assert (await here.batches.one(status.ticket, CENTRE)).state is BatchState.CHECKING
    before = (await written(here))[:-1]
    await here.checked()
    assert (await here.batches.one(status.ticket, CENTRE)).state is BatchState.RUNNING
    assert await here.rest() == NOTHING | {"batch_page": 8}
    assert (len(before), (await written(here))[: len(before)]) == (2, before)


async def test_a_file_is_checked_slice_by_slice_and_others_have_their_turn(here: Office, small: int) -> None:
    here.checking = replace(here.checking, time=timedelta())
    records, few = asked(5 * small), asked(2)
    huge = await here.announce(here.authors[CENTRE].voucher(lines(records), records, next(here.numbers)))
    await here.upload(huge, lines(records))
    assert await here.check_some()
    (job,) = await here.jobs.listed()
    assert (job.done, job.total) == (2 * small, 5 * small)
    other = await here.announce(here.authors[CENTRE].voucher(lines(few), few, next(here.numbers)))
    await here.upload(other, lines(few))
    for _ in range(2):
        assert await here.check_some()
    states = [(await here.batches.one(ticket, CENTRE)).state for ticket in (huge.ticket, other.ticket)]
    assert states == [BatchState.CHECKING, BatchState.RUNNING]
    await here.checked()
    assert (await here.batches.one(huge.ticket, CENTRE)).state is BatchState.RUNNING
    assert await here.rest() == NOTHING | {"batch_page": 6}


async def test_a_file_that_is_checked_after_its_deadline_is_late(here: Office) -> None:
    status = await here.upload(await here.announce(here.authors[CENTRE].voucher(FILE, RECORDS)), FILE)
    here.clock.by = timedelta(days=5)
    await here.checked()
    late = await here.batches.one(status.ticket, CENTRE)
    assert late.problem is not None
    assert (late.state, late.problem.code) == (BatchState.REFUSED, "CR-BATCH-LATE")
    assert await here.rest() == NOTHING
