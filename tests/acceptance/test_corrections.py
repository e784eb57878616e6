"""A presumed error, from the answer to the correction; and what the hub itself changes, while hubs are killed."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import msgspec
import pytest

from chaos import findings, rows, start_another_hub, until
from commands import typed
from crossroads.audit.service import Log
from crossroads.bootstrap.keys import log_key
from crossroads.identity.service import Identity
from crossroads.identity.surroundings import Surroundings
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.ssin import Environment
from crossroads.network.ports import free_ports
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.wire.error_reports import ErrorAnswer, ErrorReport, ErrorReported
from crossroads.wire.mutations import Item, MailboxPage, NotificationOutcome
from database import Database
from networks import line, network
from people import PopulationRegister
from raw import QUARTER, Asker, Reply, person, send

SOURCE, CENTRE, WORK = "nsso", "pcsw-gent", "employment-relations@1"
ANNA, STRANGER = person(1), person(3)
MANY = [person(number) for number in range(5, 65, 2)]
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [ANNA, STRANGER, *MANY]
    inscriptions = [
        *(line(ssin, CENTRE, "17:2", "2020-01-01") for ssin in (ANNA, *MANY)),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in people),
    ]
    members: dict[str, Any] = {CENTRE: {}, SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}}}
    folder = tmp_path_factory.mktemp("corrections")
    with network(folder, module_database, members, persons=people, inscriptions=inscriptions) as made:
        made.member(SOURCE).store({"relations": (("ssin", "start_date"), [(ANNA, "2024-01-01")])})
        yield made


def post(built: Network, institution: str, path: str, content: Any) -> Reply:
    asker = Asker(built, institution)
    request = asker.signed_post(path, content)
    reply = send(request)
    if reply.status < 300:
        asker.verify(request, reply)
    return reply


async def taken(built: Network, institution: str, count: int) -> list[Item]:
    """Wait for items, and take and acknowledge them."""
    items: list[Item] = []

    async def enough() -> bool:
        reply = await asyncio.to_thread(post, built, institution, "/v1/mailbox/pull", {"count": 1000})
        page = msgspec.json.decode(reply.body, type=MailboxPage)
        if page.lease:
            items.extend(page.items)
            done = {"lease": str(page.lease), "upTo": page.items[-1].number}
            assert post(built, institution, "/v1/mailbox/acknowledge", done).status == 200
        return len(items) >= count

    await until(enough)
    return items


def corrected(built: Network) -> UUID:
    mended = {"reference": uuid4().hex, "ssin": ANNA, "dataGroup": WORK, "context": "12:30", "kind": "corrected"}
    days = {"period": {"startDate": "2026-01-01", "endDate": "2026-03-31"}, "happenedOn": "2026-01-01"}
    since = {"wrongSince": (datetime.now(UTC) - timedelta(days=1)).isoformat()}
    reply = post(built, SOURCE, "/v1/mutations", {"mutations": [mended | days | since]})
    (outcome,) = msgspec.json.decode(reply.body, type=NotificationOutcome).items
    assert outcome.ticket is not None, outcome
    return outcome.ticket


async def test_an_error_is_reported_corrected_and_the_correction_arrives(built: Network) -> None:
    answer = Asker(built, CENTRE).ask(ANNA, WORK).answer
    assert [block.source for block in answer.blocks] == [SOURCE]
    said = {"reference": uuid4().hex, "ssin": ANNA, "dataGroup": WORK, "period": msgspec.to_builtins(QUARTER)}
    said |= {"ticket": str(answer.ticket), "presumed": "wrong-value", "text": "The employer says otherwise."}
    refused = [post(built, CENTRE, "/v1/error-reports", said | {"ssin": other}) for other in (STRANGER, person(99))]
    assert [(one.status, one.problem.code) for one in refused] == [(403, "CR-ERROR-NOT-GIVEN")] * 2
    assert {one.problem.detail for one in refused} == {refused[0].problem.detail}
    reply = post(built, CENTRE, "/v1/error-reports", said)
    assert reply.status == 202, reply.body
    with SyncClient(built.member(CENTRE).client(built.installation.settings.public_url)) as client:
        reported = client.report_error(msgspec.convert(said, ErrorReport))
    assert reported == msgspec.structs.replace(
        msgspec.json.decode(reply.body, type=ErrorReported), checkpoint=reported.checkpoint
    )
    (item,) = await taken(built, SOURCE, 1)
    assert item.notice is not None
    assert item.notice.error is not None
    assert (item.notice.kind, item.notice.error.report) == ("presumed-error", reported.report)

    listed = typed("mailboxes", "reports", "--json", environment=built.environment)
    (shown,) = json.loads(listed.stdout)["reports"]
    assert (shown["report"], shown["overdue"], shown["deliveredAt"] is None) == (str(reported.report), False, False)
    assert str(reported.report)[:8] in typed("mailboxes", "reports", environment=built.environment).stdout

    verdict = {"report": str(reported.report), "outcome": "corrected", "reason": "The employer was right."}
    for wrong in ({}, {"correction": str(uuid4())}):
        assert post(built, SOURCE, "/v1/error-reports/answer", verdict | wrong).status in (400, 403)
    ticket = corrected(built)
    assert post(built, CENTRE, "/v1/error-reports/answer", verdict | {"correction": str(ticket)}).status == 403
    with SyncClient(built.member(SOURCE).client(built.installation.settings.public_url)) as client:
        done = client.answer_error(msgspec.convert(verdict | {"correction": str(ticket)}, ErrorAnswer))
    assert done.outcome == "corrected"
    correction, outcome = await taken(built, CENTRE, 2)
    assert (correction.change and correction.change.kind, correction.ticket) == ("corrected", ticket)
    assert outcome.notice is not None
    assert outcome.notice.error is not None
    assert (outcome.notice.error.outcome, outcome.notice.error.correction) == ("corrected", ticket)
    (count,) = await taken(built, SOURCE, 1)
    assert count.notice is not None
    assert count.notice.told is not None
    assert (count.notice.told.told, count.notice.told.not_told) == (1, {})
    again = typed("mailboxes", "reports", "--overdue", environment=built.environment)
    assert again.stdout.strip() == "No report is overdue."


async def test_who_inscribes_asks_and_ends_is_shown_to_a_supervisor(built: Network) -> None:
    opened = {"institution": CENTRE, "ssin": STRANGER, "context": "17:2", "period": {"startDate": "2026-01-01"}}
    evidence = {"evidence": {"kind": "reference", "value": "file 12"}}
    assert post(built, CENTRE, "/v1/inscriptions", opened | evidence | {"reference": "open"}).status in (200, 201)
    answer = Asker(built, CENTRE).ask(STRANGER, WORK).answer
    assert post(built, CENTRE, "/v1/inscriptions/cancel", opened | {"reference": "cancel"}).status == 200
    shown = typed("audit", "patterns", "--json", environment=built.environment)
    (one,) = map(json.loads, shown.stdout.splitlines())
    assert (one["institution"], one["questions"], one["tickets"]) == (CENTRE, 1, [str(answer.ticket)])
    assert STRANGER not in shown.stdout
    words = typed("audit", "patterns", "--days", "3", environment=built.environment).stdout
    assert "1 inscription to look at. Each may be in order" in words


async def test_a_hub_that_dies_tells_of_each_replaced_number_once(built: Network, module_database: Database) -> None:
    """Hubs are killed while numbers are replaced: each holder is told of each, once, and all of it is in the log."""
    (port,) = free_ports(1)
    start_another_hub(built, port)
    url, chance = module_database.url("crossroads_reader"), Random(20261122)
    new = {ssin: person(201 + 2 * at) for at, ssin in enumerate(MANY)}
    settings = built.installation.settings
    surroundings = Surroundings(Environment.TEST, SystemClock(), settings.installation)
    async with (
        asyncpg.create_pool(module_database.url("crossroads_hub"), min_size=1, max_size=4) as pool,
        asyncpg.create_pool(module_database.url("crossroads_hub"), min_size=1, max_size=2) as log_pool,
        Log(log_pool, log_key(built.installation), streams=settings.streams) as log,
    ):
        identity = Identity(pool, log, PopulationRegister(), surroundings, [])

        async def replace() -> None:
            for old, now in new.items():
                await identity.replace_ssin(old, now, date(2026, 2, 1), reason="changed", actor="register")
                await asyncio.sleep(0.05)

        replacing = asyncio.create_task(replace())
        for at in range(4):
            await asyncio.sleep(0.2 + chance.random() / 2)
            name = ("hub", f"hub-{port}")[at % 2]
            built.processes[name].kill()
            again = built.start_hub if at % 2 == 0 else lambda: start_another_hub(built, port)
            await asyncio.to_thread(again)
        await replacing

    async def quiet() -> bool:
        waiting = module_database.url("crossroads_hub")
        return not await rows(waiting, "SELECT person FROM identity_event UNION ALL SELECT person FROM mutation_queue")

    await until(quiet)
    for place in (CENTRE, SOURCE):
        items = await taken(built, place, len(MANY))
        told = [(item.notice.ssin.replaces, item.notice.ssin.value) for item in items if item.notice]
        assert sorted(told) == sorted(new.items())
    assert await findings(built, url) == []
