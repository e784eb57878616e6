"""Which texts of an input may lead to a "yes": those that rules name, where nothing else in the table may."""

from dataclasses import replace

import pytest

from crossroads.dmn.model import Definitions, Import, OutputClause
from crossroads.dmn.naming import named, named_by_rule
from decision_models import Rows, decision, given, literal, model, table

NO = (["-"], ["false"])


def built(rows: Rows, *columns: str, default: str | None = "false") -> Definitions:
    opens = OutputClause(name="opens", default=None if default is None else literal(default))
    held = table(columns or ("status",), rows, opens)
    return model([given("status", "string"), given("age", "number")], [decision("right", held, inputs=["status"])])


@pytest.mark.parametrize(
    ("tests", "texts"),
    [
        (['"a"', '"b", "c"'], {"a", "b", "c"}),
        (['= "a"', '["b", "c"]'], {"a", "b", "c"}),
        (['"a"', "null"], {"a"}),
        ([], set()),
        (['"a"', "-"], None),
        (['"a"', ""], None),
        (['not("a")'], None),
        (['!= "a"'], None),
        (['["a".."c"]'], None),
        (['> "a"'], None),
        (['"a"', 'starts with(?, "b")'], None),
        (['"a"', "other"], None),
        (['"a"', '"b'], None),
    ],
)
def test_texts_are_told_where_cells_name_them_alone(tests: list[str], texts: set[str] | None) -> None:
    rows = [([test], ["true"]) for test in tests]
    told = None if texts is None else frozenset(texts)
    assert named(built(rows), "right", "status", "opens") == told
    # A rule that gives nothing may take anything.
    assert named(built([*rows, NO]), "right", "status", "opens") == told


def test_one_rule_names_its_own_texts() -> None:
    whole = built([(['"a"'], ["true"]), (["-"], ["true"]), NO, (['"b"'], ["true"])])
    told = [named_by_rule(whole, "right", rule, "status", "opens") for rule in range(6)]
    assert told == [None, frozenset("a"), None, frozenset(), frozenset("b"), None]
    assert named_by_rule(whole, "no such decision", 1, "status", "opens") is None


def test_what_a_table_gives_otherwise_may_open_too() -> None:
    rows = [(['"a"'], ["true"])]
    for default in (None, "true", "null", 'status = "b"'):
        assert named(built(rows, default=default), "right", "status", "opens") is None, default
    assert named(built([*rows, (["-"], ["age > 3"])]), "right", "status", "opens") is None


def test_columns_together_name_what_each_of_them_allows() -> None:
    rows = [(['"a", "b"', ">= 18", '"b", "c"'], ["true"])]
    assert named(built(rows, "status", "age", " status "), "right", "status", "opens") == frozenset({"b"})
    assert named(built(rows, "other", "age", "lower case(status)"), "right", "status", "opens") is None


def test_another_thing_of_that_name_is_not_taken_for_the_fact() -> None:
    whole = built([(['"a"'], ["true"])])
    assert named(whole, "right", "status", "opens") == frozenset({"a"})
    made = decision("status", literal('"a"'))
    assert named(replace(whole, decisions=(*whole.decisions, made)), "right", "status", "opens") is None
    imported = Import(name="", namespace="urn:other", kind="dmn")
    assert named(replace(whole, imports=(imported,)), "right", "status", "opens") is None
    assert named(whole, "no such decision", "status", "opens") is None
    assert named(whole, "right", "status", "no such output") is None
    assert named(model(decisions=[made]), "status", "status", "opens") is None
