"""What a participant refuses, whoever asks, for what permit, statement and keys say: nothing leaves."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from crossroads.kernel.period import Period
from crossroads.wire.keys import SealingKey, SigningKey
from crossroads.wire.registrations import KeyUse
from fakehub import ALICE, FakeAsker, FakeHub, Question, now
from participants import FILE, NAME, OTHER_SSIN, SSIN, WAGE, Running

pytest_plugins = ["participant_fixtures"]

EARLY = Period(date(2025, 12, 1), date(2026, 1, 31))


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


def test_a_statement_signed_with_a_key_for_permits(participant: Running, hub: FakeHub, question: Question) -> None:
    permits = SigningKey.generate(f"{question.asker.name}#permit-1")
    question.statement_key = permits
    question.request["asker_keys"] = (*question.asker.keys, hub.register(permits, KeyUse.PERMIT, permits))
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


def test_to_a_key_that_signs_nothing_is_sealed(participant: Running, question: Question) -> None:
    question.statement |= {"encryption_key": question.asker.sign.jwk.thumbprint}
    question.permit |= {"encryption_key": question.asker.sign.jwk.thumbprint}
    assert participant.refusal(question) == (403, "CR-ENCRYPTION-KEY-UNKNOWN")


def test_keys_that_ran_out(participant: Running, hub: FakeHub, asker: FakeAsker) -> None:
    asker.seal = SealingKey.generate(f"{asker.name}#seal-2")
    late = hub.register(asker.seal, KeyUse.SEAL, asker.sign, valid_for=timedelta(seconds=-1))
    hub.keys[asker.name][1] = late
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-ENCRYPTION-KEY-UNKNOWN")
    slipped_in(hub, asker, valid_for=timedelta(seconds=-1))
    assert participant.refusal(Question(asker, NAME, SSIN, WAGE)) == (403, "CR-KEY-EXPIRED")
