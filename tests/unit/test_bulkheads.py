"""Places at a participant: so many at once, so many that wait, and none taken from another participant."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from crossroads.kernel.codes import Code
from crossroads.sources.bulkhead import CONCURRENT, WAITING, Bulkheads
from crossroads.sources.http import CallFailed

SLOW, OTHER = "nic", "nsso"
AT_ONCE, LONG = 0.0, 600.0


async def refused(places: Bulkheads, patience: float) -> Code:
    """Give why there is no place at the slow participant."""
    with pytest.raises(CallFailed) as failed:
        async with places.place(SLOW, patience):
            pass
    return failed.value.code


async def full(stack: AsyncExitStack) -> Bulkheads:
    """Give bulkheads with every place at the slow participant taken."""
    places = Bulkheads()
    for _ in range(CONCURRENT):
        await stack.enter_async_context(places.place(SLOW, LONG))
    return places


async def test_whoever_finds_no_place_in_time_is_told_and_others_have_their_own() -> None:
    async with AsyncExitStack() as stack:
        places = await full(stack)
        assert await refused(places, AT_ONCE) is Code.SOURCE_BUSY
        async with places.place(OTHER, LONG):
            pass
    async with places.place(SLOW, LONG):
        pass


async def test_no_more_wait_than_may_and_who_waits_comes_in_as_others_go() -> None:
    came = 0

    async def come(places: Bulkheads) -> None:
        nonlocal came
        async with places.place(SLOW, LONG):
            came += 1

    async with AsyncExitStack() as stack:
        places = await full(stack)
        waiting = [asyncio.create_task(come(places)) for _ in range(WAITING)]
        await asyncio.sleep(0)
        one_more = asyncio.create_task(refused(places, LONG))
        await asyncio.sleep(0)
        assert one_more.done()
        assert (one_more.result(), came) == (Code.SOURCE_BUSY, 0)
    await asyncio.gather(*waiting)
    assert came == WAITING


async def test_a_call_that_fails_gives_its_place_back() -> None:
    places = Bulkheads()
    for _ in range(CONCURRENT + 1):
        with pytest.raises(CallFailed) as failed:
            async with places.place(SLOW, AT_ONCE):
                raise CallFailed(Code.SOURCE_LATE)
        assert failed.value.code is Code.SOURCE_LATE
