"""A disk that is full keeps a batch waiting, and says so; with room again nothing is missing or there twice."""

from collections.abc import AsyncIterator

import pytest

from audit_log import until
from batch_running import Hall, hall
from batching import CENTRE, OTHER, asked, lines
from crossroads.kernel.errors import Unavailable
from crossroads.wire.batches import BatchState, BatchStatus
from database import OpenPool

RECORDS = asked(3)
FILE = lines(RECORDS)
FULL = "The disk of the database is full."


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Hall]:
    async with hall(pool) as made:
        for number in range(3):
            await made.hold(number, CENTRE, "17:1")
            await made.hold(number, OTHER)
        yield made


def told(status: BatchStatus) -> tuple[BatchState, str | None, str | None]:
    problem = status.problem
    return status.state, problem.code if problem else None, problem.detail if problem else None


async def goes_on(here: Hall) -> bool:
    """Let operators resume the jobs; the log finds out by itself, after a second or so, that it can be written."""
    try:
        await here.later()
    except Unavailable:
        return False
    return True


async def test_a_voucher_that_has_no_room_may_come_again(here: Hall) -> None:
    voucher = here.office.authors[CENTRE].voucher(FILE, RECORDS)
    async with here.full("batch"):
        with pytest.raises(Unavailable, match=FULL):
            await here.office.announce(voucher)
    assert (await here.office.batches.listed(CENTRE, None)).batches == ()
    assert (await here.office.announce(voucher)).file_sequence_number == 1


async def test_an_upload_that_has_no_room_goes_on_where_it_was(here: Hall) -> None:
    office = here.office
    status = await office.announce(office.authors[CENTRE].voucher(FILE, RECORDS))
    await office.uploads.take(status.ticket, CENTRE, 0, FILE[:40])
    async with here.full("batch_part"):
        with pytest.raises(Unavailable, match=FULL):
            await office.uploads.take(status.ticket, CENTRE, 40, FILE[40:])
    assert (await here.status(status.ticket)).received == 40
    assert (await office.uploads.take(status.ticket, CENTRE, 40, FILE[40:])).state is BatchState.CHECKING


@pytest.mark.parametrize("table", ["batch_page", "log_entry"])
async def test_a_batch_without_room_is_paused_and_then_answered(here: Hall, table: str) -> None:
    office = here.office
    status = await office.announce(office.authors[CENTRE].voucher(FILE, RECORDS))
    await office.upload(status, FILE)
    async with here.full(table):
        await office.checked()
        await here.answered()
        assert told(await here.status(status.ticket)) == (BatchState.PAUSED, "CR-BATCH-PAUSED", FULL)
    await until(lambda: goes_on(here))
    await office.checked()
    await here.later()
    assert (await here.status(status.ticket)).counts == {"DATA_FOUND": 3}
    assert [entry["number"] for entry in await here.decided()] == [0, 1, 2]
    assert len(await office.logged("batch:file:completed")) == 1
