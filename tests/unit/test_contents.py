"""Content of changes: only its source signed it, and only for this change."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from joserfc import jws as oracle
from joserfc.jwk import ECKey

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.period import Period
from crossroads.wire.canonical import b64url, canonical
from crossroads.wire.contents import ContentClaims, sign_content, signer_of, verify_content
from crossroads.wire.keys import SigningKey, VerifyKey

SOURCE = SigningKey.generate("register#sign-1")
PUBLIC = VerifyKey(SOURCE.jwk)
CONTENT: dict[str, Any] = {"state": "married", "since": "2026-02-01"}
CLAIMS = ContentClaims(
    "80650112345", "civil@1", "register", Period(date(2026, 2, 1)), "changed", date(2026, 2, 1), None
)
OTHER: dict[str, Any] = {
    "ssin": "80650112346",
    "data_group": "address@1",
    "source": "registry",
    "period": Period(date(2026, 2, 1), date(2026, 3, 1)),
    "kind": "created",
    "happened_on": date(2026, 2, 2),
    "wrong_since": datetime(2026, 1, 1, tzinfo=UTC),
}

words = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)
contents = st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=5)


@given(contents)
def test_what_was_signed_holds_however_it_was_carried(content: dict[str, Any]) -> None:
    signature = sign_content(content, CLAIMS, SOURCE)
    verify_content(signature, msgspec.json.decode(msgspec.json.encode(content)), CLAIMS, PUBLIC)
    assert signer_of(signature) == SOURCE.key_id


@given(contents, contents)
def test_no_other_content_holds(content: dict[str, Any], other: dict[str, Any]) -> None:
    assume(canonical(content) != canonical(other))
    with pytest.raises(Tampered):
        verify_content(sign_content(content, CLAIMS, SOURCE), other, CLAIMS, PUBLIC)


@pytest.mark.parametrize("name", OTHER)
def test_it_holds_for_no_other_change(name: str) -> None:
    signature = sign_content(CONTENT, CLAIMS, SOURCE)
    with pytest.raises(Tampered):
        verify_content(signature, CONTENT, CLAIMS._replace(**{name: OTHER[name]}), PUBLIC)


def test_a_moment_is_the_same_in_every_offset() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    signature = sign_content(CONTENT, CLAIMS._replace(wrong_since=moment), SOURCE)
    elsewhere = CLAIMS._replace(wrong_since=moment.astimezone(timezone(timedelta(hours=9))))
    verify_content(signature, CONTENT, elsewhere, PUBLIC)


def test_what_has_no_canonical_form_is_not_signed() -> None:
    edge = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    for content, claims in (({"amount": 2**70}, CLAIMS), (CONTENT, CLAIMS._replace(wrong_since=edge))):
        with pytest.raises(InvalidValue):
            sign_content(content, claims, SOURCE)


@given(st.text(max_size=60) | st.just("a.b.c") | st.just(".."))
def test_what_is_no_signature_is_refused(noise: str) -> None:
    with pytest.raises(Tampered):
        verify_content(noise, CONTENT, CLAIMS, PUBLIC)


def test_neither_another_key_nor_another_kind_of_signature_holds() -> None:
    stranger = SigningKey.generate("registry#sign-1")
    with pytest.raises(Tampered):
        verify_content(sign_content(CONTENT, CLAIMS, stranger), CONTENT, CLAIMS, PUBLIC)
    with pytest.raises(Tampered, match="not signed with a key of its source"):
        verify_content(sign_content(CONTENT, CLAIMS, stranger), CONTENT, CLAIMS, VerifyKey(stranger.jwk))


def test_a_library_that_is_not_ours_reads_it_and_finds_no_number_of_the_person() -> None:
    protected, empty, signature = sign_content(CONTENT, CLAIMS, SOURCE).split(".")
    assert empty == ""
    compact = f"{protected}.{b64url(canonical(CONTENT))}.{signature}"
    key = ECKey.import_key(msgspec.to_builtins(SOURCE.jwk))
    registry = oracle.JWSRegistry(strict_check_header=False)
    read = oracle.deserialize_compact(compact, key, registry=registry)
    assert (msgspec.json.decode(read.payload), read.headers()["dataGroup"]) == (CONTENT, "civil@1")
    assert CLAIMS.ssin not in str(read.headers())
