"""Sources that fail in every way: the answer says which and how, and what the others hold is still in it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest

from chaos import INQUIRY, QUARTER, Asker, findings, person, revoke, rows, until
from crossroads.bootstrap.wiring import services
from crossroads.kernel.codes import StatusValue
from crossroads.kernel.period import Period
from crossroads.network.service import Network
from crossroads.participant.client import Client, Reply
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import MAXIMUM_DATA_GROUPS, MAXIMUM_SOURCE_ANSWER, Answer
from crossroads.wire.registrations import KeyUse
from database import Database, execute
from networks import line, network
from rogue import Behaviour, Call, Hanging, Rogue, running

ASKER, HEALTHY, ROGUE = "pcsw-gent", "dgph", "nic"
FILE, INSURANCE, INCAPACITY = "handicap-file@1", "health-insurability@1", "incapacity@1"
SSIN, OTHER = person(1), person(3)
CONTENT: dict[str, dict[str, list[str]]] = {INSURANCE: {"insurances": []}, INCAPACITY: {"indemnities": []}}
DECISIONS = (
    'SELECT kind, start_date AS "startDate" FROM decisions WHERE ssin = :ssin AND start_date <= :end_date '
    "AND :start_date <= '9999'"
)

pytest_plugins = ["hub_fixtures"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    members = {ASKER: {}, HEALTHY: {"groups": {FILE: {"sql": DECISIONS, "list": "decisions"}}}, ROGUE: {}}
    inscriptions = [
        line(SSIN, ASKER, "17:2", "2020-01-01"),
        line(SSIN, HEALTHY, "16:1", "2020-01-01"),
        *(line(SSIN, ROGUE, context, "2020-01-01") for context in ("11:1", "11:2")),
    ]
    with network(
        tmp_path_factory.mktemp("sources"),
        module_database,
        members,
        persons=[SSIN, OTHER],
        inscriptions=inscriptions,
        start=False,
    ) as made:
        decisions = [(SSIN, "medicalRecognition", "2020-05-01")]
        made.member(HEALTHY).store({"decisions": (("ssin", "kind", "start_date"), decisions)})
        made.start_hub()
        made.start_members([HEALTHY])
        yield made


@pytest.fixture(scope="module")
def server(built: Network) -> Iterator[Rogue]:
    with running(built.member(ROGUE), CONTENT) as rogue:
        yield rogue


@pytest.fixture
async def rogue(server: Rogue, built: Network, module_database: Database) -> AsyncIterator[Rogue]:
    """Give the server, trusted again by every process of the hub."""
    yield server
    await execute(module_database.url("postgres"), "DELETE FROM source_breaker")

    async def trusted() -> bool:
        return (await ask(built)).answer.status.value is StatusValue.DATA_FOUND

    await until(trusted)


async def ask(built: Network, *groups: str) -> Reply:
    config = built.member(ASKER).client(built.installation.settings.public_url)
    async with Client(config) as asking:
        return await asking.ask(
            ssin=SSIN, legal_context=INQUIRY, data_groups=groups or (FILE, INSURANCE), agent="test", period=QUARTER
        )


def codes(answer: Answer) -> dict[str, str]:
    return {source.institution: source.code for source in answer.sources}


def incomplete(reply: Reply, code: str) -> None:
    """Check that the rogue failed in this way, and that what the healthy source holds is there."""
    status = reply.answer.status
    assert (status.value, status.code) == (StatusValue.INCOMPLETE_DATA, "CR-SOURCE-FAILED")
    assert codes(reply.answer) == {HEALTHY: "MSG00000", ROGUE: code}
    assert [block.json for block in reply.blocks] == [
        {"decisions": [{"kind": "medicalRecognition", "startDate": "2020-05-01"}]}
    ]


def stranger() -> SigningKey:
    return SigningKey.generate(f"{ROGUE}#sign-1")


def drip(call: Call) -> None:
    """Send a byte now and then, for ever."""
    call.start(200, {"content-length": "1000000"})
    for _ in range(600):
        call.handler.wfile.write(b" ")
        threading.Event().wait(0.1)


def endless(call: Call) -> None:
    call.start(200, {})
    call.handler.wfile.write(b" " * (MAXIMUM_SOURCE_ANSWER + 2**20))


def deep(call: Call) -> None:
    """Answer rightly, but for a member that nobody needs and that goes down and down."""
    right = msgspec.json.encode(call.answer(*call.blocks()))
    call.send(right[:-1] + b',"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def garbage(call: Call) -> None:
    call.handler.wfile.write(b"\x00\xff this is not HTTP\r\n\r\n")


def cut_off(call: Call) -> None:
    call.start(200, {"content-length": "1000"})
    call.handler.wfile.write(b'{"ticket":')


def redirect(call: Call) -> None:
    call.send_unsigned(b"", 302, {"location": call.request.target_uri})


FAILING: dict[str, tuple[Behaviour, str]] = {
    "no HTTP": (garbage, "CR-SOURCE-UNREACHABLE"),
    "half an answer": (cut_off, "CR-SOURCE-UNREACHABLE"),
    "a redirect": (redirect, "CR-SOURCE-FAILED"),
    "an error": (lambda call: call.send(b"{}", 500), "CR-SOURCE-FAILED"),
    "a refusal": (lambda call: call.send(b"{}", 403), "CR-SOURCE-REFUSED"),
    "signed garbage": (lambda call: call.send(b"\xff\x00{"), "CR-SOURCE-INVALID-ANSWER"),
    "another form": (lambda call: call.send({"ticket": 7}), "CR-SOURCE-INVALID-ANSWER"),
    "a body without a floor": (deep, "CR-SOURCE-INVALID-ANSWER"),
    "headers that are no text": (
        lambda call: call.send(call.answer(*call.blocks()), headers={"signature": "\xff\xfe"}),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "no digest": (
        lambda call: call.send(call.answer(*call.blocks()), headers={"content-digest": ""}),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "unsigned": (
        lambda call: call.send_unsigned(msgspec.json.encode(call.answer(*call.blocks()))),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "a key that is not registered": (
        lambda call: call.send(call.answer(*call.blocks()), key=stranger()),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "a body that is not the one signed": (
        lambda call: call.send(call.answer(*call.blocks()), headers={"content-digest": "sha-256=:AAAA:"}),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "a clock that is behind": (
        lambda call: call.send(call.answer(*call.blocks()), ahead=timedelta(seconds=-70)),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "a clock that is ahead": (
        lambda call: call.send(call.answer(*call.blocks()), ahead=timedelta(seconds=30)),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "another ticket": (
        lambda call: call.send(call.answer(*call.blocks(), ticket=UUID(int=7))),
        "CR-SOURCE-INVALID-ANSWER",
    ),
    "9 MiB": (lambda call: call.send(b" " * (MAXIMUM_SOURCE_ANSWER + 2**20)), "CR-SOURCE-INVALID-ANSWER"),
    "9 MiB without saying so": (endless, "CR-SOURCE-INVALID-ANSWER"),
    "a slow drip": (drip, "CR-SOURCE-LATE"),
    "never": (Hanging(), "CR-SOURCE-LATE"),
}


@pytest.mark.parametrize(("behaviour", "code"), FAILING.values(), ids=FAILING)
async def test_the_source_that_fails_is_named_and_the_others_are_heard(
    built: Network, rogue: Rogue, behaviour: Behaviour, code: str
) -> None:
    with rogue.doing(behaviour):
        incomplete(await ask(built), code)


async def test_a_source_that_refuses_connections(built: Network, rogue: Rogue) -> None:
    rogue.stop()
    try:
        incomplete(await ask(built), "CR-SOURCE-UNREACHABLE")
    finally:
        rogue.start()


async def test_signed_by_another_institution(built: Network, rogue: Rogue) -> None:
    key = built.member(HEALTHY).signing_key()
    with rogue.doing(lambda call: call.send(call.answer(*call.blocks()), key=key)):
        incomplete(await ask(built), "CR-SOURCE-INVALID-ANSWER")


async def test_signed_with_a_key_that_was_revoked(built: Network, rogue: Rogue) -> None:
    key = SigningKey.generate(f"{ROGUE}#sign-2")
    async with services(built.installation) as found:
        await built.founders.register_key(found, key, KeyUse.SIGN)
        with rogue.doing(lambda call: call.send(call.answer(*call.blocks()), key=key)):
            assert (await ask(built)).answer.status.value is StatusValue.DATA_FOUND
            await revoke(built, found, key)
            incomplete(await ask(built), "CR-SOURCE-INVALID-ANSWER")


async def test_what_one_source_has_in_part_is_given_and_said_to_be_in_part(built: Network, rogue: Rogue) -> None:
    def in_part(call: Call) -> None:
        call.send(call.answer(call.block(INSURANCE), value=StatusValue.INCOMPLETE_DATA))

    with rogue.doing(in_part):
        reply = await ask(built, INSURANCE, INCAPACITY)
    assert codes(reply.answer) == {ROGUE: "CR-SOURCE-FAILED"}
    assert reply.answer.status.value is StatusValue.INCOMPLETE_DATA
    assert [block.data_group for block in reply.blocks] == [INSURANCE]


# Blocks that are not the answer to the question: the hub drops them, reports them, and goes on.

_YEAR_LATER = Period(QUARTER.start_date.replace(year=2027), QUARTER.start_date.replace(year=2027, month=2))


def with_block(make: Callable[[Call], object]) -> Behaviour:
    """Send a block beside the right one of the other group."""
    return lambda call: call.send(call.answer(call.block(INCAPACITY), make(call)))  # type: ignore[arg-type]


def sealed_with(**changed: object) -> Behaviour:
    return with_block(lambda call: msgspec.structs.replace(call.block(INSURANCE), **changed))


WRONG_BLOCKS: dict[str, tuple[Behaviour, str]] = {
    "about another person": (with_block(lambda c: c.block(INSURANCE, subject=c.statement.subject(OTHER))), "subject"),
    "to another question": (with_block(lambda c: c.block(INSURANCE, nonce="another-nonce-of-someone")), "nonce"),
    "with another ticket": (with_block(lambda c: c.block(INSURANCE, ticket=UUID(int=7))), "ticket"),
    "of another source": (with_block(lambda c: c.block(INSURANCE, source=HEALTHY)), "source"),
    "of another period": (with_block(lambda c: c.block(INSURANCE, period=_YEAR_LATER)), "period"),
    "of another media type": (with_block(lambda c: c.block(INSURANCE, media_type="text/html")), "cty"),
    "sealed to another key": (
        with_block(lambda c: c.block(INSURANCE, to=SealingKey.generate("pcsw-gent#seal-9").jwk)),
        "sealed to another key",
    ),
    "not sealed": (with_block(lambda c: c.bare_block(INSURANCE)), "not sealed"),
    "twice": (
        lambda c: c.send(c.answer(c.block(INCAPACITY), c.block(INSURANCE), c.block(INSURANCE))),
        "a second block",
    ),
    "empty": (sealed_with(sealed=""), ""),
    "not a JWE": (sealed_with(sealed="a.b.c.d.e"), ""),
    "a header that is no object": (sealed_with(sealed="W10.b.c.d.e"), ""),
    "a header without end": (sealed_with(sealed=f"{'W1tb' * 20_000}.b.c.d.e"), ""),
    "sealed and open": (sealed_with(content=msgspec.Raw(b"{}")), ""),
}


@pytest.mark.parametrize(("behaviour", "reason"), WRONG_BLOCKS.values(), ids=WRONG_BLOCKS)
async def test_a_block_that_is_not_the_answer_is_dropped_and_reported(
    built: Network, rogue: Rogue, module_database: Database, behaviour: Behaviour, reason: str
) -> None:
    with rogue.doing(behaviour):
        reply = await ask(built, INSURANCE, INCAPACITY)
    assert codes(reply.answer) == {ROGUE: "CR-SOURCE-BLOCK-DROPPED"}
    assert reply.answer.status.value is StatusValue.INCOMPLETE_DATA
    assert INCAPACITY in {block.data_group for block in reply.blocks}
    assert reply.rejected == ()
    reported = await dropped(module_database, reply.answer.ticket)
    assert reported["source"] == ROGUE
    ((group, why),) = reported["blocks"]
    assert group == INSURANCE
    assert reason in why


async def test_a_group_that_was_not_asked_for_is_dropped_and_reported(
    built: Network, rogue: Rogue, module_database: Database
) -> None:
    with rogue.doing(lambda call: call.send(call.answer(call.block(INSURANCE), call.block(INCAPACITY)))):
        reply = await ask(built, INSURANCE)
    assert codes(reply.answer) == {ROGUE: "CR-SOURCE-BLOCK-DROPPED"}
    assert [block.data_group for block in reply.blocks] == [INSURANCE]
    reported = await dropped(module_database, reply.answer.ticket)
    assert reported["blocks"] == [["not asked for", "a data group that was not asked for"]]


async def test_a_flood_of_blocks_is_dropped_and_does_not_flood_the_log(
    built: Network, rogue: Rogue, module_database: Database
) -> None:
    def flood(call: Call) -> None:
        tiny = msgspec.structs.replace(call.block(INSURANCE), sealed="e30.")
        call.send(call.answer(call.block(INSURANCE), *[tiny] * 20_000))

    with rogue.doing(flood):
        reply = await ask(built, INSURANCE)
    assert codes(reply.answer) == {ROGUE: "CR-SOURCE-BLOCK-DROPPED"}
    assert [block.data_group for block in reply.blocks] == [INSURANCE]
    reported = await dropped(module_database, reply.answer.ticket)
    assert len(reported["blocks"]) == MAXIMUM_DATA_GROUPS
    assert reported["blocks"][-1] == ["not asked for", f"{20_001 - MAXIMUM_DATA_GROUPS} more than can be asked for"]


async def dropped(database: Database, ticket: UUID) -> dict[str, Any]:
    query = "SELECT content FROM log_entry WHERE ticket = $1 AND event = 'source:block:dropped'"
    ((content,),) = await rows(database.url("crossroads_reader"), query, ticket)
    return msgspec.json.decode(content, type=dict[str, Any])


# What only the content shows is under the seal: the client rejects it, and says which.


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda c: c.block(INSURANCE, {"insurances": "many"}), "CR-BLOCK-OUT-OF-SCHEMA"),
        (lambda c: c.block(INSURANCE, key=stranger()), "CR-BLOCK-INVALID"),
        (lambda c: c.block(INSURANCE, key=SigningKey.generate(f"{ROGUE}#sign-9")), "CR-KEY-NOT-PROVEN"),
    ],
    ids=["out of schema", "the signature of nobody", "a key that is not registered"],
)
async def test_what_the_seal_hides_the_client_rejects(
    built: Network, rogue: Rogue, make: Callable[[Call], object], code: str
) -> None:
    with rogue.doing(with_block(make)):
        reply = await ask(built, INSURANCE, INCAPACITY)
    assert reply.answer.status.value is StatusValue.DATA_FOUND
    assert [(block.data_group, block.source, block.code) for block in reply.rejected] == [(INSURANCE, ROGUE, code)]
    assert [block.data_group for block in reply.blocks] == [INCAPACITY]


# Many questions at once.


async def test_a_source_that_hangs_does_not_keep_the_others_waiting(
    built: Network, rogue: Rogue, http: httpx.AsyncClient
) -> None:
    asker, hanging = Asker(built, ASKER), Hanging()
    with rogue.doing(hanging):
        questions = [asker.question(SSIN, INSURANCE) for _ in range(100)]
        waiting = [asyncio.create_task(asker.send(http, question)) for question in questions]
        assert await asyncio.to_thread(hanging.holds, 64)
        healthy = [asker.question(SSIN, FILE) for _ in range(20)]
        answers = await asyncio.gather(*(asker.send(http, question) for question in healthy))
        assert not all(task.done() for task in waiting)
        outcomes = [asker.read(await task, question) for task, question in zip(waiting, questions, strict=True)]
        hanging.freed.set()
    assert {asker.read(*pair).status.value for pair in zip(answers, healthy, strict=True)} == {StatusValue.DATA_FOUND}
    told = {code for outcome in outcomes for code in codes(outcome).values()}
    assert {"CR-SOURCE-LATE"} <= told <= {"CR-SOURCE-LATE", "CR-SOURCE-BUSY", "CR-SOURCE-SUSPENDED"}
    assert len(set(hanging.tickets)) == len(hanging.tickets)


async def test_a_source_that_keeps_failing_is_left_alone_by_every_process_and_taken_back(
    built: Network, rogue: Rogue, http: httpx.AsyncClient, ports: tuple[int, int]
) -> None:
    asker = Asker(built, ASKER)

    def asking(port: int, code: str) -> Callable[[], Awaitable[bool]]:
        async def answered() -> bool:
            question = asker.question(SSIN, INSURANCE)
            return codes(asker.read(await asker.send(http, question, port), question)) == {ROGUE: code}

        return answered

    async def the_other_knows() -> bool:
        return bool((await http.get(f"http://127.0.0.1:{ports[1]}/health")).json()["status"] == "DEGRADED")

    with rogue.doing(lambda call: call.send_unsigned(b"", 500)):
        await until(asking(asker.port, "CR-SOURCE-SUSPENDED"))
        await until(the_other_knows)
        seen = rogue.questions
        for port in ports:
            assert await asking(port, "CR-SOURCE-SUSPENDED")()
        assert rogue.questions == seen
    for port in ports:
        await until(asking(port, "MSG00000"))


async def test_the_log_of_all_this_is_sound(built: Network, module_database: Database) -> None:
    assert await findings(built, module_database.url("crossroads_reader")) == []
