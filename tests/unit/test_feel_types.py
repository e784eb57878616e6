"""Types: what is an instance of what, what converts by itself, which types conform."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.parser import parse, parse_type
from crossroads.dmn.feel.scope import Scope
from crossroads.dmn.feel.types import (
    ANY,
    BOOLEAN,
    DATE_TIME,
    NULL,
    NUMBER,
    STRING,
    ContextOf,
    FunctionOf,
    ListOf,
    RangeOf,
    Type,
    conforms,
    conversion,
    resolve,
)
from crossroads.dmn.feel.values import Date, at_midnight

ITEMS: Mapping[str, Type] = {"tNumbers": ListOf(NUMBER), "tPerson": ContextOf((("name", STRING), ("age", NUMBER)))}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("1 instance of number", True),
        ("-1 instance of number", True),
        ("1 instance of Any", True),
        ("null instance of Any", False),
        ("null instance of Null", True),
        ("null instance of number", False),
        ('"a" instance of number', False),
        ("true instance of number", False),
        ('@"2020-01-01" instance of date and time', False),
        ('@"P1Y" instance of years and months duration', True),
        ('@"P1D" instance of days and time duration', True),
        ("[1, null] instance of list<number>", True),
        ("[1, true] instance of list<number>", False),
        ("[] instance of tNumbers", True),
        ("1 instance of tNumbers", False),
        ("[1] instance of number", False),
        ("[1..2] instance of range<number>", True),
        ('["a".."b"] instance of range<number>', False),
        ("(< 2) instance of range<number>", True),
        ('{name: "x", age: 1, more: 2} instance of tPerson', True),
        ('{name: "x", age: null} instance of tPerson', True),
        ('{name: "x"} instance of tPerson', False),
        ("{a: {b: 1}} instance of context<a: context<b: string>>", False),
        ("(function() 1) instance of function<>->number", True),
        ("(function() 1) instance of function<>->string", False),
        ("(function(a: number) a) instance of function<number>->number", True),
        ("(function(a: number) a) instance of function<string>->number", False),
        ("(function(a) a > 1) instance of function<string>->boolean", True),
        ("(function(a: context<x: number>) [a]) instance of function<context<x: number, y: string>>->list<Any>", True),
        ("(function(a: number, b: number) a) instance of function<number>->number", False),
        ("1 instance of function<>->Any", False),
    ],
)
def test_instance_of(text: str, answer: bool) -> None:
    assert evaluate(parse(text), Scope(types=ITEMS)) is answer


def test_conversions_that_happen_by_themselves() -> None:
    assert conversion(Decimal(1), ListOf(NUMBER)) == (True, [Decimal(1)])
    assert conversion(["a"], STRING) == (True, "a")
    assert conversion(Date(2020, 1, 1), DATE_TIME) == (True, at_midnight(Date(2020, 1, 1)))
    assert conversion(None, ListOf(NUMBER)) == (True, None)
    assert conversion("a", ListOf(NUMBER)) == (False, None)
    assert conversion([Decimal(1), Decimal(2)], NUMBER) == (False, None)
    assert conversion([[Decimal(1)]], NUMBER) == (False, None)
    assert conversion([Decimal(1)], ANY) == (True, [Decimal(1)])


TYPES: st.SearchStrategy[Type] = st.recursive(
    st.sampled_from([ANY, NULL, NUMBER, STRING, BOOLEAN, DATE_TIME]),
    lambda inner: st.one_of(
        st.builds(ListOf, inner),
        st.builds(RangeOf, inner),
        st.builds(ContextOf, st.dictionaries(st.sampled_from("ab"), inner).map(lambda entries: tuple(entries.items()))),
        st.builds(FunctionOf, st.lists(inner, max_size=2).map(tuple), inner),
    ),
    max_leaves=5,
)


@given(TYPES)
def test_every_type_conforms_to_itself_and_to_any_and_null_to_all(one: Type) -> None:
    assert conforms(one, one)
    assert conforms(one, ANY)
    assert conforms(NULL, one)
    assert conforms(ListOf(one), ListOf(ANY))


@given(TYPES, TYPES, TYPES)
def test_conforming_passes_on_along_functions(one: Type, two: Type, result: Type) -> None:
    taking_one, taking_two = FunctionOf((one,), result), FunctionOf((two,), result)
    assert conforms(taking_one, taking_two) == conforms(two, one)


@given(TYPES)
def test_a_type_is_read_back_as_it_is_written(one: Type) -> None:
    assert resolve(parse_type(written(one)), {}) == one


def written(one: Type) -> str:
    match one:
        case ListOf(item):
            return f"list<{written(item)}>"
        case RangeOf(item):
            return f"range<{written(item)}>"
        case ContextOf(entries):
            return f"context<{', '.join(f'{name}: {written(entry)}' for name, entry in entries)}>"
        case FunctionOf(parameters, result):
            return f"function<{', '.join(map(written, parameters or ()))}>->{written(result)}"
    return "Null" if one == NULL else one.name
