"""Content from the institution's own data: JSON from rows, documents as they stand."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.config import Config, GroupSource, Listen, OwnKeys
from crossroads.participant.datagroups import Group
from crossroads.participant.datasources import Database, Documents, Query, UnfitContent, Wanted, plain_value
from crossroads.participant.register import folded
from crossroads.participant.settings import KeyFile
from crossroads.participant.yamlfile import WrongSetting

WANTED = Wanted("80650112345", "pps-si", Period(date(2026, 1, 1), date(2026, 3, 31)))


def database(folder: Path, *statements: str) -> Database:
    with closing(sqlite3.connect(folder / "data.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return Database(settings(folder))


def settings(folder: Path) -> Config:
    return Config(
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


async def content(folder: Path, sql: str, *statements: str, **source: Any) -> Any:
    one = database(folder, *statements)
    try:
        read = await Query(one, "groups.a-b@1", GroupSource(sql=sql, **source)).read(WANTED)
    finally:
        one.close()
    return None if read is None else json.loads(read)


async def test_one_row_is_an_object_without_its_nulls(tmp_path: Path) -> None:
    sql = 'select 1 as "isOpen", null as "closedOn", \'2026-01-01\' as "openedOn" where :ssin is not null'
    assert await content(tmp_path, sql, one=True) == {"isOpen": 1, "openedOn": "2026-01-01"}


async def test_rows_are_a_list_under_its_name(tmp_path: Path) -> None:
    sql = "select 1 as n where :ssin > '' union all select 2"
    assert await content(tmp_path, sql, list_name="items") == {"items": [{"n": 1}, {"n": 2}]}


@pytest.mark.parametrize("source", [{"one": True}, {"list_name": "items"}])
async def test_no_row_is_no_data(tmp_path: Path, source: dict[str, Any]) -> None:
    assert await content(tmp_path, "select 1 where :ssin = 'nobody'", **source) is None


async def test_all_that_is_asked_can_be_bound_and_an_open_end_is_the_last_day(tmp_path: Path) -> None:
    sql = "select :ssin as a, :holder as b, :start_date as c, :end_date as d"
    one = database(tmp_path)
    wanted = WANTED._replace(period=Period(date(2026, 1, 1)))
    read = await Query(one, "g", GroupSource(sql=sql, one=True)).read(wanted)
    one.close()
    assert json.loads(read or b"") == {"a": WANTED.ssin, "b": "pps-si", "c": "2026-01-01", "d": "9999-12-31"}


async def test_a_column_of_json_is_embedded(tmp_path: Path) -> None:
    sql = """select '{"street": "Kouter", "number": 1}' as address where :ssin > ''"""
    assert await content(tmp_path, sql, one=True, json=("address",)) == {"address": {"street": "Kouter", "number": 1}}
    with pytest.raises(UnfitContent, match="address holds no JSON"):
        await content(tmp_path, "select 'street' as address where :ssin > ''", one=True, json=("address",))


async def test_an_ssin_in_a_failing_query_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as raised:
        await content(tmp_path, "select * from absent where ssin = :ssin", one=True)
    assert WANTED.ssin not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select 1", "without :ssin"),
        ("select 1 where :ssin = :other", ":other"),
        ("delete from x where ssin = :ssin", "begins with SELECT"),
    ],
)
def test_a_query_that_is_refused(tmp_path: Path, sql: str, told: str) -> None:
    one = database(tmp_path)
    with pytest.raises(WrongSetting, match=told):
        Query(one, "groups.a-b@1", GroupSource(sql=sql, one=True))
    one.close()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (True, True),
        (-5, -5),
        ("é", "é"),
    ],
)
def test_values_as_json_holds_them(value: object, expected: object) -> None:
    assert plain_value("x", value) == expected


@pytest.mark.parametrize("value", [Decimal("1.50"), Decimal(1), 1.0, 2**53, b"x", [1]])
def test_values_that_no_block_can_hold(value: object) -> None:
    with pytest.raises(UnfitContent, match="Column wage"):
        plain_value("wage", value)


def documents(folder: Path, otherwise: Sequence[str] = ()) -> Documents:
    return Documents(folder, GroupSource(documents=".", media_type="application/xml", otherwise=tuple(otherwise)))


async def test_a_document_is_given_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / f"{WANTED.ssin}.xml").write_bytes(b"\xef\xbb\xbf<a/>\r\n\x00")
    (tmp_path / "default.xml").write_bytes(b"default")
    assert await documents(tmp_path, ["default.xml"]).read(WANTED) == b"\xef\xbb\xbf<a/>\r\n\x00"


async def test_without_a_document_the_first_other_that_exists(tmp_path: Path) -> None:
    source = documents(tmp_path, ["default.xml", "notfound.xml"])
    assert await source.read(WANTED) is None
    (tmp_path / "notfound.xml").write_bytes(b"notfound")
    assert await source.read(WANTED) == b"notfound"
    (tmp_path / "default.xml").write_bytes(b"default")
    assert await source.read(WANTED) == b"default"


async def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / f"{WANTED.ssin}.xml").mkdir()
    with pytest.raises(Unavailable) as raised:
        await documents(tmp_path).read(WANTED)
    assert WANTED.ssin not in str(raised.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [("LEFÈVRE", "lefevre"), ("D'Hondt", "d hondt"), ("Van den Berg-Maes", "VANDENBERG MAES"), ("Weiß", "WEISS")],
)
def test_names_that_are_the_same(one: str, other: str) -> None:
    assert folded(one) == folded(other)


@given(st.text())
def test_folding_a_name_twice_changes_nothing_more(name: str) -> None:
    assert folded(folded(name)) == folded(name)


def test_faults_of_content_name_place_and_keyword_and_no_value() -> None:
    schema = {"type": "object", "properties": {"wages": {"type": "array", "items": {"type": "integer"}}}}
    group = Group(id="a-b@1", json_schema=schema)
    assert list(group.faults(b'{"wages": [1, "80650112345"]}')) == ["$['wages'][1]: type"]
    assert list(group.faults(b'{"wages": [1]}')) == []
    assert list(group.faults(b"80650112345x")) == ["$: not JSON"]


def test_a_schema_that_refers_outside_itself_is_not_followed() -> None:
    group = Group(id="a-b@1", json_schema={"$ref": "http://127.0.0.1:9/schema.json"})
    with pytest.raises(InvalidValue, match="schema of a-b@1"):
        list(group.faults(b"{}"))


@pytest.mark.parametrize("day", ["2026-02-30", "2026-W05-1", "20260101", "soon"])
def test_a_day_that_does_not_exist_leaves_the_schema(day: str) -> None:
    group = Group(id="stays@1", json_schema={"properties": {"since": {"type": "string", "format": "date"}}})
    assert list(group.faults(json.dumps({"since": day}).encode())) == ["$['since']: format"]
    assert list(group.faults(b'{"since": "2028-02-29"}')) == []
