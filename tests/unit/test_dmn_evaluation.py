"""Decision models evaluated: requirements, types, functions, services, imports, and what is refused at once."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from crossroads.dmn.errors import BadModel, CircularModel
from crossroads.dmn.evaluation import Model
from crossroads.dmn.model import (
    Binding,
    BusinessKnowledgeModel,
    Condition,
    Conditional,
    Context,
    ContextEntry,
    DecisionService,
    Every,
    Expression,
    Filter,
    For,
    FunctionDefinition,
    FunctionItem,
    Import,
    Invocation,
    ItemDefinition,
    ListOf,
    Relation,
    Requirements,
    Row,
    Some,
    Variable,
)
from crossroads.dmn.reading import read
from crossroads.dmn.writing import write
from decision_models import answer, decision, given, literal, model, table

DMN = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def knowledge(name: str, parameters: dict[str, str | None], body: Expression, *requires: str) -> BusinessKnowledgeModel:
    taken = tuple(Variable(name=one, type_ref=type_ref) for one, type_ref in parameters.items())
    return BusinessKnowledgeModel(
        name=name,
        id=name,
        function=FunctionDefinition(parameters=taken, body=body),
        requires=Requirements(knowledge=tuple(f"#{one}" for one in requires)),
    )


def entry(name: str | None, text: str, type_ref: str | None = None) -> ContextEntry:
    return ContextEntry(value=literal(text), variable=Variable(name=name, type_ref=type_ref) if name else None)


# Expressions -------------------------------------------------------------------------------------------------------

NUMBERS = literal("[1, 2, 3]")
BOXED: list[tuple[Expression, object]] = [
    (Context(entries=(entry("a b", "1"), entry("c", "a b + 1"))), {"a b": 1, "c": 2}),
    (Context(entries=(entry("a", "2"), entry(None, "a * a"))), 4),
    (Context(entries=(entry("a", '"x"', "number"),)), {"a": None}),
    (ListOf(items=(literal("1"), ListOf(items=(literal("2"),)))), [1, [2]]),
    (
        Relation(
            columns=(Variable(name="n"), Variable(name="the square")),
            rows=(Row(cells=(literal("2"), literal("2 * 2"))), Row(cells=(literal("3"), literal("3 * 3")))),
        ),
        [{"n": 2, "the square": 4}, {"n": 3, "the square": 9}],
    ),
    (Conditional(condition=literal("1 > 2"), then=literal("a"), otherwise=literal('"no"')), "no"),
    (Conditional(condition=literal("null"), then=literal("1"), otherwise=literal("2")), 2),
    (Conditional(condition=literal('"x"'), then=literal("1"), otherwise=literal("2")), None),
    (Filter(source=NUMBERS, match=literal("item > 1")), [2, 3]),
    (Filter(source=literal("[{x: 1, item: 7}, {x: 2}]"), match=literal("x = 2")), [{"x": 2}]),
    (Filter(source=NUMBERS, match=literal('if item > 1 then true else "no"')), None),
    (Filter(source=literal("null"), match=literal("true")), None),
    (For(variable="n", source=NUMBERS, body=literal("n * 2")), [2, 4, 6]),
    (For(variable="n", source=NUMBERS, body=literal("n + count(partial)")), [1, 3, 5]),
    (Some(variable="n", source=NUMBERS, body=literal("n = 3")), True),
    (Every(variable="n", source=NUMBERS, body=literal("n < 3")), False),
    (Every(variable="n", source=literal("[]"), body=literal("false")), True),
    (Some(variable="n", source=NUMBERS, body=literal('if n = 3 then true else "no"')), None),
    (Every(variable="n", source=NUMBERS, body=literal('if n = 3 then false else "yes"')), None),
    (Some(variable="n", source=literal("[null, 3]"), body=literal("n > 2")), True),
    (Some(variable="n", source=literal("[null, 1]"), body=literal("n > 2")), None),
    (Every(variable="n", source=literal("[null, 1]"), body=literal("n > 2")), False),
    (Every(variable="n", source=literal("[null, 3]"), body=literal("n > 2")), None),
    (Every(variable="n", source=literal("4"), body=literal("n > 2")), True),
    (
        Invocation(
            called=literal("substring"),
            bindings=(
                Binding(parameter=Variable(name="string"), value=literal('"abc"')),
                Binding(parameter=Variable(name="start position"), value=literal("2")),
            ),
        ),
        "bc",
    ),
    (
        Invocation(called=literal("abs"), bindings=(Binding(parameter=Variable(name="wrong"), value=literal("1")),)),
        None,
    ),
    (literal(""), None),
    (literal("5", "string"), None),
    (literal("[5]", "number"), 5),
    (literal("5", "list<number>"), [5]),
]


@pytest.mark.parametrize(("expression", "value"), BOXED)
def test_each_kind_of_expression_has_its_value(expression: Expression, value: object) -> None:
    assert answer(expression).value == value


def test_the_entries_of_a_context_may_be_functions_that_call_themselves() -> None:
    body = literal("if n < 2 then 1 else n * factorial(n - 1)")
    function = FunctionDefinition(parameters=(Variable(name="n"),), body=body)
    built = Context(
        entries=(ContextEntry(variable=Variable(name="factorial"), value=function), entry(None, "factorial(6)"))
    )
    assert answer(built).value == Decimal(720)


def test_the_type_beside_a_function_may_be_that_of_its_result() -> None:
    function = FunctionDefinition(parameters=(Variable(name="a"), Variable(name="b")), body=literal("a < b"))
    named = ContextEntry(variable=Variable(name="before", type_ref="boolean"), value=function)
    assert answer(Context(entries=(named, entry(None, "sort([2, 1], before)")))).value == [1, 2]


def test_a_function_without_end_is_null_with_a_note() -> None:
    function = FunctionDefinition(parameters=(Variable(name="n"),), body=literal("f(n + 1)"))
    built = Context(entries=(ContextEntry(variable=Variable(name="f"), value=function), entry(None, "f(1)")))
    outcome = answer(built)
    assert outcome.value is None
    assert outcome.notes


# The graph ---------------------------------------------------------------------------------------------------------


def test_a_decision_sees_what_it_requires_and_nothing_else() -> None:
    built = model(
        [given("a"), given("b")],
        [decision("Sum", literal("a + 1"), inputs=["a"]), decision("All", literal("Sum + b"), decisions=["Sum"])],
    )
    outcome = Model(built).evaluate("All", {"a": 1, "b": 2})
    assert outcome.value is None
    assert any("nothing is called b" in note for note in outcome.notes)
    assert outcome.facts == {"a": 1}


def test_the_rules_of_required_decisions_are_named_in_their_order() -> None:
    first = table(["a"], ((["> 1"], ['"many"']), (["<= 1"], ['"few"'])))
    second = table(["Size"], ((['"many"'], ["true"]), (["-"], ["false"])), hit_policy="FIRST")
    built = model([given("a")], [decision("Size", first, inputs=["a"]), decision("Big", second, decisions=["Size"])])
    outcome = Model(read(write(built))).evaluate("Big", {"a": 5})
    assert outcome.value is True
    assert [(one.table, one.rule, one.id) for one in outcome.fired] == [
        ('decision "Size"', 1, "rule-1"),
        ('decision "Big"', 1, "rule-1"),
    ]


def test_names_may_hold_signs_and_words() -> None:
    built = model([given("Applicant's age"), given("a-b"), given("a")], [])
    answered = decision("D", literal("Applicant's age + a-b - a"), inputs=["Applicant's age", "a-b", "a"])
    outcome = Model(replace(built, decisions=(answered,))).evaluate("D", {"Applicant's age": 30, "a-b": 5, "a": 1})
    assert outcome.value == Decimal(34)


def test_decisions_in_a_circle_are_refused_and_named() -> None:
    one, two = decision("One", literal("Two"), decisions=["Two"]), decision("Two", literal("One"), decisions=["One"])
    with pytest.raises(CircularModel, match=r'in a circle: "(One|Two)" requires "(One|Two)" requires "(One|Two)"'):
        Model(model(decisions=[one, two]))


def test_a_long_chain_of_decisions_is_decided() -> None:
    steps = [decision(f"D{n}", literal(f"D{n - 1} + 1"), decisions=[f"D{n - 1}"]) for n in range(1, 1500)]
    assert Model(model(decisions=[decision("D0", literal("0")), *steps])).evaluate("D1499", {}).value == Decimal(1499)


def test_a_reference_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(BadModel, match='"#gone" leads nowhere'):
        Model(model(decisions=[decision("D", literal("1"), inputs=["gone"])]))


def test_what_cannot_be_read_is_among_the_faults_with_its_place_and_null() -> None:
    rows = ((["> 1"], ["1 +"]), (["-"], ["2"]))
    built = model([given("a", "tUnknown")], [decision("D", table(["a"], rows, hit_policy="FIRST"), inputs=["a"])])
    ready = Model(read(write(built)))
    said = sorted(str(fault) for fault in ready.faults)
    assert said[0].startswith('decision "D", rule 1, output "2": ')
    assert said[1] == 'input "a": the type "tUnknown" is not known: there is no type tUnknown'
    assert ready.evaluate("D", {"a": 2}).value is None
    assert ready.evaluate("D", {"a": 0}).value == Decimal(2)


def test_what_is_asked_for_must_exist() -> None:
    with pytest.raises(BadModel, match='"Nope"'):
        Model(model()).evaluate("Nope", {})


def test_a_decision_without_logic_is_given_or_null() -> None:
    ready = Model(model(decisions=[decision("Judged", None), decision("D", literal("Judged"), decisions=["Judged"])]))
    assert ready.evaluate("D", {"Judged": "well"}).value == "well"
    assert ready.evaluate("D", {}).value is None


def test_the_inputs_of_a_decision_are_those_of_what_it_requires_too() -> None:
    built = model(
        [given("a"), given("b"), given("c")],
        [decision("One", literal("a"), inputs=["a"]), decision("Two", literal("b"), inputs=["b"], decisions=["One"])],
    )
    assert {one.name for one in Model(built).inputs("Two")} == {"a", "b"}


# Types -------------------------------------------------------------------------------------------------------------

ITEMS = (
    ItemDefinition(name="tGrade", type_ref="string", allowed=Condition(text='"A", "B"')),
    ItemDefinition(name="tGrades", type_ref="tGrade", collection=True, constraint=Condition(text="count(?) < 3")),
    ItemDefinition(
        name="tPerson",
        components=(ItemDefinition(name="name", type_ref="string"), ItemDefinition(name="grade", type_ref="tGrade")),
    ),
    ItemDefinition(name="tTree", components=(ItemDefinition(name="under", type_ref="tTree", collection=True),)),
)


@pytest.mark.parametrize(
    ("type_ref", "value", "seen"),
    [
        ("number", 5, Decimal(5)),
        ("number", "5", None),
        ("number", [5], Decimal(5)),
        ("list<number>", 5, [Decimal(5)]),
        ("date", dt.date(2026, 7, 1), dt.date(2026, 7, 1)),
        ("date and time", dt.date(2026, 7, 1), dt.datetime(2026, 7, 1, tzinfo=dt.UTC)),
        ("tGrade", "A", "A"),
        ("tGrade", "C", None),
        ("tGrades", ["A", "B"], ["A", "B"]),
        ("tGrades", ["A", "C"], None),
        ("tGrades", ["A", "A", "A"], None),
        ("tPerson", {"name": "x", "grade": "A", "more": 1}, {"name": "x", "grade": "A", "more": Decimal(1)}),
        ("tPerson", {"name": "x"}, None),
        ("tPerson", {"name": "x", "grade": "Z"}, None),
        ("tTree", {"under": [{"under": []}]}, {"under": [{"under": []}]}),
    ],
)
def test_facts_and_results_are_fitted_to_their_types(type_ref: str, value: object, seen: object) -> None:
    passing = model([given("a", type_ref)], [decision("D", literal("a"), inputs=["a"])], ITEMS)
    assert Model(passing).evaluate("D", {"a": value}).value == seen
    result = model([given("a")], [decision("D", literal("a"), inputs=["a"], type_ref=type_ref)], ITEMS)
    assert Model(result).evaluate("D", {"a": value}).value == seen


# Functions and services --------------------------------------------------------------------------------------------


def test_knowledge_is_called_with_fitting_arguments_only() -> None:
    doubled = knowledge("double", {"n": "number"}, literal("if n = null then 0 else n * 2"))
    calls = [
        decision("Good", literal("double(4)"), knowledge=["double"]),
        decision("Bad", literal('double("x")'), knowledge=["double"]),
    ]
    ready = Model(replace(model(decisions=calls), knowledge=(doubled,)))
    assert ready.evaluate("Good", {}).value == Decimal(8)
    assert ready.evaluate("Bad", {}).value is None
    assert ready.evaluate("double", {"n": 5}).value == Decimal(10)


def test_knowledge_sees_its_own_requirements_not_those_of_its_caller() -> None:
    built = replace(
        model([given("a")], [decision("D", literal("outer(2)"), inputs=["a"], knowledge=["outer"])]),
        knowledge=(
            knowledge("outer", {"n": None}, literal("[inner(n), a]"), "inner"),
            knowledge("inner", {"n": None}, literal("n + 1")),
        ),
    )
    assert Model(built).evaluate("D", {"a": 9}).value == [Decimal(3), None]


def test_a_long_chain_of_knowledge_that_is_not_called_costs_nothing() -> None:
    chain = [knowledge(f"k{n}", {}, literal(str(n)), *([f"k{n - 1}"] if n else [])) for n in range(1200)]
    built = replace(model(decisions=[decision("D", literal("k1199()"), knowledge=["k1199"])]), knowledge=tuple(chain))
    assert Model(built).evaluate("D", {}).value == Decimal(1199)


def service(*outputs: str, name: str = "S", type_ref: str | None = None) -> DecisionService:
    return DecisionService(
        name=name,
        id=name,
        variable=Variable(name=name, type_ref=type_ref),
        outputs=tuple(f"#{one}" for one in outputs),
        input_decisions=("#Rate",),
        input_data=("#a",),
    )


def served(*services: DecisionService) -> Model:
    decisions = [
        decision("Rate", literal("a / 0"), inputs=["a"], type_ref="number"),
        decision("Fee", literal("a * Rate"), inputs=["a"], decisions=["Rate"]),
        decision("Tax", literal("Fee + 1"), decisions=["Fee"]),
        decision("Called", literal("S(10, 2)"), knowledge=["S"]),
        decision("Named", literal("S(a: 10, Rate: 2)"), knowledge=["S"]),
        decision("Wrong", literal('S(10, "x")'), knowledge=["S"]),
    ]
    items = (ItemDefinition(name="tF", function=FunctionItem(parameters=(), output_type_ref="string")),)
    return Model(replace(model([given("a", "number")], decisions, items), services=services))


def test_a_service_with_one_output_gives_it_and_takes_decisions_as_given() -> None:
    ready = served(service("Tax"))
    assert ready.evaluate("S", {"a": 10, "Rate": 2}).value == Decimal(21)
    assert ready.evaluate("Called", {}).value == Decimal(21)
    assert ready.evaluate("Named", {}).value == Decimal(21)
    assert ready.evaluate("Wrong", {}).value is None
    assert [one.name for one in ready.inputs("S")] == ["a"]
    assert ready.evaluate("S", {"a": 10, "Rate": 2}).facts == {"a": Decimal(10), "Rate": Decimal(2)}


def test_a_service_with_several_outputs_gives_a_context() -> None:
    assert served(service("Tax", "Fee")).evaluate("Called", {}).value == {"Tax": Decimal(21), "Fee": Decimal(20)}


def test_the_result_of_a_service_is_fitted_to_the_result_of_its_type() -> None:
    assert served(service("Tax", type_ref="tF")).evaluate("Called", {}).value is None


# Imports -----------------------------------------------------------------------------------------------------------


def test_another_model_is_used_under_the_name_of_its_import() -> None:
    other = replace(
        model(
            [given("age", "number")],
            [decision("Adult", literal("age >= limit(1)"), inputs=["age"], knowledge=["limit"])],
        ),
        namespace="urn:other",
        items=(ItemDefinition(name="tName", type_ref="string"),),
        knowledge=(knowledge("limit", {"n": None}, literal("18")),),
    )
    mine = replace(
        model(
            [given("name", "law.tName")],
            [
                replace(
                    decision("D", literal('name + ": " + string(law.Adult) + string(law.limit(0))'), inputs=["name"]),
                    requires=Requirements(
                        inputs=("#name",), decisions=("urn:other#Adult",), knowledge=("urn:other#limit",)
                    ),
                )
            ],
        ),
        imports=(Import(namespace="urn:other", name="law", kind=DMN),),
    )
    ready = Model(mine, lambda _wanted: other)
    for facts in ({"age": 20}, {"urn:other#age": 20}, {"law": {"age": 20}}):
        assert ready.evaluate("D", {"name": "A", **facts}).value == "A: true18"
    with pytest.raises(BadModel, match='"law", and was not given'):
        Model(mine)


def test_a_model_is_the_same_however_often_it_is_asked() -> None:
    ready = Model(model([given("a")], [decision("D", literal("a + 1"), inputs=["a"])]))
    assert [ready.evaluate("D", {"a": n}).value for n in (1, 2, 1)] == [Decimal(2), Decimal(3), Decimal(2)]
