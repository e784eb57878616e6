"""Corrections in any order: what was believed at each moment stays as it was, and the days are covered once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from bis import correction, creation, hub_of, particulars
from crossroads.identity.bis_model import Recorded
from crossroads.kernel.errors import Malformed
from people import GHENT, OpenPool, by

SEEDS = (1, 2, 3)
DAY = timedelta(days=1)


def corrections(seed: int) -> Iterator[tuple[str, date | None]]:
    """Give names, each with the day since which it holds, or none where the last one was wrong."""
    chance = Random(seed)
    day = date(2000, 1, 1)
    for number in range(12):
        day += timedelta(days=chance.randint(-100, 300))
        yield f"Name{chr(65 + number)}", chance.choice([None, day])


@pytest.mark.parametrize("seed", SEEDS)
async def test_every_past_belief_can_be_told_and_days_are_covered_once(pool: OpenPool, seed: int) -> None:
    async with hub_of(pool) as hub:
        number = (await hub.bis.create(creation(), by(GHENT))).ssin.value
        model = [("Zandbergen", date.min)]
        believed = [(datetime.now(UTC), list(model))]
        for name, since in corrections(seed):
            work = hub.bis.correct(correction(number, particulars(name), since=since), by(GHENT))
            if since is not None and since <= model[-1][1]:
                with pytest.raises(Malformed):
                    await work
                continue
            await work
            if since is None:
                model[-1] = (name, model[-1][1])
            else:
                model.append((name, since))
            believed.append((datetime.now(UTC), list(model)))
        assert len(believed) > 3
        for moment, names in believed:
            lines = sorted(await hub.bis.as_believed_on(number, moment), key=lambda line: line.start_date)
            assert [(line.particulars.last_name, line.start_date) for line in lines] == names
            assert ends(lines) == [*(start - DAY for _, start in names[1:]), None]


def ends(lines: list[Recorded]) -> list[date | None]:
    return [line.end_date for line in lines]
