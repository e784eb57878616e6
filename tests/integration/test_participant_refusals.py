"""What a participant refuses, whoever asks: each refusal has its code, and nothing leaves."""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from uuid6 import uuid7

from crossroads.kernel.period import Period
from crossroads.participant.log import verify
from crossroads.participant.participant import MAXIMUM_AT_ONCE
from crossroads.participant.routes import BODY_TIME, MAXIMUM_BODY
from crossroads.participant.state import AlreadyRunning
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.messages import Problem
from crossroads.wire.notes import NoteSigner
from crossroads.wire.registrations import KeyUse
from fakehub import ALICE, JSON, FakeAsker, FakeHub, FakeLog, Question, now, owing_proofs, signed_headers
from participants import FILE, NAME, OTHER_SSIN, SSIN, URL, WAGE, Running, refused, running, write_config

pytest_plugins = ["participant_fixtures"]

TARGET = f"{URL}/v1/data-requests"
EARLY = Period(date(2025, 12, 1), date(2026, 1, 31))


@pytest.fixture
def question(asker: FakeAsker) -> Question:
    return Question(asker, NAME, SSIN, WAGE)


# The envelope: signature, key, clock, nonce, form.


def test_a_request_without_signature(participant: Running, question: Question) -> None:
    got = participant.post(question.body(), {"content-type": JSON})
    assert refused(got) == (401, "CR-SIGNATURE-MISSING")


def test_a_body_changed_on_the_way(participant: Running, question: Question) -> None:
    body = question.body()
    headers = signed_headers(participant.hub.permit, TARGET, body)
    assert refused(participant.post(body.replace(b"clerk", b"Clerk") + b" ", headers)) == (401, "CR-DIGEST-MISMATCH")


def test_a_request_to_another_address(participant: Running, question: Question) -> None:
    body = question.body()
    headers = signed_headers(participant.hub.permit, "https://other.example/v1/data-requests", body)
    assert refused(participant.post(body, headers)) == (401, "CR-SIGNATURE-INVALID")


def test_a_signature_of_a_key_that_the_hub_never_registered(participant: Running, question: Question) -> None:
    body = question.body()
    headers = signed_headers(SigningKey.generate("crossroads#permit-9"), TARGET, body)
    assert refused(participant.post(body, headers)) == (401, "CR-KEY-UNKNOWN")


def test_a_permit_signed_with_the_message_key_of_the_hub(participant: Running, question: Question) -> None:
    body = question.body()
    assert refused(participant.post(body, signed_headers(participant.hub.sign, TARGET, body))) == (
        401,
        "CR-KEY-UNKNOWN",
    )


def test_a_key_of_the_hub_with_one_operator_only(participant: Running, question: Question) -> None:
    key = SigningKey.generate("crossroads#permit-2")
    hub = participant.hub
    hub.keys["crossroads"].append(hub.register(key, KeyUse.PERMIT, key, operators=(ALICE,)))
    body = question.body()
    assert refused(participant.post(body, signed_headers(key, TARGET, body))) == (401, "CR-KEY-UNKNOWN")


def test_a_key_of_the_hub_that_ran_out(participant: Running, question: Question) -> None:
    key = SigningKey.generate("crossroads#permit-2")
    hub = participant.hub
    hub.keys["crossroads"].append(hub.register(key, KeyUse.PERMIT, key, valid_for=timedelta(seconds=-1)))
    body = question.body()
    assert refused(participant.post(body, signed_headers(key, TARGET, body))) == (401, "CR-KEY-EXPIRED")


def test_a_new_key_of_the_hub_is_fetched_when_it_is_first_seen(participant: Running, question: Question) -> None:
    participant.answer(question)
    key = SigningKey.generate("crossroads#permit-2")
    hub = participant.hub
    hub.keys["crossroads"].append(hub.register(key, KeyUse.PERMIT, key))
    body = Question(question.asker, NAME, SSIN, WAGE).body()
    got = participant.post(body, signed_headers(key, TARGET, body))
    if got.status_code == 401:  # within the second in which they were fetched
        threading.Event().wait(1.1)
        got = participant.post(body, signed_headers(key, TARGET, body))
    assert got.status_code == 200


@pytest.mark.parametrize("seconds", [-61, 6])
def test_a_clock_that_is_off(participant: Running, question: Question, seconds: int) -> None:
    created = now() + timedelta(seconds=seconds)
    assert participant.refusal(question, created=created) == (401, "CR-CLOCK-SKEW")


def test_the_same_request_twice(participant: Running, question: Question) -> None:
    body = question.body()
    headers = signed_headers(participant.hub.permit, TARGET, body)
    assert participant.post(body, headers).status_code == 200
    assert refused(participant.post(body, headers)) == (401, "CR-NONCE-REPLAYED")


def test_the_same_request_many_times_at_once_is_answered_once(participant: Running, question: Question) -> None:
    body = question.body()
    outcomes: list[int] = []

    def send() -> None:
        # A dishonest hub signs the repeated question anew each time.
        headers = signed_headers(participant.hub.permit, TARGET, body)
        outcomes.append(participant.post(body, headers).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200, *[409] * 7]


def test_a_question_repeated_after_a_restart(tmp_path: Path, hub: FakeHub, question: Question) -> None:
    config = write_config(tmp_path, hub)
    body = question.body()
    headers = signed_headers(hub.permit, TARGET, body)
    with running(config, hub) as one:
        assert one.post(body, headers).status_code == 200
    with running(config, hub) as one:
        assert refused(one.post(body, headers)) == (401, "CR-NONCE-REPLAYED")
        anew = signed_headers(hub.permit, TARGET, body)
        assert refused(one.post(body, anew)) == (409, "CR-QUESTION-REPEATED")


def test_a_statement_repeated_under_another_ticket(participant: Running, question: Question) -> None:
    participant.answer(question)
    question.request |= {"ticket": uuid7()}
    question.statement |= {"nonce": question.signed.nonce}
    assert participant.refusal(question) == (409, "CR-QUESTION-REPEATED")


def test_a_ticket_answered_before(participant: Running, question: Question) -> None:
    participant.answer(question)
    assert participant.refusal(question) == (409, "CR-QUESTION-REPEATED")


def test_a_body_over_the_limit(participant: Running) -> None:
    body = b" " * (MAXIMUM_BODY + 1)
    got = participant.post(body, signed_headers(participant.hub.permit, TARGET, body))
    assert refused(got) == (413, "CR-PAYLOAD-TOO-LARGE")


@pytest.mark.parametrize("body", [b"", b"[]", b'{"ticket": 1}', b"\xff"])
def test_a_body_without_its_form(participant: Running, body: bytes) -> None:
    got = participant.post(body, signed_headers(participant.hub.permit, TARGET, body))
    assert refused(got) == (400, None)


def test_an_unknown_field(participant: Running, question: Question) -> None:
    body = msgspec.json.encode(msgspec.to_builtins(question.build()) | {"extra": 1})
    got = participant.post(body, signed_headers(participant.hub.permit, TARGET, body))
    assert refused(got) == (400, None)
    assert got.json()["issues"][0]["type"].endswith("unknownInput")


# The permit.

SOON = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda: {"audience": "another"}, "CR-PERMIT-INVALID"),
        (lambda: {"holder": "another"}, "CR-PERMIT-INVALID"),
        (lambda: {"issued_at": now() - SOON, "expires_at": now()}, "CR-PERMIT-EXPIRED"),
        (lambda: {"issued_at": now(), "expires_at": now() + timedelta(seconds=61)}, "CR-PERMIT-INVALID"),
        (lambda: {"issued_at": now() + SOON, "expires_at": now() + SOON}, "CR-PERMIT-INVALID"),
        (lambda: {"data_groups": {}}, "CR-PERMIT-INVALID"),
    ],
)
def test_a_permit_that_does_not_hold(
    participant: Running, question: Question, change: Callable[[], dict[str, Any]], code: str
) -> None:
    question.permit |= change()
    assert participant.refusal(question) == (403, code)


@pytest.mark.parametrize(
    "change",
    [
        {"asker": "another"},
        {"on_behalf_of": "another"},
        {"legal_context": "OTHER:PURPOSE"},
        {"ssin": OTHER_SSIN},
        {"known_as": OTHER_SSIN},
        {"encryption_key": "A" * 43},
        {"data_groups": {WAGE: EARLY}},
        {"data_groups": {WAGE: Period(date(2026, 1, 1))}},
        {"data_groups": {FILE: Period(date(2026, 1, 1), date(2026, 1, 2))}},
    ],
)
def test_a_permit_for_more_than_the_statement(participant: Running, question: Question, change: dict[str, Any]) -> None:
    question.permit |= change
    assert participant.refusal(question) == (403, "CR-PERMIT-STATEMENT-DIFFER")


def test_an_opening_for_another_group(participant: Running, question: Question) -> None:
    question.permit["data_groups"] = {FILE: question.permit["data_groups"][WAGE]}
    question.request["openings"] = {FILE: question.salts[WAGE]}
    assert participant.refusal(question) == (403, "CR-PERMIT-STATEMENT-DIFFER")


def test_a_reference_date_permits_that_day_alone(participant: Running, question: Question) -> None:
    question.statement |= {"period": None, "reference_date": date(2026, 2, 1)}
    assert participant.refusal(question) == (403, "CR-PERMIT-STATEMENT-DIFFER")
    question.permit["data_groups"] = {WAGE: Period(date(2026, 2, 1), date(2026, 2, 1))}
    participant.answer(question)


# The statement.


def test_a_statement_that_the_hub_invents(participant: Running, question: Question) -> None:
    question.statement_key = SigningKey.generate(question.asker.sign.key_id)
    assert participant.refusal(question) == (403, "CR-STATEMENT-INVALID")


def test_a_statement_signed_by_another_institution(participant: Running, hub: FakeHub, question: Question) -> None:
    other = FakeAsker(hub, "another")
    question.statement_key = other.sign
    question.request["asker_keys"] = (*question.asker.keys, *other.keys)
    assert participant.refusal(question) == (403, "CR-KEY-NOT-PROVEN")


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"issued_at": now() - timedelta(seconds=200), "expires_at": now()},
        lambda: {"issued_at": now(), "expires_at": now() + timedelta(seconds=301)},
        lambda: {"issued_at": now() + SOON, "expires_at": now() + 2 * SOON},
        lambda: {"installation": "another-network"},
        lambda: {"environment": "production"},
    ],
)
def test_a_statement_that_is_not_for_here_and_now(
    participant: Running, question: Question, change: Callable[[], dict[str, Any]]
) -> None:
    question.statement |= change()
    assert participant.refusal(question) == (403, "CR-STATEMENT-EXPIRED")


@pytest.mark.parametrize("statement", ["AA.AA.AA", "e30.e30.AA"])
def test_a_statement_that_is_none(participant: Running, question: Question, statement: str) -> None:
    question.request["statement"] = statement
    assert participant.refusal(question) == (403, "CR-STATEMENT-INVALID")


# Keys of the asker.


def slipped_in(hub: FakeHub, asker: FakeAsker, **registering: Any) -> None:
    """Let the hub register a key of its own as the asker's."""
    asker.sign = SigningKey.generate(f"{asker.name}#sign-2")
    hub.keys[asker.name] = [
        hub.register(asker.sign, KeyUse.SIGN, asker.sign, **registering),
        hub.register(asker.seal, KeyUse.SEAL, asker.sign),
    ]


@pytest.mark.parametrize(
    "registering",
    [
        {"operators": (ALICE,)},
        {"operators": (ALICE, SigningKey.generate("operator:alice#2"))},
        {"operators": (ALICE, SigningKey.generate("operator:bob#1"))},
        {"operators": ()},
        {"installation": "another-network"},
        {"event": "catalogue:key:revoked"},
    ],
)
def test_a_key_that_the_hub_slips_in(
    participant: Running, hub: FakeHub, asker: FakeAsker, registering: dict[str, Any]
) -> None:
    slipped_in(hub, asker, **registering)
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-KEY-NOT-PROVEN")


def test_a_key_whose_registration_is_not_in_the_log(participant: Running, question: Question) -> None:
    first, second = question.asker.keys
    borrowed = msgspec.structs.replace(first, inclusion=second.inclusion)
    question.request["asker_keys"] = (borrowed, second)
    assert participant.refusal(question) == (403, "CR-KEY-NOT-PROVEN")


def test_a_sealing_key_without_the_signing_key_that_vouches_for_it(participant: Running, question: Question) -> None:
    question.request["asker_keys"] = question.asker.keys[1:]
    assert participant.refusal(question) == (403, "CR-KEY-NOT-PROVEN")


def test_a_question_that_the_hub_asks_itself(participant: Running, hub: FakeHub, question: Question) -> None:
    own = FakeAsker(hub, "crossroads")
    asked = Question(own, NAME, SSIN, WAGE)
    asked.request["asker_keys"] = own.keys[-2:]
    assert participant.refusal(asked) == (403, "CR-STATEMENT-INVALID")
    question.permit["on_behalf_of"] = question.statement["on_behalf_of"] = "crossroads"
    assert participant.refusal(question) == (403, "CR-STATEMENT-INVALID")


def test_an_encryption_key_that_is_not_proven(participant: Running, question: Question) -> None:
    question.request["asker_keys"] = question.asker.keys[:1]
    assert participant.refusal(question) == (403, "CR-ENCRYPTION-KEY-UNKNOWN")


def test_an_encryption_key_of_somebody_else(participant: Running, hub: FakeHub, question: Question) -> None:
    other = FakeAsker(hub, "another")
    question.request["asker_keys"] = (*question.asker.keys, *other.keys)
    question.statement |= {"encryption_key": other.seal.jwk.thumbprint}
    question.permit |= {"encryption_key": other.seal.jwk.thumbprint}
    assert participant.refusal(question) == (403, "CR-ENCRYPTION-KEY-UNKNOWN")


def test_keys_that_ran_out(participant: Running, hub: FakeHub, asker: FakeAsker) -> None:
    asker.seal = SealingKey.generate(f"{asker.name}#seal-2")
    late = hub.register(asker.seal, KeyUse.SEAL, asker.sign, valid_for=timedelta(seconds=-1))
    hub.keys[asker.name][1] = late
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-ENCRYPTION-KEY-UNKNOWN")
    slipped_in(hub, asker, valid_for=timedelta(seconds=-1))
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-KEY-EXPIRED")


# The log of the hub.


def other_log(hub: FakeHub, entries: int) -> FakeLog:
    """Give a second log under the same key: what a hub with two faces keeps."""
    log = FakeLog(hub.signer)
    for number in range(entries):
        log.append("installation:founded", lie=number)
        log.checkpoint()
    return log


def test_a_checkpoint_that_the_log_did_not_sign(participant: Running, question: Question) -> None:
    stranger = FakeLog(NoteSigner.generate("crossroads.example/log"))
    stranger.append("installation:founded")
    question.request["checkpoint"] = stranger.checkpoint()
    assert participant.refusal(question) == (403, "CR-PERMIT-INVALID")


def test_a_statement_that_knows_another_log_of_the_same_size(participant: Running, asker: FakeAsker) -> None:
    participant.answer(Question(asker, NAME, SSIN, WAGE))
    question = Question(asker, NAME, SSIN, WAGE)
    size = int(participant.hub.log.checkpoint().split("\n")[1])
    question.statement["checkpoint"] = other_log(participant.hub, size).checkpoint()
    assert participant.refusal(question) == (403, "CR-LOG-FORKED")
    # From then on nothing passes, until people have looked at the evidence.
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")


def test_a_statement_that_knows_a_longer_log_which_the_hub_cannot_join(
    participant: Running, hub: FakeHub, asker: FakeAsker
) -> None:
    lie = other_log(hub, 40)
    hub.answers["/v1/log/consistency"] = lie.consistency(10, 40)
    question = Question(asker, NAME, SSIN, WAGE)
    question.statement["checkpoint"] = lie.checkpoint()
    assert participant.refusal(question) == (403, "CR-LOG-FORKED")


def test_a_fork_is_remembered_over_a_restart(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    config = write_config(tmp_path, hub)
    with running(config, hub) as one:
        question = Question(asker, NAME, SSIN, WAGE)
        question.request["checkpoint"] = hub.log.checkpoint()
        size = int(hub.log.checkpoint().split("\n")[1])
        question.statement["checkpoint"] = other_log(hub, size).checkpoint()
        assert one.refusal(question) == (403, "CR-LOG-FORKED")
    with running(config, hub) as one:
        assert one.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")


def test_a_log_that_grows_is_proven_and_goes_on(participant: Running, hub: FakeHub, asker: FakeAsker) -> None:
    for number in range(3):
        hub.log.append("exchange:question:decided", number=number)
        participant.answer(Question(asker, NAME, SSIN, WAGE))
    assert hub.asked.count("/v1/log/consistency") >= 1


def test_a_hub_that_gives_its_proofs_again_is_answered_again(tmp_path: Path, hub: FakeHub, asker: FakeAsker) -> None:
    config = write_config(tmp_path, hub)
    owing_proofs(hub, tmp_path / "state")
    hub.answers["/v1/log/consistency"] = {"nothing": True}
    with running(config, hub) as one:
        for _ in range(2):
            assert one.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-LOG-FORKED")
    assert hub.asked.count("/v1/log/consistency") == 1
    del hub.answers["/v1/log/consistency"]
    owing_proofs(hub, tmp_path / "state")
    with running(config, hub) as one:
        one.answer(Question(asker, NAME, SSIN, WAGE))


# Load and time.


async def test_a_body_that_does_not_come(participant: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossroads.participant.routes.BODY_TIME", timedelta(milliseconds=50))
    assert timedelta(0) < BODY_TIME <= timedelta(seconds=5)
    started = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> Any:
        if started.is_set():
            await asyncio.Event().wait()
        started.set()
        return {"type": "http.request", "body": b"{", "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/data-requests",
    }
    scope |= {"raw_path": b"/v1/data-requests", "query_string": b"", "root_path": "", "headers": [], "asgi": {}}
    await participant.client.app(scope, receive, send)
    assert sent[0]["status"] == 408
    assert msgspec.json.decode(sent[1]["body"], type=Problem).code == "CR-BODY-LATE"


def test_a_deadline_that_has_passed(participant: Running, question: Question) -> None:
    question.request["deadline"] = datetime(2026, 1, 1, tzinfo=UTC)
    assert participant.refusal(question) == (503, "CR-SOURCE-LATE")


def test_more_at_once_than_the_limit(participant: Running, question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossroads.participant.participant.MAXIMUM_AT_ONCE", 0)
    assert MAXIMUM_AT_ONCE > 0
    assert participant.refusal(question) == (503, "CR-OVERLOADED")


def test_a_full_disk_refuses_and_corrupts_nothing(tmp_path: Path, participant: Running, asker: FakeAsker) -> None:
    participant.answer(Question(asker, NAME, SSIN, WAGE))
    fill_disk(participant, full=True)
    question = Question(asker, NAME, SSIN, WAGE)
    # A page has room for an entry or two.
    got = [participant.ask(Question(asker, NAME, SSIN, WAGE)) for _ in range(8)]
    assert refused(got[-1]) == (503, "CR-UNAVAILABLE")
    assert got[-1].headers["retry-after"] == "1"
    fill_disk(participant, full=False)
    participant.answer(question)
    assert verify(tmp_path / "state").faults == ()


def fill_disk(one: Running, *, full: bool) -> None:
    """Let the database be as large as it is and no larger."""
    connection = one.participant._state._connection
    (pages,) = connection.execute("pragma page_count").fetchone()
    connection.execute(f"pragma max_page_count = {pages if full else 2**30}")


def test_a_state_folder_is_used_by_one_process(tmp_path: Path, hub: FakeHub) -> None:
    config = write_config(tmp_path, hub)
    with running(config, hub), pytest.raises(AlreadyRunning), running(config, hub):
        pass
