"""The client, through a hub to a participant: questions, receipts, refusals."""

import asyncio
import subprocess
import sys
from collections.abc import Callable

import msgspec
import pytest
from uuid6 import uuid7

from clients import QUARTER, Exchange, ask
from crossroads.kernel.errors import CrossroadsError, InvalidValue, Malformed, Refused, Tampered, Unavailable
from crossroads.participant.client import Client, ClientConfig, SyncClient
from crossroads.participant.steps import MAXIMUM_ANSWER
from crossroads.wire.messages import (
    Answer,
    InscriptionLine,
    Problem,
    Receipt,
)
from crossroads.wire.signatures import Request, sign_answer
from fakehub import FakeHub, now, owing_proofs
from participants import FILE, NAME, SSIN, WAGE

pytest_plugins = ["participant_fixtures", "client_fixtures"]


@pytest.mark.usefixtures("exchange")
def test_a_question_comes_back_opened_and_checked(client: SyncClient) -> None:
    reply = ask(client, WAGE, FILE, customer_ticket="ours-1")
    assert reply.answer.customer_ticket == "ours-1"
    assert reply.rejected == ()
    wage, file = reply.blocks
    assert (wage.data_group, wage.source, wage.period) == (WAGE, NAME, QUARTER)
    assert wage.json["amounts"][0] == {"month": "2026-01-01", "eurocents": 100001}
    assert (file.media_type, file.content) == ("application/xml", b"<file  a='1'/>\r\n")


@pytest.mark.usefixtures("exchange")
async def test_the_async_client_has_the_same_form(config: ClientConfig) -> None:
    async with Client(config) as client:
        reply = await client.ask(
            ssin=SSIN, legal_context="PCSA:SOCIAL_INQUIRY", data_groups=[WAGE], agent="clerk-7", period=QUARTER
        )
        assert [block.data_group for block in reply.blocks] == [WAGE]
        proof = await client.verify_receipt(reply)
    assert reply.answer.receipt is not None
    assert proof.inclusion.index == reply.answer.receipt.index
    assert proof.opened["answerDigest"].value == reply.digest


def test_the_second_statement_carries_the_checkpoint_of_the_first_answer(
    client: SyncClient, exchange: Exchange, config: ClientConfig
) -> None:
    first = ask(client).answer.checkpoint
    ask(client)
    assert exchange.statement is not None
    assert exchange.statement.checkpoint == first
    with SyncClient(config) as later:
        ask(later)
    assert exchange.statement.checkpoint


@pytest.mark.usefixtures("exchange")
def test_a_receipt_that_the_hub_does_not_keep(client: SyncClient, hub: FakeHub) -> None:
    reply = ask(client)
    assert reply.answer.receipt is not None
    other = msgspec.structs.replace(reply.answer.receipt, leaf=b"\x00" * 32)
    with pytest.raises(Tampered, match="another entry than the receipt"):
        client.verify_receipt(reply._replace(answer=msgspec.structs.replace(reply.answer, receipt=other)))
    hub.answers["/v1/log/inclusion"] = hub.log.prove(reply.answer.receipt.index - 1, "event", "ticket", "answerDigest")
    with pytest.raises(Tampered, match="another place"):
        client.verify_receipt(reply)
    hub.answers["/v1/log/inclusion"] = {"nothing": True}
    with pytest.raises(Tampered, match="does not prove"):
        client.verify_receipt(reply)


def of_another_event(exchange: Exchange, answer: Answer) -> Receipt:
    return exchange.logged(answer, "directory:inscription:opened", ticket=str(answer.ticket))


def of_another_ticket(exchange: Exchange, answer: Answer) -> Receipt:
    return exchange.logged(answer, ticket=str(uuid7()))


def of_another_answer(exchange: Exchange, answer: Answer) -> Receipt:
    return exchange.logged(answer, ticket=str(answer.ticket), answerDigest="0" * 64)


def of_no_ticket(exchange: Exchange, answer: Answer) -> Receipt:
    return exchange.logged(answer)


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (of_another_event, "not that of an answer"),
        (of_another_ticket, "another ticket"),
        (of_no_ticket, "another ticket"),
        (of_another_answer, "another answer"),
    ],
)
def test_a_receipt_of_something_else(
    client: SyncClient, exchange: Exchange, lie: Callable[[Exchange, Answer], Receipt], reason: str
) -> None:
    def alter(answer: Answer) -> Answer:
        bare = msgspec.structs.replace(answer, receipt=None, checkpoint=None)
        return msgspec.structs.replace(answer, receipt=lie(exchange, bare))

    exchange.alter = alter
    reply = ask(client)
    with pytest.raises(Tampered, match=reason):
        client.verify_receipt(reply)


def test_the_receipt_of_a_refused_question(client: SyncClient, exchange: Exchange) -> None:
    def alter(answer: Answer) -> Answer:
        bare = msgspec.structs.replace(answer, blocks=(), receipt=None, checkpoint=None)
        receipt = exchange.logged(bare, "exchange:question:refused", ticket=str(answer.ticket))
        return msgspec.structs.replace(bare, receipt=receipt)

    exchange.alter = alter
    assert client.verify_receipt(ask(client)).opened["event"].value == "exchange:question:refused"


def test_an_answer_without_receipt(client: SyncClient, exchange: Exchange) -> None:
    exchange.alter = lambda answer: msgspec.structs.replace(answer, receipt=None)
    with pytest.raises(Tampered, match="no receipt"):
        client.verify_receipt(ask(client))


async def test_an_answer_without_end_is_not_read(config: ClientConfig, hub: FakeHub) -> None:
    hub.doors["/v1/exchanges"] = lambda _headers, _body: (200, {}, b" " * (MAXIMUM_ANSWER + 1))
    with SyncClient(config) as client, pytest.raises(Unavailable, match="more than"):
        await asyncio.to_thread(ask, client)
    async with Client(config) as client:
        with pytest.raises(Unavailable, match="more than"):
            await client.ask(
                ssin=SSIN, legal_context="PCSA:SOCIAL_INQUIRY", data_groups=[WAGE], agent="clerk-7", period=QUARTER
            )


@pytest.mark.usefixtures("exchange")
def test_a_hub_that_gives_its_proofs_again_is_asked_again(config: ClientConfig, hub: FakeHub) -> None:
    owing_proofs(hub, config.folder / "state")
    hub.answers["/v1/log/extensions"] = {"nothing": True}
    with SyncClient(config) as client:
        for _ in range(2):
            with pytest.raises(Tampered, match="does not prove"):
                ask(client)
    assert hub.asked.count("/v1/log/extensions") == 1
    del hub.answers["/v1/log/extensions"]
    owing_proofs(hub, config.folder / "state")
    with SyncClient(config) as client:
        assert ask(client).blocks


# What the hub refuses, and what cannot be asked.


def refusing(hub: FakeHub, status: int, code: str | None) -> None:
    problem = Problem(type="urn:x", title="No", status=status, detail="No.", code=code)
    content = msgspec.json.encode(problem)
    hub.doors["/v1/exchanges"] = lambda _headers, _body: (status, {"content-type": "application/problem+json"}, content)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "CR-CLOCK-SKEW", Refused),
        (403, None, Refused),
        (503, "CR-OVERLOADED", Unavailable),
        (500, None, Unavailable),
    ],
)
def test_a_refusal_is_told_with_its_code(
    client: SyncClient, hub: FakeHub, status: int, code: str | None, kind: type[CrossroadsError]
) -> None:
    refusing(hub, status, code)
    with pytest.raises(kind) as raised:
        ask(client)
    assert raised.value.code == code


def test_a_hub_that_is_not_there(config: ClientConfig) -> None:
    gone = msgspec.structs.replace(config, hub="http://127.0.0.1:9")
    with SyncClient(gone) as client, pytest.raises(Unavailable) as raised:
        ask(client)
    assert SSIN not in str(raised.value)


def test_a_question_without_period_or_form_is_not_sent(client: SyncClient, hub: FakeHub) -> None:
    with pytest.raises(InvalidValue, match="period"):
        ask(client, period=None)
    with pytest.raises(Malformed, match="dataGroups"):
        ask(client, "no group")
    assert hub.asked == []


def test_inscribing(client: SyncClient, hub: FakeHub, config: ClientConfig) -> None:
    line = InscriptionLine(
        reference="file-1", institution=config.institution, ssin=SSIN, context="17:2", period=QUARTER
    )

    def inscribed(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert msgspec.json.decode(body, type=InscriptionLine) == line
        content = msgspec.json.encode({"reference": "file-1", "ticket": str(uuid7()), "ended": [], "items": []})
        request = Request("POST", f"{hub.url}/v1/inscriptions", headers, body)
        signed = sign_answer(hub.sign, request, 201, "application/json", content, now())
        return 201, {"content-type": "application/json", **signed}, content

    hub.doors["/v1/inscriptions"] = inscribed
    assert client.inscribe(line).reference == "file-1"


def test_the_client_needs_nothing_of_the_server_or_the_hub() -> None:
    program = (
        "import sys\n"
        "for name in ('litestar', 'uvicorn', 'sqlalchemy', 'structlog', 'typer', 'asyncpg'): sys.modules[name] = None\n"
        "import crossroads.participant.client\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
