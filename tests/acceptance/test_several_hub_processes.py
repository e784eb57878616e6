"""Several processes of the hub are one hub: what one has seen, revoked or counted holds in all of them."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import time

import httpx
import msgspec
import pytest

from chaos import Asker, findings, person, problem, revoke, rows, until
from crossroads.admission.limits import Limits
from crossroads.bootstrap.wiring import services
from crossroads.kernel.codes import StatusValue
from crossroads.network.service import Network
from crossroads.participant.questions import Asked
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.registrations import KeyUse
from database import Database
from networks import belgium, line, network

ASKER, CROWD, SOURCE = "pcsw-gent", "pcsw-brussel", "dgph"
FILE, BENEFIT = "handicap-file@1", "unemployment-benefit@1"
SSIN, OTHER = person(1), person(3)
RATE = 40
DECISIONS = "SELECT kind, start_date AS \"startDate\" FROM decisions WHERE ssin = :ssin AND :start_date <= '9999'"
YESTERDAY = datetime.now(UTC).date() - timedelta(days=2)

pytest_plugins = ["hub_fixtures"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    groups = {"groups": {FILE: {"sql": DECISIONS, "list": "decisions"}}}
    inscriptions = [
        line(SSIN, ASKER, "17:2", "2020-01-01"),
        line(OTHER, CROWD, "17:2", "2020-01-01"),
        *(line(ssin, SOURCE, "16:1", "2020-01-01") for ssin in (SSIN, OTHER)),
    ]
    with network(
        tmp_path_factory.mktemp("several"),
        module_database,
        {ASKER: {}, CROWD: {}, SOURCE: groups},
        persons=[SSIN, OTHER],
        inscriptions=inscriptions,
        settings={"limits": Limits(requests_per_second=RATE)},
        start=False,
    ) as made:
        decisions = [(ssin, "medicalRecognition", "2020-05-01") for ssin in (SSIN, OTHER)]
        made.member(SOURCE).store({"decisions": (("ssin", "kind", "start_date"), decisions)})
        made.start_hub()
        made.start_members([SOURCE])
        yield made


@pytest.fixture
def asker(built: Network) -> Asker:
    return Asker(built, ASKER)


async def next_second() -> None:
    """Wait until the rate of the last second counts no more."""
    await asyncio.sleep(1 - time() % 1)


async def test_the_same_request_to_two_processes_at_once_is_answered_once(
    asker: Asker, http: httpx.AsyncClient, ports: tuple[int, int], module_database: Database
) -> None:
    pairs: list[tuple[Asked, list[httpx.Response]]] = []
    for _ in range(6):
        await next_second()
        asked = [asker.question(SSIN, FILE) for _ in range(10)]
        sent = (asyncio.gather(*(asker.send(http, question, port) for port in ports)) for question in asked)
        pairs += zip(asked, await asyncio.gather(*sent), strict=True)
    tickets = []
    for question, responses in pairs:
        answered, refused = sorted(responses, key=lambda response: response.status_code)
        tickets.append(asker.read(answered, question).ticket)
        assert (refused.status_code, problem(refused).code) == (401, "CR-NONCE-REPLAYED")
    assert len(set(tickets)) == 60
    url = module_database.url("crossroads_reader")
    decided = await rows(url, "SELECT ticket, stream FROM log_entry WHERE event = 'exchange:question:decided'")
    assert sorted(row["ticket"] for row in decided) == sorted(tickets)


async def test_a_key_revoked_acts_at_once_in_every_process(
    built: Network, asker: Asker, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    key = SigningKey.generate(f"{ASKER}#sign-2")
    async with services(built.installation) as found:
        await built.founders.register_key(found, key, KeyUse.SIGN)
        await known(asker, http, ports, key)
        await revoke(built, found, key)
        questions = [asker.question(SSIN, FILE, key=key) for _ in ports]
        refused = [await asker.send(http, question, port) for question, port in zip(questions, ports, strict=True)]
    assert [(one.status_code, problem(one).code) for one in refused] == [(401, "CR-KEY-REVOKED")] * 2


async def test_a_key_revoked_reads_and_keeps_no_lines_in_any_process(
    built: Network, asker: Asker, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    key = SigningKey.generate(f"{ASKER}#sign-3")
    query = {"institution": ASKER, "ssin": SSIN, "period": {"startDate": "2020-01-01"}}
    async with services(built.installation) as found:
        await built.founders.register_key(found, key, KeyUse.SIGN)
        await known(asker, http, ports, key)
        await revoke(built, found, key)
        refused = [await asker.post(http, "/v1/inscriptions/query", query, key, port) for port in ports]
    assert [(one.status_code, problem(one).code) for one in refused] == [(401, "CR-KEY-REVOKED")] * 2


async def test_to_a_key_revoked_nothing_is_sealed_any_more_by_any_process(
    built: Network, asker: Asker, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    seal = SealingKey.generate(f"{ASKER}#seal-2")

    async def asked() -> list[httpx.Response]:
        return [await asker.send(http, asker.question(SSIN, FILE, seal=seal), port) for port in ports]

    async def known() -> bool:
        return all(one.status_code == 200 for one in await asked())

    async with services(built.installation) as found:
        await built.founders.register_key(found, seal, KeyUse.SEAL, asker.asking.sign)
        await until(known)
        await revoke(built, found, seal)
        refused = await asked()
    assert [(one.status_code, problem(one).code) for one in refused] == [(401, "CR-ENCRYPTION-KEY-UNKNOWN")] * 2


async def known(asker: Asker, http: httpx.AsyncClient, ports: tuple[int, int], key: SigningKey) -> None:
    """Wait until every process answers a question signed with a new key: a second or two."""
    for port in ports:

        async def answered(port: int = port) -> bool:
            return (await asker.send(http, asker.question(SSIN, FILE, key=key), port)).status_code == 200

        await until(answered)


async def test_an_authorisation_withdrawn_acts_at_once_in_every_process(
    built: Network, asker: Asker, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    async def codes() -> list[str]:
        questions = [asker.question(SSIN, BENEFIT) for _ in ports]
        sent = [await asker.send(http, question, port) for question, port in zip(questions, ports, strict=True)]
        return [asker.read(*pair).status.code for pair in zip(sent, questions, strict=True)]

    assert await codes() == ["MSG00021", "MSG00021"]
    document = belgium()
    kept = tuple(
        msgspec.structs.replace(one, valid_until=YESTERDAY) if BENEFIT in one.data_groups else one
        for one in document.authorisations
    )
    async with services(built.installation) as found:
        plan = await found.catalogue.plan(msgspec.structs.replace(document, authorisations=kept))
        await found.catalogue.apply(built.founders.sign(plan.signable()))
        assert await codes() == ["MSG00015", "MSG00015"]


async def test_a_crowd_of_one_institution_is_told_to_come_back(
    built: Network, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    crowd = Asker(built, CROWD)
    questions = [crowd.question(OTHER, FILE) for _ in range(150)]
    sent = [crowd.send(http, question, ports[number % 2]) for number, question in enumerate(questions)]
    responses = await asyncio.gather(*sent)
    refused = [response for response in responses if response.status_code != 200]
    assert refused
    for response in refused:
        assert (response.status_code, problem(response).code) == (429, "CR-TOO-MANY-REQUESTS")
        assert int(response.headers["retry-after"]) >= 1
    await next_second()
    again = crowd.question(OTHER, FILE)
    assert crowd.read(await crowd.send(http, again), again).status.value is StatusValue.DATA_FOUND


async def test_what_two_processes_let_in_is_counted_together(
    built: Network, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    """Neither process sees more than the limit allows; together they do."""
    crowd, share = Asker(built, CROWD), RATE * 3 // 5
    for _ in range(20):
        await next_second()
        shares = [[crowd.question(OTHER, FILE) for _ in range(share)] for _ in ports]
        await next_second()
        began = int(time())
        statuses = []
        for questions, port in zip(shares, ports, strict=True):
            sent = await asyncio.gather(*(crowd.send(http, question, port) for question in questions))
            statuses.append([response.status_code for response in sent])
        if int(time()) == began:
            break
    else:
        pytest.fail("The machine is too slow to ask so often within a second.")
    assert statuses[0] == [200] * share
    assert 429 in statuses[1]


async def test_each_process_writes_a_stream_and_all_are_sound(
    built: Network, module_database: Database, ports: tuple[int, int]
) -> None:
    url = module_database.url("crossroads_reader")
    streams = await rows(url, "SELECT DISTINCT stream FROM log_entry WHERE event = 'exchange:answer:sent'")
    assert len(streams) == len(ports)
    assert await findings(built, url) == []
