"""The schema keeps to what Citus can spread: keys contain the column, reads name it, nothing it refuses is used."""

import re
from pathlib import Path

import asyncpg
import pytest

from crossroads.bootstrap.distribution import COORDINATED, EVERYWHERE, SPREAD, distribute
from crossroads.kernel.errors import Refused
from database import Database

SOURCES = Path(__file__).parents[2] / "src" / "crossroads"
WHOLE = re.compile(r"\((over )?(the whole table|all [a-z ]+)\)")
"""Stands in the sentence above a query that reads more than one machine has: none of them decides about a question."""
FORBIDDEN = ("advisory", "create trigger", "exclude using", "currval", "lastval")
OURS = {"_pogo_migration", "_pogo_version"}

_TABLES = """
SELECT relname, relispartition FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
_KEYS = """
SELECT c.relname, x.relname AS key, array(
    SELECT a.attname::text FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
) AS columns
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid JOIN pg_class AS x ON x.oid = i.indexrelid
WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
"""
_REFUSED = """
SELECT conrelid::regclass::text FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'x')
UNION ALL SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal
"""


def _queries() -> list[tuple[str, str, str]]:
    """Give file and name of each named query, its sentences, and its SQL in lower case."""
    found = []
    for path in sorted(SOURCES.rglob("*.sql")):
        for part in re.split(r"(?m)^-- name: ", path.read_text("utf-8"))[1:]:
            name, _, rest = part.partition("\n")
            lines = rest.splitlines()
            said = " ".join(line for line in lines if line.startswith("--"))
            sql = "\n".join(line.partition("--")[0] for line in lines).lower()
            found.append((f"{path.relative_to(SOURCES)}:{name}", said, sql))
    return found


def _read(sql: str) -> set[str]:
    return set(re.findall(r"\b(?:from|join|into|update|only)\s+([a-z_]+)", sql))


async def test_every_table_has_its_place(database: Database) -> None:
    connection = await asyncpg.connect(database.url())
    try:
        tables = {row["relname"] for row in await connection.fetch(_TABLES)} - OURS
    finally:
        await connection.close()
    assert tables == SPREAD.keys() | EVERYWHERE | COORDINATED
    assert not EVERYWHERE & COORDINATED
    assert not SPREAD.keys() & (EVERYWHERE | COORDINATED)


async def test_unique_keys_contain_the_column_and_nothing_is_there_that_citus_refuses(database: Database) -> None:
    connection = await asyncpg.connect(database.url())
    try:
        keys = await connection.fetch(_KEYS)
        refused = [row[0] for row in await connection.fetch(_REFUSED)]
    finally:
        await connection.close()
    assert [row["key"] for row in keys if SPREAD.get(row["relname"]) not in {None, *row["columns"]}] == []
    assert refused == []


def test_queries_name_the_column_by_which_their_tables_are_spread() -> None:
    careless = [
        f"{name} reads {table} without {SPREAD[table]}"
        for name, said, sql in _queries()
        for table in sorted(_read(sql) & SPREAD.keys())
        if not WHOLE.search(said) and not re.search(rf"\b{SPREAD[table]}\b", sql)
    ]
    assert careless == []


def test_queries_use_nothing_that_citus_refuses() -> None:
    assert [name for name, _, sql in _queries() if any(word in sql for word in FORBIDDEN)] == []


async def test_a_server_without_citus_is_refused_and_keeps_its_tables(database: Database) -> None:
    with pytest.raises(Refused, match="has no extension citus: nothing was spread"):
        await distribute(database.url("crossroads_owner"))
