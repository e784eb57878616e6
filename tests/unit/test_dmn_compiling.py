"""What is compiled and what is refused, on tables that a person wrote."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import ibis
import pyarrow as pa
import pytest

from crossroads.dmn.compiling import Compiled, NotCompiled, compile_decision
from crossroads.dmn.evaluation import Model
from crossroads.dmn.model import (
    Condition,
    Context,
    ContextEntry,
    Decision,
    DecisionTable,
    Definitions,
    Expression,
    HitPolicy,
    InputClause,
    InputData,
    ItemDefinition,
    Literal,
    OutputClause,
    Place,
    Requirements,
    Rule,
    Variable,
)


def a_table(inputs: Sequence[str], *rules: Sequence[str], policy: HitPolicy = HitPolicy.UNIQUE) -> DecisionTable:
    """Write a table; the last cell of a rule is its output."""
    return DecisionTable(
        inputs=tuple(InputClause(expression=Literal(text=text)) for text in inputs),
        outputs=(OutputClause(),),
        rules=tuple(_rule(row, cells) for row, cells in enumerate(rules, 1)),
        hit_policy=policy,
    )


def _rule(row: int, cells: Sequence[str]) -> Rule:
    tests = [
        Condition(text=text, place=Place((f"rule {row}, input {column}",))) for column, text in enumerate(cells[:-1], 1)
    ]
    return Rule(inputs=tuple(tests), outputs=(Literal(text=cells[-1], place=Place((f"rule {row}, output",))),))


def a_decision(name: str, expression: Expression, *inputs: str, requires: tuple[str, ...] = ()) -> Decision:
    needs = Requirements(inputs=tuple(f"#{one}" for one in inputs), decisions=tuple(f"#{one}" for one in requires))
    return Decision(id=name, name=name, expression=expression, requires=needs)


def a_model(inputs: Mapping[str, str], *decisions: Decision, items: tuple[ItemDefinition, ...] = ()) -> Definitions:
    given = tuple(
        InputData(id=name, name=name, variable=Variable(name=name, type_ref=of)) for name, of in inputs.items()
    )
    return Definitions(name="m", namespace="urn:m", items=items, inputs=given, decisions=decisions)


def answers(compiled: Compiled, columns: Mapping[str, pa.Array], **how: bool) -> dict[str, list[Any]]:
    """Run on DuckDB and give the columns that were added."""
    connection = ibis.duckdb.connect()
    found = compiled.apply(connection.create_table("facts", pa.table(dict(columns))), **how).to_pyarrow().to_pydict()
    return {name: values for name, values in found.items() if name not in columns}


FEE = a_model({"Age": "number"}, a_decision("Fee", a_table(["Age"], ["< 18", "0"], ["[18..65)", "12.5"]), "Age"))
DISPUTED = a_model({"Age": "number"}, a_decision("Fee", a_table(["Age"], ["<= 18", "0"], [">= 18", "9"]), "Age"))


def test_ends_of_intervals_and_gaps() -> None:
    ages = pa.array([17, 18, 64, 65, None], pa.int16())
    assert answers(compile_decision(FEE, "Fee"), {"Age": ages}) == {
        "Fee": [0, Decimal("12.5"), Decimal("12.5"), None, None]
    }


def test_a_violation_is_null_and_named_and_fired_names_the_rules() -> None:
    found = answers(compile_decision(DISPUTED, "Fee"), {"Age": pa.array([17, 18, 19, None])}, explained=True)
    assert found == {"Fee": [0, None, 9, None], "fired": [[1], [], [2], []], "violation": [None, "Fee", None, None]}


def test_a_table_without_overlaps_is_one_chain_without_counting() -> None:
    table = ibis.table({"Age": "int16"}, name="facts")
    assert "_dmn_" not in ibis.to_sql(compile_decision(FEE, "Fee").apply(table))
    assert "_dmn_" in ibis.to_sql(compile_decision(DISPUTED, "Fee").apply(table))


def test_a_truth_about_null_is_asked_in_words_that_spark_reads() -> None:
    table = a_table(["Married = null"], ["? = null", "1"])
    compiled = compile_decision(a_model({"Married": "boolean"}, a_decision("Due", table, "Married")), "Due")
    assert answers(compiled, {"Married": pa.array([None, True])}) == {"Due": [None, None]}
    written = str(ibis.to_sql(compiled.apply(ibis.table({"Married": "boolean"}, name="facts")), dialect="pyspark"))
    assert "IS NULL IS NULL" not in " ".join(written.split())


def test_required_decisions_are_computed_once_and_their_violations_are_seen() -> None:
    double = a_decision("Double", Literal(text="if Fee = null then -1 else Fee * 2"), requires=("Fee",))
    compiled = compile_decision(
        a_model({"Age": "number"}, *DISPUTED.decisions, double), "Double", columns={"Age": "years"}
    )
    found = answers(compiled, {"years": pa.array([17, 18, 19])}, explained=True)
    assert found["Double"] == [0, -1, 18]
    assert found["violation"] == [None, "Fee", None]


def test_a_context_gives_a_column_for_each_entry() -> None:
    entries = tuple(
        ContextEntry(variable=Variable(name=name), value=Literal(text=text))
        for name, text in {"next year": "Age + 1", "grown up": "next year >= 18"}.items()
    )
    compiled = compile_decision(a_model({"Age": "number"}, a_decision("Soon", Context(entries=entries), "Age")), "Soon")
    assert answers(compiled, {"Age": pa.array([16, 17])}) == {"next year": [17, 18], "grown up": [False, True]}


def test_what_is_not_among_the_allowed_values_is_null() -> None:
    kind = ItemDefinition(name="kind", type_ref="string", allowed=Condition(text='"a", "b"'))
    model = a_model({"Kind": "kind"}, a_decision("Is null", Literal(text="Kind = null"), "Kind"), items=(kind,))
    found = answers(compile_decision(model, "Is null"), {"Kind": pa.array(["a", "c", None])})
    assert found["Is null"] == [Model(model).evaluate("Is null", {"Kind": one}).value for one in ("a", "c", None)]


def test_arithmetic_is_exact_where_engines_would_overflow_or_round() -> None:
    model = a_model({"Price": "number"}, a_decision("Sum", Literal(text="Price * 1000000007 + Price / 8"), "Price"))
    prices = [Decimal("0.10"), Decimal("99999999999999.99")]
    found = answers(compile_decision(model, "Sum"), {"Price": pa.array(prices, pa.decimal128(16, 2))})
    assert found["Sum"] == [Model(model).evaluate("Sum", {"Price": price}).value for price in prices]


@pytest.mark.parametrize(
    "cell", ["(Low..High)", "(Low..High]", "[Low..High)", "[Low..High]", "(null..High)", "[Low..null)"]
)
def test_ends_that_are_columns_bound_as_they_do_where_a_case_is_decided(cell: str) -> None:
    facts = [(age, low, high) for age in (4, None) for low in (3, 4, 5, None) for high in (3, 4, 5, None)]
    table = a_table(["Age"], [cell, '"in"'], [f"not({cell})", '"out"'])
    model = a_model({"Age": "number", "Low": "number", "High": "number"}, a_decision("Is", table, "Age", "Low", "High"))
    columns = {
        name: pa.array(values, pa.int16())
        for name, values in zip(("Age", "Low", "High"), zip(*facts, strict=True), strict=True)
    }
    assert answers(compile_decision(model, "Is"), columns)["Is"] == [
        Model(model).evaluate("Is", dict(zip(columns, fact, strict=True))).value for fact in facts
    ]


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("Age / 3 > 1", "may have no end"),
        ("Age ** 2", r"number \*\* number"),
        ("some x in [1, 2] satisfies x = Age", "some and every"),
        ("upper case(Name)", "upper case"),
        ("? < today()", "today differs from run to run"),
        ('"eighteen"', "a number is compared with a string"),
        ("Age = ", "line 1"),
        ("Nobody", "nothing is called Nobody"),
        ('date("2024-01-32")', "2024-01-32|date"),
    ],
)
def test_what_cannot_be_compiled_is_refused_with_its_cell(cell: str, why: str) -> None:
    table = a_table(["Age"], ["-", "1"], [cell, "2"])
    model = a_model({"Age": "number", "Name": "string"}, a_decision("Fee", table, "Age", "Name"))
    with pytest.raises(NotCompiled, match=f"rule 2, input 1: .*({why})"):
        compile_decision(model, "Fee")


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        ({}, "the table has no column Age"),
        ({"Age": "float64"}, "an integer or a decimal"),
        ({"Age": "string"}, "the column holds string"),
        ({"Age": "int64", "Fee": "int64"}, "has a column Fee already"),
    ],
)
def test_a_table_with_other_columns_is_refused_before_it_runs(columns: Mapping[str, str], why: str) -> None:
    table = ibis.table({"row": "int64", **columns}, name="facts")
    with pytest.raises(NotCompiled, match=why):
        compile_decision(FEE, "Fee").apply(table)


def test_numbers_too_wide_for_an_exact_product_are_refused_with_what_to_do() -> None:
    model = a_model({"A": "number", "B": "number"}, a_decision("Product", Literal(text="A * B"), "A", "B"))
    with pytest.raises(NotCompiled, match="bound the columns"):
        compile_decision(model, "Product", schema={"A": "decimal(20, 4)", "B": "decimal(20, 4)"})


def test_an_input_without_a_type_needs_the_type_of_its_column() -> None:
    model = a_model({"Age": "Any"}, a_decision("Fee", Literal(text="Age + 1"), "Age"))
    with pytest.raises(NotCompiled, match="it has no type"):
        compile_decision(model, "Fee")
    assert compile_decision(model, "Fee", schema={"Age": "int64"}).inputs == {"Age": ibis.dtype("int64")}
