"""The built-in functions of FEEL, called as people write them; null with a note where they cannot answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.builtins import registry
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.names import Names
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.values import Value, from_python, literal


def answer(text: str, notes: list[str] | None = None) -> Value:
    """Return what an expression gives."""
    return evaluate(parse(text, Names.of()), Scope({}, notes=[] if notes is None else notes))


CASES = {
    "conversion": """
        date("2024-02-29").day = 29
        date(2024, 2, 29) = @"2024-02-29"
        date(month: 2, day: 29, year: 2024) = @"2024-02-29"
        date(@"2024-02-29T23:00:00-10:00") = @"2024-02-29"
        date(["2024-02-29"]) = @"2024-02-29"
        time("10:00:00@Europe/Brussels").timezone = "Europe/Brussels"
        string(time(10, 20, 30.25, duration("-PT90M"))) = "10:20:30.25-01:30"
        string(time(10, 20, 30)) = "10:20:30"
        string(time(@"2024-01-01")) = "00:00:00Z"
        string(date and time(@"2024-01-01", @"10:00:00@Europe/Brussels")) = "2024-01-01T10:00:00@Europe/Brussels"
        string(date and time("2024-01-01")) = "2024-01-01T00:00:00"
        string(date and time(2024, 1, 31, 10, 0, 0, "Asia/Dhaka")) = "2024-01-31T10:00:00@Asia/Dhaka"
        string(date and time(2024, 1, 31, 10, 0, 0, 5.5)) = "2024-01-31T10:00:00+05:30"
        string(duration("P14M")) = "P1Y2M"
        string(duration(from: "PT3600S")) = "PT1H"
        string(years and months duration(@"2020-01-31", @"2021-03-30")) = "P1Y1M"
        string(years and months duration(@"2021-03-30", @"2020-01-31")) = "-P1Y1M"
        string(years and months duration(@"2020-01-31T23:00:00", @"2020-02-29")) = "P0M"
        number("1 234,5", " ", ",") = 1234.5
        number("1.234", ".", ",") = 1234
        number(from: "-12.5e1") = -125
        string(12.50) = "12.50"
        string([1, "a", {b: null}]) = "[1, \\"a\\", {b: null}]"
        range("[1..3)") = [1..3)
        range("(@\\"P1D\\"..)").start = @"P1D"
        2 in range("]1..3[")
    """,
    "strings": """
        substring("crossroads", 6) = "roads"
        substring("crossroads", -5, 4) = "road"
        substring("crossroads", 6, 4.9) = "road"
        substring(start position: 6, string: "crossroads") = "roads"
        substring("\\U01F600x", 2) = "x"
        string length("\\U01F600x") = 2
        upper case("straße é") = "STRASSE É"
        lower case("ÀB") = "àb"
        substring before("a=b=c", "=") = "a"
        substring after("a=b=c", "=") = "b=c"
        substring before("abc", "x") = ""
        substring after("abc", "x") = ""
        substring after("abc", "") = "abc"
        contains("abc", "bc")
        starts with("abc", "ab")
        ends with("abc", "bc")
        string join(["a", null, "c"], "-") = "a-c"
        string join(["a", "b"]) = "ab"
        string join("a", "-") = "a"
        split("a, b,c", ",\\s*") = ["a", "b", "c"]
        split(";a;", ";") = ["", "a", ""]
        replace("2024-05", "(\\d+)-(\\d+)", "$2/$1") = "05/2024"
        replace("aBc", "b", "[$0]", "i") = "a[B]c"
        matches("crossroads", "^c.*s$")
        not(matches("crossroads", "^roads"))
    """,
    "lists": """
        list contains([1, null], null)
        not(list contains([1, 2], "1"))
        count([1, null, 3]) = 3
        count([]) = 0
        sublist([1, 2, 3, 4], 2, 2) = [2, 3]
        sublist([1, 2, 3], -2) = [2, 3]
        append([1], 2, [3]) = [1, 2, [3]]
        append(1, 2) = [1, 2]
        concatenate([1], [2, 3], 4) = [1, 2, 3, 4]
        insert before([1, 3], -1, 2) = [1, 2, 3]
        remove([1, 2, 3], -1) = [1, 2]
        list replace([1, 2, 3], -3, 0) = [0, 2, 3]
        list replace([5, 6, 7], 1.8, 0) = [0, 6, 7]
        list replace([5, 6, 7], -2.4, 0) = [5, 0, 7]
        list replace([1, 5, 9], function(item, newItem) item > newItem, 4) = [1, 4, 4]
        reverse([1, 2]) = [2, 1]
        index of([1, 2, 1], 1) = [1, 3]
        index of([1], 2) = []
        union([1, 2], [2.0, 3]) = [1, 2, 3]
        distinct values([1, null, 1.0, null]) = [1, null]
        flatten([1, [2, [3, []]]]) = [1, 2, 3]
        sort([2, 3, 1], function(x, y) x > y) = [3, 2, 1]
        sort(precedes: function(x, y) x < y, list: ["b", "a"]) = ["a", "b"]
    """,
    "aggregates": """
        min([3, 1, 2]) = 1
        min("b", "a") = "a"
        max(@"2024-01-01", @"2024-01-01T00:00:01Z") = @"2024-01-01T00:00:01Z"
        max(7) = 7
        sum(1, 2, 3.5) = 6.5
        sum([@"P1D", @"PT12H"]) = @"P1DT12H"
        mean([1, 2]) = 1.5
        product(2, 3, 4) = 24
        median([5, 1, 3]) = 3
        median(1, 2, 3, 4) = 2.5
        stddev([1, 3]) = 2 ** 0.5
        mode([3, 1, 3, 1, 2]) = [1, 3]
        mode([]) = []
        all([true, null, false]) = false
        all([])
        any(false, null, true)
        any([]) = false
    """,
    "numbers": """
        decimal(2.345, 2) = 2.34
        decimal(1250, -2) = 1200
        floor(-1.5) = -2
        floor(1.579, 2) = 1.57
        ceiling(-1.5) = -1
        ceiling(1.571, 2) = 1.58
        round up(-1.121, 2) = -1.13
        round down(-1.129, 2) = -1.12
        round half up(-2.5, 0) = -3
        round half up(2.5, 0) = 3
        round half down(2.5, 0) = 2
        round half down(2.51, 0) = 3
        round up(5.5, 6176) = 5.5
        abs(-3) = 3
        abs(@"-P1D") = @"P1D"
        modulo(-7, 3) = 2
        modulo(7, -3) = -2
        modulo(-7.5, -2) = -1.5
        sqrt(2.25) = 1.5
        exp(0) = 1
        decimal(log(exp(1)), 30) = 1
        odd(-3)
        even(0)
        not(even(1.5))
    """,
    "dates": """
        day of year(@"2024-12-31") = 366
        day of week(@"2024-02-29T10:00:00") = "Thursday"
        month of year(date: @"2024-02-29") = "February"
        week of year(@"2021-01-03") = 53
        week of year(@"2024-12-30") = 1
        is(@"10:00:00Z", @"10:00:00+00:00")
        is(@"10:00:00@Europe/Brussels", @"10:00:00+01:00")
        not(is(@"10:00:00+01:00", @"09:00:00Z"))
        not(is(1, "1"))
        now() instance of date and time
        today() instance of date
    """,
    "contexts": """
        get value({a: {b: 1}}, "a") = {b: 1}
        get value({}, "a") = null
        get entries({a: 1, b: 2})[2] = {key: "b", value: 2}
        context([{key: "a", value: 1}, {key: "b", value: null}]) = {a: 1, b: null}
        context({key: "a", value: 1}) = {a: 1}
        context put({a: 1}, "b", 2) = {a: 1, b: 2}
        context put({a: {b: 1}}, ["a", "c"], 2) = {a: {b: 1, c: 2}}
        context put(value: 2, keys: ["a"], context: {a: 1}) = {a: 2}
        context merge([{a: 1, b: 1}, {b: 2}]) = {a: 1, b: 2}
        context merge({a: 1}) = {a: 1}
        get entries(context put({b: 1, a: 1}, "b", 2))[1].key = "b"
    """,
}


@pytest.mark.parametrize("text", [line.strip() for lines in CASES.values() for line in lines.strip().splitlines()])
def test_a_function_answers(text: str) -> None:
    notes: list[str] = []
    assert answer(text, notes) is True
    assert notes == []


def test_unknown_functions_are_not_found() -> None:
    assert registry.find("substring") is not None
    assert registry.find("import") is None


@given(st.lists(st.integers(-5, 5)))
def test_sorting_and_sets_of_numbers(numbers: list[int]) -> None:
    text = literal(from_python(numbers))
    assert answer(f"sort({text}, function(x, y) x < y)") == sorted(numbers)
    assert answer(f"distinct values({text})") == list(dict.fromkeys(numbers))
    assert answer(f"reverse(reverse({text}))") == numbers
    assert answer(f"sum({text})") == (sum(numbers) if numbers else None)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.integers(-9, 9), st.integers(1, 9))
def test_a_part_of_a_text(text: str, start: int, length: int) -> None:
    found = answer(f"substring({literal(text)}, {start}, {length})")
    if start == 0 or abs(start) > len(text):
        assert found is None
    else:
        first = start - 1 if start > 0 else len(text) + start
        assert found == text[first : first + length]
