"""The asker's statement: nobody else can make one, and it tells a source only what that source is asked."""

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as oracle
from joserfc.jwk import ECKey

from crossroads.kernel.errors import Tampered
from crossroads.kernel.period import Period
from crossroads.kernel.ssin import Environment
from crossroads.wire import jws
from crossroads.wire.canonical import b64url
from crossroads.wire.keys import SealingKey, SigningKey, VerifyKey
from crossroads.wire.statements import (
    KIND,
    Statement,
    group_digest,
    group_digests,
    new_salts,
    read_statement,
    sign_statement,
    verify_statement,
)

KEY = SigningKey.generate("pcsa-ghent#sign-1")
PUBLIC = VerifyKey(KEY.jwk)
SSIN = "80631512393"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SALTS = new_salts(["living-wage@1", "handicap-file@1"])
STATEMENT = Statement(
    asker="pcsa-ghent",
    on_behalf_of="pcsa-lochristi",
    agent="agent-7",
    legal_context="PCSA:SOCIAL_INQUIRY",
    ssin=SSIN,
    data_groups=group_digests(SALTS),
    period=Period(date(2026, 1, 1), date(2026, 3, 31)),
    reference_date=date(2026, 3, 1),
    encryption_key=SealingKey.generate("pcsa-ghent#seal-1").jwk.thumbprint,
    nonce="0123456789abcdef",
    issued_at=NOW,
    expires_at=NOW + timedelta(seconds=300),
    installation="test-network",
    environment=Environment.TEST,
    checkpoint="a note",
)
COMPACT = sign_statement(STATEMENT, KEY)
PLAIN: dict[str, Any] = json.loads(msgspec.json.encode(STATEMENT))


def verified(compact: str, key: VerifyKey = PUBLIC) -> Statement:
    parsed, statement = read_statement(compact)
    verify_statement(parsed, statement, key)
    return statement


def with_payload(payload: bytes, key: SigningKey = KEY) -> str:
    return jws.sign(payload, {}, KIND, key)


def test_a_statement_is_read_back_here_and_by_the_library() -> None:
    assert verified(COMPACT) == STATEMENT
    read = oracle.deserialize_compact(COMPACT, ECKey.import_key(KEY._private), ["ES256"])
    assert json.loads(read.payload) == PLAIN


OTHERS: dict[str, Any] = {
    "asker": "pps-si",
    "onBehalfOf": "pcsa-gent",
    "agent": "agent-8",
    "legalContext": "PCSA:OTHER",
    "ssin": "85600000170",
    "dataGroups": PLAIN["dataGroups"][:1],
    "period": {"startDate": "2026-01-01"},
    "referenceDate": "2026-03-02",
    "encryptionKey": "A" * 43,
    "nonce": "0123456789abcdeF",
    "issuedAt": "2026-03-01T12:00:01Z",
    "expiresAt": "2026-03-01T12:05:01Z",
    "installation": "other-network",
    "environment": "production",
    "checkpoint": "another note",
}


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_no_field_can_change(name: str) -> None:
    changed = msgspec.json.encode(PLAIN | {name: OTHERS[name]})
    protected, _, signature = COMPACT.split(".")
    with pytest.raises(Tampered):
        verified(f"{protected}.{b64url(changed)}.{signature}")
    assert verified(with_payload(msgspec.json.encode(PLAIN))) == STATEMENT


def test_only_a_key_of_the_asker_signs() -> None:
    for key_id in ("pps-si#sign-1", "pcsa-ghent-2#sign-1", "#sign-1", "operator:pcsa-ghent#1", "pcsa-ghen#t", ""):
        other = SigningKey.generate(key_id)
        with pytest.raises(Tampered, match="not signed with a key of the asker"):
            verified(sign_statement(STATEMENT, other), VerifyKey(other.jwk))
    with pytest.raises(Tampered, match="does not hold"):
        verified(sign_statement(STATEMENT, SigningKey.generate(KEY.key_id)))


def test_a_block_or_registration_is_no_statement() -> None:
    for kind in ("crossroads-block+jws", "crossroads-act+jws", "JWT"):
        with pytest.raises(Tampered, match=r"crossroads-statement\+jws"):
            verified(jws.sign(msgspec.json.encode(STATEMENT), {}, kind, KEY))


@pytest.mark.parametrize(
    "changes",
    [
        {"issuedAt": "2026-03-01T12:00:00"},
        {"expiresAt": "2026-03-01"},
        {"issuedAt": 1},
        {"ssin": SSIN + "\n"},
        {"ssin": 80631512393},
        {"nonce": "short"},
        {"nonce": "0123456789abcde\x00"},
        {"nonce": "0123456789abcdé"},
        {"nonce": "0123456789 abcdef"},
        {"nonce": "x" * 65},
        {"asker": "PCSA-GHENT"},
        {"asker": "pcsa-ghent#sign-1"},
        {"dataGroups": ["living-wage@1"]},
        {"agent": ""},
        {"agent": "a\nb"},
        {"environment": "demo"},
        {"more": 1},
        {"period": {"startDate": "2026-02-01", "endDate": "2026-01-01"}},
        {"period": {"startDate": "2026-02-30"}},
    ],
    ids="-".join,
)
def test_a_statement_has_one_form(changes: dict[str, Any]) -> None:
    with pytest.raises(Tampered, match="form of a statement"):
        read_statement(with_payload(json.dumps(PLAIN | changes).encode()))


@pytest.mark.parametrize("name", ["asker", "agent", "ssin", "nonce", "issuedAt", "expiresAt", "environment"])
def test_what_a_statement_must_say_cannot_be_left_out(name: str) -> None:
    with pytest.raises(Tampered, match="form of a statement"):
        read_statement(with_payload(msgspec.json.encode({one: PLAIN[one] for one in PLAIN if one != name})))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        msgspec.json.encode(PLAIN) + b"{}",
        b"[" * 50_000,
        b'{"ssin":"85600000170",' + msgspec.json.encode(PLAIN)[1:],
        b'{"\\u0073sin":"85600000170",' + msgspec.json.encode(PLAIN)[1:],
        msgspec.json.encode(PLAIN).replace(b'"nonce":"0123', b'"nonce":"\xed\xa0\x800123'),
    ],
    ids=lambda payload: str(payload[:24]),
)
def test_a_payload_that_two_readers_could_read_differently_is_refused(payload: bytes) -> None:
    with pytest.raises(Tampered, match="form of a statement") as caught:
        read_statement(with_payload(payload))
    assert caught.value.__cause__ is None


@given(st.text(max_size=40) | st.text("abc.-_=", max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(Tampered):
        read_statement(text)


def test_each_data_group_stands_only_as_the_digest_of_its_disclosure() -> None:
    for group, salt in SALTS.items():
        disclosure = urlsafe_b64encode(json.dumps([salt, "dataGroup", group], separators=(",", ":")).encode())
        digest = urlsafe_b64encode(sha256(disclosure.rstrip(b"=")).digest()).rstrip(b"=").decode()
        assert group_digest(group, salt) == digest
        assert digest in STATEMENT.data_groups
        assert STATEMENT.covers(group, salt)
    assert "living-wage" not in str(PLAIN)
    assert list(STATEMENT.data_groups) == sorted(STATEMENT.data_groups)


def test_an_opening_opens_its_own_group_only() -> None:
    wage, file = SALTS["living-wage@1"], SALTS["handicap-file@1"]
    for group, salt in (
        ("living-wage@1", file),
        ("handicap-file@1", wage),
        ("living-wage@2", wage),
        ("x", ""),
        ("", wage),
    ):
        assert not STATEMENT.covers(group, salt)
    assert len({*new_salts("ab").values(), *new_salts("ab").values()}) == 4


def test_the_person_is_named_to_those_only_who_have_the_statement() -> None:
    digest = hmac.digest(STATEMENT.nonce.encode(), SSIN.encode(), "sha256")
    assert STATEMENT.subject(SSIN) == urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert STATEMENT.subject("85600000170") != STATEMENT.subject(SSIN)


def lived(now: datetime, **changes: Any) -> None:
    statement = msgspec.convert(PLAIN | changes, Statement)
    statement.check_valid(now, "test-network", Environment.TEST)


@pytest.mark.parametrize("seconds", [-5, 0, 299])
def test_a_statement_lives_five_minutes(seconds: int) -> None:
    lived(NOW + timedelta(seconds=seconds))
    lived((NOW + timedelta(seconds=seconds)).astimezone(timezone(timedelta(hours=9))))


@pytest.mark.parametrize("seconds", [-6, 300, 301, 10**9, -(10**9)])
def test_it_holds_neither_before_nor_after(seconds: int) -> None:
    with pytest.raises(Tampered, match="no longer, valid"):
        lived(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("issued", "expires"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:05:01Z"),
        ("2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00Z"),
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:01:00Z"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00-23:59"),
        ("9999-12-31T23:58:00Z", "9999-12-31T23:59:59Z"),
        ("9999-12-31T23:58:00-23:59", "9999-12-31T23:59:59-23:59"),
        ("2026-03-01T12:05:00Z", "2026-03-01T12:00:00Z"),
    ],
)
def test_a_life_out_of_bounds_is_refused(issued: str, expires: str) -> None:
    with pytest.raises(Tampered):
        read_and_check(with_payload(json.dumps(PLAIN | {"issuedAt": issued, "expiresAt": expires}).encode()))


def read_and_check(compact: str) -> None:
    read_statement(compact)[1].check_valid(NOW, "test-network", Environment.TEST)


def test_a_statement_is_for_one_installation() -> None:
    for installation, environment in (("other", Environment.TEST), ("test-network", Environment.PRODUCTION)):
        with pytest.raises(Tampered, match="another installation"):
            STATEMENT.check_valid(NOW, installation, environment)
