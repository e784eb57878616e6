"""Decision tables in the catalogue: a file beside the YAML, whose text is planned, signed and checked."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from crossroads.catalogue.changes import Action, Plan, applied, diff, read_plan, render
from crossroads.catalogue.check import check, check_document
from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.errors import FaultyCatalogue, StalePlan, UnfitAct
from crossroads.catalogue.kinds import by_id, to_body
from crossroads.catalogue.loader import load
from crossroads.catalogue.model import Document
from crossroads.catalogue.tables import MOST_BYTES, digest
from crossroads.cli import catalogue
from crossroads.cli.acts import read_act, shown, write_act
from founding import MODEL, small_catalogue

YAML = """\
sectors:
  - {number: 25, names: {en: Hub}, validFrom: 2020-01-01, provenance: derived, source: a test}
institutionTypes:
  - {sector: 25, type: 0, names: {}, validFrom: 2020-01-01, provenance: derived, source: a test}
institutions:
  - {id: crossroads, sector: 25, names: {en: Hub}, validFrom: 2020-01-01, provenance: illustrative, source: a test}
decisionTables:
  - id: aid
    names: {en: Aid}
    owner: crossroads
    legalReference: {en: invented for a test}
    reach: person
    decision: right
    file: aid.dmn
    validFrom: 2020-01-01
    provenance: illustrative
    source: a test
"""
LINE = 14
"""Of `file`."""


def written(folder: Path, model: str | bytes = MODEL, text: str = YAML) -> Path:
    """Write a catalogue with one table."""
    (folder / "tables.yaml").write_text(text)
    (folder / "aid.dmn").write_bytes(model.encode() if isinstance(model, str) else model)
    return folder


def faults(folder: Path) -> list[tuple[int, str]]:
    """Give what is wrong with the files, as `check` finds it."""
    try:
        return [(one.line, one.what) for one in check(load(folder).entries)]
    except FaultyCatalogue as error:
        return [(one.line, one.what) for one in error.faults]


def test_the_text_is_read_from_the_file_with_its_digest(tmp_path: Path) -> None:
    (table,) = load(written(tmp_path)).document.decision_tables
    assert (table.dmn, table.sha256) == (MODEL, digest(MODEL))
    assert faults(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["../aid.dmn", "/etc/hostname", "below/aid.dmn", "other.dmn", "tables.yaml", ".dmn", "[aid.dmn]", "", "5"]
)
def test_only_a_model_beside_the_file_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "aid.dmn").write_text(MODEL)
    ((line, what),) = faults(written(tmp_path, text=YAML.replace("file: aid.dmn", f"file: {name}")))
    assert line == LINE
    assert "file" in what


def test_a_link_to_elsewhere_is_no_model(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "aid.dmn").unlink()
    (tmp_path / "aid.dmn").symlink_to("/etc/hostname")
    ((line, what),) = faults(tmp_path)
    assert (line, "there is no such file" in what) == (LINE, True)


def test_a_text_that_stands_in_the_yaml_is_refused(tmp_path: Path) -> None:
    ((_, what),) = faults(written(tmp_path, text=YAML.replace("file: aid.dmn", "dmn: '<x/>'")))
    assert "names by `file` a model beside this file" in what


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (MODEL.replace("</definitions>", ""), "is not well-formed XML"),
        ("", "is not well-formed XML"),
        ("\x00", "is not well-formed XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "has a document type"),
        ('<!DOCTYPE x SYSTEM "file:///etc/hostname"><x/>', "has a document type"),
        (f"<x>{'y' * MOST_BYTES}</x>", "is larger than 256 KiB"),
        (b"<x>\xff</x>", "is not UTF-8"),
    ],
)
def test_what_is_no_fit_text_is_named_with_its_line(tmp_path: Path, model: str | bytes, what: str) -> None:
    ((line, said),) = faults(written(tmp_path, model))
    assert (line, what in said) == (LINE, True), said


def changed(**parts: Any) -> Document:
    """Give the small catalogue with its table otherwise."""
    (table,) = small_catalogue().decision_tables
    return msgspec.structs.replace(small_catalogue(), decision_tables=(msgspec.structs.replace(table, **parts),))


@pytest.mark.parametrize(
    ("document", "what"),
    [
        (changed(sha256=digest("<x/>")), "decision table aid: sha256 is not that of the model"),
        (changed(dmn="<x>", sha256=digest("<x>")), "decision table aid: the model is not well-formed XML"),
        (changed(owner="nobody"), "decision table aid: there is no institution nobody"),
        (changed(id="other"), "authorisation TEST/1: there is no decision table aid"),
    ],
)
def test_a_plan_with_a_wrong_table_is_refused_by_the_hub_too(document: Document, what: str) -> None:
    assert any(what in str(fault) for fault in check_document(document))


def test_a_table_is_in_force_as_long_as_the_authorisation_that_rests_on_it() -> None:
    missing = "authorisation TEST/1: decision table aid is not in force on every day on which this is"
    from_2021 = changed(valid_from="2021-01-01")
    (late,) = msgspec.convert(msgspec.to_builtins(from_2021.decision_tables), tuple[DecisionTable])
    (whole,) = small_catalogue().decision_tables
    before = msgspec.structs.replace(whole, valid_until=late.valid_from.replace(year=2020, month=12, day=31))
    earlier = msgspec.structs.replace(before, valid_until=late.valid_from.replace(year=2020, month=12, day=30))
    for tables, expected in (((late,), [missing]), ((before, late), []), ((earlier, late), [missing])):
        document = msgspec.structs.replace(small_catalogue(), decision_tables=tables)
        assert [str(fault) for fault in check_document(document)] == expected


def plan(before: Document, after: Document) -> Plan:
    """Give the plan that makes one catalogue of another."""
    return Plan(installation="here", base_version=1, changes=diff(by_id(before), by_id(after)))


def test_operators_sign_the_text_itself() -> None:
    whole = small_catalogue()
    added = plan(msgspec.structs.replace(whole, decision_tables=()), whole)
    assert added.operators_needed == 2
    assert [change.action for change in added.changes] == [Action.ADD]
    lines = list(render(added))
    assert all(any(line.strip() == f"+{one}".strip() for line in lines) for one in MODEL.splitlines())
    (change,) = added.changes
    assert change.after == to_body(whole.decision_tables[0])


def test_a_plan_shows_the_lines_of_a_rule_that_change() -> None:
    old, new = ("<inputEntry><text>&lt; 18</text></inputEntry>", "<inputEntry><text>&lt; 21</text></inputEntry>")
    model = MODEL.replace(old, new)
    made = plan(small_catalogue(), changed(dmn=model, sha256=digest(model)))
    lines = [line.strip() for line in render(made)]
    assert made.operators_needed == 2
    assert [line for line in lines if line.startswith("-") and old in line]
    assert [line for line in lines if line.startswith("+") and new in line]
    assert not [line for line in lines if "<inputData" in line]


def succession() -> tuple[Document, Document]:
    """Give a catalogue, and one in which its table has a successor."""
    before = small_catalogue()
    (old,) = before.decision_tables
    first = old.valid_from.replace(year=old.valid_from.year + 1)
    ended = msgspec.structs.replace(old, valid_until=first - timedelta(days=1))
    text = MODEL.replace("&lt; 18", "&lt; 21")
    new = msgspec.structs.replace(old, valid_from=first, dmn=text, sha256=digest(text))
    return before, msgspec.structs.replace(before, decision_tables=(ended, new))


def test_a_successor_is_compared_with_the_table_that_it_comes_after() -> None:
    made = plan(*succession())
    assert [change.action for change in made.changes] == [Action.END, Action.ADD]
    lines = [line.strip() for line in render(made)]
    assert made.operators_needed == 2
    assert "It comes after that from 2020-01-01, of which this is otherwise:" in lines
    assert [line for line in lines if line.startswith("-") and "&lt; 18" in line]
    assert [line for line in lines if line.startswith("+") and "&lt; 21" in line]
    assert not [line for line in lines if "<inputData" in line]
    assert 'validFrom: "2020-01-01" becomes "2021-01-01"' in lines
    assert not [line for line in lines if line.startswith("names")]


def test_a_successor_of_what_the_plan_does_not_speak_of_is_written_out() -> None:
    """Who signs it has no catalogue at hand with which it could be compared."""
    before, after = succession()
    ended = msgspec.structs.replace(before, decision_tables=after.decision_tables[:1])
    lines = [line.strip() for line in render(plan(ended, after))]
    assert {f"+{one}".strip() for one in after.decision_tables[1].dmn.splitlines()} <= set(lines)


def test_what_ended_earlier_hides_nothing_of_a_successor() -> None:
    """The version between the two, which the plan does not speak of, may be the one that people know."""
    before, after = succession()
    ending, adding = plan(before, after).changes
    assert ending.after
    longer_ago = msgspec.structs.replace(ending, after=ending.after | {"validUntil": "2020-06-30"})
    both = msgspec.structs.replace(plan(before, after), changes=(longer_ago, adding))
    lines = [line.strip() for line in render(both)]
    assert {f"+{one}".strip() for one in after.decision_tables[1].dmn.splitlines()} <= set(lines)


def test_a_plan_that_names_an_entry_twice_is_refused() -> None:
    made = plan(*succession())
    twice = msgspec.structs.replace(made, changes=(*made.changes, made.changes[0]))
    with pytest.raises(UnfitAct, match="twice"):
        read_plan(twice.signable())


def test_what_a_successor_is_compared_with_is_what_stands_or_the_plan_is_refused() -> None:
    before, after = succession()
    made = plan(before, after)
    ending, adding = made.changes
    lie = [msgspec.json.decode(msgspec.json.encode(body)) for body in (ending.before, ending.after)]
    for body in lie:
        body |= {"dmn": after.decision_tables[1].dmn, "sha256": digest(after.decision_tables[1].dmn)}
    forged = msgspec.structs.replace(ending, before=lie[0], after=lie[1])
    with pytest.raises(StalePlan):
        applied(by_id(before), (forged, adding))


def test_a_plan_shows_what_changes_though_it_looks_the_same() -> None:
    tabbed = MODEL.replace("of the young", "of the\tyoung")
    for before, after in (
        (tabbed.expandtabs(), tabbed),
        (MODEL, MODEL.replace("</annotationEntry></rule>\n", "</annotationEntry></rule>\r\n")),
    ):
        old, new = (changed(dmn=text, sha256=digest(text)) for text in (before, after))
        assert old != new
        assert any(line.strip().startswith("+") and "of the" in line for line in render(plan(old, new)))


@pytest.mark.parametrize(
    "parts", [{"reach": "household"}, {"decision": "other"}, {"owner": "centre-a"}, {"valid_until": "2030-01-01"}]
)
def test_what_decides_on_rights_needs_two_operators(parts: dict[str, Any]) -> None:
    after = msgspec.convert(msgspec.to_builtins(changed(**parts)), Document)
    assert plan(small_catalogue(), after).operators_needed == 2


def test_a_text_cannot_make_a_terminal_show_something_else() -> None:
    hostile = MODEL.replace("of the young", "\x1b[2Kof all \u202e old")
    made = plan(small_catalogue(), changed(dmn=hostile, sha256=digest(hostile)))
    text = "\n".join(shown(made.signable()))
    assert "of all" in text
    assert "\x1b" not in text
    assert "\u202e" not in text


def said(*arguments: Any) -> tuple[int, str]:
    """Type a command of the catalogue."""
    result = CliRunner().invoke(catalogue.app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("model", "what"),
    [
        (MODEL.replace("&gt;= 18", "&gt; 18"), "no rule"),
        (MODEL.replace("&gt;= 18", "&gt;= )"), "rule 2"),
        (MODEL.replace('id="right" name="right"', 'name="other"'), "there is no decision right that is a table"),
        ("<html/>", "not a DMN model"),
        (MODEL.replace('id="in-age"', 'id="right"').replace("#in-age", "#right"), "more than one thing goes by right"),
        (
            MODEL.replace('id="right" name="right"', 'id="right" name="shown"').replace(
                "</definitions>", '<decision id="other" name="right"/></definitions>'
            ),
            "more than one thing goes by right",
        ),
    ],
)
def test_check_says_what_tables_check_says(tmp_path: Path, model: str, what: str) -> None:
    code, output = said("check", written(tmp_path, model))
    place = f"{tmp_path / 'tables.yaml'}:{LINE}: decision table aid: the model: "
    assert (code, place in output, what in output) == (1, True, True), output


def test_what_is_right_passes_and_survives_the_journey_as_a_plan(tmp_path: Path) -> None:
    assert said("check", written(tmp_path))[0] == 0
    made = plan(Document(), load(tmp_path).document)
    write_act(tmp_path / "a.plan", made.signable())
    read = read_plan(read_act(tmp_path / "a.plan"))
    assert read == made
    assert [change.after["dmn"] for change in read.changes if change.after and change.key == "aid"] == [MODEL]
