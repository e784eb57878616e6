"""`crossroads tables`, as people type it."""

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from crossroads.dmn.command import app
from crossroads.dmn.errors import BadModel
from crossroads.dmn.reading import read

RIGHTS = sorted((Path(__file__).parents[2] / "catalogue" / "belgium" / "tables").glob("*.dmn"))
FEE = """<?xml version="1.0"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="Fees" namespace="urn:fees">
  <itemDefinition name="tPerson">
    <itemComponent name="born"><typeRef>date</typeRef></itemComponent>
  </itemDefinition>
  <inputData id="age" name="Age"><variable name="Age" typeRef="number"/></inputData>
  <inputData id="day" name="Day"><variable name="Day" typeRef="date"/></inputData>
  <inputData id="person" name="Person"><variable name="Person" typeRef="tPerson"/></inputData>
  <decision id="fee" name="Fee">
    <informationRequirement><requiredInput href="#age"/></informationRequirement>
    <informationRequirement><requiredInput href="#day"/></informationRequirement>
    <informationRequirement><requiredInput href="#person"/></informationRequirement>
    <decisionTable>
      <input><inputExpression><text>Age</text></inputExpression></input>
      <output name="fee"/>
      <rule id="young"><inputEntry><text>&lt; 18</text></inputEntry><outputEntry><text>0.5</text></outputEntry></rule>
      <rule><inputEntry><text>&gt; 18</text></inputEntry>
        <outputEntry><text>if Person.born &lt; Day then 5 else 6</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>"""


@pytest.fixture
def fee(tmp_path: Path) -> Path:
    path = tmp_path / "fee.dmn"
    path.write_text(FEE)
    return path


def tables(*arguments: object, columns: int = 200) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": str(columns)})


def answered(*arguments: object) -> Any:
    ended = tables(*arguments, "--json")
    return json.loads(ended.stdout)


def test_the_tables_of_the_belgian_rights_have_nothing_to_mend() -> None:
    ended = tables("check", *RIGHTS)
    assert ended.exit_code == 0, ended.stdout
    assert ended.stdout.count("nothing to mend") == len(RIGHTS)


def test_check_says_what_is_wrong_and_ends_with_1(fee: Path) -> None:
    ended = tables("check", fee)
    assert ended.exit_code == 1
    assert "1 to mend" in ended.stdout
    assert 'gap decision "Fee": no rule matches where Age is 18; for example Age = 18' in ended.stdout
    ((found,),) = [one["findings"] for one in answered("check", fee)]
    assert (found["kind"], found["example"], found["certain"]) == ("gap", {"Age": 18}, True)


def test_a_missing_fact_is_a_gap_where_it_is_asked_for(fee: Path) -> None:
    fee.write_text(FEE.replace("&gt; 18", "&gt;= 18"))
    assert tables("check", fee).exit_code == 0
    assert "Age is null" in tables("check", fee, "--null").stdout


def test_a_file_that_is_no_model_does_not_keep_the_others_from_being_checked(fee: Path) -> None:
    other = fee.with_name("other.dmn")
    other.write_text("<a/>")
    broken, good = answered("check", other, RIGHTS[1])
    assert ([one["kind"] for one in broken["findings"]], good["findings"]) == (["fault"], [])
    assert tables("check", other, RIGHTS[1]).exit_code == 1


def test_models_that_import_each_other_are_checked_together(fee: Path) -> None:
    other = fee.with_name("other.dmn")
    imported = '<import name="fees" namespace="urn:fees" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
    space = "https://www.omg.org/spec/DMN/20230324/MODEL/"
    other.write_text(f'<definitions xmlns="{space}" name="Other" namespace="urn:other">{imported}</definitions>')
    assert "was not given" in tables("check", other).stdout
    assert f"{other}: nothing to mend" in tables("check", fee, other).stdout


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    assert tables("check", "nowhere.dmn").exit_code == 2
    assert tables("show").exit_code == 2


def test_show_hides_nothing(fee: Path) -> None:
    shown = tables("show", fee).stdout
    assert all(text in shown for text in ("Fee (UNIQUE)", "Age", "< 18", "if Person.born < Day then 5 else 6"))
    (table,) = answered("show", fee)
    assert next(rule["cells"] for rule in table["rules"]) == ["< 18", "0.5"]


@pytest.mark.parametrize("path", RIGHTS, ids=lambda path: path.stem)
def test_a_table_is_read_in_a_terminal_of_80_columns(path: Path) -> None:
    shown = tables("show", path, columns=80).stdout
    assert max(map(len, shown.splitlines())) <= 80
    words = set(shown.split())
    for table in answered("show", path):
        cells = [cell for rule in table["rules"] for cell in rule["cells"]]
        assert [cell for cell in cells if not words.issuperset(cell.split())] == []
        assert words.issuperset(" ".join(column["title"] for column in table["columns"]).split())
    assert "when no rule holds" in shown
    first = shown[shown.index("rule 1") :].partition("\n\n")[0]
    assert [line.split()[0] for line in first.splitlines() if line[:1].strip()] == ["rule", "if", "then", "note"]


def test_a_table_goes_through_a_spreadsheet(fee: Path) -> None:
    book = fee.with_name("fee.xlsx")
    before = read(fee.read_bytes())
    assert tables("to-sheet", fee, book).exit_code == 0
    assert "says the same already" in tables("from-sheet", book, fee).stdout
    edited = load_workbook(book)
    sheet = edited["Fee"]
    (row,) = [cell.row for cell in sheet["A"] if cell.value == "young"]
    sheet[f"B{row}"] = "<= 18"
    edited.save(book)
    assert tables("from-sheet", book, fee).exit_code == 0
    assert read(fee.read_bytes()) != before
    assert tables("check", fee).exit_code == 0


@pytest.mark.parametrize(("text", "words"), [("< 18 or", "expected"), ("=1", "formula")])
def test_a_sheet_with_a_fault_leaves_the_model_as_it_is(fee: Path, text: str, words: str) -> None:
    book = fee.with_name("fee.xlsx")
    tables("to-sheet", fee, book)
    edited = load_workbook(book)
    (row,) = [cell.row for cell in edited["Fee"]["A"] if cell.value == "young"]
    edited["Fee"][f"B{row}"] = text
    edited.save(book)
    ended = tables("from-sheet", book, fee)
    said = f"{ended.stdout} {ended.exception}"
    assert ended.exit_code == 1
    assert f"cell B{row}" in said
    assert words in said
    assert fee.read_text() == FEE


def test_try_says_the_value_the_rules_the_facts_and_the_notes(fee: Path) -> None:
    facts = fee.with_name("facts.json")
    facts.write_text('{"Age": 30, "Day": "2026-01-01", "Person": {"born": "1996-01-01"}}')
    told = answered("try", fee, "--decision", "Fee", "--facts", facts)
    assert told["value"] == 5
    assert told["rules"] == [{"table": 'decision "Fee"', "rule": 2, "id": None}]
    assert told["facts"] == {"Age": 30, "Day": "2026-01-01", "Person": {"born": "1996-01-01"}}
    assert told["notes"] == []
    said = tables("try", fee, "--decision", "Fee", "--facts", facts).stdout
    assert 'rule   2 of decision "Fee"' in said
    facts.write_text('{"Age": 18}')
    assert any(
        "no rule matches" in note for note in answered("try", fee, "--decision", "Fee", "--facts", facts)["notes"]
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ("{", "not JSON"),
        ('{"Age": NaN}', "no number"),
        ('{"Age": 1e99999}', "Age: this is not a number"),
        ("[1]", "an object"),
        ('{"Aeg": 1}', "Aeg: no input has this name; there are: Age, Day, Person"),
        ('{"Day": "01/02/2026"}', "Day: this is not a date"),
        ('{"Person": {"born": "soon"}}', "Person.born: this is not a date"),
    ],
)
def test_facts_that_cannot_be_meant_are_refused_by_name(fee: Path, facts: str, words: str) -> None:
    path = fee.with_name("facts.json")
    path.write_text(facts)
    ended = tables("try", fee, "--decision", "Fee", "--facts", path)
    assert ended.exit_code == 1
    assert isinstance(ended.exception, BadModel)
    assert words in str(ended.exception)
