"""Three-valued logic, comparison, membership and the tests of cells."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.evaluator import evaluate, matches
from crossroads.dmn.feel.parser import parse, parse_tests
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.values import Value, from_python

Truth = bool | None
TRUTHS: list[Truth] = [True, False, None]
RANK = {False: 0, None: 1, True: 2}
"""Kleene's order: `and` is the lesser, `or` the greater, `not` turns it round."""


def answered(text: str, **values: object) -> Value:
    return evaluate(parse(text), Scope({name: from_python(value) for name, value in values.items()}))


def passed(text: str, value: object, **values: object) -> Truth:
    scope = Scope({name: from_python(one) for name, one in values.items()})
    return matches(parse_tests(text), from_python(value), scope)


@pytest.mark.parametrize(("a", "b"), [*itertools.product(TRUTHS, TRUTHS)])
def test_and_or_not_follow_the_three_valued_tables(a: Truth, b: Truth) -> None:
    assert answered("a and b", a=a, b=b) is min(a, b, key=RANK.__getitem__)
    assert answered("a or b", a=a, b=b) is max(a, b, key=RANK.__getitem__)
    assert answered("not(a)", a=a) is (None if a is None else not a)


@pytest.mark.parametrize("text", ['true and "x"', "1 and true", 'false or "x"', "0 or 0", 'not("x")'])
def test_what_is_neither_true_nor_false_is_unknown(text: str) -> None:
    assert answered(text) is None


@given(st.lists(st.sampled_from(TRUTHS)))
def test_some_and_every_are_or_and_and_over_a_list(truths: list[Truth]) -> None:
    assert answered("some x in xs satisfies x", xs=truths) is max(truths, key=RANK.__getitem__, default=False)
    assert answered("every x in xs satisfies x", xs=truths) is min(truths, key=RANK.__getitem__, default=True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("null = null", True),
        ("null != null", False),
        ("1 = null", False),
        ("1 != null", True),
        ('1 = "1"', None),
        ('1 != "1"', None),
        ("1 < null", None),
        ('1 < "2"', None),
        ("1.0 = 1", True),
        ("[1, 2] = [1, 2]", True),
        ("[1, 2] = [2, 1]", False),
        ("{a: 1, b: [2]} = {b: [2], a: 1.0}", True),
        ("2 between 1 and 2", True),
        ("null between 1 and 2", None),
        ("2 between 1 and null", None),
        ("1 in [2, 1]", True),
        ("1 in [[2..4], [0..1[]", False),
        ("10 in (1, < 5, >= 10)", True),
        ("5 in (0..5)", False),
        ("5 in ]0..5]", True),
        ("[1, 2] in [[1], [1, 2]]", True),
        ("{a: 1} in ({a: 2}, {a: 1})", True),
        ("1 in != 1", False),
        ("null in null", True),
        ("null in [1, null]", True),
        ("1 in null", False),
    ],
)
def test_comparison_and_membership(text: str, answer: Truth) -> None:
    assert answered(text) is answer


@pytest.mark.parametrize(
    ("text", "value", "answer"),
    [
        ("-", None, True),
        ("-", 5, True),
        ("5", 5, True),
        ("< 5", 5, False),
        ("< 5", None, None),
        ("not(< 5)", None, None),
        ("= 5", 5, True),
        ("!= 5", 4, True),
        ('"a", "b"', "b", True),
        ('"a", "b"', "c", False),
        ('not("a", "b")', "c", True),
        ('not("a", "b")', "a", False),
        ("null", None, True),
        ("null", 1, False),
        ("not(null)", 1, True),
        ("not(null)", None, False),
        ("[1..3], ]5..7[", 5, False),
        ("[1..3], ]5..7[", 6, True),
        ("true", True, True),
        ("true", False, False),
        ("false", False, True),
        ("? > 1 and ? < 3", 2, True),
        ("not(? > 1)", 2, False),
        ("even(?)", 3, False),
        ('ends with(?, "x")', "ax", True),
        ("limit", 10, True),
        ("< limit", 9, True),
        ("limits", 3, True),
        ("limits", 4, False),
        ("limit + 1, limit - 1", 9, True),
        ("limit > 5", 1, True),
        ("limit > 50", 1, False),
        ("open", True, True),
        ("open", False, False),
        ("not(open)", False, True),
        ('list contains(?, "x")', ["x", "y"], True),
        ("limits", [1, 2, 3], True),
        ("[1, 2], [1, 2, 3]", [1, 2], True),
        ('"5"', 5, None),
    ],
)
def test_a_cell_holds_for_the_values_it_means(text: str, value: object, answer: Truth) -> None:
    assert passed(text, value, limit=10, limits=[1, 2, 3], open=True) is answer


def test_a_cell_compares_dates_and_durations() -> None:
    assert matches(parse_tests('>= date("2023-07-01")'), answered('@"2023-06-30"'), Scope()) is False
    assert matches(parse_tests('[@"2023-07-01"..@"2023-12-31"]'), answered('@"2023-07-01"'), Scope()) is True
    assert matches(parse_tests('< @"P1Y"'), answered('@"P11M"'), Scope()) is True


NUMBERS = st.integers(-5, 5).map(Decimal)


@given(NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.booleans())
def test_an_interval_holds_what_lies_between_its_ends_and_reversed_holds_nothing(
    value: Decimal, low: Decimal, high: Decimal, with_low: bool, with_high: bool
) -> None:
    text = f"{'[' if with_low else ']'}{low}..{high}{']' if with_high else '['}"
    above = value >= low if with_low else value > low
    below = value <= high if with_high else value < high
    holds = above and below if low <= high else None
    assert matches(parse_tests(text), value, Scope()) is holds
    assert matches(parse_tests(f"not({text})"), value, Scope()) is (None if holds is None else not holds)


@given(st.lists(NUMBERS, min_size=1), NUMBERS)
def test_a_list_of_tests_holds_where_one_of_them_does(listed: list[Decimal], value: Decimal) -> None:
    text = ", ".join(map(str, listed))
    assert matches(parse_tests(text), value, Scope()) is (value in listed)
    assert evaluate(parse(f"v in ({text})"), Scope({"v": value})) is (value in listed)
