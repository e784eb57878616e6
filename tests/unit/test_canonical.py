"""Canonical JSON has one form, and so has base64."""

import base64
import json
import traceback
from datetime import date
from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue
from crossroads.kernel.period import Period
from crossroads.wire.canonical import b64url, canonical, from_b64, from_b64url, sha256

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=12,
)


@given(values)
def test_the_canonical_form_is_that_of_rfc_8785_and_is_its_own(value: Any) -> None:
    form = canonical(value)
    assert form == rfc8785.dumps(value)
    assert canonical(msgspec.json.decode(form)) == form
    assert msgspec.json.decode(form) == value


@given(
    st.dictionaries(st.text(max_size=4), st.integers(0, 9), min_size=2).flatmap(
        lambda d: st.permutations(list(d.items()))
    )
)
def test_the_order_in_which_members_come_does_not_matter(members: list[tuple[str, int]]) -> None:
    try:
        forms = {canonical(dict(members)), canonical(dict(reversed(members)))}
    except InvalidValue:
        return
    assert len(forms) == 1


def test_members_are_ordered_by_utf_16_units_and_a_struct_as_it_travels() -> None:
    assert canonical({"\ufb33": 1, "\U0001f600": 2, "a": 3}) == '{"a":3,"\U0001f600":2,"\ufb33":1}'.encode()
    assert canonical(Period(date(2026, 1, 1))) == b'{"startDate":"2026-01-01"}'
    assert canonical("e\u0301") != canonical("\u00e9")


@pytest.mark.parametrize(
    "secret", [float("nan"), float("inf"), 2**53, -(2**53), "80631512393\ud800", object(), {1, 2**60}]
)
def test_what_has_no_canonical_form_is_refused_and_not_repeated(secret: Any) -> None:
    with pytest.raises(InvalidValue) as caught:
        canonical({"value": [secret]})
    shown = "".join(traceback.format_exception(caught.value))
    assert "80631512393" not in shown


def test_a_value_nested_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InvalidValue):
        canonical(endless)


@given(st.binary(max_size=80))
def test_base64_is_read_back_and_is_that_of_the_library(data: bytes) -> None:
    assert b64url(data).encode() == base64.urlsafe_b64encode(data).rstrip(b"=")
    assert from_b64url(b64url(data)) == data
    assert from_b64(base64.b64encode(data).decode()) == data


base64ish = st.text("AQgwZz09-_+/= \n.", max_size=12)


@given(base64ish | st.text(max_size=12))
def test_no_two_texts_are_one_value(text: str) -> None:
    for read, write in ((from_b64url, b64url), (from_b64, lambda data: base64.b64encode(data).decode())):
        try:
            data = read(text)
        except InvalidValue:
            continue
        assert write(data) == text


@pytest.mark.parametrize(
    "text", ["QQ==", "QQ=", "QR", "Q", "QQ\n", " QQ", "Q Q", "Q!Q", "++//", "QUJD=", "QÄ", "QUJ\uff21"]
)
def test_other_ways_to_write_base64url_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        from_b64url(text)


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", "Q=Q=", "QQ==QQ==", "--__", "QQ==="])
def test_other_ways_to_write_base64_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        from_b64(text)


def test_sha256_is_that_of_the_standard() -> None:
    assert sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert json.loads(canonical({})) == {}
