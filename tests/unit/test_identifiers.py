"""Identifiers: who is meant is never in doubt."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.be import vat

from crossroads.kernel.errors import InvalidIdentifier
from crossroads.kernel.identifiers import (
    ContextId,
    DataGroupId,
    InscriptionContext,
    InstitutionId,
    LegalContextId,
    parse_context,
    parse_employer_number,
    parse_enterprise_number,
    parse_establishment_number,
)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0403501885", "0403501885"),
        ("0428759497", "0428759497"),
        ("1000000021", "1000000021"),
        ("BE 0428.759.497", "0428759497"),
    ],
)
def test_enterprise_numbers_are_read(text: str, digits: str) -> None:
    assert parse_enterprise_number(text) == digits


@pytest.mark.parametrize("text", ["0428759498", "2100000015", "", "0", "04287594970", "٠428759497", "0428759497\n0"])
def test_what_is_no_enterprise_number_is_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_enterprise_number(text)


@given(st.integers(1, 19_999_999))
def test_the_last_two_digits_of_an_enterprise_number_follow_from_the_others(first: int) -> None:
    number = f"{first:08d}{97 - first % 97:02d}"
    assert vat.is_valid(number)
    assert parse_enterprise_number(number) == number
    with pytest.raises(InvalidIdentifier):
        parse_enterprise_number(f"{first:08d}{(97 - first % 97 + 1) % 100:02d}")


@given(st.text(max_size=12) | st.from_regex(r"\d{8,10}", fullmatch=True))
def test_no_text_raises_anything_else(text: str) -> None:
    for parse in (parse_enterprise_number, parse_establishment_number, parse_employer_number, parse_context):
        try:
            parse(text)
        except InvalidIdentifier as error:
            assert len(text) < 4 or text not in str(error)  # noqa: PT017 - whether it raises is not the question


@pytest.mark.parametrize("text", ["2100000015", "8.999.999.999"])
def test_establishment_numbers_are_ten_digits_from_2_to_8(text: str) -> None:
    assert re.fullmatch(r"[2-8][0-9]{9}", parse_establishment_number(text))


@pytest.mark.parametrize("text", ["1100000015", "9100000015", "210000001", "21000000155", "2100000٠15", "2٣٣٣٣٣٣٣٣٣"])
def test_other_establishment_numbers_are_refused(text: str) -> None:
    with pytest.raises(InvalidIdentifier):
        parse_establishment_number(text)


@pytest.mark.parametrize(
    ("text", "number", "kind"),
    [
        ("000100006", 100_006, "NSSO"),
        ("199999934", 199_999_934, "NSSO"),
        ("5000000120", 5_000_000_120, "provisional NSSO"),
        ("5999999989", 5_999_999_989, "provisional NSSO"),
        ("197", 197, "local authorities"),
        ("99999926", 99_999_926, "local authorities"),
        ("1234567-89", 123_456_789, "NSSO"),
    ],
)
def test_employer_numbers_are_read_by_range_and_length(text: str, number: int, kind: str) -> None:
    assert parse_employer_number(text) == (number, kind)


@pytest.mark.parametrize(
    "text",
    ["", "196", "99999927", "000100005", "199999935", "5000000119", "5999999990", "-197", "1e5", "١٩٧", "0" * 30],
)
def test_what_is_no_employer_number_is_refused(text: str) -> None:
    if text == "-197":  # a dash separates the check digits, and is left out
        assert parse_employer_number(text) == (197, "local authorities")
        return
    with pytest.raises(InvalidIdentifier):
        parse_employer_number(text)


@given(st.integers(0, 999), st.integers(0, 999))
def test_an_inscription_context_has_one_text(sector: int, quality: int) -> None:
    context = InscriptionContext(sector, quality)
    assert parse_context(str(context)) == context
    assert msgspec.convert(str(context), ContextId) == str(context)


@pytest.mark.parametrize(
    "text", ["", "17", "17:", ":2", "17:2\n", "017:2", "17:02", "17:2:3", "1000:1", "１7:2", "-1:2"]
)
def test_any_other_text_is_no_inscription_context(text: str) -> None:
    with pytest.raises(InvalidIdentifier, match="17:2"):
        parse_context(text)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(text, ContextId)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            InstitutionId,
            ["ab", "pcsa-ghent", "0-9"],
            ["a", "A-b", "a" * 41, "a_b", "ab\n", "ab#1", "operator:ab", "é-é"],
        ),
        (DataGroupId, ["living-wage@1", "aa@999"], ["living-wage", "living-wage@0", "x@1", "living-wage@1\n", "-a@1"]),
        (LegalContextId, ["PCSA:SOCIAL_INQUIRY", "ab", "a b"], ["a", " ab", "ab ", "ab\n", "a\tb", "x" * 65]),
    ],
)
def test_names_have_one_form(kind: type[str], good: list[str], bad: list[str]) -> None:
    for text in good:
        assert msgspec.convert(text, kind) == text
    for text in bad:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(text, kind)
