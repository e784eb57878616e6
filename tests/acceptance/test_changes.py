"""Changes over HTTP: notified by a source, told by a hub of several processes, fetched through an exchange."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from http.client import HTTPConnection
from itertools import cycle
from random import Random
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from chaos import Asker as AnyHub
from chaos import client, findings, problem, rows, start_another_hub, until
from commands import crossroads, typed
from crossroads.kernel.period import Period
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from crossroads.wire.messages import Answer
from crossroads.wire.mutations import MAXIMUM_NOTIFICATION, Item, MailboxPage, NotificationOutcome
from database import Database
from networks import line, network
from raw import Asker, Reply, person, send

SOURCE, FUND, ACCOUNT, WELFARE = "neo", "family-benefits", "sigedis", "pcsw-gent"
BREAK, UNEMPLOYED = "career-break@1", "unemployment-periods@1"
LOCAL = "child-benefit-fund-a"
TOLD, UNTOLD, LOCALLY = person(1), person(3), person(5)
MANY = [person(number) for number in range(7, 65, 2)]
SINCE = Period(date(2026, 2, 1), date(2026, 4, 30))
_PAUSE_SECONDS = 0.05
"""Between what one of those does who go on without end: many of them, with no need of all of the machine."""
BREAKS = "SELECT start_date AS \"startDate\", 'full' AS kind FROM breaks WHERE ssin = :ssin AND :start_date <= '9999'"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [TOLD, UNTOLD, LOCALLY, *MANY]
    inscriptions = [
        *(line(ssin, SOURCE, "18:2", "2020-01-01") for ssin in people),
        *(line(ssin, FUND, "7:101", "2020-01-01") for ssin in (TOLD, *MANY)),
        line(LOCALLY, LOCAL, "7:101", "2020-01-01"),
        line(TOLD, ACCOUNT, "14:10", "2020-01-01", "2026-01-31"),
        *(line(ssin, ACCOUNT, "14:10", "2020-01-01") for ssin in MANY),
        *(line(ssin, WELFARE, "17:2", "2020-01-01") for ssin in people),
    ]
    with network(
        tmp_path_factory.mktemp("changes"),
        module_database,
        {SOURCE: {"groups": {BREAK: {"sql": BREAKS, "list": "breaks"}}}, FUND: {}, ACCOUNT: {}, WELFARE: {}},
        persons=people,
        inscriptions=inscriptions,
        settings={"metrics_port": free_ports(1)[0]},
        start=False,
    ) as made:
        made.member(SOURCE).store(
            {"breaks": (("ssin", "start_date"), [(ssin, "2026-02-01") for ssin in (TOLD, LOCALLY)])}
        )
        made.start_hub(2)
        made.start_members([SOURCE])
        yield made


def post(built: Network, institution: str, path: str, content: Any) -> Reply:
    asker = Asker(built, institution)
    request = asker.signed_post(path, content)
    reply = send(request)
    if reply.status == 200:
        asker.verify(request, reply)
    return reply


def notify(built: Network, *ssins: str, institution: str = SOURCE, **other: Any) -> NotificationOutcome:
    mutations = [_mutation(ssin, **other) for ssin in ssins]
    reply = post(built, institution, "/v1/mutations", {"mutations": mutations})
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body, type=NotificationOutcome)


def _mutation(ssin: str, **other: Any) -> dict[str, Any]:
    fields = {"dataGroup": BREAK, "context": "18:2", "period": msgspec.to_builtins(SINCE), "kind": "created"}
    return {"reference": uuid4().hex, "ssin": ssin, **fields, "happenedOn": "2026-02-01"} | other


def pull(built: Network, institution: str, **about: Any) -> MailboxPage:
    reply = post(built, institution, "/v1/mailbox/pull", about)
    assert reply.status == 200, reply.body
    return msgspec.json.decode(reply.body, type=MailboxPage)


async def pulled(built: Network, institution: str, count: int) -> list[Item]:
    """Wait for items, and take and acknowledge them."""
    items: list[Item] = []

    async def enough() -> bool:
        page = await asyncio.to_thread(pull, built, institution, count=1000)
        if page.lease:
            items.extend(page.items)
            done = {"lease": str(page.lease), "upTo": page.items[-1].number}
            assert post(built, institution, "/v1/mailbox/acknowledge", done).status == 200
        return len(items) >= count

    await until(enough)
    return items


def fetch(built: Network, institution: str, item: Item, **other: Any) -> Answer:
    """Ask for the data of a change, by its ticket."""
    assert item.change is not None
    asker = Asker(built, institution)
    told = item.change
    about: dict[str, Any] = {"legal_context": told.legal_context, "period": told.period, "reference_date": None} | other
    group = about.pop("group", told.data_group)
    ssin, ticket = about.pop("ssin", told.ssin.value), about.pop("ticket", item.ticket)
    request = asker.request(asker.wish(ssin, group, **about))
    return send(asker.altered(request, lambda content: content.update(mutation=str(ticket)))).answer


async def test_a_change_is_told_to_whom_it_concerns_and_fetched_through_an_exchange(
    built: Network, module_database: Database
) -> None:
    (taken,) = notify(built, TOLD).items
    assert (taken.status, taken.receipt is not None) == (202, True)
    (item,) = await pulled(built, FUND, 1)
    assert (item.ticket, item.change and item.change.content, item.change and item.change.sealed) == (
        taken.ticket,
        None,
        True,
    )
    for other in (ACCOUNT, WELFARE, SOURCE):
        assert pull(built, other).items == ()

    answer = fetch(built, FUND, item)
    assert (answer.status.value, answer.blocks[0].sealed is not None) == ("DATA_FOUND", True)
    (logged,) = await rows(
        module_database.url("crossroads_reader"),
        "SELECT content FROM log_entry WHERE event = 'exchange:question:decided' AND ticket = $1",
        answer.ticket,
    )
    decided = msgspec.json.decode(logged["content"])
    assert decided["mutation"] == str(item.ticket)
    assert [permit["rule"] for permit in decided["permits"]] == ["told-of-a-change"]

    def refused(**other: Any) -> str | None:
        found = fetch(built, FUND, item, **other)
        assert (found.status.value, found.status.code, found.sources) == ("NO_RESULT", "MSG00015", ())
        return found.status.detail

    assert refused(ticket=uuid4()) == "CR-NO-MUTATION"
    assert refused(ssin=MANY[0]) == "CR-NO-MUTATION"
    assert refused(group=UNEMPLOYED) == "CR-BEYOND-MUTATION"
    assert refused(period=Period(date(2026, 1, 31), date(2026, 4, 30))) == "CR-BEYOND-MUTATION"
    asker = Asker(built, FUND)
    wish = asker.wish(TOLD, BREAK, legal_context="FAMILY:CHILD_BENEFIT", period=SINCE, reference_date=None)
    assert send(asker.request(wish)).outcome == ("NO_RESULT", "MSG00015", None)


async def test_an_institution_without_a_connection_is_told_through_its_manager(built: Network) -> None:
    notify(built, LOCALLY)
    (item,) = await pulled(built, FUND, 1)
    assert item.concerning == LOCAL
    assert fetch(built, FUND, item, on_behalf_of=LOCAL).status.value == "DATA_FOUND"
    assert fetch(built, FUND, item).status.detail == "CR-NO-MUTATION"


async def test_an_item_that_was_not_taken_gives_no_right_to_ask(built: Network) -> None:
    (taken,) = notify(built, TOLD).items
    change = {"ssin": {"value": TOLD}, "dataGroup": BREAK, "period": msgspec.to_builtins(SINCE), "kind": "created"}
    told = change | {"happenedOn": "2026-02-01", "source": SOURCE, "legalContext": "FAMILY:CHILD_BENEFIT"}
    guessed = msgspec.convert(
        {"number": 1, "previous": 0, "slot": 0, "ticket": str(taken.ticket), "addedAt": "2026-02-01T00:00:00Z"}
        | {"change": told | {"authorisation": "", "sealed": True}},
        Item,
    )
    assert fetch(built, FUND, guessed).status.detail == "CR-NO-MUTATION"
    (item,) = await pulled(built, FUND, 1)
    assert fetch(built, FUND, item).status.value == "DATA_FOUND"
    assert fetch(built, WELFARE, item).status.code in {"MSG00013", "MSG00015"}


def test_what_is_malformed_or_not_leased_is_refused_clearly(built: Network) -> None:
    for content, status in (
        ({"mutations": []}, 400),
        ({"mutations": [{"reference": "x"}]}, 400),
        ({"mutations": [], "extra": 1}, 400),
    ):
        assert post(built, SOURCE, "/v1/mutations", content).status == status
    for pull_of, status in (({"lanes": 3}, 400), ({"lanes": 2, "lane": 2}, 400), ({"count": 1001}, 400)):
        assert post(built, FUND, "/v1/mailbox/pull", pull_of).status == status
    reply = post(built, FUND, "/v1/mailbox/acknowledge", {"lease": str(uuid4()), "upTo": 1})
    assert (reply.status, reply.problem.code) == (403, "CR-LEASE-UNKNOWN")
    (refused,) = notify(built, TOLD, institution=WELFARE).items
    assert (refused.status, refused.code) == (403, "CR-NOT-THE-SOURCE")


def test_a_notification_may_be_larger_than_a_question_and_has_a_limit(built: Network) -> None:
    outcome = notify(built, *[UNTOLD] * 700)
    assert {item.status for item in outcome.items} == {202}
    connection = HTTPConnection("127.0.0.1", built.installation.settings.port, timeout=20)
    connection.putrequest("POST", "/v1/mutations")
    connection.putheader("content-type", "application/json")
    connection.putheader("content-length", str(MAXIMUM_NOTIFICATION + 1))
    connection.endheaders()
    with closing(connection):
        assert connection.getresponse().status == 413


@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.torture)])
async def test_whoever_fills_the_mailboxes_may_die_at_any_moment(
    built: Network, module_database: Database, kills: int
) -> None:
    """Hubs are killed while changes come in and go out: each reaches each right mailbox under one number, in order."""
    (port,) = free_ports(1)
    ports = (built.installation.settings.port, port)
    apart = {"CROSSROADS_METRICS_PORT": str(free_ports(1)[0])}
    start_another_hub(built, port, apart)
    url, chance = module_database.url("crossroads_reader"), Random(20261121)
    before = {box: await _last(url, box) for box in (FUND, ACCOUNT)}
    sent: dict[str, list[str]] = {ssin: [] for ssin in MANY[:8]}
    received: dict[str, dict[int, Item]] = {box: {} for box in before}
    stop, drained = asyncio.Event(), asyncio.Event()
    async with client() as http:
        anywhere = Anywhere(built, http, ports)
        notifying = [asyncio.create_task(anywhere.notify(ssin, sent[ssin], stop)) for ssin in sent]
        consuming = [asyncio.create_task(anywhere.consume(box, received[box], drained)) for box in received]
        for at in range(kills):
            await asyncio.sleep(0.5 + chance.random())
            built.processes[("hub", f"hub-{port}")[at % 2]].kill()
            again = built.start_hub if at % 2 == 0 else lambda: start_another_hub(built, port, apart)
            await asyncio.to_thread(again)
        stop.set()
        await asyncio.gather(*notifying)

        async def all_received() -> bool:
            waiting = await rows(url, "SELECT FROM mutation_queue")
            return not waiting and all([len(received[box]) == await _last(url, box) - before[box] for box in before])

        await until(all_received)
        drained.set()
        await asyncio.gather(*consuming)
    references = "SELECT reference, ticket FROM mutation_reference"
    taken = {row["ticket"]: row["reference"] for row in await rows(url, references)}
    assert min(map(len, sent.values())) > 0
    for box, items in received.items():
        assert sorted(items) == list(range(before[box] + 1, before[box] + sum(map(len, sent.values())) + 1))
        ordered = [item for _, item in sorted(items.items())]
        for ssin, told in sent.items():
            assert [taken[item.ticket] for item in ordered if item.change and item.change.ssin.value == ssin] == told
    unlogged = """
        SELECT FROM mailbox_item AS i WHERE delivered_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM log_entry AS e WHERE e.ticket = i.ticket AND e.asker = i.institution
              AND e.event = 'mutations:item:delivered' AND (e.content->>'number')::bigint = i.number
        )
    """
    assert await rows(url, unlogged) == []
    assert {row["recipient"] for row in await rows(url, "SELECT recipient FROM mailbox")} == {FUND, ACCOUNT}
    assert await findings(built, url) == []


class Anywhere:
    """Institutions that try one hub after the other until one answers."""

    def __init__(self, built: Network, http: httpx.AsyncClient, ports: tuple[int, int]) -> None:
        """Try these ports."""
        self._built, self._http, self._ports = built, http, ports

    async def notify(self, ssin: str, sent: list[str], stop: asyncio.Event) -> None:
        """Notify change after change of one person, each until some hub says that it has it."""
        while not stop.is_set():
            reference = uuid4().hex
            body = await self._post(SOURCE, "/v1/mutations", {"mutations": [_mutation(ssin, reference=reference)]})
            (item,) = msgspec.json.decode(body, type=NotificationOutcome).items
            assert item.status == 202, item
            sent.append(reference)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def consume(self, box: str, received: dict[int, Item], stop: asyncio.Event) -> None:
        """Take and acknowledge items; what is given twice is the same."""
        while not stop.is_set():
            page = msgspec.json.decode(
                await self._post(box, "/v1/mailbox/pull", {"count": 20, "leaseSeconds": 1}), type=MailboxPage
            )
            for item in page.items:
                assert received.setdefault(item.number, item).ticket == item.ticket
            if page.lease:
                done = {"lease": str(page.lease), "upTo": page.items[-1].number}
                await self._post(box, "/v1/mailbox/acknowledge", done)
            else:
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _post(self, institution: str, path: str, content: Any) -> bytes:
        asker = AnyHub(self._built, institution)
        for port in cycle(self._ports):
            try:
                response = await asker.post(self._http, path, content, asker.asking.sign, port)
            except httpx.TransportError:
                await asyncio.sleep(0.02)
                continue
            if response.status_code == 200 or problem(response).code == "CR-LEASE-UNKNOWN":
                return response.content
            assert response.status_code == 503, response.text
        raise AssertionError


def metrics(built: Network) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{built.installation.settings.metrics_port}/metrics") as page:
        text: str = page.read().decode()
        return text


async def _last(url: str, box: str) -> int:
    found = await rows(url, "SELECT last_number FROM mailbox WHERE recipient = $1", box)
    return int(found[0][0]) if found else 0


async def test_how_the_mailboxes_stand_shows_on_the_command_line_and_in_the_metrics(built: Network) -> None:
    (taken,) = notify(built, TOLD).items

    async def brought() -> bool:
        listed = await asyncio.to_thread(crossroads, "mailboxes", "list", "--json", environment=built.environment)
        found = {box.pop("mailbox"): box for box in json.loads(listed.stdout)["mailboxes"]}
        return bool(found[FUND]["waiting"] == 1 and found[FUND]["lagSeconds"] is not None)

    await until(brought)
    said = crossroads("mailboxes", "list", environment=built.environment).stdout
    assert (FUND in said, "until then it is not listed" in said) == (True, True)
    asked = [str(taken.ticket), FUND, ACCOUNT, WELFARE, "pcsw-brussel"]
    told = typed("mailboxes", "why", *asked, "--json", environment=built.environment)
    expected = {FUND: None, ACCOUNT: "CR-OUTSIDE-PERIOD", WELFARE: "CR-NOT-SUBSCRIBED"}
    assert json.loads(told.stdout)["institutions"] == expected | {"pcsw-brussel": "CR-NOT-INSCRIBED"}
    sentences = typed("mailboxes", "why", *asked, environment=built.environment).stdout
    assert f"{FUND}: is told." in sentences
    assert "CR-OUTSIDE-PERIOD" in sentences

    async def counted() -> bool:
        shown = await asyncio.to_thread(metrics, built)
        return f'crossroads_mailbox_depth{{mailbox="{FUND}",state="waiting"}} 1.0' in shown

    await until(counted)
    assert f'crossroads_mailbox_lag_seconds{{mailbox="{FUND}"}}' in metrics(built)
    await pulled(built, FUND, 1)
