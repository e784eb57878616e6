"""A search that is costly leaves the process to others."""

import asyncio

from crossroads.identity.search import best_matches
from crossroads.kernel.names.comparison import prepare
from crossroads.kernel.names.particulars import Particulars


async def test_others_have_their_turn_while_many_are_compared() -> None:
    row = {"last_name": "Maes", "first_names": "Jan", "birth_date": "1980-03-15", "sex": None}
    candidates = [row | {"person": person} for person in range(600)]
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    best = await best_matches(prepare(Particulars("Maes", "Jan", "1980-03-15")), candidates)
    task.cancel()
    assert [best[person].score for person in range(600)] == [1.0] * 600
    assert turns >= 600 / 20
