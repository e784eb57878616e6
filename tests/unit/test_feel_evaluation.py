"""What FEEL expressions are worth: literals, arithmetic, names, paths, filters, loops, functions."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.names import Names
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.scope import Scope, Work
from crossroads.dmn.feel.values import Date, DaysTime, Range, Value, YearsMonths, from_python, to_python

GIVEN: dict[str, object] = {
    "age": 42,
    "people": [{"name": "An", "age": 17, "item": "x"}, {"name": "Bo", "age": 40, "item": "y"}],
    "home address": {"post code": "1000"},
    "nothing": None,
    "numbers": [1, 2, 3],
    "item": "outer",
    "a-b": 7,
    "date": "a day",
}


def valued(text: str) -> tuple[object, list[str]]:
    scope = Scope({name: from_python(value) for name, value in GIVEN.items()})
    value = evaluate(parse(text, Names.of(GIVEN)), scope)
    return value, scope.notes


def plain(text: str) -> object:
    value, notes = valued(text)
    assert notes == []
    return to_python(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 / 8", Decimal("0.125")),
        ("0.1 + 0.2 = 0.3", True),
        ("2 ** 10 - 1", 1023),
        ("-3 ** 2", 9),
        ('"a" + "b"', "ab"),
        ("home address.post code", "1000"),
        ("a-b - 1", 6),
        ("people.name", ["An", "Bo"]),
        ("people[age > 18].name", ["Bo"]),
        ('people[item = "y"].name', ["Bo"]),
        ("numbers[item >= 2]", [2, 3]),
        ("numbers[-1]", 3),
        ("numbers[age - 41]", 1),
        ("age[1]", 42),
        ("age[item > 50]", []),
        ("nothing[1]", None),
        ("nothing.name", None),
        ("nothing + 1", None),
        ("[[1, 2], [3]][1][2]", 2),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for i in [1..4) return i", [1, 2, 3]),
        ("for i in [1, 2], j in [i, 10] return i * j", [1, 10, 4, 20]),
        ("for i in 1..5 return if i < 3 then 1 else partial[-1] + partial[-2]", [1, 1, 2, 3, 5]),
        ("for i in 7 return i", [7]),
        ("some i in numbers satisfies i > 2", True),
        ("every i in numbers, j in numbers satisfies i + j < 6", False),
        ("every i in [] satisfies nothing", True),
        ("if nothing then 1 else 2", 2),
        ("{a: 1, b: a + 1, c: {d: b * 2}}.c.d", 4),
        ("{f: function(n) if n = 0 then 1 else n * f(n - 1), x: f(20)}.x", 2432902008176640000),
        ("(function(a, b) a - b)(b: 1, a: 3)", 2),
        ("(function(a, b) [a, b])(b: 1)", [None, 1]),
        ("{add: function(a) function(b) a + b, x: add(1)(2)}.x", 3),
        ("{total: sum, x: total(1, 2, 3), y: total([4])}.y", 4),
        ("sort(numbers, function(x, y) x > y)", [3, 2, 1]),
        ("(function(numbers: list<number>) count(numbers))(5)", 1),
        ('substring(string: "foobar", start position: 4)', "bar"),
        ('date("2020-01-02").day', 2),
        ("date", "a day"),
        ("{abs: function(n) 0, x: abs(-1)}.x", 0),
        ("[1..5[.end included", False),
        ("(< 5).start", None),
    ],
)
def test_an_expression_has_its_value(text: str, value: object) -> None:
    assert plain(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('@"2020-02-29" + @"P1Y"', Date(2021, 2, 28)),
        ('@"P1Y" * 1.5', YearsMonths(18)),
        ('-@"PT1H"', DaysTime.of_seconds(-3600)),
        ("(>= 5)", Range(Decimal(5), None, True, False)),
        ("]1..2]", Range(Decimal(1), Decimal(2), False, True)),
    ],
)
def test_dates_durations_and_ranges_are_values(text: str, value: Value) -> None:
    assert valued(text) == (value, [])


def test_a_loop_over_dates_goes_by_days() -> None:
    assert plain('for d in @"2020-02-28"..@"2020-03-01" return d.day') == [28, 29, 1]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("age / 0", "number / number has no value here (line 1, column 5)"),
        ('age + "x"', "number + string has no value here (line 1, column 5)"),
        ("1 +\n unknown", "nothing is called unknown here (line 2, column 2)"),
        ("age.year", "number has no year (line 1, column 4)"),
        ("home address.city", "context has no city (line 1, column 13)"),
        ("numbers[4]", "a list of 3 has no item at this position (line 1, column 8)"),
        ('numbers["a"]', "a filter is a position or a condition, not string (line 1, column 8)"),
        ("age(1)", "number cannot be called (line 1, column 4)"),
        ("(function(a) a)(1, 2)", "the function takes a, and was given 2 arguments (line 1, column 16)"),
        ("(function(a) a)(b: 2)", "the function takes a, and was given b (line 1, column 16)"),
        ('(function(a: number) 1)("x")', "string is not what the function takes (line 1, column 2)"),
        ("(function(a: nope) a)(1)", "there is no type nope (line 1, column 2)"),
        (
            '(function() external {java: {class: "x"}})()',
            "functions of another language are not run (line 1, column 2)",
        ),
        ("{a: 1, a: 2}", "the context has two entries a (line 1, column 11)"),
        ('@"nonsense"', '"nonsense" is not a date, time, date and time or duration (line 1, column 1)'),
        ('[1.."a"]', "a range cannot go from number to string (line 1, column 1)"),
        ("[2..1]", "a range goes from the lesser to the greater end (line 1, column 1)"),
        ("for i in nothing return i", "null cannot be gone through (line 1, column 5)"),
        ('for i in "a".."b" return i', "range cannot be gone through (line 1, column 5)"),
        ('-"a"', "there is no negative of string (line 1, column 1)"),
        ("(!= 1)", "!= with number is not a range (line 1, column 2)"),
        ("age instance of nope", "there is no type nope (line 1, column 17)"),
    ],
)
def test_what_has_no_value_is_null_and_says_why_and_where(text: str, note: str) -> None:
    assert valued(text) == (None, [note])


@pytest.mark.parametrize(
    "text", ["secret[1] + 1", "secret.year", "[1][secret]", "[1, 2][-number]", "if secret then 1 else 2", "secret(1)"]
)
def test_a_note_does_not_repeat_a_value(text: str) -> None:
    scope = Scope({"secret": "12345678901", "number": Decimal(12345678901)})
    evaluate(parse(text), scope)
    assert scope.notes
    assert not any("12345678901" in note for note in scope.notes)


def test_a_condition_that_is_not_true_or_false_counts_as_not_true() -> None:
    assert valued('if "x" then 1 else 2') == (
        Decimal(2),
        ["a condition is true or false, not string (line 1, column 4)"],
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("{f: function(n) f(n + 1), x: f(1)}.x", "functions call each other without end"),
        ("count(for i in 1..1000000000 return 1)", "this takes too much work to evaluate"),
        ("some i in 1..1000000000 satisfies false", "this takes too much work to evaluate"),
        ('string length((for i in 1..40 return if i = 1 then "ab" else partial[-1] + partial[-1])[-1])', "too long"),
        (
            "count((for i in 1..40 return if i = 1 then [1] else concatenate(partial[-1], partial[-1]))[-1])",
            "this takes too much work to evaluate",
        ),
    ],
)
def test_endless_work_ends_with_a_note(text: str, note: str) -> None:
    scope = Scope(work=Work(100_000))
    assert evaluate(parse(text), scope) is None
    assert any(note in said for said in scope.notes)


@pytest.mark.parametrize(("operator", "value"), [("or", False), ("and", False), ("+", 0), ("-", 0)])
def test_a_long_chain_of_operators_is_no_nesting(operator: str, value: object) -> None:
    operand = "false" if isinstance(value, bool) else "0"
    assert plain(f" {operator} ".join([operand] * 3000)) == value


def test_work_is_counted_over_all_scopes_of_an_evaluation() -> None:
    scope = Scope()
    scope.work.left = 15
    assert evaluate(parse("[1, 2, 3, 4, 5]"), scope) is not None
    assert evaluate(parse("[1, 2, 3, 4, 5]"), Scope({}, scope)) is None
    assert scope.notes == ["this takes too much work to evaluate (line 1, column 1)"]


NUMBERS = st.decimals(-1000, 1000, places=2)
INTEGERS = st.integers(-12, 12)


@given(st.lists(NUMBERS), NUMBERS)
def test_a_filter_keeps_what_its_condition_keeps(numbers: list[Decimal], bound: Decimal) -> None:
    scope = Scope({"numbers": list(numbers), "bound": bound})
    kept = evaluate(parse("numbers[item < bound]"), scope)
    assert kept == [number for number in numbers if number < bound]


@given(INTEGERS, INTEGERS)
def test_a_loop_goes_from_one_end_to_the_other(start: int, end: int) -> None:
    scope = Scope({"a": Decimal(start), "b": Decimal(end)})
    step = 1 if start <= end else -1
    assert evaluate(parse("for i in a..b return i"), scope) == list(range(start, end + step, step))


@given(st.lists(INTEGERS, max_size=6), INTEGERS)
def test_a_position_counts_from_one_or_from_the_end(items: list[int], position: int) -> None:
    scope = Scope({"items": [Decimal(item) for item in items], "p": Decimal(position)})
    found = evaluate(parse("items[p]"), scope)
    within = 1 <= abs(position) <= len(items)
    assert found == ((items[position - 1] if position > 0 else items[position]) if within else None)
