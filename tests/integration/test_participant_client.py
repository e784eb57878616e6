"""The client, through a hub that lies when it is told to, to a participant that does not."""

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
from uuid6 import uuid7

from crossroads.kernel.errors import CrossroadsError, InvalidValue, Malformed, Refused, Tampered, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import Client, ClientConfig, ClientKeys, KeyFile, Reply, SyncClient
from crossroads.participant.steps import MAXIMUM_ANSWER
from crossroads.wire.blocks import Claims, sealed_block
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import (
    Answer,
    AnsweredSsin,
    Block,
    InscriptionLine,
    Problem,
    Receipt,
    SourceOutcome,
    Status,
)
from crossroads.wire.messages import Question as Sent
from crossroads.wire.registrations import KeyUse
from crossroads.wire.signatures import Request, sign_answer
from crossroads.wire.statements import Statement, read_statement
from fakehub import FakeAsker, FakeHub, FakeLog, Question, now, owing_proofs
from participants import FILE, NAME, SSIN, WAGE, Running

pytest_plugins = ["participant_fixtures"]

QUARTER = Period(date(2026, 1, 1), date(2026, 3, 31))


class Exchange:
    """The hub's part of an exchange, with places to lie at."""

    def __init__(self, hub: FakeHub, asker: FakeAsker, participant: Running) -> None:
        """Answer for the hub."""
        self.hub = hub
        self.asker = asker
        self.participant = participant
        self.alter: Callable[[Answer], Answer] = lambda answer: answer
        self.key = hub.sign
        self.after_signing: Callable[[bytes], bytes] = lambda body: body
        self.statement: Statement | None = None
        hub.doors["/v1/exchanges"] = self

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Take a question as it came."""
        sent = msgspec.json.decode(body, type=Sent)
        _, self.statement = read_statement(sent.statement)
        answer = self.alter(self._answer(sent))
        content = msgspec.json.encode(answer)
        request = Request("POST", f"{self.hub.url}/v1/exchanges", headers, body)
        signed = sign_answer(self.key, request, 200, "application/json", content, now())
        return 200, {"content-type": "application/json", **signed}, self.after_signing(content)

    def _answer(self, sent: Sent) -> Answer:
        question = Question(self.asker, NAME, sent.ssin, *sent.data_groups)
        question.request |= {"statement": sent.statement, "openings": sent.openings}
        answer = Answer(
            ticket=question.ticket,
            customer_ticket=sent.customer_ticket,
            environment="test",  # type: ignore[arg-type]  # as it travels
            received_at=now(),
            replied_at=now(),
            status=Status(value="DATA_FOUND", code="MSG00000"),  # type: ignore[arg-type]  # as it travels
            ssin=AnsweredSsin(value=sent.ssin),
            blocks=self.participant.answer(question).blocks,
            sources=(SourceOutcome(institution=NAME, status="DATA_FOUND", code="MSG00000", milliseconds=3),),  # type: ignore[arg-type]  # as it travels
        )
        receipt = self.logged(answer, ticket=str(answer.ticket))
        return msgspec.structs.replace(answer, receipt=receipt, checkpoint=self.hub.log.checkpoint())

    def logged(self, answer: Answer, event: str = "exchange:answer:sent", **fields: str) -> Receipt:
        """Log an answer and give the receipt."""
        digest = hashlib.sha256(rfc8785.dumps(msgspec.to_builtins(answer))).hexdigest()
        index = self.hub.log.append(event, **{"answerDigest": digest, **fields})
        return Receipt(stream=0, index=index, leaf=self.hub.log.leaf(index))


@pytest.fixture
def exchange(hub: FakeHub, asker: FakeAsker, participant: Running) -> Exchange:
    return Exchange(hub, asker, participant)


@pytest.fixture
def config(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> ClientConfig:
    folder = tmp_path / "client"
    asker.sign.write(folder / "sign.pem")
    asker.seal.write(folder / "seal.pem")
    hub.write_trust(folder)
    return ClientConfig(
        institution=asker.name,
        hub=hub.url,
        trust="trust.json",
        keys=ClientKeys(
            sign=KeyFile(id=asker.sign.key_id, file="sign.pem"), seal=KeyFile(id=asker.seal.key_id, file="seal.pem")
        ),
        state="state",
        folder=folder,
    )


@pytest.fixture
def client(config: ClientConfig) -> Iterator[SyncClient]:
    with SyncClient(config) as one:
        yield one


def ask(client: SyncClient, *groups: str, **about: Any) -> Reply:
    about = {"period": QUARTER} | about
    return client.ask(
        ssin=SSIN, legal_context="PCSA:SOCIAL_INQUIRY", data_groups=groups or (WAGE,), agent="clerk-7", **about
    )


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
    hub.answers["/v1/log/consistency"] = {"nothing": True}
    with SyncClient(config) as client:
        for _ in range(2):
            with pytest.raises(Tampered, match="does not prove"):
                ask(client)
    assert hub.asked.count("/v1/log/consistency") == 1
    del hub.answers["/v1/log/consistency"]
    owing_proofs(hub, config.folder / "state")
    with SyncClient(config) as client:
        assert ask(client).blocks


# Answers that the hub did not give, or not to this question.


def unsigned(exchange: Exchange) -> None:
    exchange.key = SigningKey.generate("crossroads#sign-1")


def with_permit_key(exchange: Exchange) -> None:
    exchange.key = exchange.hub.permit


def altered(exchange: Exchange) -> None:
    exchange.after_signing = lambda body: body.replace(b"DATA_FOUND", b"NO_RESULT_")


def garbage(exchange: Exchange) -> None:
    exchange.after_signing = lambda _: b"{}"


def of_production(exchange: Exchange) -> None:
    exchange.alter = lambda answer: msgspec.structs.replace(answer, environment="production")


def about_another(exchange: Exchange) -> None:
    exchange.alter = lambda answer: msgspec.structs.replace(answer, ssin=AnsweredSsin(value="81650112399"))


def other_customer(exchange: Exchange) -> None:
    exchange.alter = lambda answer: msgspec.structs.replace(answer, customer_ticket="theirs")


@pytest.mark.parametrize(
    "lie", [unsigned, with_permit_key, altered, garbage, of_production, about_another, other_customer]
)
def test_an_answer_that_does_not_hold(client: SyncClient, exchange: Exchange, lie: Callable[[Exchange], None]) -> None:
    lie(exchange)
    with pytest.raises(Tampered) as raised:
        ask(client)
    assert SSIN not in str(raised.value)


def test_an_old_answer_to_a_new_question(client: SyncClient, exchange: Exchange, hub: FakeHub) -> None:
    kept: list[tuple[int, dict[str, str], bytes]] = []

    def recorded(headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        kept.append(exchange(headers, body))
        return kept[0]

    hub.doors["/v1/exchanges"] = recorded
    ask(client)
    with pytest.raises(Tampered):
        ask(client)


def test_a_log_with_two_faces(client: SyncClient, exchange: Exchange, hub: FakeHub) -> None:
    ask(client)
    size = int(hub.log.checkpoint().split("\n")[1])
    other = FakeLog(hub.signer)
    for number in range(size):
        other.append("lie", number=number)
        other.checkpoint()
    exchange.alter = lambda answer: msgspec.structs.replace(answer, checkpoint=other.checkpoint())
    with pytest.raises(Tampered) as raised:
        ask(client)
    assert raised.value.code == "CR-LOG-FORKED"
    with pytest.raises(Tampered) as raised:
        ask(client)
    assert raised.value.code == "CR-LOG-FORKED"


# Blocks that do not hold: named, and the others kept.


def forged(exchange: Exchange, **changes: Any) -> Callable[[Answer], Answer]:
    """Give what replaces the first block by one that the hub makes itself."""
    key = changes.pop("key", None) or SigningKey.generate(f"{NAME}#sign-1")
    content = changes.pop("content", b'{"amounts":[]}')

    def alter(answer: Answer) -> Answer:
        statement = exchange.statement
        assert statement is not None
        claims = Claims(
            ticket=answer.ticket,
            nonce=statement.nonce,
            data_group=WAGE,
            source=NAME,
            period=QUARTER,
            subject=statement.subject(SSIN),
            media_type="application/json",
        )._replace(**changes)
        block = sealed_block(content, claims, key, exchange.asker.seal.jwk)
        return msgspec.structs.replace(answer, blocks=(block, *answer.blocks[1:]))

    return alter


@pytest.fixture
def own_key(exchange: Exchange) -> SigningKey:
    """Let the source itself be the one that answers badly."""
    key = SigningKey.generate(f"{NAME}#sign-2")
    exchange.hub.keep(key)
    return key


def rejected(client: SyncClient) -> tuple[str, str, str]:
    reply = ask(client, WAGE, FILE)
    assert [block.data_group for block in reply.blocks] == [FILE]
    (one,) = reply.rejected
    assert SSIN not in one.reason
    return one.data_group, one.source, one.code


def test_a_block_that_the_hub_forges(client: SyncClient, exchange: Exchange) -> None:
    exchange.alter = forged(exchange)
    assert rejected(client) == (WAGE, NAME, "CR-BLOCK-INVALID")


def test_a_block_signed_with_a_key_that_the_hub_slips_in(client: SyncClient, exchange: Exchange) -> None:
    key = SigningKey.generate(f"{NAME}#sign-9")
    proven = exchange.hub.register(key, KeyUse.SIGN, key, operators=())
    exchange.hub.keys[NAME].append(proven)
    exchange.alter = forged(exchange, key=key)
    assert rejected(client) == (WAGE, NAME, "CR-KEY-NOT-PROVEN")


@pytest.mark.parametrize(
    "change",
    [
        {"ticket": uuid7()},
        {"nonce": "another-nonce-0001"},
        {"subject": "another"},
        {"media_type": "text/html"},
        {"period": Period(date(2025, 1, 1), date(2026, 1, 31))},
        {"data_group": "household@1"},
        {"source": "another"},
    ],
)
def test_a_block_for_another_question(
    client: SyncClient, exchange: Exchange, own_key: SigningKey, change: dict[str, Any]
) -> None:
    exchange.alter = forged(exchange, key=own_key, **change)
    group, source, code = rejected(client)
    assert (group, source) == (change.get("data_group", WAGE), change.get("source", NAME))
    assert code in {"CR-BLOCK-INVALID", "CR-KEY-NOT-PROVEN"}


def test_a_source_with_a_name_that_leads_elsewhere(client: SyncClient, exchange: Exchange, own_key: SigningKey) -> None:
    exchange.alter = forged(exchange, key=own_key, source="../../trust")
    assert rejected(client) == (WAGE, "../../trust", "CR-BLOCK-INVALID")


def test_a_block_of_the_hub_itself(client: SyncClient, exchange: Exchange) -> None:
    own = forged(exchange, key=exchange.hub.sign, source="crossroads")

    def alter(answer: Answer) -> Answer:
        sources = (msgspec.structs.replace(answer.sources[0], institution="crossroads"), *answer.sources)
        return own(msgspec.structs.replace(answer, sources=sources))

    exchange.alter = alter
    assert rejected(client) == (WAGE, "crossroads", "CR-BLOCK-INVALID")


def test_a_block_of_a_source_that_was_not_asked(client: SyncClient, exchange: Exchange) -> None:
    key = SigningKey.generate("nsso#sign-1")
    exchange.hub.keep(key)
    exchange.alter = forged(exchange, key=key, source="nsso")
    assert rejected(client) == (WAGE, "nsso", "CR-BLOCK-INVALID")


def test_content_out_of_schema(client: SyncClient, exchange: Exchange, own_key: SigningKey) -> None:
    exchange.alter = forged(exchange, key=own_key, content=b'{"amounts":[{"month":1}]}')
    assert rejected(client) == (WAGE, NAME, "CR-BLOCK-OUT-OF-SCHEMA")


def test_a_block_sealed_to_another_key(client: SyncClient, exchange: Exchange, own_key: SigningKey) -> None:
    to_another = forged(exchange, key=own_key)

    def alter(answer: Answer) -> Answer:
        # Only now: the participant itself seals to the key of the question.
        exchange.asker.seal = SealingKey.generate(exchange.asker.seal.key_id)
        return to_another(answer)

    exchange.alter = alter
    assert rejected(client) == (WAGE, NAME, "CR-BLOCK-INVALID")


def test_a_block_that_should_be_sealed(client: SyncClient, exchange: Exchange) -> None:
    open_one = Block(
        data_group=WAGE, source=NAME, period=QUARTER, media_type="application/json", content=msgspec.Raw(b"{}")
    )
    exchange.alter = lambda answer: msgspec.structs.replace(answer, blocks=(open_one, *answer.blocks[1:]))
    assert rejected(client) == (WAGE, NAME, "CR-BLOCK-INVALID")


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


def test_a_key_of_the_source_that_ran_out(client: SyncClient, exchange: Exchange) -> None:
    key = SigningKey.generate(f"{NAME}#sign-3")
    exchange.hub.keys[NAME].append(exchange.hub.register(key, KeyUse.SIGN, key, valid_for=timedelta(seconds=-1)))
    exchange.alter = forged(exchange, key=key)
    assert rejected(client) == (WAGE, NAME, "CR-KEY-NOT-PROVEN")


def test_a_key_that_ran_out_and_an_answer_that_says_it_is_an_hour_old(client: SyncClient, exchange: Exchange) -> None:
    key = SigningKey.generate(f"{NAME}#sign-3")
    exchange.hub.keys[NAME].append(exchange.hub.register(key, KeyUse.SIGN, key, valid_for=timedelta(seconds=-1)))
    forge = forged(exchange, key=key)
    exchange.alter = lambda answer: msgspec.structs.replace(forge(answer), replied_at=now() - timedelta(hours=1))
    assert rejected(client) == (WAGE, NAME, "CR-KEY-NOT-PROVEN")


def test_the_client_needs_nothing_of_the_server_or_the_hub() -> None:
    program = (
        "import sys\n"
        "for name in ('litestar', 'granian', 'sqlalchemy', 'structlog', 'typer', 'asyncpg'): sys.modules[name] = None\n"
        "import crossroads.participant.client\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
