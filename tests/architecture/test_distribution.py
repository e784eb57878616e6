"""The schema keeps to what Citus can spread: keys contain the column, reads name it, nothing it refuses is used."""

import re
from pathlib import Path

import asyncpg
import pytest

from crossroads.bootstrap.distribution import COORDINATED, EVERYWHERE, SPREAD, distribute
from crossroads.kernel.errors import Refused
from database import Database
from spreading import refused, scattered, statements

SOURCES = Path(__file__).parents[2] / "src" / "crossroads"
WHOLE = re.compile(r"\((over )?(the whole table|all [a-z ]+)\)")
"""Stands in the sentence above a query that reads more than one machine has: none of them decides about a question."""
NOT_YET = frozenset(
    {
        "directory/queries.sql:check_exclusive",
        "directory/queries.sql:lock_staged",
        "directory/queries.sql:look_up_staged",
        "directory/queries.sql:staged_conflicts",
    }
)
"""What holds something that Citus refuses on several machines, as docs/how-to/scale.md says. Nothing is added to it."""
ONE_MACHINE = frozenset({"directory/queries.sql:facts"})
"""What a server that spreads its tables is never asked: another reader is chosen for it, at the start."""
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
            name = re.split(r"\W", name)[0]
            found.append((f"{path.relative_to(SOURCES)}:{name}", said, sql))
    return found


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


def test_queries_narrow_each_table_by_the_column_by_which_it_is_spread() -> None:
    careless = [
        f"{name} reads {table}"
        for name, said, sql in _queries()
        if not WHOLE.search(said)
        for tree in statements(sql)
        for table in scattered(tree)
    ]
    assert careless == []


def test_queries_use_nothing_that_citus_refuses_but_what_is_told() -> None:
    assert {
        name for name, _, sql in _queries() for tree in statements(sql) if [*refused(tree)]
    } == NOT_YET | ONE_MACHINE


SCATTERED = {
    "the column is read and narrows nothing": "SELECT person FROM inscription WHERE institution = :institution",
    "one of two": "SELECT 1 FROM person AS p JOIN inscription AS i ON i.phase = 0 WHERE p.person = :person",
    "after a comma": "SELECT 1 FROM person AS p, inscription AS i WHERE p.person = :person",
    "beside what is deleted": "DELETE FROM mailbox AS m USING mailbox_item AS i WHERE m.recipient = :recipient",
    "in another schema": "SELECT 1 FROM public.log_entry WHERE ticket = :ticket",
    "or something else": "SELECT 1 FROM person WHERE person = :person OR ssin = :ssin",
    "a range": "SELECT 1 FROM person WHERE person > :person",
    "in a query within": "SELECT (SELECT max(phase) FROM inscription) FROM person WHERE person = :person",
    "narrowed outside": "SELECT 1 FROM (SELECT * FROM person) AS p WHERE p.person = :person",
    "written without it": "INSERT INTO batch_part (start_at, content) VALUES (:start_at, :content)",
    "changed everywhere": "UPDATE batch_page SET ticket = :ticket WHERE page = :page",
}
REFUSED = {
    "by two columns": "SELECT 1 FROM person AS p JOIN ssin_assignment AS s USING (ssin) WHERE p.person = :person",
    "with what stays": "SELECT 1 FROM batch_page AS p JOIN batch AS b ON b.ticket = p.ticket WHERE p.ticket = :ticket",
    "recursive": "WITH RECURSIVE a AS (SELECT 1 AS b UNION SELECT b FROM a) SELECT 1 FROM a, person WHERE person = b",
    "a moment that moves": "UPDATE mailbox SET taken = clock_timestamp() WHERE recipient = :recipient",
    "when it is there": "INSERT INTO person (person) VALUES (:person) ON CONFLICT (person) DO UPDATE SET a = random()",
    "now, where it is there": "INSERT INTO person (person) VALUES (:a) ON CONFLICT (person) DO UPDATE SET a = now()",
    "now, given back": "UPDATE person SET a = 1 WHERE person = :person RETURNING statement_timestamp()",
    "now, perhaps": "UPDATE mailbox SET taken = coalesce(taken, now()) WHERE recipient = :recipient",
    "locks of many": "SELECT 1 FROM person WHERE person = ANY (:persons) FOR UPDATE",
    "locks of what others name": "SELECT 1 FROM a, person AS p WHERE p.person = a.person FOR UPDATE OF p",
    "the first for each of what others name": (
        "SELECT 1 FROM unnest(:a) AS a CROSS JOIN LATERAL (SELECT 1 FROM person AS p WHERE p.person = a.a LIMIT 1) AS p"
    ),
    "a count for each": "SELECT (SELECT max(phase) FROM inscription AS i WHERE i.person = a.a) FROM unnest(:a) AS a",
    "a lock of its own": "SELECT pg_advisory_xact_lock(1)",
}
GOOD = (
    "SELECT 1 FROM person WHERE (person) = ANY (CAST(:persons AS bigint[])) AND ssin = :ssin",
    "SELECT 1 FROM person JOIN inscription USING (person) WHERE person.person IN (:person)",
    "INSERT INTO batch_part (ticket, content) VALUES (:a, :b) ON CONFLICT (ticket) DO UPDATE SET a = excluded.a",
    "UPDATE mailbox SET taken = now() WHERE recipient = :recipient AND taken < now()",
    "UPDATE log_entry AS e SET content = NULL WHERE (e.stream, e.index) = (:stream, :index)",
    "WITH person AS (SELECT 1 AS a) SELECT a FROM person",
    "SELECT 1 FROM person WHERE person = :person FOR UPDATE",
    "SELECT 1 FROM log_entry WHERE (stream, index) = (:stream, :index) FOR UPDATE",
    "SELECT (SELECT max(phase) FROM inscription AS i WHERE i.person = p.person) FROM person AS p WHERE p.person = :a",
    "SELECT 1 FROM unnest(:a) AS a CROSS JOIN LATERAL (SELECT 1 FROM person WHERE person = :person LIMIT 1) AS p",
)


@pytest.mark.parametrize("case", SCATTERED)
def test_what_is_not_narrowed_is_found(case: str) -> None:
    (tree,) = statements(SCATTERED[case])
    assert len([*scattered(tree)]) == 1


@pytest.mark.parametrize("case", REFUSED)
def test_what_citus_refuses_is_found(case: str) -> None:
    (tree,) = statements(REFUSED[case])
    assert len([*refused(tree)]) == 1


@pytest.mark.parametrize("sql", GOOD)
def test_what_goes_to_one_machine_passes(sql: str) -> None:
    (tree,) = statements(sql)
    assert ([*scattered(tree)], [*refused(tree)]) == ([], [])


async def test_a_server_without_citus_is_refused_and_keeps_its_tables(database: Database) -> None:
    with pytest.raises(Refused, match="has no extension citus: nothing was spread"):
        await distribute(database.url("crossroads_owner"))
