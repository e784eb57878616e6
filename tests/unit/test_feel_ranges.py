"""How points and ranges lie to each other: the functions of FEEL against the sets of points that ranges are."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.dmn.feel.builtins import registry
from crossroads.dmn.feel.evaluator import evaluate
from crossroads.dmn.feel.parser import parse
from crossroads.dmn.feel.scope import Scope, Work
from crossroads.dmn.feel.values import Range, Value, from_python


def answer(text: str) -> Value:
    """Return what an expression gives."""
    return evaluate(parse(text), Scope())


def test_a_range_that_includes_null_lies_nowhere() -> None:
    before, notes = registry.find("before"), list[str]()
    assert before is not None
    assert before.call([Range(from_python(1), None), from_python(2)], notes.append, Work()) is None
    assert notes == ["before: a range cannot include null."]


Interval = tuple[int, int, bool, bool]
intervals = st.tuples(st.integers(0, 6), st.integers(1, 3), st.booleans(), st.booleans()).map(
    lambda drawn: (drawn[0], drawn[0] + drawn[1], drawn[2], drawn[3])
)


def points(interval: Interval) -> set[int]:
    """Return the quarters in an interval: enough to tell ends that are included from those that are not."""
    start, end, with_start, with_end = interval
    return set(range(4 * start + (not with_start), 4 * end + with_end))


def written(interval: Interval) -> str:
    """Return an interval as FEEL writes it."""
    start, end, with_start, with_end = interval
    return f"{'[' if with_start else '('}{start}..{end}{']' if with_end else ')'}"


RELATIONS: dict[str, Callable[[set[int], set[int]], bool]] = {
    "before": lambda one, other: max(one) < min(other),
    "after": lambda one, other: min(one) > max(other),
    "meets": lambda one, other: max(one) == min(other),
    "met by": lambda one, other: min(one) == max(other),
    "overlaps": lambda one, other: bool(one & other),
    "overlaps before": lambda one, other: bool(one & other) and min(one) < min(other) and max(one) <= max(other),
    "overlaps after": lambda one, other: bool(one & other) and min(one) > min(other) and max(one) >= max(other),
    "finishes": lambda one, other: one <= other and max(one) == max(other),
    "finished by": lambda one, other: one >= other and max(one) == max(other),
    "includes": lambda one, other: one >= other,
    "during": lambda one, other: one <= other,
    "starts": lambda one, other: one <= other and min(one) == min(other),
    "started by": lambda one, other: one >= other and min(one) == min(other),
    "coincides": lambda one, other: one == other,
}


@given(intervals, intervals)
def test_relations_of_ranges_are_those_of_their_points(one: Interval, other: Interval) -> None:
    for name, relation in RELATIONS.items():
        expected = relation(points(one), points(other))
        assert answer(f"{name}({written(one)}, {written(other)})") is expected, name


@given(st.integers(0, 9), intervals)
def test_relations_of_points_and_ranges_are_those_of_points(point: int, interval: Interval) -> None:
    here, there = {4 * point}, points(interval)
    for name in ("before", "after", "during", "starts", "finishes"):
        assert answer(f"{name}({point}, {written(interval)})") is RELATIONS[name](here, there), name
    for name in ("before", "after", "includes", "started by", "finished by"):
        assert answer(f"{name}({written(interval)}, {point})") is RELATIONS[name](there, here), name


def test_ranges_without_an_end_reach_as_far_as_there_are_values() -> None:
    assert answer("before((< 5), [5..7])") is True
    assert answer("includes((>= 5), [7..9])") is True
    assert answer("overlaps((> 5), (< 6))") is True
    assert answer("coincides((> 5), (> 5))") is True


@pytest.mark.parametrize(
    ("written", "meant"),
    [("(null..4)", "(< 4)"), ("(null..4]", "(<= 4)"), ("(4..null)", "(> 4)"), ("[4..null)", "(>= 4)")],
)
def test_an_open_end_of_null_lies_beyond_all_values(written: str, meant: str) -> None:
    assert answer(f"{written} = {meant}") is True
    for point in (3, 4, 5):
        assert answer(f"{point} in {written}") is answer(f"{point} in {meant}")


@pytest.mark.parametrize("written", ["[null..4]", "[null..4)", "[4..null]", "(null..null)"])
def test_a_closed_end_of_null_and_two_ends_of_null_make_no_range(written: str) -> None:
    assert answer(written) is None
    assert answer(f"4 in {written}") is None
