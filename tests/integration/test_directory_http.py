"""The directory over HTTP: the form of requests and answers."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from litestar.di import Provide

from crossroads.directory.http import ROUTES
from crossroads.kernel.guards import Guard
from people import GHENT, LIVING_WAGE, OpenPool, World, by, ssin, world

ANNA, DORA = ssin(0), ssin(3)


@pytest.fixture
async def hub(pool: OpenPool, tmp_path: Path) -> AsyncIterator[World]:
    async with world(pool) as opened:
        await opened.births(ANNA, tmp=tmp_path)
        yield opened


@pytest.fixture
async def client(hub: World) -> AsyncIterator[AsyncClient]:
    provided = {"signed": by(GHENT), "directory": hub.directory, "identity": hub.identity}
    dependencies = {name: Provide(_giving(value), sync_to_thread=False) for name, value in provided.items()}
    app: Any = Litestar(ROUTES, dependencies=dependencies, logging_config=None)
    async with AsyncClient(transport=ASGITransport(app=app), base_url="https://hub.test.example") as opened:
        yield opened


def _giving(value: Any) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give


def inscription(**other: Any) -> dict[str, Any]:
    return {
        "reference": "r-1",
        "institution": GHENT,
        "ssin": ANNA,
        "context": LIVING_WAGE,
        "period": {"startDate": "2026-01-01"},
        "evidence": {"kind": "reference", "value": "file 12"},
    } | other


async def test_a_line_from_its_first_day_to_its_last(client: AsyncClient) -> None:
    opened = await client.post("/v1/inscriptions", json=inscription())
    assert opened.status_code == 201
    (item,) = opened.json()["items"]
    assert item == {
        "inscription": item["inscription"],
        "institution": GHENT,
        "context": LIVING_WAGE,
        "period": {"startDate": "2026-01-01"},
    }
    assert opened.json()["reference"] == "r-1"
    for number, (path, period, left) in enumerate(
        [
            ("close", {"startDate": "2026-01-01", "endDate": "2026-06-30"}, ["2026-01-01"]),
            ("cut", {"startDate": "2026-02-01", "endDate": "2026-02-28"}, ["2026-01-01", "2026-03-01"]),
            ("cancel", {"startDate": "2026-01-01", "endDate": "2026-01-31"}, ["2026-03-01"]),
        ]
    ):
        changed = await client.post(
            f"/v1/inscriptions/{path}", json=inscription(reference=f"c-{number}", period=period)
        )
        assert changed.status_code == 200
        assert [item["period"]["startDate"] for item in changed.json()["items"]] == left
    query = {"institution": GHENT, "ssin": ANNA, "period": {"startDate": "2026-01-01"}}
    found = (await client.post("/v1/inscriptions/query", json=query)).json()
    assert found["total"] == 1
    assert found["items"][0]["period"] == {"startDate": "2026-03-01", "endDate": "2026-06-30"}


async def test_a_person_is_confirmed_and_then_inscribed(hub: World, client: AsyncClient) -> None:
    hub.register.names[DORA] = "Peeters"
    body = {"reference": "p-1", "ssin": DORA, "birthDate": "1940-00-00", "lastName": "Peeters"}
    confirmed = await client.post("/v1/persons/confirm", json=body)
    assert confirmed.status_code == 200
    assert confirmed.json()["ssin"] == {"value": DORA}
    assert (await client.post("/v1/inscriptions", json=inscription(ssin=DORA))).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"unheard": "of"},
        {"ssin": "123"},
        {"context": "living wage"},
        {"period": {"startDate": "2026-02-01", "endDate": "2026-01-01"}},
        {"reference": ""},
        {"reference": "r\u20281"},
        {"period": {"startDate": "2026-01-01", "endDate": "9999-12-31"}},
    ],
)
async def test_what_has_not_its_form_is_refused(client: AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await client.post("/v1/inscriptions", json=inscription(**wrong))).status_code == 400


async def test_many_lines_are_kept_and_compared(client: AsyncClient) -> None:
    lines = [{"action": "register", **inscription()}, {"action": "register", **inscription(reference="r-2", ssin=DORA)}]
    kept = (await client.post("/v1/inscriptions/bulk", json={"lines": lines})).json()["items"]
    assert [(item["reference"], item["status"], item.get("code")) for item in kept] == [
        ("r-1", 201, None), ("r-2", 403, "CR-PERSON-NOT-IDENTIFIED"),
    ]  # fmt: skip
    assert list(kept[0]) == ["reference", "status", "ticket", "items"]
    own = [{name: line[name] for name in ("ssin", "context", "period")} for line in lines]
    body = {"institution": GHENT, "lines": own}
    compared = await client.post("/v1/inscriptions/compare", json=body)
    assert compared.json() == {"items": [{"verdict": "same"}, {"verdict": "missing"}]}
    besides = (await client.post("/v1/inscriptions/compare", json={"institution": GHENT, "after": 0})).json()
    assert [(one["inscription"], one["ssin"]) for one in besides["unlisted"]] == [(kept[0]["items"][0], ANNA)]
    assert (await client.post("/v1/inscriptions/compare", json=body | {"after": 0})).json() == {}


@pytest.mark.parametrize(
    ("path", "lines", "status"),
    [
        ("bulk", [], 400),
        ("bulk", [inscription()], 400),
        ("bulk", [{"action": "erase", **inscription()}], 400),
        ("bulk", [{"action": "close", **inscription(ssin="1")}], 400),
        ("bulk", [{"action": "close", **inscription()}] * 1_001, 400),
        ("bulk", [{"action": "close", **inscription(reference="r" * 1_100_000)}], 413),
        ("compare", [{"ssin": ANNA, "context": LIVING_WAGE}], 400),
        ("compare", [{"ssin": ANNA, "context": LIVING_WAGE, "period": {"startDate": "2026-01-01"}}] * 10_001, 400),
    ],
)
async def test_what_is_too_many_or_has_not_its_form_is_refused(
    client: AsyncClient, path: str, lines: list[dict[str, Any]], status: int
) -> None:
    body = {"lines": lines} | ({"institution": GHENT} if path == "compare" else {})
    assert (await client.post(f"/v1/inscriptions/{path}", json=body)).status_code == status


async def test_a_thousand_lines_with_all_that_they_can_hold_are_taken(client: AsyncClient) -> None:
    wide = {"reference": "\U0001f600" * 60, "evidence": {"kind": "reference", "value": "\U0001f600" * 64}}
    period = {"startDate": "2026-01-01", "endDate": "2026-12-31"}
    line = {"action": "register", **inscription(**wide, period=period, phase=902, ssin=DORA)}
    lines = [line | {"reference": f"{line['reference']}{number:04}"} for number in range(1_000)]
    body = msgspec.json.encode({"lines": lines})
    answer = await client.post("/v1/inscriptions/bulk", content=body, headers={"content-type": "application/json"})
    assert [item["status"] for item in answer.json()["items"]] == [403] * 1_000


def test_every_route_needs_the_signature_of_an_institution() -> None:
    assert {handler.opt["guard"] for handler in ROUTES} == {Guard.INSTITUTION}
