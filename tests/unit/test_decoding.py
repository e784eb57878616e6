"""What is wrong with an input is said with its place, and never repeats a value."""

import traceback
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import Malformed
from crossroads.wire.decoding import convert, decode, refuse_repeated_members
from crossroads.wire.messages import Answer, InscriptionLine, Question

SSIN = "80631512393"
LINE: dict[str, Any] = {
    "reference": "r-1",
    "institution": "pcsa-ghent",
    "ssin": SSIN,
    "context": "17:2",
    "period": {"startDate": "2026-01-01", "endDate": "2026-03-31"},
}
DECODER = msgspec.json.Decoder(InscriptionLine)


def faults(body: bytes, decoder: "msgspec.json.Decoder[Any]" = DECODER) -> tuple[str, str, str]:
    with pytest.raises(Malformed) as caught:
        decode(body, decoder)
    shown = "".join(traceback.format_exception(caught.value))
    assert SSIN not in shown
    (fault,) = caught.value.faults
    return fault.path, fault.type.rsplit(":", 1)[-1], fault.detail


def wrong(**changes: Any) -> bytes:
    return msgspec.json.encode(LINE | changes)


def test_a_right_input_is_read() -> None:
    assert decode(wrong(), DECODER) == convert(LINE, InscriptionLine)


def test_a_line_is_in_any_language() -> None:
    reference = "Ünïcode – Ελλάδα – ‘ça’\u00a0№ 7"
    assert decode(wrong(reference=reference), DECODER).reference == reference


@pytest.mark.parametrize(
    ("body", "path", "kind"),
    [
        (wrong(ssin=80631512393), "$.ssin", "schemaViolation"),
        (wrong(ssin=f"{SSIN} "), "$.ssin", "schemaViolation"),
        (wrong(institution=SSIN + "A"), "$.institution", "schemaViolation"),
        (wrong(period={"startDate": SSIN}), "$.period.startDate", "schemaViolation"),
        (wrong(period={"startDate": "2026-01-02", "endDate": "2026-01-01"}), "$.period", "invalidPeriod"),
        (wrong(period={"startDate": "2026-01-02", "endDate": "9999-12-31"}), "$.period", "invalidPeriod"),
        (wrong(period={"startDate": "2026-01-02", "until": SSIN}), "$.period", "unknownInput"),
        *(
            (wrong(reference=f"a{mark}b"), "$.reference", "schemaViolation")
            for mark in "\x00\x1f\x7f\x80\x9f\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2060\u2069\ufeff"
        ),
        (wrong(evidence={"kind": SSIN, "value": "x"}), "$.evidence.kind", "schemaViolation"),
        (wrong(shoeSize=SSIN), "$", "unknownInput"),
        (wrong(**{SSIN: 1}), "$", "unknownInput"),
        (wrong(**{f"x` - at `$.{SSIN}": 1}), "$", "unknownInput"),
        (b"{}", "$", "schemaViolation"),
        (b"[]", "$", "schemaViolation"),
        (SSIN.encode(), "$", "schemaViolation"),
    ],
)
def test_the_place_and_kind_of_a_fault_are_given(body: bytes, path: str, kind: str) -> None:
    assert faults(body)[:2] == (path, kind)


def test_the_name_of_an_unknown_field_is_shown_when_it_is_a_word() -> None:
    assert faults(wrong(shoeSize=1))[2] == "Object contains unknown field `shoeSize`."
    assert faults(wrong(**{SSIN: 1}))[2] == "Object contains unknown field."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b'"\xed\xa0\x80"',
        b'{"ssin":"\\ud800"}',
        b"{" + SSIN.encode(),
        wrong() + b" " + SSIN.encode(),
        wrong().replace(b'"reference":"r-1"', b'"reference":NaN'),
    ],
    ids=lambda body: str(body[:20]),
)
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    assert faults(body)[:2] == ("$", "schemaViolation")


def test_what_is_nested_without_end_is_said_to_be_none() -> None:
    for body in (b'{"unknown":' + b"[" * 100_000, b'{"unknown":' * 100_000, b'{"blocks":[{"content":' + b"[" * 100_000):
        assert faults(body, msgspec.json.Decoder(Answer))[:2] == ("$", "schemaViolation")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body, DECODER)
    with pytest.raises(Malformed):
        decode(body, msgspec.json.Decoder(Question))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SSIN) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.just(SSIN), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*LINE, "evidence", SSIN, "zz"]), values)
def test_no_value_is_ever_repeated(member: str, value: Any) -> None:
    for kind, shape in ((InscriptionLine, LINE | {member: value}), (Question, {member: value})):
        try:
            convert(shape, kind)
        except Malformed as error:
            assert SSIN not in "".join(traceback.format_exception(error))  # noqa: PT017 - it may be right as well


def test_a_repeated_member_is_refused_at_any_depth() -> None:
    for raw in (b'{"a":1,"a":1}', b'{"a":1,"a":2}', b'{"b":[{"a":1,"a":2}]}', b'{"a":1,"\\u0061":2}'):
        with pytest.raises(ValueError, match="repeated"):
            refuse_repeated_members(raw, msgspec.json.decode(raw))
    for raw in (b'{"a":1,"b":{"a":1}}', b'{ "a" : [1, 2] }', b'{"a":"\\/"}'):
        refuse_repeated_members(raw, msgspec.json.decode(raw))
