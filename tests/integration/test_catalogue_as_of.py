"""The public catalogue answers as of any day, and says clearly where there is no such day."""

import random
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.di import Provide

from crossroads.api.problems import respond
from crossroads.catalogue.http import ROUTES
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.model import Document
from crossroads.wire.messages import Problem
from database import OpenPool
from founding import founded, small_catalogue
from plain import NO_TLS

BEGIN, LAST, NEXT, END = date(2020, 1, 1), date(2026, 6, 30), date(2026, 7, 1), date(2027, 12, 31)
ENDING = (Kind.SUBSCRIPTION, Kind.EMBARGO)
"""Nothing depends on these, so they may end."""
DAYS = [date.min, BEGIN, LAST, NEXT, END, date(2024, 2, 29), date.max]
AROUND = [day + timedelta(days=by) for day in (BEGIN, LAST, NEXT, END) for by in (-1, 1)]
CHANCE = random.Random(7)
SOME = [
    date.fromordinal(CHANCE.randrange(date(2019, 1, 1).toordinal(), date(2029, 1, 1).toordinal())) for _ in range(20)
]


def versions() -> Document:
    """Give a catalogue in which each entry has two versions, one after the other; some end."""
    lists: dict[str, Any] = {}
    for kind in Kind:
        entries = getattr(small_catalogue(), kind.attribute)
        last = END if kind in ENDING else None
        lists[kind.attribute] = tuple(
            msgspec.structs.replace(entry, **change)
            for entry in entries
            for change in ({"valid_until": LAST}, {"valid_from": NEXT, "valid_until": last, "source": "A new decision"})
        )
    return Document(**lists)


@pytest.fixture(scope="module")
def whole() -> Document:
    return versions()


@pytest.fixture
async def web(pool: OpenPool, whole: Document) -> AsyncIterator[httpx.AsyncClient]:
    async with founded(await pool("crossroads_hub")) as here:
        await here.apply(whole)
        app = Litestar(
            list(ROUTES),
            dependencies={"catalogue": Provide(lambda: here.catalogue, sync_to_thread=False)},
            exception_handlers={Exception: respond},
        )
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type] # two names for ASGI
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", verify=NO_TLS) as client:
            yield client


def expected(document: Document, kind: Kind, day: date) -> list[Any]:
    """Give what is in force, counted anew; of decision tables not the text."""
    entries = msgspec.json.decode(msgspec.json.encode(getattr(document, kind.attribute)))
    iso = day.isoformat()
    in_force = [one for one in entries if one["validFrom"] <= iso <= one.get("validUntil", "9999-12-31")]
    return [{name: value for name, value in one.items() if name != "dmn"} for one in in_force]


async def test_every_collection_is_that_of_the_day(web: httpx.AsyncClient, whole: Document) -> None:
    found = 0
    for kind in Kind:
        for day in (*DAYS, *AROUND, *SOME):
            answer = await web.get(f"/v1/{kind.plural}", params={"on": day.isoformat()})
            wanted = expected(whole, kind, day)
            assert sorted(answer.json()["items"], key=str) == sorted(wanted, key=str), (kind, day)
            assert (answer.json()["total"], answer.status_code) == (len(wanted), 200)
            found += len(wanted)
    assert found > 100


@pytest.mark.parametrize("kind", Kind)
async def test_one_version_follows_the_other_without_a_day_between(web: httpx.AsyncClient, kind: Kind) -> None:
    sources = []
    for day in (LAST, NEXT):
        items = (await web.get(f"/v1/{kind.plural}", params={"on": day.isoformat()})).json()["items"]
        sources.append({item["source"] for item in items})
    assert sources[1] == {"A new decision"}
    assert not sources[0] & sources[1]


async def test_what_has_ended_is_there_until_its_last_day(web: httpx.AsyncClient) -> None:
    for kind in ENDING:
        totals = [
            (await web.get(f"/v1/{kind.plural}", params={"on": day.isoformat()})).json()["total"]
            for day in (BEGIN - timedelta(days=1), BEGIN, END, END + timedelta(days=1))
        ]
        assert totals == [0, 1, 1, 0], kind


async def test_a_decision_table_is_that_of_the_day(web: httpx.AsyncClient, whole: Document) -> None:
    for day in (*DAYS, *AROUND, *SOME):
        answer = await web.get(f"/v1/decision-tables/{whole.decision_tables[0].id}", params={"on": day.isoformat()})
        wanted = expected(whole, Kind.DECISION_TABLE, day)
        assert answer.status_code == (200 if wanted else 404), day
        for one in wanted:
            assert answer.json() == {**one, "dmn": whole.decision_tables[0].dmn}


@pytest.mark.parametrize(
    "impossible",
    [
        "2026-02-30",
        "2025-02-29",
        "2026-13-01",
        "2026-00-10",
        "0000-01-01",
        "10000-01-01",
        "2026-1-1",
        "20260101",
        "2026-01-01T00:00:00Z",
        "yesterday",
        "",
    ],
)
async def test_there_is_no_such_day_and_the_answer_says_where(web: httpx.AsyncClient, impossible: str) -> None:
    for name in (*(kind.plural for kind in Kind), "decision-tables/aid"):
        answer = await web.get(f"/v1/{name}", params={"on": impossible})
        problem = msgspec.json.decode(answer.content, type=Problem)
        assert (answer.status_code, problem.type) == (400, "urn:problem-type:belgif:badRequest")
        (issue,) = problem.issues
        assert (issue.location, issue.name) == ("query", "on")
        assert issue.detail == "There is no such day; a date is written yyyy-mm-dd."
        assert not impossible or impossible not in answer.text
