"""What a batch gave counts as given: a correction finds who has the wrong value."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from batch_running import Hall, hall
from batching import CENTRE, MANAGED, OTHER, QUARTER, WAGE, asked
from crossroads.audit.given import Given, given
from database import OpenPool
from people import ssin


@pytest.fixture
async def here(pool: OpenPool) -> AsyncIterator[Hall]:
    async with hall(pool) as made:
        yield made


async def test_what_a_source_gave_in_a_batch_counts_and_what_it_had_not_does_not(here: Hall) -> None:
    for number in (0, 1):
        await here.hold(number, CENTRE, "17:1")
        await here.hold(number, OTHER)
    await here.hold(1, MANAGED)
    here.neighbours.sources[OTHER].without = ssin(1)[-2:]
    await here.sent(asked(2))
    await here.answered()
    first, second = [entry["person"] for entry in await here.decided()]
    pool, later = here.office.pool, datetime.now(UTC) + timedelta(minutes=1)
    assert await given(pool, [first], WAGE) == [Given(CENTRE, OTHER, QUARTER)]
    assert await given(pool, [second], WAGE) == [Given(CENTRE, MANAGED, QUARTER)]
    assert await given(pool, [first], WAGE, asker=OTHER) == []
    assert await given(pool, [first], "other@1") == []
    assert await given(pool, [first], WAGE, since=later) == []
