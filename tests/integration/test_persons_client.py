"""What a client believes of a hub that lies about who somebody is."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from crossroads.kernel.errors import Malformed, Tampered
from crossroads.participant.client import SyncClient
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import AnsweredSsin, PersonConfirmation, PersonConfirmed
from crossroads.wire.persons import PersonCandidate, PersonCandidates, PersonChanged, PersonQuery, PersonReplacement
from crossroads.wire.signatures import Request, sign_answer
from fakehub import JSON, FakeHub, now
from raw import INQUIRY, person

pytest_plugins = ["participant_fixtures", "client_fixtures"]

OLD, NEW, OTHER = person(1), person(3), person(5)
QUERY = PersonQuery(agent="clerk-7", legal_context=INQUIRY, ssin=OLD)
CONFIRMATION = PersonConfirmation(reference="r-1", ssin=OLD, birth_date="1980-03-15", last_name="Zandbergen")
REPLACEMENT = msgspec.convert(
    {"reference": "r-1", "ssin": OLD, "national": NEW, "since": "2026-03-01", "reason": "registered"}, PersonReplacement
)


def changed(value: str, reference: str = "r-1", kind: type[Any] = PersonChanged) -> Any:
    return kind(reference=reference, ticket=uuid4(), ssin=AnsweredSsin(value=value))


def found(value: str, replaces: str | None = None) -> PersonCandidates:
    candidate = PersonCandidate(ssin=AnsweredSsin(value=value, replaces=replaces), score=1.0)
    return PersonCandidates(ticket=uuid4(), items=(candidate,), total=1)


def answer(hub: FakeHub, path: str, content: Any, key: SigningKey | None = None) -> None:
    """Let the hub answer at a path with this, whatever is asked."""
    body = msgspec.json.encode(content)

    def door(headers: dict[str, str], sent: bytes) -> tuple[int, dict[str, str], bytes]:
        request = Request("POST", f"{hub.url}{path}", headers, sent)
        return 200, {"content-type": JSON, **sign_answer(key or hub.sign, request, 200, JSON, body, now())}, body

    hub.doors[path] = door


def test_what_holds_is_given(hub: FakeHub, client: SyncClient) -> None:
    answer(hub, "/v1/persons/query", found(NEW, OLD))
    answer(hub, "/v1/persons/replace", changed(NEW))
    answer(hub, "/v1/persons/confirm", changed(OLD, kind=PersonConfirmed))
    assert client.find_persons(QUERY).items[0].ssin.replaces == OLD
    assert client.replace_number(REPLACEMENT).ssin.value == NEW
    assert client.confirm_person(CONFIRMATION).ssin.value == OLD


@pytest.mark.parametrize(
    ("path", "content", "ask"),
    [
        ("query", found(OTHER), lambda client: client.find_persons(QUERY)),
        ("replace", changed(NEW, "r-2"), lambda client: client.replace_number(REPLACEMENT)),
        ("replace", changed(OTHER), lambda client: client.replace_number(REPLACEMENT)),
        ("confirm", changed(OTHER, kind=PersonConfirmed), lambda client: client.confirm_person(CONFIRMATION)),
        ("confirm", changed(OLD, "r-2", PersonConfirmed), lambda client: client.confirm_person(CONFIRMATION)),
        ("confirm", {"reference": "r-1"}, lambda client: client.confirm_person(CONFIRMATION)),
    ],
)
def test_an_answer_about_another_is_not_believed(
    hub: FakeHub, client: SyncClient, path: str, content: Any, ask: Callable[[SyncClient], object]
) -> None:
    answer(hub, f"/v1/persons/{path}", content)
    with pytest.raises(Tampered) as refused:
        ask(client)
    assert OTHER not in str(refused.value)


def test_an_answer_that_the_hub_did_not_sign_is_not_believed(hub: FakeHub, client: SyncClient) -> None:
    answer(hub, "/v1/persons/query", found(OLD), SigningKey.generate("crossroads#sign-1"))
    with pytest.raises(Tampered):
        client.find_persons(QUERY)


def test_what_the_hub_would_refuse_is_told_with_its_place_before_it_is_sent(client: SyncClient) -> None:
    with pytest.raises(Malformed) as refused:
        client.confirm_person(msgspec.structs.replace(CONFIRMATION, birth_date="15/03/1980"))
    assert refused.value.faults[0].path == "$.birthDate"
    assert "1980" not in str(refused.value)
