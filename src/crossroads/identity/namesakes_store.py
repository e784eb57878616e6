"""Who has the same last name. The hub holds names of the BIS register alone, so nobody else is found here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiosql

from crossroads.identity.database import Pool, outages, rows

_queries: Any = aiosql.from_path(Path(__file__).parent / "namesakes.sql", "asyncpg", mandatory_parameters=False)


async def namesakes(pool: Pool, lists: Sequence[Sequence[int]], least: int) -> list[tuple[int, list[int]]]:
    """Give, of lists of people, those of one list who have one last name, at least so many: its number, and they."""
    numbers = [number for number, persons in enumerate(lists) for _ in persons]
    every = [person for persons in lists for person in persons]
    with outages():
        found = await rows(_queries.namesakes(pool, lists=numbers, persons=every, least=least))
    return [(row["list"], list(row["persons"])) for row in found]
