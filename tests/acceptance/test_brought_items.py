"""An institution that is brought its items: a participant that deals with them by its own handler, killed meanwhile."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import yaml

from chaos import rows, until
from crossroads.network.service import Network
from crossroads.wire.mutations import NotificationOutcome
from database import Database
from networks import belgium, line, network
from raw import Asker, person, send

SOURCE, FUND, BREAK = "neo", "family-benefits", "career-break@1"
PEOPLE = [person(number) for number in range(1, 21, 2)]
POISON = PEOPLE[3]
HANDLER = """
import time


def handle(item, transaction):
    told = item.change or item.notice
    if told.ssin.value == {poison!r}:
        raise ValueError("cannot deal with it")
    transaction.exec_driver_sql("CREATE TABLE IF NOT EXISTS told (number INTEGER, ticket TEXT)")
    transaction.exec_driver_sql("INSERT INTO told VALUES (?, ?)", (item.number, str(item.ticket)))
    time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder with the institution's own program, which its participant can import."""
    folder = tmp_path_factory.mktemp("office")
    (folder / "benefits_office.py").write_text(HANDLER.format(poison=POISON), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        yield folder


@pytest.fixture(scope="module")
def built(office: Path, module_database: Database) -> Iterator[Network]:
    document = belgium()
    wanting = tuple(msgspec.structs.replace(one, push_items=one.id in (FUND, SOURCE)) for one in document.institutions)
    inscriptions = [
        line(ssin, at, where, "2020-01-01") for ssin in PEOPLE for at, where in ((SOURCE, "18:2"), (FUND, "7:101"))
    ]
    with network(
        office / "net",
        module_database,
        {SOURCE: {}, FUND: {}},
        document=msgspec.structs.replace(document, institutions=wanting),
        persons=PEOPLE,
        inscriptions=inscriptions,
        start=False,
    ) as made:
        fund = made.member(FUND)
        settings = yaml.safe_load(fund.settings.read_text("utf-8"))
        settings["items"] = {"handler": "benefits_office:handle"}
        fund.settings.write_text(yaml.safe_dump(settings), "utf-8")
        made.start_hub(2)
        made.start_members()
        yield made


def notify(built: Network, ssins: list[str]) -> list[str]:
    mutations = [_mutation(ssin) for ssin in ssins]
    reply = send(Asker(built, SOURCE).signed_post("/v1/mutations", {"mutations": mutations}))
    outcomes = msgspec.json.decode(reply.body, type=NotificationOutcome).items
    assert [one.status for one in outcomes] == [202] * len(ssins)
    return [str(one.ticket) for one in outcomes]


def _mutation(ssin: str) -> dict[str, Any]:
    days = {"period": {"startDate": "2026-02-01", "endDate": "2026-04-30"}, "happenedOn": "2026-02-01"}
    return {"reference": uuid4().hex, "ssin": ssin, "dataGroup": BREAK, "context": "18:2", "kind": "created"} | days


async def test_items_are_brought_each_handled_once_though_the_participant_dies(
    built: Network, module_database: Database
) -> None:
    url = module_database.url("crossroads_reader")
    inbox = built.member(FUND).folder / "state" / "inbox.sqlite"
    expected: list[str] = []
    for at in range(4):
        tickets = notify(built, PEOPLE)
        expected += [ticket for ssin, ticket in zip(PEOPLE, tickets, strict=True) if ssin != POISON]
        await asyncio.sleep(0.4)
        if at % 2:
            built.processes[FUND].kill()
            await asyncio.to_thread(built.start_members, [FUND])

    async def emptied() -> bool:
        found = await rows(url, "SELECT FROM mailbox_item WHERE recipient = $1 AND state = 'waiting'", FUND)
        queued = await rows(url, "SELECT FROM mutation_queue")
        return not found and not queued

    await until(emptied, 120)
    with closing(sqlite3.connect(inbox)) as connection:
        handled = [ticket for (ticket,) in connection.execute("SELECT ticket FROM told ORDER BY number")]
    assert handled == expected
    parked = await rows(url, "SELECT reason FROM mailbox_item WHERE recipient = $1 AND state = 'parked'", FUND)
    assert len(parked) == 4
    assert all(POISON not in row["reason"] for row in parked)
    unlogged = """
        SELECT FROM mailbox_item AS i WHERE NOT EXISTS (
            SELECT FROM log_entry AS e WHERE e.ticket = i.ticket AND e.event = 'mutations:item:delivered')
    """
    assert await rows(url, unlogged) == []


def test_a_participant_without_a_handler_refuses_what_is_brought_and_describes_the_route(built: Network) -> None:
    asker = Asker(built, SOURCE)
    target = built.member(SOURCE).url
    request = asker.signed_post("/v1/mailbox-items", {"environment": "test"})
    foreign = request._replace(target_uri=f"{target}/v1/mailbox-items")
    assert send(foreign).status == 401  # signed by an institution, and not by the hub
    described = send(asker.signed_get("/openapi.json")._replace(target_uri=f"{target}/openapi.json"))
    assert "/v1/mailbox-items" in json.loads(described.body)["paths"]
