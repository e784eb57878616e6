"""`crossroads migrate --distributed`: refused without Citus, and nothing changed; with it, each table is spread once.

There was no server with Citus: one that takes the same calls, and checks nothing but the columns, stands in for it.
"""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from commands import Ended, typed
from crossroads.bootstrap.distribution import COORDINATED, EVERYWHERE, SPREAD, distribute, is_spread
from crossroads.bootstrap.migrations import pending
from crossroads.bootstrap.postgres import ADMIN, EmbeddedPostgres
from database import Database, OpenPool, empty_database, execute

OWNER = "crossroads_owner"
STAND_IN = """
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (99999, 'citus', 10, 11, false, '0');
CREATE TABLE pg_dist_partition (logicalrelid regclass PRIMARY KEY, partkey text);
GRANT SELECT ON pg_dist_partition TO PUBLIC;
GRANT INSERT ON pg_dist_partition TO crossroads_owner;
CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE sql AS
$$ INSERT INTO pg_dist_partition VALUES ($1, NULL) $$;
CREATE FUNCTION create_distributed_table(table_name regclass, distribution_column text) RETURNS void LANGUAGE sql AS
$$ INSERT INTO pg_dist_partition SELECT $1, attname FROM pg_attribute WHERE attrelid = $1 AND attname = $2 $$;
"""


@pytest.fixture
def empty(postgres: EmbeddedPostgres) -> Iterator[Database]:
    """Give a database that nothing was applied to."""
    with empty_database(postgres) as database:
        yield database


def migrated(home: Path, **told: str) -> Ended:
    return typed("migrate", "--distributed", environment={"CROSSROADS_HOME": str(home), **told})


async def test_without_citus_nothing_is_applied(empty: Database, tmp_path: Path) -> None:
    urls = {"CROSSROADS_DATABASE_URL": empty.url(), "CROSSROADS_OWNER_URL": empty.url(OWNER)}
    before = await pending(empty.url(OWNER))
    ended = migrated(tmp_path, **urls)
    assert (ended.code, "has no extension citus: nothing was spread" in ended.sentence) == (1, True)
    assert await pending(empty.url(OWNER)) == before != []


def test_the_database_of_this_machine_is_not_spread(tmp_path: Path) -> None:
    ended = migrated(tmp_path)
    assert (ended.code, "The embedded database is one machine" in ended.sentence) == (1, True)
    assert not (tmp_path / "postgres").exists()


async def test_each_table_is_spread_once_by_its_column(database: Database, pool: OpenPool) -> None:
    hub = await pool("crossroads_hub")
    assert not await is_spread(hub)
    await execute(database.url(ADMIN), STAND_IN)
    assert not await is_spread(hub)
    spread = await distribute(database.url(OWNER))
    assert spread == sorted(EVERYWHERE | SPREAD.keys())
    connection = await asyncpg.connect(database.url(OWNER))
    try:
        placed = await connection.fetch("SELECT logicalrelid::text AS name, partkey FROM pg_dist_partition")
    finally:
        await connection.close()
    assert {row["name"]: row["partkey"] for row in placed} == dict.fromkeys(EVERYWHERE) | dict(SPREAD)
    assert not COORDINATED & {row["name"] for row in placed}
    assert await distribute(database.url(OWNER)) == []
    assert await is_spread(hub)
