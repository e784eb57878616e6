"""A change that comes twice, after a lost answer or through two processes of the hub at once, is one change."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from chaos import Asker, person, rows, until
from crossroads.network.service import Network
from crossroads.wire.mutations import MutationOutcome, NotificationOutcome
from crossroads.wire.signatures import Request, sign_request
from database import Database
from networks import line, network

SOURCE, FUND, ACCOUNT = "neo", "family-benefits", "sigedis"
PEOPLE = [person(number) for number in range(1, 21, 2)]
PATH = "/v1/mutations"

pytest_plugins = ["hub_fixtures"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    contexts = {SOURCE: "18:2", FUND: "7:101", ACCOUNT: "14:10"}
    inscriptions = [line(ssin, name, context, "2020-01-01") for ssin in PEOPLE for name, context in contexts.items()]
    with network(
        tmp_path_factory.mktemp("repeated"),
        module_database,
        {name: {} for name in contexts},
        persons=PEOPLE,
        inscriptions=inscriptions,
        start=False,
    ) as made:
        made.start_hub()
        yield made


@pytest.fixture
def source(built: Network) -> Asker:
    return Asker(built, SOURCE)


def notice(ssin: str, reference: str, **other: Any) -> dict[str, Any]:
    period = {"startDate": "2026-02-01", "endDate": "2026-04-30"}
    about = {"dataGroup": "career-break@1", "context": "18:2", "period": period, "kind": "changed"} | other
    return {"mutations": [{"reference": reference, "ssin": ssin, "happenedOn": "2026-02-01", **about}]}


async def notify(source: Asker, http: httpx.AsyncClient, content: dict[str, Any], port: int) -> MutationOutcome:
    response = await source.post(http, PATH, content, source.asking.sign, port)
    assert response.status_code == 200, response.text
    (outcome,) = msgspec.json.decode(response.content, type=NotificationOutcome).items
    return outcome


async def brought(url: str) -> None:
    async def empty() -> bool:
        return not await rows(url, "SELECT FROM mutation_queue")

    await until(empty)


async def told(url: str, ticket: UUID) -> list[str]:
    """Give the mailboxes that have a change, once for each item."""
    found = await rows(url, "SELECT recipient FROM mailbox_item WHERE ticket = $1 ORDER BY recipient", ticket)
    return [row["recipient"] for row in found]


async def test_a_change_whose_answer_was_lost_is_notified_again_and_told_once(
    source: Asker, http: httpx.AsyncClient, ports: tuple[int, int], module_database: Database
) -> None:
    url, reference = module_database.url("crossroads_reader"), uuid4().hex
    content = notice(PEOPLE[0], reference)
    body, kind = msgspec.json.encode(content), {"content-type": "application/json", "content-length": "0"}
    kind["content-length"] = str(len(body))
    request = Request("POST", f"{source.hub}{PATH}", kind, body)
    headers = kind | sign_request(source.asking.sign, request, datetime.now(UTC))
    _, writer = await asyncio.open_connection("127.0.0.1", ports[0])
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with closing(writer):
        writer.write(f"POST {PATH} HTTP/1.1\r\nhost: hub\r\n{head}\r\n".encode() + body)
        await writer.drain()

        async def taken() -> list[Any]:
            return await rows(url, "SELECT ticket FROM mutation_reference WHERE reference = $1", reference)

        await until(taken)
    ((ticket,),) = await taken()
    again = [await notify(source, http, content, port) for port in ports]
    assert [(outcome.status, outcome.ticket) for outcome in again] == [(202, ticket)] * 2
    assert again[0].receipt == again[1].receipt
    await brought(url)
    assert await told(url, ticket) == [FUND, ACCOUNT]


async def test_one_change_through_two_processes_at_once_is_taken_once(
    source: Asker, http: httpx.AsyncClient, ports: tuple[int, int], module_database: Database
) -> None:
    url = module_database.url("crossroads_reader")
    for ssin in PEOPLE * 2:
        content = notice(ssin, uuid4().hex)
        one, other = await asyncio.gather(*(notify(source, http, content, port) for port in ports))
        assert one == other
        assert one.ticket is not None
        await brought(url)
        assert await told(url, one.ticket) == [FUND, ACCOUNT]
    entries = await rows(url, "SELECT ticket FROM log_entry WHERE event = 'mutations:change:notified'")
    assert {row["ticket"] for row in entries} == {row["ticket"] for row in await rows(url, "SELECT * FROM mutation")}
    assert len({row["ticket"] for row in entries}) == len(entries)


async def test_two_changes_under_one_reference_at_once_are_one_and_a_refusal(
    source: Asker, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    for ssin in PEOPLE:
        reference = uuid4().hex
        contents = [notice(ssin, reference, kind=kind) for kind in ("changed", "ended")]
        pairs = zip(contents, ports, strict=True)
        outcomes = await asyncio.gather(*(notify(source, http, content, port) for content, port in pairs))
        assert sorted(outcome.status for outcome in outcomes) == [202, 409]
