"""Content about many people: the same of each as a single question gets, and never of another person."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.bulk_sources import ManyQuery, OneByOne, StrangeRows
from crossroads.participant.config import Config, GroupSource, Listen, OwnKeys
from crossroads.participant.datasources import Database, Documents, Query, TooMuch, UnfitContent, Wanted, WantedMany
from crossroads.participant.settings import KeyFile
from crossroads.participant.yamlfile import WrongSetting

PERIOD = Period(date(2026, 1, 1), date(2026, 3, 31))
PEOPLE = tuple(f"{80650100000 + number}" for number in range(6))
SQL = "select day, text from item where ssin = :ssin and holder = :holder and day between :start_date and :end_date"
MANY = SQL.replace("select day", "select ssin, day").replace("ssin = :ssin", "ssin in :ssins")


def opened(folder: Path) -> Database:
    return Database(
        Config(
            institution="pps-si",
            listen=Listen(port=1),
            url="https://pps-si.example",
            state="state",
            keys=OwnKeys(sign=KeyFile(id="pps-si#sign-1", file="sign.pem")),
            trust="trust.json",
            hub="https://hub.example",
            database="sqlite:///data.sqlite",
            folder=folder,
        )
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    with closing(sqlite3.connect(folder / "data.sqlite")) as connection, connection:
        connection.execute("create table item (ssin text, holder text, day text, text text)")
    return folder


@pytest.fixture
def database(folder: Path) -> Iterator[Database]:
    one = opened(folder)
    yield one
    one.close()


def source(many: str = MANY, **given: Any) -> GroupSource:
    return GroupSource(sql=SQL, sql_many=many, **({"list_name": "items"} | given))


def wanted(*people: str, maximum: int = 10**6) -> WantedMany:
    return WantedMany(people, "pps-si", PERIOD, maximum)


ROWS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(["pps-si", "another"]),
        st.sampled_from(["2025-12-31", "2026-01-01", "2026-03-31", "2026-04-01"]),
        st.text(st.characters(exclude_categories=["C"]), max_size=5) | st.none(),
    ),
    max_size=20,
)


@given(ROWS, st.sets(st.sampled_from(PEOPLE), min_size=1), st.booleans())
async def test_many_are_given_what_each_would_be_given(
    folder: Path, rows: list[tuple[str, str, str, str | None]], people: set[str], one: bool
) -> None:
    with closing(sqlite3.connect(folder / "data.sqlite")) as connection, connection:
        connection.execute("delete from item")
        connection.executemany("insert into item values (?, ?, ?, ?)", rows)
    form: dict[str, Any] = {"one": True, "list_name": None} if one else {}
    single = GroupSource(sql=SQL + " order by day, text", **({"list_name": "items"} | form))
    database = opened(folder)
    try:
        query = Query(database, "groups.a-b@1", single)
        found = await ManyQuery(database, "a-b@1", source(MANY + " order by day, text", **form)).read(wanted(*people))
        alone = {ssin: await query.read(Wanted(ssin, "pps-si", PERIOD)) for ssin in people}
        slowly = await OneByOne(query).read(wanted(*people))
    finally:
        database.close()
    assert found == {ssin: content for ssin, content in alone.items() if content is not None}
    assert slowly == found


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select 1", "sqlMany without :ssins"),
        ("select 1 where :ssin = 1", "not :ssin"),
        ("select 1 where 1 in :ssins and :other = 1", "not :other"),
        ("delete from item where ssin in :ssins", "sqlMany begins with SELECT"),
    ],
)
def test_a_query_that_is_refused(database: Database, sql: str, told: str) -> None:
    with pytest.raises(WrongSetting, match=told):
        ManyQuery(database, "a-b@1", source(sql))


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (f"select '{PEOPLE[1]}' as ssin where '' not in :ssins", "of a person who was not asked about"),
        (f"select ' {PEOPLE[0]}' as ssin where '' not in :ssins", "of a person who was not asked about"),
        (f"select {PEOPLE[0]} as ssin where '' not in :ssins", "column ssin as int"),
        ("select 1 as n where '' not in :ssins", "no column ssin"),
        ("select null as ssin where '' not in :ssins", "no column ssin, or a row without"),
    ],
)
async def test_a_row_that_is_of_nobody_who_was_asked_about(database: Database, sql: str, told: str) -> None:
    with pytest.raises(StrangeRows, match=told) as raised:
        await ManyQuery(database, "a-b@1", source(sql)).read(wanted(PEOPLE[0]))
    assert not any(ssin in str(raised.value) for ssin in PEOPLE)


async def test_a_value_that_no_block_can_hold_fails_its_person_alone(database: Database) -> None:
    sql = f"select '{PEOPLE[0]}' as ssin, 1.5 as n where '' not in :ssins union all select '{PEOPLE[1]}', 1"
    found = await ManyQuery(database, "a-b@1", source(sql, list_name=None, one=True)).read(wanted(*PEOPLE))
    assert isinstance(found[PEOPLE[0]], UnfitContent)
    assert found[PEOPLE[1]] == b'{"n":1}'


async def test_a_failing_query_tells_no_number(database: Database) -> None:
    query = ManyQuery(database, "a-b@1", source("select ssin from absent where ssin in :ssins"))
    with pytest.raises(Unavailable) as raised:
        await query.read(wanted(*PEOPLE))
    assert not any(ssin in str(raised.value) for ssin in PEOPLE)


async def test_more_than_may_be_held_is_not_read_to_its_end(database: Database) -> None:
    endless = """
        with recursive n(n) as (select 1 union all select n + 1 from n)
        select '80650100000' as ssin, n from n where '' not in :ssins
    """
    query = ManyQuery(database, "a-b@1", source(endless))
    with pytest.raises(TooMuch):
        await query.read(wanted(PEOPLE[0], maximum=10_000))


async def test_documents_of_many(tmp_path: Path) -> None:
    for ssin in PEOPLE[:3]:
        (tmp_path / f"{ssin}.xml").write_bytes(b"<a/>" * 100)
    one_by_one = OneByOne(Documents(tmp_path, GroupSource(documents=".", media_type="application/xml")))
    found: dict[str, bytes | CrossroadsError] = await one_by_one.read(wanted(*PEOPLE))
    assert found == dict.fromkeys(PEOPLE[:3], b"<a/>" * 100)
    with pytest.raises(TooMuch):
        await one_by_one.read(wanted(*PEOPLE, maximum=1000))
