"""Places for questions about pages: bounded in all, and at each source."""

import asyncio
from collections import Counter
from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from crossroads.batch.places import ASKED_AT_ONCE, ASKED_AT_ONE, HELD_BYTES, Places


async def test_one_source_has_few_of_the_places() -> None:
    """Of many pages that all ask the same source, most wait for it, and others are asked meanwhile."""
    places, inside, go_on = Places(), Counter[str](), asyncio.Event()

    async def ask(source: str) -> None:
        async with places.place(source):
            inside[source] += 1
            await go_on.wait()

    waiting = [asyncio.create_task(ask("slow")) for _ in range(20)]
    waiting += [asyncio.create_task(ask(f"other-{number}")) for number in range(20)]
    for _ in range(100):
        await asyncio.sleep(0)
    assert inside["slow"] == ASKED_AT_ONE
    assert sum(inside.values()) == ASKED_AT_ONCE
    go_on.set()
    await asyncio.gather(*waiting)


@given(st.lists(st.lists(st.integers(0, HELD_BYTES + 1), max_size=4), max_size=12))
def test_never_more_is_held_than_there_is_room_for_and_all_of_it_is_given_back(pages: list[list[int]]) -> None:
    places = Places()
    with ExitStack() as stack:
        for sizes in pages:
            held = stack.enter_context(places.holding())
            for size in sizes:
                before = places.held_bytes
                assert held.take(size) is (before + size <= HELD_BYTES)
        assert places.held_bytes <= HELD_BYTES
    assert places.held_bytes == 0
