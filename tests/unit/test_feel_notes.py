"""What built-in functions cannot answer is null with one note, which says what is wrong and quotes nobody's data."""

import pytest

from crossroads.dmn.feel.builtins import registry
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.values import Value


def answer(text: str, notes: list[str]) -> Value:
    """Return what an expression gives, and add what it notes."""
    return evaluate(parse(text), Scope(notes=notes))


@pytest.mark.parametrize(
    "text",
    """
        date(null)
        date()
        date(2024, 2)
        date(2023, 2, 29)
        date("2024-02-29T10:00:00")
        date(year: 2024, month: 2, date: 29)
        time(24, 0, 0)
        time(10, 0, 0, duration("PT19H"))
        date and time(@"2024-01-01", null)
        duration(1)
        years and months duration(@"2024-01-01", null)
        number("1.234,5", ".", ".")
        number("1,234.5", ":", ".")
        number("1 2")
        number("0x10")
        number("1.5", null, ",")
        range("[3..1]")
        range("[1..]")
        range("[1..\\"a\\"]")
        range("[date(x)..]")
        substring("abc", 0)
        substring("abc", 4)
        substring("abc", -4)
        substring("abc", 1, 0)
        substring(null, 1)
        string length(1)
        contains("a", null)
        matches("a", "(")
        matches("a", "a", "z")
        replace("a", "a*", "b")
        string join([1, 2])
        split("a", null)
        count(null)
        sublist([1, 2], 0)
        sublist([1, 2], 2, 2)
        append(null, 1)
        concatenate([1], null)
        insert before([1], 3, 2)
        remove([], 1)
        list replace([1], function(item) true, 2)
        list replace([1], function(item, newItem) 1, 2)
        sort([1, 2])
        sort([1, 2], function(x) true)
        sort([2, 1], function(x, y) null)
        min(1, "a")
        min([true])
        sum([1, "a"])
        sum(@"P1D", @"P1M")
        mean([1, null])
        stddev([1])
        all([true, 1])
        all()
        any("true")
        decimal(1, 6177)
        round up(1)
        round up(1, null)
        floor(1, null)
        modulo(1, 0)
        sqrt(-1)
        log(0)
        exp(100000)
        abs("1")
        abs(number: 1)
        odd(n: 1)
        before(1, "a")
        before(null, 1)
        meets(1, 2)
        includes(1, [1..2])
        day of week("Monday")
        is(value1: 1)
        get value({a: 1}, null)
        context([{key: "a", value: 1}, {key: "a", value: 2}])
        context([{key: "a"}])
        context put({a: 1}, ["a", "b"], 2)
        context put({}, [], 1)
        context merge([1])
        not(1, 2)
    """.strip().splitlines(),
)
def test_wrong_arguments_are_null_with_a_note(text: str) -> None:
    notes: list[str] = []
    assert answer(text.strip(), notes) is None
    assert len(notes) == 1


def test_notes_name_the_function_and_what_is_wrong() -> None:
    notes: list[str] = []
    answer("substring(3, true)", notes)
    answer('date("2023-02-29")', notes)
    assert "substring cannot be called with (number, boolean)" in notes[0]
    assert "date: The day is not between 1 and 28" in notes[1]


PERSON = "79673112345"
GIVEN = (
    "{person}",
    "'{person}'",
    "['{person}']",
    "{{'{person}': '{person}'}}",
    "[{{key: '{person}', value: 1}}, {{key: '{person}', value: 1}}]",
    "1",
)


@pytest.mark.parametrize("name", registry.BUILTINS)
def test_notes_never_quote_what_was_given(name: str) -> None:
    given = [text.format(person=PERSON).replace("'", '"') for text in GIVEN]
    notes: list[str] = []
    for one in given:
        for others in (
            "",
            *(f", {other}" for other in given),
            *(f", {other}, {third}" for other in given for third in given),
        ):
            answer(f"{name}({one}{others})", notes)
    assert notes or name in {"string", "count", "append", "concatenate", "union", "now", "today", "is"}
    assert not [note for note in notes if PERSON in note]
