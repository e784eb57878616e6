"""What an analysis tells of decision tables, held against what evaluation does with the examples that it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as over
from hypothesis import strategies as st

from crossroads.dmn.analysing.apart import never_together
from crossroads.dmn.analysis import Finding, Kind, analyse
from crossroads.dmn.errors import BadModel
from crossroads.dmn.evaluation import Model
from crossroads.dmn.feel.names import NO_NAMES
from crossroads.dmn.feel.parser import parse_tests
from crossroads.dmn.feel.values import Date, DaysTime, Time, Value, YearsMonths, literal
from crossroads.dmn.model import (
    Condition,
    Context,
    ContextEntry,
    DecisionTable,
    Definitions,
    HitPolicy,
    InputClause,
    ItemDefinition,
    Literal,
    OutputClause,
    Rule,
    Variable,
)
from crossroads.dmn.reading import read
from crossroads.dmn.writing import write
from decision_models import decision, given, model, table

POOLS: Mapping[str, Sequence[Value]] = {
    "number": [Decimal(text) for text in ("-1", "0", "1", "2.5", "3", "10")],
    "string": ["", "a", "ab", "b"],
    "boolean": [True, False],
    "date": [Date(2023, 12, 31), Date(2024, 1, 1), Date(2024, 2, 29)],
    "time": [Time(0, 0, 0), Time(12, 30, 0), Time(23, 59, 59)],
    "days and time duration": [DaysTime.of_seconds(seconds) for seconds in (-1, 0, 86_400)],
    "years and months duration": [YearsMonths(months) for months in (-1, 0, 12)],
}
NAMES = ("A", "B", "C")


def cell(kind: str) -> st.SearchStrategy[str]:
    value = st.sampled_from(POOLS[kind]).map(literal)
    tests = [value]
    if kind != "boolean":
        pair = st.tuples(*[st.integers(0, len(POOLS[kind]) - 1)] * 2).map(sorted)
        ends = pair.map(lambda two: [literal(POOLS[kind][n]) for n in two])
        tests += [
            st.builds("{} {}".format, st.sampled_from(["<", "<=", ">", ">="]), value),
            st.builds(lambda o, e, c: f"{o}{e[0]}..{e[1]}{c}", st.sampled_from("[(]"), ends, st.sampled_from("])[")),
        ]
    several = st.lists(st.one_of(tests), min_size=1, max_size=2).map(", ".join)
    return st.one_of(st.just("-"), several, several, several.map("not({})".format))


@st.composite
def drawn(draw: st.DrawFn) -> tuple[list[str], DecisionTable]:
    """Draw the kinds of up to three inputs, and a table over them."""
    kinds = draw(st.lists(st.sampled_from(sorted(POOLS)), min_size=1, max_size=3))
    columns = [*range(len(kinds)), *([0] if draw(st.integers(0, 4)) == 0 else [])]
    rule = st.tuples(*(cell(kinds[n]) for n in columns))
    rules = draw(st.lists(rule, min_size=1, max_size=5))
    policy = draw(st.sampled_from([HitPolicy.UNIQUE, HitPolicy.FIRST, HitPolicy.PRIORITY, HitPolicy.ANY]))
    best = ", ".join(str(n) for n in draw(st.permutations(range(len(rules)))))
    return kinds, DecisionTable(
        inputs=tuple(InputClause(expression=Literal(text=NAMES[n])) for n in columns),
        outputs=(OutputClause(values=Condition(text=best)),),
        rules=tuple(
            Rule(inputs=tuple(Condition(text=one) for one in tests), outputs=(Literal(text=str(n)),))
            for n, tests in enumerate(rules)
        ),
        hit_policy=policy,
    )


def built(kinds: Sequence[str], held: DecisionTable) -> Definitions:
    names = NAMES[: len(kinds)]
    inputs = [given(name, kind) for name, kind in zip(names, kinds, strict=True)]
    return model(inputs, [decision("Answer", held, inputs=names)])


def matching(kinds: Sequence[str], held: DecisionTable, facts: Mapping[str, Value]) -> list[int]:
    """Give the rules that match, as COLLECT tells them."""
    listed = DecisionTable(
        inputs=held.inputs, outputs=(OutputClause(),), rules=held.rules, hit_policy=HitPolicy.COLLECT
    )
    outcome = Model(built(kinds, listed)).evaluate("Answer", {name: facts.get(name) for name in NAMES[: len(kinds)]})
    return [fired.rule for fired in outcome.fired]


def facts_of(kinds: Sequence[str]) -> st.SearchStrategy[dict[str, Value]]:
    beside = {"number": Decimal("2.75"), "string": "aa", "date": Date(2024, 1, 15)}
    pools = [[*POOLS[kind], *([beside[kind]] if kind in beside else [])] for kind in kinds]
    return st.fixed_dictionaries({name: st.sampled_from(pool) for name, pool in zip(NAMES, pools, strict=False)})


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@over(drawn(), st.data())
def test_what_is_found_is_so_and_what_is_not_found_is_not(
    one: tuple[list[str], DecisionTable], data: st.DataObject
) -> None:
    kinds, held = one
    found = analyse(built(kinds, held))
    gaps, overlaps, unreachable = (
        [finding for finding in found if finding.kind is kind] for kind in (Kind.GAP, Kind.OVERLAP, Kind.UNREACHABLE)
    )
    assert {finding.kind for finding in found} <= {Kind.GAP, Kind.OVERLAP, Kind.UNREACHABLE}
    for gap in gaps:
        assert gap.certain
        assert matching(kinds, held, gap.example) == []
    for overlap in overlaps:
        assert set(overlap.rules) <= set(matching(kinds, held, overlap.example))
    dead = {rule for finding in unreachable for rule in finding.rules}
    for facts in data.draw(st.lists(facts_of(kinds), min_size=5, max_size=15)):
        matched = matching(kinds, held, facts)
        assert matched or gaps
        if held.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY):
            assert len(matched) < 2 or overlaps
        fired = Model(built(kinds, held)).evaluate("Answer", facts).fired
        assert dead.isdisjoint(rule.rule for rule in fired)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@over(drawn(), st.data())
def test_rules_that_are_never_together_never_match_together(
    one: tuple[list[str], DecisionTable], data: st.DataObject
) -> None:
    kinds, held = one
    apart = never_together([[parse_tests(cell.text, NO_NAMES) for cell in rule.inputs] for rule in held.rules])
    nulls = st.fixed_dictionaries({name: st.none() for name in NAMES[: len(kinds)]})
    for facts in data.draw(st.lists(facts_of(kinds) | nulls, min_size=5, max_size=15)):
        assert len(matching(kinds, held, facts)) < 2 or not apart


def test_rules_that_exclude_each_other_are_known_to() -> None:
    rows = [["< 18", "-"], [">= 18", '"a"'], ["[18..20]", 'not("a")']]
    assert never_together([[parse_tests(text, NO_NAMES) for text in row] for row in rows])
    assert not never_together([[parse_tests(text, NO_NAMES) for text in row] for row in (["1"], ["? = 1"])])


def found_in(held: DecisionTable, *inputs: tuple[str, str], **more: object) -> Sequence[Finding]:
    names = [name for name, _ in inputs]
    declared = [given(name, kind) for name, kind in inputs]
    return analyse(model(declared, [decision("Fee", held, inputs=names)]), **more)  # type: ignore[arg-type]  # as named


AGE = ("Age", "number")


def test_a_gap_is_said_in_words_with_an_example() -> None:
    (gap,) = found_in(table(["Age"], ((["< 18"], ["0"]), (["> 18"], ["5"]))), AGE)
    assert gap.kind is Kind.GAP
    assert str(gap) == 'decision "Fee": no rule matches where Age is 18; for example Age = 18'
    assert gap.example == {"Age": Decimal(18)}


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        (["< 18", "> 21"], "Age is in [18..21]"),
        (["[0..18)", ">= 18"], "Age is below 0"),
        (["< 18", "[18..65]"], "Age is above 65"),
        (["not(18)"], "Age is 18"),
        (["18, 20"], "Age is below 18 or in (18..20) or above 20"),
    ],
)
def test_the_whole_gap_is_said(tests: list[str], words: str) -> None:
    (gap,) = found_in(table(["Age"], [([test], ["0"]) for test in tests]), AGE)
    assert words in gap.message


def test_dates_have_no_gap_between_two_days() -> None:
    rows = [(['<= date("2023-06-30")'], ["0"]), (['>= date("2023-07-01")'], ["1"])]
    assert found_in(table(["day"], rows), ("day", "date")) == ()
    (gap,) = found_in(table(["day"], [rows[0], (['> date("2023-07-01")'], ["1"])]), ("day", "date"))
    assert gap.example == {"day": Date.of_number((date(2023, 7, 1) - date(1970, 1, 1)).days)}


@pytest.mark.parametrize(
    ("policy", "default", "values", "gap"),
    [
        (HitPolicy.UNIQUE, None, None, True),
        (HitPolicy.UNIQUE, "0", None, False),
        (HitPolicy.COLLECT, None, None, False),
        (HitPolicy.RULE_ORDER, None, None, True),
        (HitPolicy.UNIQUE, None, "[0..18]", False),
        (HitPolicy.UNIQUE, None, "[0..19]", True),
    ],
)
def test_only_what_gives_no_answer_is_a_gap(
    policy: HitPolicy,
    default: str | None,
    values: str | None,
    gap: bool,
) -> None:
    held = DecisionTable(
        inputs=(InputClause(expression=Literal(text="Age"), values=Condition(text=values) if values else None),),
        outputs=(OutputClause(default=Literal(text=default) if default else None),),
        rules=(Rule(inputs=(Condition(text="<= 18"),), outputs=(Literal(text="1"),)),),
        hit_policy=policy,
    )
    assert [one.kind for one in found_in(held, AGE)] == ([Kind.GAP] if gap else [])


def test_null_is_a_gap_only_where_it_is_asked_for() -> None:
    held = table(["Age"], ((["< 18"], ["0"]), ([">= 18"], ["5"])))
    assert found_in(held, AGE) == ()
    (gap,) = found_in(held, AGE, null=True)
    assert gap.example == {"Age": None}


def test_an_overlap_at_null_is_found_where_a_cell_speaks_of_null() -> None:
    (overlap,) = found_in(table(["Age"], ((["null"], ["0"]), (["not(1)"], ["5"]), (["1"], ["5"]))), AGE)
    assert (overlap.kind, overlap.rules, overlap.example) == (Kind.OVERLAP, (1, 2), {"Age": None})


def test_any_minds_only_rules_that_give_something_else() -> None:
    rows = ((["> 1"], ["5"]), (["> 2"], ["5"]), (["> 3"], ["6"]), (["<= 1"], ["Age"]), (["< 0"], ["Age + 1"]))
    found = found_in(table(["Age"], rows, hit_policy=HitPolicy.ANY), AGE)
    assert [(one.kind, one.rules) for one in found] == [
        (Kind.OVERLAP, (1, 3)),
        (Kind.OVERLAP, (2, 3)),
        (Kind.UNKNOWN, (4, 5)),
    ]


def test_a_rule_behind_others_is_never_reached() -> None:
    rows = ((["< 18"], ["0"]), ([">= 18"], ["5"]), (["[10..20]"], ["3"]), (["12"], ["4"]))
    found = found_in(table(["Age"], rows, hit_policy=HitPolicy.FIRST), AGE)
    assert [(one.kind, one.rules) for one in found] == [(Kind.UNREACHABLE, (3,)), (Kind.UNREACHABLE, (4,))]
    assert "one of the rules 1, 2 comes first" in found[0].message
    assert "rule 1 comes first" in found[1].message


@pytest.mark.parametrize(
    ("cell", "output", "kind", "words"),
    [
        ('"old"', "1", Kind.TYPE, '"old" is a string, and the input a number'),
        ("121", "1", Kind.VALUE, "121 is not among the values that are allowed here"),
        ("> 18", '"much"', Kind.TYPE, '"much" is a string, and the output is a number'),
        ("> 18", "Age = 3", Kind.TYPE, "gives a boolean, and the output is a number"),
        ("> 18", "7", Kind.VALUE, "7 is not among the values of this output"),
        ("> 18", "Aeg + 1", Kind.NAME, "nothing is named Aeg here"),
        ("> Aeg", "1", Kind.NAME, "nothing is named Aeg here"),
        ("> ", "1", Kind.FAULT, "expected"),
        ("[5..1]", "1", Kind.VALUE, "from the lesser to the greater"),
        ("? * 2 > 18", "1", Kind.UNKNOWN, 'it speaks of "?"'),
        ("> abs(-18)", "1", Kind.UNKNOWN, "it calls the function abs"),
    ],
)
def test_a_bad_cell_is_named(cell: str, output: str, kind: Kind, words: str) -> None:
    bounded = ItemDefinition(name="tAge", type_ref="number", allowed=Condition(text="[0..120]"))
    column = OutputClause(name="fee", type_ref="number", values=Condition(text="0, 1"), default=Literal(text="0"))
    held = DecisionTable(
        inputs=(InputClause(expression=Literal(text="Age")),),
        outputs=(column,),
        rules=(
            Rule(inputs=(Condition(text="< 18"),), outputs=(Literal(text="0"),)),
            Rule(inputs=(Condition(text=cell),), outputs=(Literal(text=output),)),
        ),
    )
    written = write(model([given("Age", "tAge")], [decision("Fee", held, inputs=["Age"])], [bounded]))
    found = analyse(read(written))
    told = [one for one in found if one.kind is kind and words in one.message]
    assert told, [*map(str, found)]
    assert told[0].rules == (2,)
    side = 'input "Age"' if output in ("0", "1") else 'output "fee"'
    assert str(told[0].place) == f'decision "Fee", rule 2, {side}'


def test_a_gap_behind_a_cell_that_is_not_analysed_is_not_denied() -> None:
    found = found_in(table(["Age"], ((["< 18"], ["0"]), (["? * 2 > 30"], ["5"]))), AGE)
    assert not any(one.is_fault for one in found)
    assert any("whether the rules leave a gap is not known" in one.message for one in found)
    assert any("whether rules 1 and 2 are in conflict" in one.message for one in found)


def test_a_list_is_not_analysed_as_if_it_were_its_items() -> None:
    listed = ItemDefinition(name="tAges", type_ref="number", collection=True)
    held = table(["Ages"], ((["< 18"], ["0"]), ([">= 18"], ["5"])))
    found = analyse(model([given("Ages", "tAges")], [decision("Fee", held, inputs=["Ages"])], [listed]))
    assert {one.kind for one in found} == {Kind.UNKNOWN}


def test_values_of_expressions_may_not_occur_together_and_that_is_said() -> None:
    found = found_in(table(["Age", "Age * 2"], ((["< 18", "< 36"], ["0"]), ([">= 18", ">= 36"], ["0"]))), AGE)
    assert found
    assert not any(one.certain for one in found)
    assert all("if these values occur together" in one.message for one in found)


def test_a_table_without_inputs_or_rules_is_analysed_too() -> None:
    assert found_in(table([], (([], ["1"]),))) == ()
    (overlap,) = found_in(table([], (([], ["1"]), ([], ["2"]))))
    assert (overlap.kind, overlap.rules) == (Kind.OVERLAP, (1, 2))
    (gap,) = found_in(table(["Age"], ()), AGE)
    assert (gap.kind, gap.message) == (
        Kind.GAP,
        "no rule matches where the inputs have any values; for example Age = 0",
    )


def test_a_model_with_a_bad_reference_is_refused() -> None:
    with pytest.raises(BadModel, match="leads nowhere"):
        analyse(model([], [decision("Fee", None, inputs=["nobody"])]))


def test_a_type_that_only_a_column_names_hides_no_gap() -> None:
    """Evaluation does not hold a fact to it; it says what cells should name all the same."""
    letter = ItemDefinition(name="tLetter", type_ref="string", allowed=Condition(text='"a", "b"'))
    held = DecisionTable(
        inputs=(InputClause(expression=Literal(text="Letter", type_ref="tLetter")),),
        outputs=(OutputClause(),),
        rules=(Rule(inputs=(Condition(text='"a", "b", "c"'),), outputs=(Literal(text="1"),)),),
    )
    value, gap = analyse(model([given("Letter", "string")], [decision("Fee", held, inputs=["Letter"])], [letter]))
    assert (value.kind, gap.kind) == (Kind.VALUE, Kind.GAP)
    assert "any other text" in gap.message
    assert (
        matching(
            ["string"], replace(held, inputs=(InputClause(expression=Literal(text="A")),)), {"A": gap.example["Letter"]}
        )
        == []
    )


def test_more_combinations_than_can_be_looked_at_are_said_to_be_left() -> None:
    names = [f"x{n}" for n in range(16)]
    rows = [
        (["-"] * n + [f"[{k}..{k + 3}]", f"not({k})"] + ["-"] * (14 - n), [f"{n}"])
        for n in range(15)
        for k in range(40)
    ]
    held = table(names, rows, hit_policy=HitPolicy.FIRST)
    found = found_in(held, *((name, "number") for name in names))
    assert all(one.certain for one in found)
    assert any("too many combinations" in one.message for one in found if one.kind is Kind.UNKNOWN)


def test_a_table_within_other_logic_is_found_with_its_place() -> None:
    held = table(["Years"], ((["< 18"], ["0"]),))
    context = Context(
        entries=(
            ContextEntry(value=Literal(text="Age + 1"), variable=Variable(name="Years", type_ref="number")),
            ContextEntry(value=held),
        )
    )
    (gap,) = analyse(read(write(model([given("Age", "number")], [decision("Fee", context, inputs=["Age"])]))))
    assert str(gap).startswith('decision "Fee", entry 2: no rule matches where Years is at least 18')
    assert not gap.certain
