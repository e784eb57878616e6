"""Registrations: what keeps a hub from slipping in a key of its own."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import CrossroadsError, InvalidValue, Tampered
from crossroads.wire import jws
from crossroads.wire.canonical import b64url, canonical
from crossroads.wire.keys import Jwk, SealingKey, SigningKey, VerifyKey
from crossroads.wire.registrations import (
    KIND,
    KeyUse,
    Registration,
    SignedAct,
    act,
    count_operators,
    operator_name,
    read_registration,
    verify_registration,
)

ALICE, ALICE_2, BOB = (SigningKey.generate(f"operator:{name}") for name in ("alice#1", "alice#2", "bob#1"))
MALLORY = SigningKey.generate("operator:mallory#1")
OPERATORS = {key.key_id: VerifyKey(key.jwk) for key in (ALICE, ALICE_2, BOB)}
KEY = SigningKey.generate("pcsa-ghent#sign-1")
SEAL = SealingKey.generate("pcsa-ghent#seal-1")
OTHER = SigningKey.generate("pps-si#sign-1")
PROVEN = {KEY.key_id: VerifyKey(KEY.jwk), OTHER.key_id: VerifyKey(OTHER.jwk)}
FROM = datetime(2026, 1, 1, tzinfo=UTC)


def registration(**changes: Any) -> Registration:
    said: dict[str, Any] = {
        "installation": "test-network",
        "institution": "pcsa-ghent",
        "key_id": KEY.key_id,
        "use": KeyUse.SIGN,
        "jwk": KEY.jwk,
        "valid_from": FROM,
        "valid_until": FROM + timedelta(days=365),
    }
    return Registration(**said | changes)


SEALING = registration(key_id=SEAL.key_id, use=KeyUse.SEAL, jwk=SEAL.jwk)


def signed(*keys: SigningKey, content: Any = None, kind: str = "register-key") -> SignedAct:
    one = act(kind, content or registration())
    for key in keys:
        one = one.signed_by(key)
    return one


def finds(keys: dict[str, VerifyKey]) -> Callable[[str], VerifyKey | None]:
    return keys.get


def verified(one: SignedAct) -> Registration:
    travelled = msgspec.json.decode(msgspec.json.encode(one), type=SignedAct)
    return verify_registration(travelled, OPERATORS, finds(PROVEN))


def test_two_operators_and_the_key_itself_register_a_key() -> None:
    for order in ((ALICE, BOB, KEY), (KEY, BOB, ALICE_2), (ALICE, ALICE_2, KEY, BOB, MALLORY)):
        assert verified(signed(*order)) == registration()


@pytest.mark.parametrize(
    "keys",
    [(), (ALICE,), (ALICE, KEY), (ALICE, ALICE_2, KEY), (ALICE, MALLORY, KEY), (KEY,), (ALICE, KEY, OTHER)],
    ids=lambda keys: "+".join(key.key_id for key in keys),
)
def test_fewer_than_two_operators_register_nothing(keys: tuple[SigningKey, ...]) -> None:
    with pytest.raises(Tampered, match="two operators"):
        verified(signed(*keys))


def test_two_keys_of_one_operator_are_one_operator() -> None:
    assert count_operators(signed(ALICE, ALICE_2), OPERATORS) == 1
    assert count_operators(signed(ALICE, ALICE_2, BOB), OPERATORS) == 2
    assert operator_name("operator:alice#1") == operator_name("operator:alice#2") == "alice"


def test_one_signature_given_twice_counts_once() -> None:
    one = signed(ALICE, ALICE)
    assert len(one.signatures) == 1
    twice = msgspec.structs.replace(one, signatures=one.signatures * 3)
    assert twice.verified(OPERATORS.get) == (ALICE.key_id,)
    assert count_operators(twice, OPERATORS) == 1
    again = act(one.kind, registration()).signed_by(ALICE)  # another signature by the same key
    assert count_operators(msgspec.structs.replace(one, signatures=one.signatures + again.signatures), OPERATORS) == 1


def test_a_signature_in_ones_name_that_does_not_hold_is_replaced_when_one_signs() -> None:
    bogus = signed(ALICE, SigningKey.generate(BOB.key_id))
    elsewhere = msgspec.structs.replace(signed(BOB), signatures=signed(BOB, kind="revoke-key").signatures)
    for one in (bogus, elsewhere, msgspec.structs.replace(bogus, signatures=bogus.signatures[1:] * 2)):
        by_bob = one.signed_by(BOB)
        assert by_bob.signers.count(BOB.key_id) == 1
        assert BOB.key_id in by_bob.verified(OPERATORS.get)
        assert by_bob.signed_by(BOB) == by_bob
    assert verified(bogus.signed_by(BOB).signed_by(KEY)) == registration()


def test_what_others_signed_is_left_as_it_is() -> None:
    one = signed(ALICE, MALLORY)
    assert one.signed_by(BOB).signatures[:2] == one.signatures


def test_the_key_itself_must_sign() -> None:
    same_name = SigningKey.generate(KEY.key_id)
    second = SigningKey.generate("pcsa-ghent#sign-2")
    for keys in ((ALICE, BOB), (ALICE, BOB, OTHER), (ALICE, BOB, second), (ALICE, BOB, MALLORY)):
        with pytest.raises(Tampered, match="by the key itself"):
            verified(signed(*keys))
    with pytest.raises(Tampered, match="does not hold"):
        verified(signed(ALICE, BOB, same_name))


def test_a_proven_key_does_not_stand_in_for_the_new_one() -> None:
    new = SigningKey.generate("pcsa-ghent#sign-2")
    content = registration(key_id=new.key_id, jwk=new.jwk)
    with pytest.raises(Tampered, match="by the key itself"):
        verified(signed(ALICE, BOB, KEY, content=content))
    assert verified(signed(ALICE, BOB, new, content=content)).key_id == new.key_id


def test_a_sealing_key_needs_a_signing_key_of_its_institution() -> None:
    assert verified(signed(ALICE, BOB, KEY, content=SEALING)) == SEALING
    unknown = SigningKey.generate("pcsa-ghent#sign-9")
    prefix = SigningKey.generate("pcsa-ghent-2#sign-1")
    for keys in ((ALICE, BOB), (ALICE, BOB, OTHER), (ALICE, BOB, unknown), (ALICE, BOB, prefix)):
        with pytest.raises(Tampered, match="by a key of its institution"):
            verify_registration(
                signed(*keys, content=SEALING),
                OPERATORS,
                finds({**PROVEN, prefix.key_id: VerifyKey(prefix.jwk)}),
            )


def test_a_false_signature_of_a_known_key_spoils_the_act() -> None:
    false = SigningKey.generate(BOB.key_id)
    with pytest.raises(Tampered, match="does not hold"):
        verified(signed(ALICE, false, KEY))


def test_one_kind_of_act_is_none_of_another() -> None:
    other = signed(ALICE, BOB, KEY, kind="revoke-key")
    with pytest.raises(Tampered, match="two operators"):
        verified(other)
    with pytest.raises(Tampered, match="another kind of act"):
        verified(msgspec.structs.replace(other, kind="register-key"))
    assert other.digest != signed(kind="register-key").digest
    for kind in ("crossroads-statement+jws", "crossroads-block+jws"):
        content = signed().content
        stolen = jws.detach(jws.sign(content, {"act": "register-key"}, kind, ALICE))
        with pytest.raises(Tampered, match="crossroads-act"):
            verified(SignedAct(kind="register-key", payload=b64url(content), signatures=(stolen,)))


@pytest.mark.parametrize(
    "changes",
    [
        {"installation": "other"},
        {"jwk": OTHER.jwk},
        {"use": KeyUse.PERMIT},
        {"valid_until": FROM + timedelta(days=366)},
        {"institution": "pps-si", "key_id": "pps-si#sign-1"},
    ],
    ids="-".join,
)
def test_nothing_of_it_can_change(changes: dict[str, Any]) -> None:
    one = signed(ALICE, BOB, KEY)
    altered = msgspec.structs.replace(one, payload=b64url(canonical(registration(**changes))))
    with pytest.raises(Tampered, match="does not hold"):
        verified(altered)


PLAIN: dict[str, Any] = json.loads(canonical(registration()))


@pytest.mark.parametrize(
    "changes",
    [
        {"keyId": "pps-si#sign-1"},
        {"keyId": "pcsa-ghent"},
        {"keyId": "pcsa-ghent#a#b"},
        {"keyId": "pcsa-ghent#sign-1\n"},
        {"keyId": "operator:alice#1"},
        {"institution": "operator:alice", "keyId": "operator:alice#1"},
        {"use": "log"},
        {"use": "seal"},
        {"jwk": json.loads(canonical(SEAL.jwk))},
        {"jwk": PLAIN["jwk"] | {"x": PLAIN["jwk"]["x"] + "="}},
        {"jwk": PLAIN["jwk"] | {"d": "AA"}},
        {"validUntil": PLAIN["validFrom"]},
        {"validFrom": "2026-01-01T00:00:00"},
        {"validFrom": 0},
        {"more": 1},
    ],
    ids="-".join,
)
def test_a_registration_has_one_form(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue, match="registers no key"):
        read_registration(signed(content=PLAIN | changes))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 50_000,
        canonical(PLAIN) + b" ",
        json.dumps(PLAIN).encode(),
        b'{"keyId":"pps-si#sign-1",' + canonical(PLAIN)[1:],
        canonical(PLAIN).replace(b"pcsa-ghent", b"pcsa\\u002dghent"),
    ],
    ids=lambda content: str(content[:30]),
)
def test_it_is_read_only_in_canonical_form(content: bytes) -> None:
    one = SignedAct(kind="register-key", payload=b64url(content))
    for key in (ALICE, BOB, KEY):
        one = one.signed_by(key)
    with pytest.raises(InvalidValue, match="registers no key"):
        verified(one)


def test_a_key_that_is_no_point_of_the_curve_registers_nothing() -> None:
    off = registration(jwk=Jwk("EC", "P-256", KEY.jwk.x, KEY.jwk.x))
    with pytest.raises(InvalidValue, match="curve"):
        verified(signed(ALICE, BOB, KEY, content=off))


@given(st.text(max_size=30) | st.text("abc.-_=", max_size=30), st.lists(st.text("abc.-_=é\n", max_size=12), max_size=3))
def test_garbage_raises_nothing_but_our_own(payload: str, signatures: list[str]) -> None:
    one = signed(ALICE, BOB, KEY)
    for altered in (
        msgspec.structs.replace(one, payload=payload),
        msgspec.structs.replace(one, payload=payload, signatures=tuple(signatures)),
    ):
        with pytest.raises(CrossroadsError):
            verify_registration(altered, OPERATORS, finds(PROVEN))


def test_a_signature_with_its_own_payload_is_refused() -> None:
    one = act("register-key", registration())
    attached = jws.sign(one.content, {"act": "register-key"}, KIND, ALICE)
    with pytest.raises(Tampered, match="detached"):
        msgspec.structs.replace(one, signatures=(attached,)).verified(OPERATORS.get)


def test_the_digest_names_the_act_and_not_its_signatures() -> None:
    assert signed().digest == signed(ALICE, BOB).digest
    assert signed().digest != signed(content=SEALING).digest
