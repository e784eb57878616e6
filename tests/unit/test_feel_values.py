"""The values of FEEL: equality and order with three answers, numbers of 34 digits, and the ways in and out."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel import values
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.names import Names
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.values import Date, DateTime, DaysTime, Range, Time, Value, YearsMonths

scalars: st.SearchStrategy[Value] = (
    st.none()
    | st.booleans()
    | st.decimals(allow_nan=False, allow_infinity=False, places=4).map(values.from_python)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.dates().map(values.from_python)
    | st.times().map(values.from_python)
    | st.datetimes(timezones=st.none() | st.just(dt.UTC)).map(values.from_python)
    | st.timedeltas().map(values.from_python)
    | st.integers(-(10**6), 10**6).map(YearsMonths)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b c", "d-e", ""]), inner),
)


def at(text: str) -> Value:
    """Return the value of a literal after `@`."""
    return values.read_at_literal(text)


@given(anything)
def test_every_value_is_equal_to_itself_and_is_itself(value: Value) -> None:
    assert values.equal(value, value) is True
    assert values.same(value, value)


@given(anything, anything)
def test_equality_is_symmetrical(one: Value, other: Value) -> None:
    assert values.equal(one, other) == values.equal(other, one)
    assert values.same(one, other) == values.same(other, one)


@given(anything, anything)
def test_keys_are_equal_when_values_are(one: Value, other: Value) -> None:
    assert (values.key_of(one) == values.key_of(other)) is (values.equal(one, other) is True)
    assert hash(values.key_of(one)) == hash(values.key_of(values.from_python(values.to_python(one))))


@given(scalars, scalars)
def test_order_is_antisymmetrical_and_agrees_with_equality(one: Value, other: Value) -> None:
    order = values.compare(one, other)
    back = values.compare(other, one)
    assert (order is None) == (back is None)
    if order is not None and back is not None:
        assert order == -back
        assert (order == 0) is values.equal(one, other)


@given(anything)
def test_a_literal_gives_the_value_back(value: Value) -> None:
    notes: list[str] = []
    read = evaluate(parse(values.literal(value), Names.of()), Scope({}, notes=notes))
    assert values.literal(read) == values.literal(value)
    assert notes == []


@given(anything)
def test_python_and_back(value: Value) -> None:
    assert values.equal(values.from_python(values.to_python(value)), value) is True


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Decimal("1.0"), Decimal(1), True),
        (Decimal(1), "1", None),
        (None, None, True),
        (None, Decimal(0), False),
        (True, Decimal(1), None),
        ([Decimal(1)], Decimal(1), None),
        ([Decimal(1), "a"], [Decimal(1), Decimal(2)], None),
        ([Decimal(1)], [Decimal(1), None], False),
        ({"a": Decimal(1), "b": None}, {"b": None, "a": Decimal(1)}, True),
        ({"a": None}, {}, False),
        (at("10:00:00+01:00"), at("09:00:00Z"), True),
        (at("10:00:00"), at("10:00:00Z"), True),
        (at("10:00:00@Europe/Brussels"), at("10:00:00+01:00"), True),
        (at("2024-07-01T10:00:00@Europe/Brussels"), at("2024-07-01T08:00:00Z"), True),
        (at("2024-07-01"), at("2024-07-01T00:00:00Z"), True),
        (at("10:00:00.1"), at("10:00:00.9"), True),
        (at("PT0.1S"), at("PT0.9S"), False),
        (at("P1Y"), at("P365D"), None),
        (Range(Decimal(1), Decimal(2)), Range(Decimal(1), Decimal(2)), True),
        (Range(Decimal(1), Decimal(2)), Range(Decimal(1), Decimal(2), False), False),
    ],
)
def test_equality(one: Value, other: Value, expected: bool | None) -> None:
    assert values.equal(one, other) is expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10:00:00+01:00", "09:00:00Z"),
        ("2024-01-01", "2024-01-01T00:00:00Z"),
        ("P0D", "P0Y"),
        ("10:00:00", "10:00:00Z"),
    ],
)
def test_equal_is_not_the_same(one: str, other: str) -> None:
    assert not values.same(at(one), at(other))


@pytest.mark.parametrize(
    ("container", "value", "expected"),
    [
        (Range(Decimal(1), Decimal(3), True, False), Decimal(3), False),
        (Range(Decimal(1), Decimal(3)), Decimal(3), True),
        (Range(None, Decimal(3), False, False), Decimal(2), True),
        (Range(Decimal(3), None, True, False), Decimal(2), False),
        (Range(Decimal(3), None), Decimal(4), None),
        (Range(Decimal(3), None), Decimal(2), False),
        (Range(Decimal(1), Decimal(3)), None, None),
        (Range(Decimal(1), Decimal(3)), "2", None),
        (Range("a", "c"), "bb", True),
        (Range(at("2024-01-01"), at("2024-01-31")), at("2024-01-15T10:00:00Z"), True),
    ],
)
def test_membership(container: Range, value: Value, expected: bool | None) -> None:
    assert values.contains(container, value) is expected


def test_numbers_have_34_digits_and_round_half_to_even() -> None:
    third = values.divide(Decimal(1), Decimal(3))
    assert values.text_of(third) == "0." + "3" * 34
    assert values.add(Decimal("9" * 34), Decimal("0.5")) == Decimal("1" + "0" * 34)
    assert values.add(Decimal("1" + "0" * 33), Decimal("0.5")) == Decimal("1" + "0" * 33)


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [
        ("2", "10", "1024"),
        ("2", "-2", "0.25"),
        ("9", "0.5", "3"),
        ("0", "0", "1"),
        ("0", "-1", None),
        ("-9", "0.5", None),
        ("10", "7000", None),
    ],
)
def test_powers(base: str, exponent: str, expected: str | None) -> None:
    found = values.power(Decimal(base), Decimal(exponent))
    assert (None if found is None else values.text_of(found)) == expected


def test_arithmetic_without_meaning_is_null() -> None:
    assert values.add("a", Decimal(1)) is None
    assert values.add(None, Decimal(1)) is None
    assert values.add(True, True) is None
    assert values.divide(Decimal(1), Decimal(0)) is None
    assert values.negate("a") is None
    assert values.add("a", "b") == "ab"


def test_python_comes_in_as_the_value_it_means() -> None:
    brussels = dt.datetime(2024, 7, 1, 10, 0, tzinfo=ZoneInfo("Europe/Brussels"))
    assert values.from_python(brussels) == DateTime(Date(2024, 7, 1), Time(10, 0, 0, 0, "Europe/Brussels"))
    assert values.from_python(0.1) == Decimal("0.1")
    assert values.from_python(True) is True
    assert values.from_python({"a": (1, dt.timedelta(days=1))}) == {"a": [Decimal(1), DaysTime.of_seconds(86_400)]}
    with pytest.raises(TypeError, match="object has no counterpart in FEEL"):
        values.from_python(object())


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN"), Decimal("1E+7000")])
def test_what_is_no_number_of_feel_is_refused(number: float | Decimal) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        values.from_python(number)


def test_what_python_cannot_hold_stays_a_value() -> None:
    far, months = Date(12_345, 1, 1), YearsMonths(14)
    assert values.to_python([far, months]) == [far, months]


def test_json_holds_numbers_and_texts() -> None:
    value = {
        "n": Decimal("1.50"),
        "i": Decimal("2.0"),
        "d": at("2024-01-01"),
        "r": Range(Decimal(1), Decimal(2)),
        "l": [None, True],
    }
    assert values.to_json(value) == {"n": 1.5, "i": 2, "d": "2024-01-01", "r": "[1..2]", "l": [None, True]}
    assert values.from_json({"n": 1.5, "l": ["2024-01-01"]}) == {"n": Decimal("1.5"), "l": ["2024-01-01"]}


@pytest.mark.parametrize(
    ("schema_type", "text", "expected"),
    [
        ("xsd:decimal", " 1.50 ", "1.50"),
        ("xsd:boolean", "1", "true"),
        ("xsd:string", " a ", " a "),
        ("xs:dateTime", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        ("duration", "P13M", "P1Y1M"),
        ("xsd:duration", "PT90S", "PT1M30S"),
        ("double", "1e3", "1000"),
    ],
)
def test_schema_forms_are_read(schema_type: str, text: str, expected: str) -> None:
    assert values.text_of(values.from_xsd(text, schema_type)) == expected


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one", "number"),
        ("NaN", "number"),
        ("INF", "number"),
        ("yes", "boolean"),
        ("P1D", "years and months duration"),
        ("x", "list"),
    ],
)
def test_a_text_of_the_wrong_kind_is_refused(text: str, wanted: str) -> None:
    with pytest.raises(ValueError, match=r"is not|is a|cannot be read"):
        values.from_text(text, wanted)


@given(scalars.filter(lambda value: value is not None))
def test_schema_forms_round_trip(value: Value) -> None:
    schema_type, text = values.to_xsd(value)
    assert values.equal(values.from_xsd(text, schema_type), value) is True


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", Decimal(1), None], '["a", 1, null]'),
        ({"a": "x", "b c": [True]}, '{a: "x", b c: [true]}'),
        ({"1-2": None}, '{"1-2": null}'),
        (Range(Decimal(1), None, True, False), "(>= 1)"),
        (Range(Decimal(1), None), "[1..null]"),
        (Range(None, "z", False, False), '(< "z")'),
        (Range(at("P1D"), at("P2D"), False), "(P1D..P2D]"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0"), "0"),
        ("plain", "plain"),
    ],
)
def test_texts(value: Value, text: str) -> None:
    assert values.text_of(value) == text
