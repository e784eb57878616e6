"""What is wrong with an input is said with its place, and never repeats a value."""

import json
import traceback
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import Malformed
from crossroads.wire import decoding
from crossroads.wire.decoding import RepeatedMember, check_json, convert, decode, refuse_repeated_members
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


REPEATED = (
    (b'{"a":1,"a":1}', "$.a"),
    (b'{"a":1,"a":2}', "$.a"),
    (b'{"b":[7,{"a":1,"a":2}]}', "$.b[1].a"),
    (b'{"b":{"a":{"c":1,"c":2}},"b":1}', "$.b.a.c"),
    (b'{"a":1,"\\u0061":2}', "$.a"),
    (b'{"80631512393":1,"80631512393":{"a":9}}', "$[...]"),
    (b'{"80631512393":{"a":9,"a":8}}', "$[...].a"),
    (b'{"":1,"":2}', "$[...]"),
)


@pytest.mark.parametrize(("raw", "path"), REPEATED)
def test_a_repeated_member_is_refused_at_any_depth(raw: bytes, path: str) -> None:
    with pytest.raises(RepeatedMember, match="repeated") as caught:
        refuse_repeated_members(raw, msgspec.json.decode(raw))
    assert caught.value.fault.path == path
    with pytest.raises(Malformed) as refused:
        check_json(raw)
    assert [(fault.path, fault.detail) for fault in refused.value.faults] == [
        (path, "A member of the JSON object is repeated.")
    ]


@pytest.mark.parametrize(
    "raw", [b'{"a":1,"b":{"a":1}}', b'{ "a" : [1, 2] }', b'{"a":"\\/"}', b'[{"a":1},{"a":1}]', b"7"]
)
def test_what_is_repeated_elsewhere_is_not(raw: bytes) -> None:
    refuse_repeated_members(raw, msgspec.json.decode(raw))
    check_json(raw)


def test_a_line_that_says_two_things_is_refused() -> None:
    twice = wrong().replace(b'"reference":"r-1"', b'"reference":"r-1","reference":"r-2"')
    assert faults(twice)[:2] == ("$.reference", "schemaViolation")
    inner = wrong().replace(b'"startDate":"2026-01-01"', b'"startDate":"2025-01-01","startDate":"2026-01-01"')
    assert faults(inner)[:2] == ("$.period.startDate", "schemaViolation")


objects = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(objects, st.sampled_from([None, 1]), st.booleans())
def test_whatever_repeats_nothing_is_read_however_it_is_written(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    check_json(json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode())


def test_what_stays_raw_and_is_no_json_is_said_to_be_none() -> None:
    for body in (b'{ "content":"\\x"}', b'{ "content":"\xff"}', b'{ "content":"\x01"}'):
        assert faults(body, msgspec.json.Decoder(dict[str, msgspec.Raw]))[:2] == ("$", "schemaViolation")


def test_what_stays_raw_is_found_repeated_around_and_not_within() -> None:
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    assert faults(b'{"b":' + b"9" * 5000 + b',"a":1,"a":2}', decoder)[0] == "$.a"
    assert bytes(decode(b'{"a":{"b":1,"b":2}}', decoder)["a"]) == b'{"b":1,"b":2}'


def test_numbers_are_not_made_to_look_for_repeated_names() -> None:
    """To make one of `9e307` takes 200 times as long as to read it, and a body has room for ten thousand."""
    check_json(b'{"a":9e307,"b":[1e400,-0.0]}')
    assert decoding._anything.decode(b"[9e307]") == ["9e307"]
