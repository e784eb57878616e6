"""The client, and a hub that lies: what it did not give, or not to this question, is not believed."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from uuid6 import uuid7

from clients import QUARTER, Exchange, ask
from crossroads.kernel.errors import Tampered
from crossroads.kernel.period import Period
from crossroads.participant.client import SyncClient
from crossroads.wire.blocks import Claims, open_block, sealed_block
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import (
    Answer,
    AnsweredSsin,
)
from crossroads.wire.registrations import KeyUse
from fakehub import FakeHub, FakeLog, now
from participants import FILE, NAME, SSIN, WAGE

pytest_plugins = ["participant_fixtures", "client_fixtures"]


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
    ("lie", "code", "what"),
    [
        (unsigned, "CR-ANSWER-UNSIGNED", "does not hold"),
        (with_permit_key, "CR-ANSWER-UNSIGNED", "key"),
        (altered, "CR-ANSWER-UNSIGNED", "digest"),
        (garbage, "CR-ANSWER-UNSIGNED", "digest"),
        (of_production, None, "environment"),
        (about_another, None, "another person"),
        (other_customer, None, "customer ticket"),
    ],
)
def test_an_answer_that_does_not_hold(
    client: SyncClient, exchange: Exchange, lie: Callable[[Exchange], None], code: str | None, what: str
) -> None:
    lie(exchange)
    with pytest.raises(Tampered, match=what) as raised:
        ask(client)
    assert raised.value.code == code
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
    content, sealed = changes.pop("content", b'{"amounts":[]}'), changes.pop("sealed", True)

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
        to = exchange.asker.seal.jwk
        block = sealed_block(content, claims, key, to) if sealed else open_block(content, claims, key)
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


def test_a_block_that_should_be_sealed(client: SyncClient, exchange: Exchange, own_key: SigningKey) -> None:
    exchange.alter = forged(exchange, key=own_key, sealed=False)
    assert rejected(client) == (WAGE, NAME, "CR-BLOCK-INVALID")


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
