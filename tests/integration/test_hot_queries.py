"""Each hot query finds its rows by an index, in the tables that grow, however few they have."""

import re

import asyncpg
import pytest

from crossroads.bootstrap.distribution import SPREAD
from database import Database
from hot_queries import HOT

_SCANNED = re.compile(r"Seq Scan on (\w+)")


@pytest.mark.parametrize("name", HOT)
async def test_a_hot_query_reads_by_an_index(module_database: Database, name: str) -> None:
    connection = await asyncpg.connect(module_database.url(), server_settings={"enable_seqscan": "off"})
    try:
        plan = await HOT[name].explained(connection)
    finally:
        await connection.close()
    assert not {table for table in _SCANNED.findall(plan) if table in SPREAD}
