"""Requests that a participant refuses for their envelope or their form, or because it cannot answer now."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from uuid6 import uuid7

from crossroads.participant.log import verify
from crossroads.participant.participant import MAXIMUM_AT_ONCE
from crossroads.participant.routes import BODY_TIME, MAXIMUM_BODY
from crossroads.participant.state import AlreadyRunning
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import Problem
from crossroads.wire.registrations import KeyUse
from fakehub import ALICE, JSON, FakeAsker, FakeHub, Question, now, signed_headers
from participants import (
    NAME,
    OTHER_SSIN,
    SSIN,
    URL,
    WAGE,
    Running,
    refused,
    repeated,
    running,
    said_twice,
    write_config,
)

pytest_plugins = ["participant_fixtures"]

TARGET = f"{URL}/v1/data-requests"


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


@pytest.mark.parametrize("path", ["/v1/data-requests", "/v1/data-requests/bulk", "/v1/documents", "/v1/mailbox-items"])
def test_a_permit_signed_with_the_message_key_of_the_hub(participant: Running, question: Question, path: str) -> None:
    body = question.body()
    headers = signed_headers(participant.hub.sign, f"{URL}{path}", body)
    assert refused(participant.post(body, headers, path)) == (401, "CR-KEY-UNKNOWN")


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


@pytest.mark.parametrize("seconds", [-61, 30])
def test_a_clock_that_is_off(participant: Running, question: Question, seconds: int) -> None:
    created = now() + timedelta(seconds=seconds)
    assert participant.refusal(question, created=created) == (401, "CR-CLOCK-SKEW")


def test_the_same_request_twice(participant: Running, question: Question) -> None:
    body = question.body()
    headers = signed_headers(participant.hub.permit, TARGET, body)
    assert participant.post(body, headers).status_code == 200
    assert refused(participant.post(body, headers)) == (401, "CR-NONCE-REPLAYED")


def test_an_older_request_again_after_a_newer_one(participant: Running, question: Question, asker: FakeAsker) -> None:
    body = question.body()
    headers = signed_headers(participant.hub.permit, TARGET, body, created=now() - timedelta(seconds=30))
    assert participant.post(body, headers).status_code == 200
    participant.answer(Question(asker, NAME, SSIN, WAGE))
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


@pytest.mark.parametrize(
    ("member", "place"),
    [("holder", "$.permit.holder"), ("rule", "$.permit.rule"), ("audience", "$.permit.audience")],
)
def test_a_request_that_can_be_read_in_two_ways(
    participant: Running, question: Question, member: str, place: str
) -> None:
    body = said_twice(question.body(), member, "other")
    assert repeated(participant.post(body, signed_headers(participant.hub.permit, TARGET, body))) == place


def test_particulars_that_can_be_read_in_two_ways(participant: Running) -> None:
    fields = {"ticket": str(uuid7()), "ssin": SSIN, "birthDate": "1980-05-01", "lastName": "Peeters"}
    body, path = said_twice(msgspec.json.encode(fields), "ssin", OTHER_SSIN), "/v1/match-requests"
    headers = signed_headers(participant.hub.permit, f"{URL}{path}", body)
    assert repeated(participant.post(body, headers, path)) == "$.ssin"


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
