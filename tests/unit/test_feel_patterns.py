"""Regular expressions as XPath has them, not as Python has them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.builtins import patterns
from crossroads.dmn.feel.builtins.declaring import Unfit
from crossroads.dmn.feel.scope import Exhausted, Work


@pytest.mark.parametrize(
    ("text", "pattern", "flags", "expected"),
    [
        ("a\nb", "a.b", "", False),
        ("a\nb", "a.b", "s", True),
        ("a\rb", "a.b", "", False),
        ("a\nb", "^b$", "", False),
        ("a\nb", "^b$", "m", True),
        ("b\n", "b$", "", False),
        ("b\n", "^$", "m", False),
        ("b\n\nc", "^$", "m", True),
        ("AB", "ab", "i", True),
        ("AB", "ab", "", False),
        ("ab", " a b ", "x", True),
        ("a b", "a[ ]b", "x", True),
        ("ab", "a # b", "x", False),
        ("a.b", "a.b", "q", True),
        ("axb", "a.b", "q", False),
        ("A.B", "a.b", "qi", True),
        ("x", "[a-z-[aeiou]]", "", True),
        ("e", "[a-z-[aeiou]]", "", False),
        ("-", "[a-]", "", True),
        ("]", r"[\]]", "", True),
        ("&", "[&&]", "", True),
        ("é", r"\p{L}", "", True),
        ("e", r"\P{Ll}", "", False),
        ("a", r"\p{IsBasicLatin}", "", True),
        ("é", r"^\p{IsBasicLatin}$", "", False),
        ("_:", r"^\i\c$", "", True),
        ("1a", r"^\i", "", False),
        ("٣", r"^\d$", "", True),
        ("-", r"\w", "", False),
        ("\u00a0", r"\s", "", False),
        ("abab", r"^(ab)\1$", "", True),
        ("aXa", r"^(a)x\1$", "i", True),
        ("aaa", "^a{2,3}?$", "", True),
        ("a{", r"a\{", "", True),
    ],
)
def test_matching(text: str, pattern: str, flags: str, expected: bool) -> None:
    assert patterns.matches(text, pattern, flags, Work()) is expected


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("(", ""),
        ("a)", ""),
        ("[a", ""),
        ("[]", ""),
        ("]", ""),
        ("a{", ""),
        ("*a", ""),
        ("a**", ""),
        ("a*+", ""),
        ("(?=a)", ""),
        ("(?i)a", ""),
        ("(?P<n>a)", ""),
        (r"\b", ""),
        (r"\A", ""),
        (r"\1", ""),
        (r"(a)\2", ""),
        (r"[\1]", ""),
        (r"\p{Nothing}", ""),
        (r"\u0041", ""),
        ("a", "u"),
        ("a", "I"),
        ("[z-a]", ""),
    ],
)
def test_what_is_not_a_pattern_is_refused(pattern: str, flags: str) -> None:
    with pytest.raises(Unfit):
        patterns.matches("a", pattern, flags, Work())


@pytest.mark.parametrize(
    ("text", "pattern", "replacement", "expected"),
    [
        ("abc", "b", r"\$", "a$c"),
        ("abc", "b", r"\\", "a\\c"),
        ("abc", "(x)?b", "<$1>", "a<>c"),
        ("abc", "b", "$0$0", "abbc"),
        ("ab", "(a)(b)", "$21", "b1"),
        ("aaa", "a", "b", "bbb"),
        ("abc", "x", "y", "abc"),
    ],
)
def test_replacing(text: str, pattern: str, replacement: str, expected: str) -> None:
    assert patterns.replace(text, pattern, replacement, "", Work()) == expected


@pytest.mark.parametrize(("pattern", "replacement"), [("a", "$"), ("a", "$x"), ("a", "\\n"), ("a?", "b"), ("", "b")])
def test_what_cannot_be_replaced_is_refused(pattern: str, replacement: str) -> None:
    with pytest.raises(Unfit):
        patterns.replace("aaa", pattern, replacement, "", Work())


def test_a_literal_replacement_keeps_its_signs() -> None:
    assert patterns.replace("a.b", ".", "$1", "q", Work()) == "a$1b"


def test_a_search_that_takes_too_long_is_given_up_and_leaves_nothing_for_the_next() -> None:
    work = Work(50_000)
    with pytest.raises(Exhausted, match="too long"):
        patterns.matches("a" * 60 + "b", "^(a|aa)+$", "", work)
    with pytest.raises(Exhausted):
        work.spend(1)


def test_a_pattern_is_short_and_costs_its_length() -> None:
    with pytest.raises(Unfit, match="longer than"):
        patterns.matches("a", "a" * 1_001, "", Work())
    with pytest.raises(Exhausted):
        patterns.matches("a", "a" * 1_000, "", Work(1_000))


@given(st.text(max_size=6), st.text(max_size=20))
def test_a_text_taken_literally_is_found_where_it_is(needle: str, text: str) -> None:
    assert patterns.matches(text, needle, "q", Work()) is (needle in text)


@given(st.text(max_size=8))
def test_any_pattern_is_run_or_refused(pattern: str) -> None:
    try:
        answer = patterns.matches("some text", pattern, "", Work())
    except Unfit:
        return
    assert isinstance(answer, bool)


@given(st.text("ab|()*+?.", max_size=8))
def test_plain_patterns_mean_what_they_mean_in_python(pattern: str) -> None:
    try:
        answer = patterns.matches("abba", pattern, "", Work())
    except Unfit:
        return
    assert answer is (re.search(pattern, "abba") is not None)
