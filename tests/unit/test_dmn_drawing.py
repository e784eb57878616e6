"""Decision tables drawn: what a page shows of them is in the rows; rules and findings stand where they belong."""

from datetime import date
from pathlib import Path

from crossroads.dmn.analysis import Kind, analyse
from crossroads.dmn.drawing import Drawing, Side, drawings
from crossroads.dmn.evaluation import Model
from crossroads.dmn.model import Definitions, HitPolicy
from crossroads.dmn.reading import read

TARIFF = Path(__file__).parents[2] / "catalogue" / "belgium" / "tables" / "social-tariff.dmn"
FEE = b"""<?xml version="1.0"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="Fees" namespace="urn:fees">
  <inputData id="age" name="Age"><variable name="Age" typeRef="number"/></inputData>
  <decision id="fee" name="Fee">
    <description>What it costs</description>
    <informationRequirement><requiredInput href="#age"/></informationRequirement>
    <authorityRequirement><requiredAuthority href="#law"/></authorityRequirement>
    <decisionTable hitPolicy="COLLECT" aggregation="SUM">
      <input label="Age in years"><inputExpression typeRef="number"><text>Age</text></inputExpression>
        <inputValues><text>[0..120]</text></inputValues></input>
      <output typeRef="number"><defaultOutputEntry><text>9</text></defaultOutputEntry></output>
      <annotation name="Article"/>
      <rule><inputEntry><text>&lt; 18</text></inputEntry><outputEntry><text>0</text></outputEntry>
        <annotationEntry><text>Art. 3 &lt;&amp;&gt;</text></annotationEntry></rule>
      <rule id="all"><inputEntry><text>-</text></inputEntry><outputEntry><text>"much"</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <knowledgeSource id="law" name="Law of 2014" locationURI="https://example.org/law"/>
</definitions>"""


def drawn(model: Definitions) -> Drawing:
    (found,) = drawings(model, findings=analyse(model))
    return found


def test_a_table_is_drawn_with_all_that_it_says() -> None:
    found = drawn(read(FEE))
    assert (found.name, found.description, found.hit_policy, found.aggregation) == (
        "Fee",
        "What it costs",
        HitPolicy.COLLECT,
        "SUM",
    )
    assert [(one.side, one.title, one.type_ref, one.allowed, one.default) for one in found.columns] == [
        (Side.INPUT, "Age in years", "number", "[0..120]", ""),
        (Side.OUTPUT, "Fee", "number", "", "9"),
        (Side.ANNOTATION, "Article", "", "", ""),
    ]
    assert found.sides == ((Side.INPUT, 1), (Side.OUTPUT, 1), (Side.ANNOTATION, 1))
    assert [source.location for source in found.sources] == ["https://example.org/law"]
    assert [[cell.text for cell in row.cells] for row in found.rows] == [
        ["< 18", "0", "Art. 3 <&>"],
        ["-", '"much"', ""],
    ]
    assert [[cell.is_any for cell in row.cells] for row in found.rows] == [[False] * 3, [True, False, False]]


def test_a_finding_stands_in_its_cell() -> None:
    found = drawn(read(FEE))
    (wrong,) = [one for row in found.rows for cell in row.cells for one in cell.findings]
    assert (wrong.kind, found.rows[1].cells[1].findings) == (Kind.TYPE, (wrong,))


def test_a_finding_about_rules_stands_at_the_table_and_at_each_of_them() -> None:
    overlapping = read(FEE.replace(b' aggregation="SUM"', b"").replace(b"COLLECT", b"UNIQUE"))
    found = drawn(overlapping)
    (overlap,) = found.findings
    assert overlap.kind is Kind.OVERLAP
    assert [row.findings for row in found.rows] == [(overlap,), (overlap,)]


def test_the_rule_that_fired_is_marked() -> None:
    model = read(TARIFF.read_bytes())
    facts = {"status": "care-budget", "active": True, "collective": False, "day": date(2026, 1, 1)}
    outcome = Model(model).evaluate("right", facts)
    (found,) = drawings(model, fired=outcome.fired)
    assert [row.number for row in found.rows if row.fired] == [3]
