"""Commitments open one field and tell nothing of the others."""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.kernel.ssin import Ssin
from crossroads.wire.commitments import (
    canonical_value,
    commit,
    commitments_of,
    leaf_of,
    open_field,
    verify_opening,
)

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127, exclude_characters="\x00"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4))
names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,10}", fullmatch=True)
entries = st.dictionaries(names, values, min_size=1, max_size=8)


@given(values)
def test_the_canonical_form_is_that_of_rfc_8785(value: Any) -> None:
    assert canonical_value(value) == rfc8785.dumps(value)


@given(entries, st.binary(min_size=16 * 8, max_size=16 * 8))
def test_commitments_and_leaf_are_as_defined(fields: dict[str, Any], random: bytes) -> None:
    salts = random[: 16 * len(fields)]
    expected = {}
    for at, name in enumerate(sorted(fields)):
        message = name.encode() + b"\x00" + rfc8785.dumps(fields[name])
        digest = hmac.digest(salts[at * 16 : at * 16 + 16], message, "sha256")
        expected[name] = urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert commitments_of(fields, salts) == expected
    assert leaf_of(expected) == sha256(b"\x00" + rfc8785.dumps(expected)).digest()


@given(entries)
def test_the_leaf_of_a_new_entry_is_as_defined(fields: dict[str, Any]) -> None:
    leaf, salts = commit(fields)
    assert leaf == sha256(b"\x00" + rfc8785.dumps(commitments_of(fields, salts))).digest()


def test_text_that_reads_like_an_escaped_nul_is_text() -> None:
    fields: dict[str, Any] = {"a": "\\u0000", "b": ["\\u0000\n\r\u2028"], "c": {"\\u0000": 1}}
    commitments = commitments_of(fields, b"0" * 48)
    for name, value in fields.items():
        digest = hmac.digest(b"0" * 16, name.encode() + b"\x00" + rfc8785.dumps(value), "sha256")
        assert commitments[name] == urlsafe_b64encode(digest).rstrip(b"=").decode()


@given(entries)
def test_every_field_opens_to_the_leaf_of_its_entry(fields: dict[str, Any]) -> None:
    leaf, salts = commit(fields)
    commitments = commitments_of(fields, salts)
    for name in fields:
        opening = open_field(fields, salts, name)
        assert verify_opening(name, opening.value, opening.salt, commitments) == leaf


@given(entries, values)
def test_a_field_opens_to_no_other_value(fields: dict[str, Any], other: Any) -> None:
    salts = commit(fields).salts
    commitments = commitments_of(fields, salts)
    name = min(fields)
    if canonical_value(other) != canonical_value(fields[name]):
        with pytest.raises(Tampered, match=name):
            verify_opening(name, other, open_field(fields, salts, name).salt, commitments)


def test_a_value_does_not_pass_under_another_name() -> None:
    fields = {"institution": "pcsa-ghent", "source": "pcsa-ghent"}
    salts = commit(fields).salts
    opening = open_field(fields, salts, "institution")
    with pytest.raises(Tampered, match="source"):
        verify_opening("source", opening.value, opening.salt, commitments_of(fields, salts))


def test_each_entry_has_fresh_salts() -> None:
    first, second = commit({"a": 1, "b": 2}), commit({"a": 1, "b": 2})
    assert first.salts[:16] not in (first.salts[16:], second.salts[:16])
    assert first.leaf != second.leaf


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        2**53,
        -(2**53),
        "a\x00b",
        "\ud800",
        ["\x00"],
        {"x": 1.0},
        {"é": 1},
        {1: "x"},
        b"bytes",
        {1, 2},
    ],
    ids=repr,
)
def test_what_a_log_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        commit({"field": value})
    with pytest.raises(Tampered):
        verify_opening("field", value, b"0" * 16, {"field": "x"})


def test_a_value_nested_without_end_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InvalidValue, match="deep"):
        commit({"field": value})


@pytest.mark.parametrize("name", ["", "with space", "é", "1st", "a\x00", "x" * 65])
def test_a_field_name_is_letters_and_digits(name: str) -> None:
    with pytest.raises(InvalidValue):
        commit({name: 1})


def test_text_of_a_derived_type_is_text() -> None:
    assert canonical_value([Ssin("85073003328")]) == b'["85073003328"]'
    assert canonical_value(Ssin("85073003328")) == b'"85073003328"'


def test_salts_must_fit_the_fields() -> None:
    with pytest.raises(InvalidValue):
        commitments_of({"a": 1, "b": 2}, b"0" * 16)
    with pytest.raises(Tampered):
        verify_opening("a", 1, b"short", {"a": "x"})


def test_a_field_that_is_not_there_cannot_be_opened() -> None:
    with pytest.raises(InvalidValue, match="agent"):
        open_field({"a": 1}, b"0" * 16, "agent")
