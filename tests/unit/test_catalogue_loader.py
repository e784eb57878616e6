"""What is wrong with a file of the catalogue is named with its file and line."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.catalogue.errors import Fault, FaultyCatalogue
from crossroads.catalogue.kinds import Kind
from crossroads.catalogue.loader import load

GOOD = """\
# The sectors
sectors:
  - number: 17
    names: {en: Welfare}
    validFrom: 2020-01-01
    provenance: illustrative
    source: a test
"""


def _faults(folder: Path, text: str) -> list[Fault]:
    (folder / "catalogue.yaml").write_text(text, "utf-8")
    with pytest.raises(FaultyCatalogue) as caught:
        load(folder)
    assert {fault.file for fault in caught.value.faults} == {str(folder / "catalogue.yaml")}
    return list(caught.value.faults)


def test_entries_know_their_file_and_lines(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "sectors.yaml").write_text(GOOD)
    (entry,) = load(tmp_path).entries
    assert (entry.kind, entry.entry.key) == (Kind.SECTOR, "17")
    assert entry.fault("no", ".names.en") == Fault(str(tmp_path / "below" / "sectors.yaml"), 4, "sector 17: no")
    assert entry.fault("no", ".validUntil").line == 3


_good = ["  - number: 1", "    names: {}", "    validFrom: 2020-01-01", "    provenance: derived", "    source: a test"]
_fillers = st.lists(st.sampled_from(["", "# a remark", "    # another"]), max_size=3)


@given(st.lists(st.tuples(st.booleans(), _fillers), min_size=1, max_size=8))
def test_the_line_is_right_wherever_the_fault_stands(entries: list[tuple[bool, list[str]]]) -> None:
    lines, expected = ["sectors:"], []
    for right, fillers in entries:
        entry = _good if right else [*_good[:2], "    validFrom: soon", *_good[3:]]
        lines += [*fillers, *entry]
        expected += [] if right else [len(lines) - 2]
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "catalogue.yaml").write_text("\n".join(lines))
        if expected:
            assert [fault.line for fault in _faults(folder, "\n".join(lines))] == expected
        else:
            assert len(load(folder).entries) == len(entries)


def test_a_folder_without_files_is_no_catalogue(tmp_path: Path) -> None:
    with pytest.raises(FaultyCatalogue, match="no YAML file"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("number: 17", "number: x", 3, "sectors[0].number: expected `int`, got `str`"),
        ("provenance: illustrative", "provenance: invented", 6, "sectors[0].provenance: invalid enum value 'invented'"),
        ("source: a test", "sauce: a test", 7, "sectors[0]: object contains unknown field `sauce`"),
        ("names: {en: Welfare}", "names: {en: Welfare, eo: Zorgo}", 4, "unknown field `eo`"),
        ("    validFrom: 2020-01-01\n", "", 3, "sectors[0]: object missing required field `validFrom`"),
        ("2020-01-01", "2020-02-30", 5, "sectors[0].validFrom: 2020-02-30 is not a value"),
        ("source: a test", "number: 18", 7, "the key `number` stands here twice"),
        ("source: a test", "source: &x a test\n    names: *x", 8, "the key `names` stands here twice"),
        ("source: a test", "source: !!python/name:os.system ''", 7, "has no place in a catalogue"),
        ("source: a test", 'source: "a\\0b"', 7, "cannot be stored"),
        ("source: a test", "1: a test", 7, "a key is text; put '1' between quotes"),
        ("sectors:", "sektors:", 2, "`sektors` is none of sectors"),
        ("{en: Welfare}", "{en: Welfare", 5, "not YAML"),
        ("# The sectors\n", "# The sectors\n- one\n", 3, "not YAML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    assert old in GOOD
    faults = _faults(tmp_path, GOOD.replace(old, new, 1))
    assert (faults[0].line, what in faults[0].what) == (line, True), faults


def test_an_alias_is_refused_also_where_it_contains_itself(tmp_path: Path) -> None:
    assert "no anchors" in _faults(tmp_path, "sectors: &a [*a]")[0].what


def test_a_context_without_quotes_is_not_taken_for_a_number(tmp_path: Path) -> None:
    text = "inscriptionContexts:\n  - id: 17:2\n    names: {}\n"
    (fault,) = _faults(tmp_path, text)
    assert fault.line == 2
    assert "expected `str`" in fault.what


def test_every_fault_is_named_not_only_the_first(tmp_path: Path) -> None:
    text = GOOD + GOOD.replace("# The sectors\nsectors:\n", "").replace("17", "x") + "institutions: 3\n"
    assert [fault.line for fault in _faults(tmp_path, text.replace("a test", "", 1))] == [7, 8, 13]


def test_a_file_that_is_not_utf_8_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_bytes(GOOD.encode() + b"# \xff\n")
    with pytest.raises(FaultyCatalogue, match=r"catalogue\.yaml:8: the file is not UTF-8"):
        load(tmp_path)


def test_a_number_that_has_no_canonical_form_is_refused(tmp_path: Path) -> None:
    text = """\
dataGroups:
  - id: some@1
    names: {}
    description: {}
    authenticSource: 1
    temporality: moment
    schema: {maximum: .nan}
    validFrom: 2020-01-01
    provenance: derived
    source: a test
"""
    (fault,) = _faults(tmp_path, text)
    assert fault.line == 2
    assert "canonical" in fault.what


def test_a_date_within_a_schema_is_text(tmp_path: Path) -> None:
    text = """\
dataGroups:
  - id: some@1
    names: {}
    description: {}
    authenticSource: 1
    temporality: moment
    schema: {const: 2020-01-01}
    validFrom: 2020-01-01
    provenance: derived
    source: a test
"""
    (tmp_path / "catalogue.yaml").write_text(text)
    (group,) = load(tmp_path).document.data_groups
    assert group.json_schema == {"const": "2020-01-01"}
