"""What comes out of decision tables: hit policies, defaults, violations, and which rules fired."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from crossroads.dmn.model import Aggregation, Condition, HitPolicy, InputClause, OutputClause
from decision_models import answer, literal, table

OVERLAP = ((["> 1"], ['"low"']), (["> 2"], ['"high"']), (["> 3"], ['"high"']))
RANKED = OutputClause(values=Condition(text='"high", "low"'))


@pytest.mark.parametrize(
    ("policy", "value", "fired"),
    [
        (HitPolicy.FIRST, "low", (1,)),
        (HitPolicy.PRIORITY, "high", (2,)),
        (HitPolicy.RULE_ORDER, ["low", "high", "high"], (1, 2, 3)),
        (HitPolicy.OUTPUT_ORDER, ["high", "high", "low"], (2, 3, 1)),
        (HitPolicy.COLLECT, ["low", "high", "high"], (1, 2, 3)),
    ],
)
def test_a_hit_policy_says_what_comes_out_of_several_matches(
    policy: HitPolicy, value: object, fired: tuple[int, ...]
) -> None:
    outcome = answer(table(["n"], OVERLAP, RANKED, hit_policy=policy), {"n": 4})
    assert outcome.value == value
    assert tuple((one.table, one.rule) for one in outcome.fired) == tuple(("Answer", rule) for rule in fired)


@pytest.mark.parametrize(("policy", "word"), [(HitPolicy.UNIQUE, "only one"), (HitPolicy.ANY, "same output")])
def test_a_violated_policy_is_null_and_names_the_rules(policy: HitPolicy, word: str) -> None:
    outcome = answer(table(["n"], OVERLAP, hit_policy=policy), {"n": 3})
    assert outcome.value is None
    assert outcome.fired == ()
    assert any("rules 1 and 2" in note and word in note for note in outcome.notes)


def test_any_accepts_rules_that_agree() -> None:
    outcome = answer(table(["n"], OVERLAP[1:], hit_policy=HitPolicy.ANY), {"n": 4})
    assert outcome.value == "high"
    assert [one.id for one in outcome.fired] == ["rule-1", "rule-2"]


@pytest.mark.parametrize(
    ("how", "value"),
    [
        (Aggregation.SUM, Decimal(40)),
        (Aggregation.COUNT, Decimal(3)),
        (Aggregation.MIN, Decimal(10)),
        (Aggregation.MAX, Decimal(20)),
    ],
)
def test_collect_aggregates_every_output_also_equal_ones(how: Aggregation, value: Decimal) -> None:
    rows = ((["> 1"], ["10"]), (["> 2"], ["10"]), (["> 3"], ["20"]))
    assert answer(table(["n"], rows, hit_policy=HitPolicy.COLLECT, aggregation=how), {"n": 9}).value == value


def test_a_sum_of_what_are_not_numbers_is_null_with_a_note() -> None:
    outcome = answer(table(["n"], OVERLAP, hit_policy=HitPolicy.COLLECT, aggregation=Aggregation.SUM), {"n": 9})
    assert outcome.value is None
    assert any("no sum" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("more", "value"),
    [
        ({}, None),
        ({"hit_policy": HitPolicy.COLLECT}, []),
        ({"hit_policy": HitPolicy.COLLECT, "aggregation": Aggregation.COUNT}, Decimal(0)),
        ({"hit_policy": HitPolicy.COLLECT, "aggregation": Aggregation.SUM}, None),
    ],
)
def test_without_a_match_there_is_nothing_or_an_empty_collection(more: dict[str, object], value: object) -> None:
    assert answer(table(["n"], OVERLAP, **more), {"n": 0}).value == value


def test_a_default_that_is_left_empty_is_none() -> None:
    column = OutputClause(default=literal(" "), values=Condition(text=""))
    assert answer(table(["n"], ((["> 1"], ["1"]),), column, hit_policy=HitPolicy.COLLECT), {"n": 0}).value == []


def test_without_a_match_the_defaults_are_given() -> None:
    outputs = (OutputClause(name="a", default=literal("n + 1")), OutputClause(name="b"))
    outcome = answer(table(["n"], ((["> 1"], ["1", "2"]),), *outputs), {"n": 0})
    assert outcome.value == {"a": Decimal(1), "b": None}
    assert outcome.fired == ()


def test_several_columns_give_a_context_and_are_ranked_from_the_left() -> None:
    outputs = (
        OutputClause(name="colour", values=Condition(text='"red", "blue"')),
        OutputClause(name="size", values=Condition(text='"big", "small"')),
    )
    rows = ((["-"], ['"blue"', '"big"']), (["-"], ['"red"', '"small"']), (["-"], ['"red"', '"big"']))
    best = answer(table(["n"], rows, *outputs, hit_policy=HitPolicy.PRIORITY), {"n": 1})
    assert best.value == {"colour": "red", "size": "big"}
    assert best.fired[0].rule == 3


def test_a_value_outside_the_input_values_is_null_and_named() -> None:
    built = table(["n"], ((["-"], ['"any"']),))
    column = InputClause(expression=literal("n"), values=Condition(text="1, 2, 3"))
    outcome = answer(replace(built, inputs=(column,)), {"n": 7})
    assert outcome.value is None
    assert any('input "n" has a value that is not among' in note for note in outcome.notes)


def test_the_items_of_a_list_may_be_the_input_values() -> None:
    built = table(["n"], ((["-"], ["count(n)"]),))
    column = InputClause(expression=literal("n"), values=Condition(text='"a", "b"'))
    assert answer(replace(built, inputs=(column,)), {"n": ["a", "b"]}).value == Decimal(2)
    assert answer(replace(built, inputs=(column,)), {"n": ["a", "c"]}).value is None


@pytest.mark.parametrize("test", ["not(", "> > 1", '"a'])
def test_a_cell_that_cannot_be_read_never_matches(test: str) -> None:
    assert answer(table(["n"], (([test], ["1"]), (["-"], ["2"]))), {"n": 1}).value == Decimal(2)


def test_a_missing_fact_matches_only_what_asks_nothing_of_it() -> None:
    rows = ((["> 1"], ["1"]), (["<= 1"], ["2"]), (["null"], ["3"]))
    assert answer(table(["n"], rows), {"n": None}).value == Decimal(3)


@over(st.integers(-20, 20), st.lists(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), min_size=1, max_size=6))
def test_matching_is_what_the_intervals_say(n: int, bounds: list[tuple[int, int]]) -> None:
    rows = [([f"[{low}..{high})"], [str(place)]) for place, (low, high) in enumerate(bounds)]
    outcome = answer(table(["n"], rows, hit_policy=HitPolicy.COLLECT), {"n": n})
    assert outcome.value == [place for place, (low, high) in enumerate(bounds) if low <= n < high]
