"""Decision tables as sheets: laid out, edited, read back, and what is wrong said with its cell."""

from dataclasses import replace

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from crossroads.dmn.errors import BadModel
from crossroads.dmn.model import (
    Aggregation,
    Condition,
    DecisionTable,
    HitPolicy,
    InputClause,
    Literal,
    OutputClause,
    Rule,
)
from crossroads.dmn.sheets import read_csv, sheet_of, table_of, write_csv
from decision_models import answer, table

FEE = """decision;Fee
hit policy;FIRST
;input;input;output;annotation
expression;Age;Resident;Fee;Legal reference
type;number;boolean;number
default;;;10
1;< 18;;0;Art. 3
under;[18..65);true;5
"""


def test_a_sheet_that_a_person_wrote_is_a_table() -> None:
    name, found = table_of(read_csv(FEE.encode()))
    assert name == "Fee"
    assert [rule.id for rule in found.rules] == [None, "under"]
    assert found.rules[0].inputs[1].text == "-"
    assert found.rules[0].annotations == ("Art. 3",)
    assert answer(found, {"Age": 30, "Resident": True}).value == 5
    assert answer(found, {"Age": 70, "Resident": True}).value == 10


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("FIRST", "BEST", "cell B2: the hit policy"),
        (";input;input;output;annotation\n", "", "no row says"),
        ("output;annotation", "outcome;annotation", "cell D3: .outcome. is none of"),
        ("expression;Age;Resident", "expression;Age;", "cell C4: an input column has no expression"),
        ("Art. 3", "Art. 3;what", "rule 1, cell F7: this cell stands in no column"),
        (";input;input;output;annotation", ";input;input;annotation;annotation", "no output column"),
        ("decision;Fee", 'decision;"Fee', "not CSV"),
    ],
)
def test_what_is_wrong_is_said_with_its_cell(before: str, after: str, words: str) -> None:
    with pytest.raises(BadModel, match=words):
        table_of(read_csv(FEE.replace(before, after).encode()))


def test_what_is_not_text_is_refused() -> None:
    with pytest.raises(BadModel, match="UTF-8"):
        read_csv(b"\xff\xfe\x00")


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Z"]), min_size=1, max_size=6).filter(
    lambda text: text == text.strip()
)
cells = st.one_of(words, st.sampled_from(['"a", "b"', "[1..5)", "> 1", "-", "a\nb", 'not("x;y")']))
maybe = st.none() | words


@st.composite
def tables(draw: st.DrawFn) -> DecisionTable:
    def some(strategy: st.SearchStrategy[str], size: int) -> list[str]:
        return draw(st.lists(strategy, min_size=size, max_size=size))

    conditions = st.none() | st.builds(Condition, text=cells)
    inputs, outputs, notes = draw(st.tuples(st.integers(0, 3), st.integers(1, 2), st.integers(0, 2)))
    ids = draw(st.lists(st.sampled_from(["one", "r-2", "Art. 5"]), unique=True, max_size=3))
    policy = draw(st.sampled_from(HitPolicy))
    return DecisionTable(
        inputs=tuple(
            InputClause(expression=Literal(text=text, type_ref=draw(maybe)), values=draw(conditions))
            for text in some(words, inputs)
        ),
        outputs=tuple(
            OutputClause(
                name=name,
                type_ref=draw(maybe),
                values=draw(conditions),
                default=draw(st.none() | st.builds(Literal, text=cells)),
            )
            for name in some(words, outputs)
        ),
        rules=tuple(
            Rule(
                inputs=tuple(Condition(text=text) for text in some(cells, inputs)),
                outputs=tuple(Literal(text=text) for text in some(cells, outputs)),
                annotations=tuple(some(words, notes)),
                id=one,
            )
            for one in ids
        ),
        annotations=tuple(some(words, notes)),
        hit_policy=policy,
        aggregation=draw(st.none() | st.sampled_from(Aggregation)) if policy is HitPolicy.COLLECT else None,
    )


@over(words, tables())
def test_a_table_is_read_from_a_sheet_as_it_was_laid_out(name: str, built: DecisionTable) -> None:
    assert table_of(read_csv(write_csv(sheet_of(name, built)))) == (name, built)


def test_a_rule_without_an_id_has_its_number() -> None:
    built = table(["n"], ((["-"], ["1"]),))
    assert sheet_of("D", built)[-1][0] == "rule-1"
    unnamed = replace(built, rules=(replace(built.rules[0], id=None),))
    assert sheet_of("D", unnamed)[-1][0] == "1"
