"""On Citus: each hot read, write and lock about one person, stream or institution is one task, on one machine.

Run only where CROSSROADS_TEST_CITUS names a server: the header of a run says when there is none.
"""

import re

import asyncpg
import pytest

from database import Database
from hot_queries import HOT

_TASKS = re.compile(r"Task Count: (\d+)")
_COLLECTED = "pull to coordinator"
"""How rows that come as arrays are written: collected by the coordinator, and sent to the machine of each."""


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_query_is_one_task(module_database: Database, name: str) -> None:
    connection = await asyncpg.connect(module_database.url())
    try:
        plan = await HOT[name].explained(connection)
    finally:
        await connection.close()
    tasks = _TASKS.findall(plan)
    assert tasks or _COLLECTED in plan, plan
    assert set(tasks) <= {"1"}, plan
