"""A search of the log goes by an index of its months: however long the log is, it never reads all of it."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from crossroads.audit import search_store, suspicion_store
from crossroads.audit.errors import SearchTooWide
from crossroads.audit.search_store import Search, SearchStore, queries
from crossroads.audit.suspicion_store import SuspicionStore, Within
from database import Database

NOW = datetime(2026, 11, 15, 12, tzinfo=UTC)
TICKET = UUID("00000000-0000-0000-0000-000000000042")
FILLED = """
INSERT INTO log_entry (stream, index, epoch, event, ticket, person, asker, at, content, leaf)
SELECT 0, n, 1, 'exchange:question:decided', ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, n % 4000,
       'asker-' || n % 300, $1::timestamptz - make_interval(mins => n * 2),
       jsonb_build_object('agent', 'clerk-' || n % 7, 'legalContext', 'TEST:PURPOSE'), '\\x00'
FROM generate_series(0, 39999) AS n
"""
OWN = """
INSERT INTO log_entry (stream, index, epoch, event, ticket, person, asker, at, content, leaf)
SELECT 1, n, 1, ($2::text[])[1 + n % cardinality($2::text[])],
       gen_random_uuid(), least(n, 6), 'asker-1', $1::timestamptz + make_interval(mins => n / 6, secs => n),
       jsonb_build_object(
           'agent', 'session-' || n, 'legalContext', CASE WHEN n < 11 THEN 'TEST:OWN' ELSE 'TEST:PURPOSE' END
       ), '\\x00'
FROM generate_series(0, 19) AS n
"""
"""Six people for themselves in one minute, each in a session; one more in five sessions; the same for other reasons."""
ACTS = (
    *("exchange:question:decided", "exchange:question:refused", "batch:record:decided", "mutations:error:shown"),
    *("transparency:usage:shown", "transparency:mandate:tried", "transparency:look:refused", "box:list:shown"),
    *("transparency:acting:begun", "transparency:acting:refused"),
)
"""What a portal does for a person; each stands in the log about one of those who are counted."""
MONTHS = (
    "SELECT add_month('log_entry', m) FROM generate_series('2026-09-01'::timestamptz, '2026-11-01', '1 month') AS m"
)
WEEK: dict[str, Any] = {"first": NOW - timedelta(days=7), "until": NOW + timedelta(hours=1)}


@pytest.fixture
async def pool(database: Database) -> AsyncIterator["asyncpg.Pool[asyncpg.Record]"]:
    owner = await asyncpg.connect(database.url("crossroads_owner"))
    await owner.execute(MONTHS)
    await owner.execute(FILLED, NOW)
    await owner.execute("ANALYZE log_entry")
    await owner.close()
    async with asyncpg.create_pool(database.url("crossroads_hub"), min_size=1, max_size=2) as opened:
        yield opened


def scans(node: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Give each way in which a table or an index was read, and how many rows were looked at."""
    if "Scan" in node["Node Type"] and "Relation Name" in node:
        looked = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        yield node["Node Type"], looked * node["Actual Loops"]
    for part in node.get("Plans", ()):
        yield from scans(part)


async def looked_at(
    pool: "asyncpg.Pool[asyncpg.Record]", name: str, asked: Any = queries, **given: Any
) -> list[tuple[str, int]]:
    """Give how a query of a store reads the log, where it reads anything."""
    values = {"at": None, "stream": None, "index": None, "limit": 26, "agent": None, "legal_context": None}
    values |= {"persons": None, "askers": None, "ticket": None, **WEEK, **given}
    names = asked.driver_adapter.var_sorted[name]
    sql = f"EXPLAIN (ANALYZE, FORMAT JSON) {getattr(asked, name).sql}"
    async with pool.acquire() as connection:
        (row,) = await connection.fetch(sql, *(values[one] for one in names))
    return [one for one in scans(json.loads(row[0])[0]["Plan"]) if one[1]]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("of_askers", {"askers": ["asker-7"]}),
        ("of_askers", {"askers": [f"asker-{number}" for number in range(30)]}),
        ("of_askers", {"askers": ["asker-7"], "agent": "clerk-1"}),
        ("of_persons", {"persons": [7, 8]}),
        ("of_ticket", {"ticket": TICKET}),
    ],
)
async def test_a_search_reads_what_it_shows_by_an_index(
    pool: "asyncpg.Pool[asyncpg.Record]", name: str, given: dict[str, Any]
) -> None:
    found = await looked_at(pool, name, **given)
    assert found
    assert {kind for kind, _ in found} <= {"Index Scan", "Bitmap Heap Scan", "Index Only Scan"}
    assert sum(rows for _, rows in found) <= 2_000


async def test_each_search_gives_the_newest_first_and_page_by_page(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    store = SearchStore(pool)
    for search in (
        Search(**WEEK, askers=["asker-7", "asker-8"]),
        Search(**WEEK, persons=[7, 8]),
        Search(**WEEK, askers=["asker-7"], agent="clerk-0", legal_context="TEST:PURPOSE"),
    ):
        whole = await store.page(search, 1000)
        moments = [one.place for one in whole]
        assert moments == sorted(moments, reverse=True)
        assert whole
        first = await store.page(search, 1)
        rest = await store.page(search, 1000, first[-1].place)
        assert first + rest == whole
    (one,) = await store.page(Search(**WEEK, ticket=TICKET), 10)
    assert (one.ticket, one.person, one.asker) == (TICKET, 42, "asker-42")
    assert await store.persons_at([(0, 42), (0, 43)]) == [42, 43]


async def test_months_in_an_archive_are_named(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    for number, month in enumerate(("2024-01", "2026-10", "2026-10")):
        await pool.execute(
            "INSERT INTO log_entry (stream, index, epoch, event, at, content, leaf)"
            " VALUES (1, $1, 1, 'log:month:archived', $2, jsonb_build_object('month', $3::text), '')",
            *(number, NOW, month),
        )
    store = SearchStore(pool)
    assert await store.archived(NOW - timedelta(days=40), NOW) == ["2026-10"]
    assert await store.archived(datetime(1970, 1, 1, tzinfo=UTC), NOW) == ["2024-01", "2026-10"]
    assert await store.archived(NOW, NOW) == []


async def test_what_takes_too_long_is_given_up(
    pool: "asyncpg.Pool[asyncpg.Record]", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_store, "PATIENCE_SECONDS", 0)
    with pytest.raises(SearchTooWide, match="name an institution, or fewer days"):
        await SearchStore(pool).page(Search(**WEEK, askers=["asker-7"]), 10)


async def test_patterns_read_their_days_and_nothing_else(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    store = SuspicionStore(pool)
    within = Within(NOW - timedelta(hours=1), NOW, None, ["asker-1"], ["TEST:OWN"], 10)
    assert await store.many_persons(within, 2) == []
    found = await store.outside_hours(within, (23, 24), 1)
    assert sum(one.questions for one in found) == 10
    own = within._replace(askers=[f"asker-{number}" for number in range(300)], purposes=["TEST:PURPOSE"] * 300)
    assert await store.outside_hours(own, (23, 24), 1) == []
    others = own._replace(purposes=["TEST:OWN"] * 300)
    assert await store.outside_hours(others, (23, 24), 1) == found
    assert [one.person for one in await store.about(within, [5])] == [5]
    years = [NOW.date() - timedelta(days=number) for number in range(-1, 3_650)]
    assert await store.days(years) == sorted(NOW.date() - timedelta(days=number) for number in range(56))


async def test_people_of_one_portal_are_counted_in_whatever_sessions_and_by_its_index(
    pool: "asyncpg.Pool[asyncpg.Record]",
) -> None:
    await pool.execute(OWN, datetime(2026, 11, 15, 10, 30, tzinfo=UTC), ACTS)
    store, within = SuspicionStore(pool), Within(NOW - timedelta(days=1), NOW, None, ["asker-1"], ["TEST:OWN"], 10)
    (minute,) = await store.own_people(within, 6, 8)
    assert (minute.institution, minute.agent, minute.persons, minute.questions) == ("asker-1", None, 6, 6)
    (hour,) = await store.own_people(within, 7, 7)
    assert (hour.persons, hour.questions, len(hour.tickets)) == (7, 11, 10)
    assert len(await store.own_people(within, 6, 7)) == 2
    assert await store.own_people(within, 7, 8) == []
    (many,) = await store.own_sessions(within, 5)
    assert (many.person, many.persons, many.questions, many.sessions) == (6, 1, 5, 5)
    assert await store.own_sessions(within, 6) == []
    others: tuple[dict[str, Any], ...] = (
        {"institution": "asker-2"},
        {"askers": [], "purposes": []},
        {"purposes": ["TEST:NOTHING"]},
    )
    for other in others:
        assert await store.own_people(within._replace(**other), 1, 1) == []
        assert await store.own_sessions(within._replace(**other), 1) == []
    for name, least in (("own_people", {"in_minute": 2, "in_hour": 2}), ("own_sessions", {"least": 2})):
        found = await looked_at(pool, name, suspicion_store.queries, **within._asdict(), **least)
        assert {kind for kind, _ in found} <= {"Index Scan", "Bitmap Heap Scan", "Index Only Scan"}
        assert sum(rows for _, rows in found) <= 2_000
