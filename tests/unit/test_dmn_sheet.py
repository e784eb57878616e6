"""Workbooks of decision tables: nothing is lost on the way, and what a spreadsheet program changed is understood."""

import contextlib
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as over
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from crossroads.dmn.errors import BadModel
from crossroads.dmn.evaluation import Model
from crossroads.dmn.model import (
    Aggregation,
    Condition,
    Context,
    ContextEntry,
    DecisionTable,
    Definitions,
    HitPolicy,
    InputClause,
    ItemDefinition,
    KnowledgeSource,
    Literal,
    Orientation,
    OutputClause,
    Rule,
    Variable,
)
from crossroads.dmn.reading import read
from crossroads.dmn.sheet import model_of, workbook_of
from decision_models import decision, given, model

RIGHTS = sorted((Path(__file__).parents[2] / "catalogue" / "belgium" / "tables").glob("*.dmn"))


@pytest.mark.parametrize("path", RIGHTS, ids=lambda path: path.stem)
def test_a_model_comes_back_as_it_was(path: Path) -> None:
    held = read(path.read_bytes())
    assert model_of(workbook_of(held), held) == held


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
named = words.filter(lambda text: bool(text.strip()))
maybe = st.none() | named
feel = st.sampled_from(
    [
        '"a", "b"',
        "[1..5)",
        "> 1",
        "-",
        "",
        " ",
        '"x\ny"',
        "= 5",
        "=1+1",
        "@x",
        "2024-01-31",
        "1,5",
        "\u2013",
        "TRUE",
        "'",
    ]
)
conditions = st.builds(Condition, text=feel | words, id=maybe, label=maybe, language=maybe)
literals = st.builds(Literal, text=feel | words, id=maybe, label=maybe, language=maybe, type_ref=maybe)


@st.composite
def tables(draw: st.DrawFn) -> DecisionTable:
    inputs, outputs = draw(st.integers(0, 3)), draw(st.integers(1, 2))
    heads = st.builds(Literal, text=named, id=maybe, label=maybe, type_ref=maybe)
    policy = draw(st.sampled_from(HitPolicy))
    rule = st.builds(
        Rule,
        id=maybe | st.sampled_from(["1", "2", "default", "label"]),
        label=maybe,
        inputs=st.tuples(*[conditions] * inputs),
        outputs=st.tuples(*[literals] * outputs),
        annotations=st.lists(words, max_size=3).map(tuple),
    )
    return DecisionTable(
        id=draw(maybe),
        label=draw(maybe),
        type_ref=draw(maybe),
        inputs=draw(
            st.tuples(
                *[st.builds(InputClause, id=maybe, label=maybe, expression=heads, values=st.none() | conditions)]
                * inputs
            )
        ),
        outputs=draw(
            st.tuples(
                *[
                    st.builds(
                        OutputClause,
                        id=maybe,
                        label=maybe,
                        name=named,
                        type_ref=maybe,
                        values=st.none() | conditions,
                        default=st.none() | literals,
                    )
                ]
                * outputs
            )
        ),
        rules=tuple(draw(st.lists(rule, max_size=3))),
        annotations=draw(st.lists(words, max_size=2).map(tuple)),
        hit_policy=policy,
        aggregation=draw(st.none() | st.sampled_from(Aggregation)) if policy is HitPolicy.COLLECT else None,
        orientation=draw(st.sampled_from(Orientation)),
        output_label=draw(maybe),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@over(st.lists(tables(), min_size=1, max_size=2))
def test_nothing_is_lost(drawn: list[DecisionTable]) -> None:
    """Whatever the cells say, also where it is no FEEL: the model is the same, ids and labels included."""
    entries = tuple(ContextEntry(value=one, variable=Variable(name=f"e{n}")) for n, one in enumerate(drawn))
    held = model([], [decision("Fee", drawn[0]), decision("Other fee", Context(entries=entries))])
    assert model_of(workbook_of(held), held) == held


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@over(tables())
def test_a_sheet_that_is_saved_again_is_the_same(drawn: DecisionTable) -> None:
    held = model([], [decision("Fee", drawn)])
    again = io.BytesIO()
    load_workbook(io.BytesIO(workbook_of(held))).save(again)
    assert model_of(again.getvalue(), held) == held


# What a person does in a spreadsheet --------------------------------------------------------------------------------

SOURCE = KnowledgeSource(name="Royal decree", id="decree", location="https://example.org/decree")
STATUS = ItemDefinition(name="tStatus", type_ref="string", allowed=Condition(text='"a", "b"'))


def held_model() -> Definitions:
    table = DecisionTable(
        inputs=(
            InputClause(id="i1", label="Age", expression=Literal(text="Age", type_ref="number")),
            InputClause(id="i2", expression=Literal(text="Status", type_ref="tStatus")),
            InputClause(id="i3", expression=Literal(text="Day", type_ref="date")),
            InputClause(id="i4", expression=Literal(text="Here")),
        ),
        outputs=(OutputClause(id="o1", name="fee", type_ref="number", default=Literal(text="9")),),
        rules=(
            Rule(
                id="first",
                inputs=tuple(Condition(id=f"c{n}", text=text) for n, text in enumerate(["< 18", '"a"', "-", "true"])),
                outputs=(Literal(id="r1", text="0"),),
                annotations=("Art. 3",),
            ),
            Rule(inputs=tuple(Condition(text=text) for text in [">= 18", "-", "-", "-"]), outputs=(Literal(text="5"),)),
        ),
        annotations=("Legal reference",),
    )
    inputs = [given("Age", "number"), given("Status", "tStatus"), given("Day", "date"), given("Here", "boolean")]
    made = decision("Fee", table, inputs=["Age", "Status", "Day", "Here"])
    requires = replace(made.requires, authorities=("#decree",))
    built = model(inputs, [replace(made, requires=requires, description="What it costs")], [STATUS])
    return replace(built, sources=(SOURCE,))


PACKED = workbook_of(held_model())


def edited(edit: Callable[[Any], object]) -> Definitions:
    held = held_model()
    book = load_workbook(io.BytesIO(workbook_of(held)))
    edit(book["Fee"])
    kept = io.BytesIO()
    book.save(kept)
    return model_of(kept.getvalue(), held)


def cell_after(coordinate: str, value: object) -> str:
    """Give the text of a cell of the first rule after somebody typed something there."""
    found = edited(lambda sheet: sheet.__setitem__(coordinate, value)).decisions[0].expression
    assert isinstance(found, DecisionTable)
    return found.rules[0].inputs["BCDE".index(coordinate[0])].text


def test_the_sheet_shows_what_a_lawyer_looks_for() -> None:
    sheet = load_workbook(io.BytesIO(workbook_of(held_model())))["Fee"]
    lines = [[cell.value for cell in row if cell.value] for row in sheet.iter_rows(max_row=14)]
    assert lines == [
        ["decision", "Fee"],
        ["hit policy", "UNIQUE"],
        ["description", "What it costs"],
        ["legal reference", "Royal decree", "https://example.org/decree"],
        [],
        ["input", "input", "input", "input", "output", "annotation"],
        ["label", "Age"],
        ["expression", "Age", "Status", "Day", "Here", "fee", "Legal reference"],
        ["type", "number", "tStatus", "date", "number"],
        ["allowed", '"a", "b"'],
        ["values"],
        ["default", "9"],
        ["first", "< 18", '"a"', "-", "true", "0", "Art. 3"],
        ["2", ">= 18", "-", "-", "-", "5"],
    ]
    assert {cell.number_format for row in sheet.iter_rows() for cell in row} == {"@"}
    assert sheet.column_dimensions["B"].number_format == "@"


@pytest.mark.parametrize(
    ("coordinate", "value", "text"),
    [
        ("B13", 18, "18"),
        ("B13", 0.1, "0.1"),
        ("B13", 1e20, "100000000000000000000"),
        ("B13", "\u2212 5", "- 5"),
        ("B13", "'< 18", "< 18"),
        ("B13", "", "-"),
        ("B13", "\u2014", "-"),
        ("C13", "\u201ca\u201d, \u201eb\u201c", '"a", "b"'),
        ("C13", "\u00ab\u00a0a\u00a0\u00bb", '"a"'),
        ("C13", '"it\u2019s \u201cb\u201d, 1,5"', '"it\u2019s \u201cb\u201d, 1,5"'),
        ("D13", dt.date(2024, 1, 31), 'date("2024-01-31")'),
        ("D13", dt.datetime(2024, 1, 31), 'date("2024-01-31")'),  # noqa: DTZ001 - as openpyxl gives it
        ("D13", ">= 2024-01-31", '>= date("2024-01-31")'),
        ("D13", '[date("2024-01-31")..@"2024-02-01"]', '[date("2024-01-31")..@"2024-02-01"]'),
        ("E13", True, "true"),
        ("E13", "FALSE", "false"),
        ("E13", "WAAR", "true"),
        ("E13", "Faux", "false"),
    ],
)
def test_what_a_program_made_of_a_cell_is_understood(coordinate: str, value: object, text: str) -> None:
    assert cell_after(coordinate, value) == text


@pytest.mark.parametrize(
    ("coordinate", "value", "words"),
    [
        ("B13", "=1+1", "it holds a formula"),
        ("G13", '=HYPERLINK("https://example.org")', "it holds a formula"),
        ("B13", "#REF!", "an error of the spreadsheet program"),
        ("B13", dt.date(2024, 5, 1), "made a date of it, and the column has values of the kind number"),
        ("B13", True, "made a boolean of it"),
        ("B13", 0.1234567890123456, "keeps 15 digits"),
        ("B13", "1,5", "could be 1.5 or the two values 1, 5"),
        ("B13", dt.timedelta(hours=25), "write it as text"),
        ("C13", 9000, 'between quotes, "9000"'),
        ("C13", "\u201ca", "not closed"),
        ("D13", "> 31/01/2024", "is a division here"),
        ("D13", 45000, "made a number of it"),
        ("C10", '"a", "b", "c"', "changed in the model"),
        ("B4", "Another decree", "names no source"),
        ("B1", "Feee", 'no table "Feee"'),
        ("B2", "BEST", "the hit policy is"),
        ("H13", "what", "stands in no column"),
    ],
)
def test_what_could_mean_several_things_is_refused_with_its_cell(coordinate: str, value: object, words: str) -> None:
    with pytest.raises(BadModel, match=words) as refused:
        cell_after(coordinate, value)
    assert 'sheet "Fee"' in str(refused.value)
    assert f"cell {coordinate}" in str(refused.value)


def test_an_edit_changes_what_was_edited_and_nothing_else() -> None:
    held = held_model()
    changed = edited(lambda sheet: sheet.__setitem__("B13", "< 21"))
    (rule, _), (was, _) = (one.decisions[0].expression.rules for one in (changed, held))  # type: ignore[union-attr]  # a table
    assert rule.inputs[0] == replace(was.inputs[0], text="< 21")
    assert rule.inputs[1:] == was.inputs[1:]
    assert edited(lambda sheet: sheet.__setitem__("B13", "< 18")) == held


def test_rules_may_be_put_in_copied_and_taken_out() -> None:
    def edit(sheet: Any) -> None:
        sheet.insert_rows(14)
        for cell in sheet[13]:
            sheet.cell(14, cell.column).value = cell.value
        sheet["B14"] = "[18..21]"

    found = edited(edit).decisions[0].expression
    assert isinstance(found, DecisionTable)
    assert [(rule.id, rule.inputs[0].text) for rule in found.rules] == [
        ("first", "< 18"),
        (None, "[18..21]"),
        (None, ">= 18"),
    ]
    gone = edited(lambda sheet: sheet.delete_rows(13)).decisions[0].expression
    assert isinstance(gone, DecisionTable)
    assert [rule.inputs[0].text for rule in gone.rules] == [">= 18"]


def test_words_beside_the_table_are_kept_too() -> None:
    def edit(sheet: Any) -> None:
        sheet["B3"] = "What it costs now"
        sheet["C4"] = "https://example.org/decree-2"
        sheet["G14"] = "'s avonds"
        sheet["C7"] = "Status of the person"

    found = edited(edit)
    assert found.decisions[0].description == "What it costs now"
    assert found.sources[0].location == "https://example.org/decree-2"
    built = found.decisions[0].expression
    assert isinstance(built, DecisionTable)
    assert built.rules[1].annotations == ("'s avonds",)
    assert built.inputs[1].label == "Status of the person"


def test_a_syntax_error_is_found_in_its_cell() -> None:
    faults = Model(edited(lambda sheet: sheet.__setitem__("B13", "< 18 or"))).faults
    assert [str(fault).partition(": ")[0] for fault in faults] == ['sheet "Fee", rule 1, cell B13']


def test_a_new_table_is_a_model_of_its_own() -> None:
    book = Workbook()
    sheet = book.active
    for row in (
        ["decision", "Fee"],
        [],
        ["", "input", "input", "output"],
        ["expression", "Age", "Resident", "fee"],
        ["type", "number", "boolean", "number"],
        [1, "< 18", None, 0],
        [2, ">= 18", True, 5],
        [3, ">= 18", False, "Income * 0.1"],
    ):
        sheet.append(row)
    kept = io.BytesIO()
    book.save(kept)
    found = Model(model_of(kept.getvalue()))
    assert found.faults == ()
    assert found.evaluate("Fee", {"Age": 30, "Resident": False, "Income": 200}).value == 20
    assert [one.name for one in found.definitions.inputs] == ["Age", "Resident", "Income"]


# What is no workbook ------------------------------------------------------------------------------------------------


def packed(**parts: bytes) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name.replace("_", "."), part)
    return kept.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"decision;Fee", "not a workbook"),
        (b"PK\x03\x04", "not a workbook"),
        (packed(a_xml=b"<a/>"), "not a workbook"),
        (packed(a_xml=b" " * (17 * 1024 * 1024)), "unpacks to"),
        (b"x" * (9 * 1024 * 1024), "at most"),
        (packed(a_xml=b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "document type"),
        (packed(a_xml='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16")), "document type"),
        (packed(**{f"p{n}": b"" for n in range(600)}), "600 parts"),
    ],
    ids=["csv", "cut", "other", "bomb", "long", "entity", "utf-16", "parts"],
)
def test_what_is_not_a_workbook_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(BadModel, match=words):
        model_of(data)


def test_a_part_that_is_longer_than_it_says_is_read_no_further() -> None:
    data = bytearray(packed(a_xml=b" " * 4096))
    length = (4096).to_bytes(4, "little")
    assert data.count(length) == 2
    with pytest.raises(BadModel, match="not a workbook"):
        model_of(bytes(data.replace(length, (16).to_bytes(4, "little"))))


@settings(max_examples=100, deadline=None)
@over(st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), min_size=1, max_size=20))
def test_a_damaged_workbook_is_refused_or_read(damage: list[tuple[int, int]]) -> None:
    data = bytearray(PACKED)
    for at, byte in damage:
        data[at % len(data)] = byte
    with contextlib.suppress(BadModel):
        model_of(bytes(data), held_model())


WORDS = (
    "input",
    "annotation",
    "type",
    "label",
    "values",
    "legal reference",
    "table",
    "COLLECT SUM",
    "tStatus",
    "list<",
)
SIGNS = ("\u201c", '"', "=1", "#REF!", "((", "1,2", "'", "date(")
values = st.sampled_from([None, 1, 1.5, True, dt.date(2024, 1, 1), dt.time(3), dt.timedelta(3), *WORDS, *SIGNS])


@settings(max_examples=25, deadline=None)
@over(st.lists(st.tuples(st.integers(1, 16), st.integers(1, 9), values), min_size=1, max_size=5))
def test_whatever_stands_where_it_should_not_is_refused_or_read(edits: list[tuple[int, int, object]]) -> None:
    def edit(sheet: Any) -> None:
        for row, column, value in edits:
            sheet.cell(row, column).value = value

    with contextlib.suppress(BadModel):
        Model(edited(edit))


def test_a_sheet_that_reaches_too_far_is_refused_before_it_is_looked_through() -> None:
    with pytest.raises(BadModel, match="delete the empty rows"):
        edited(lambda sheet: sheet.__setitem__("A1000000", "x"))


def test_a_workbook_without_a_table_is_refused() -> None:
    kept = io.BytesIO()
    Workbook().save(kept)
    with pytest.raises(BadModel, match="no sheet"):
        model_of(kept.getvalue())
    with pytest.raises(BadModel, match="no decision table"):
        workbook_of(model())


def test_a_table_twice_is_refused() -> None:
    held = held_model()
    book = load_workbook(io.BytesIO(workbook_of(held)))
    book.copy_worksheet(book["Fee"])
    kept = io.BytesIO()
    book.save(kept)
    with pytest.raises(BadModel, match="has the same table"):
        model_of(kept.getvalue(), held)
