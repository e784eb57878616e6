"""A participant on PostgreSQL: the values of its types, and that nothing is ever written."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.kernel.errors import Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.bulk_sources import ManyQuery
from crossroads.participant.config import Config, GroupSource, Listen, OwnKeys
from crossroads.participant.datasources import Database, Query, TooMuch, UnfitContent, Wanted, WantedMany
from crossroads.participant.settings import KeyFile
from database import Database as OwnDatabase
from database import empty_database

WANTED = Wanted("80650112345", "pps-si", Period(date(2026, 1, 1)))
ROLE = "crossroads_owner"


@pytest.fixture(scope="module")
def own(postgres: EmbeddedPostgres) -> Iterator[OwnDatabase]:
    """Give the institution's own database."""
    with empty_database(postgres) as fresh:
        with psycopg.connect(fresh.url(ROLE)) as connection:
            connection.execute(
                "create table wage (ssin text, month date, eurocents bigint, rate numeric, address jsonb, note text)"
            )
            connection.execute(
                "insert into wage values (%s, '2026-02-01', 120000, 1.5, '{\"number\": 7}', null)", [WANTED.ssin]
            )
        yield fresh


@pytest.fixture
def database(own: OwnDatabase, tmp_path: Path) -> Iterator[Database]:
    config = Config(
        institution="pps-si",
        listen=Listen(port=1),
        url="https://pps-si.example",
        state="state",
        keys=OwnKeys(sign=KeyFile(id="pps-si#sign-1", file="sign.pem")),
        trust="trust.json",
        hub="https://hub.example",
        database=own.url(ROLE).replace("postgresql://", "postgresql+psycopg://"),
        folder=tmp_path,
    )
    one = Database(config)
    yield one
    one.close()


async def read(database: Database, sql: str, **source: Any) -> Any:
    content = await Query(database, "groups.a-b@1", GroupSource(sql=sql, **source)).read(WANTED)
    return None if content is None else json.loads(content)


async def test_rows_of_a_person_in_a_period_with_an_open_end(database: Database) -> None:
    sql = """
        select month, eurocents, address, note from wage
        where ssin = :ssin and month between :start_date and :end_date and :holder = 'pps-si'
    """
    expected = {"month": "2026-02-01", "eurocents": 120000, "address": {"number": 7}}
    assert await read(database, sql, list_name="wages", json=("address",)) == {"wages": [expected]}


def many(database: Database, sql: str) -> ManyQuery:
    return ManyQuery(database, "a-b@1", GroupSource(sql="select 1 where :ssin = ''", sql_many=sql, list_name="wages"))


async def test_rows_of_ten_thousand_people(database: Database) -> None:
    sql = "select ssin, month, eurocents from wage where ssin in :ssins and month between :start_date and :end_date"
    people = (*(f"{80650200000 + number}" for number in range(9999)), WANTED.ssin)
    query = many(database, sql)
    found = await query.read(WantedMany(people, WANTED.holder, WANTED.period, 10**6))
    assert found == {WANTED.ssin: b'{"wages":[{"month":"2026-02-01","eurocents":120000}]}'}


async def test_what_is_too_much_is_not_fetched(database: Database) -> None:
    # Each series is short, so that PostgreSQL need not write a billion numbers down before it gives the first.
    times = ", ".join(f"generate_series(1, 1000) as {name}" for name in "abc")
    sql = f"select ssin, a, b, c from wage, {times} where ssin in :ssins"  # noqa: S608 - no value goes into it
    with pytest.raises(TooMuch):
        await many(database, sql).read(WantedMany((WANTED.ssin,), WANTED.holder, WANTED.period, 10**5))
    assert await read(database, "select 1 as n where :ssin <> ''", one=True) == {"n": 1}


async def test_a_decimal_is_refused(database: Database) -> None:
    with pytest.raises(UnfitContent, match="eurocents"):
        await read(database, "select rate from wage where ssin = :ssin", one=True)


async def test_a_query_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable) as raised:
        await read(database, "with gone as (delete from wage where ssin = :ssin returning 1) select 1 as n", one=True)
    assert WANTED.ssin not in str(raised.value)
    assert await read(database, "select count(*) as n from wage where ssin = :ssin", one=True) == {"n": 1}
