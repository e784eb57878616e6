"""A catalogue whose entries do not fit together is refused, and the message says which does not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from crossroads.catalogue.check import check, check_document
from crossroads.catalogue.loader import load
from crossroads.catalogue.model import Document
from founding import small_catalogue

ROOT = Path(__file__).parents[2]


def _plain(name: str, **changed: Any) -> list[dict[str, Any]]:
    """Give a list of the small catalogue with its last entry changed."""
    entries: list[dict[str, Any]] = msgspec.json.decode(msgspec.json.encode(small_catalogue()))[name]
    entries[-1] = {key: value for key, value in {**entries[-1], **changed}.items() if value is not None}
    return entries


def _changed(name: str, **changed: Any) -> Document:
    return small_catalogue(**{name: _plain(name, **changed)})


def _listing(element: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": {"type": "array", "items": element}}}


_CLOSED = {"type": "object", "additionalProperties": False}
_OPEN = "an object in a list needs additionalProperties: false"
_WRONG: dict[str, list[Any]] = {
    "x-names": ["abc", {"en": 5}, {"es": "algo"}, {}, None],
    "x-values": [["a"], None, {"a": "A"}, {"a": {"en": 5}}],
    "x-form": ["days", ["date"], None, {}],
}
UNSAID = [(keyword, said) for keyword, wrong in _WRONG.items() for said in wrong]
"""What no page can say."""
UNCLEAR: list[tuple[dict[str, Any], str | None]] = [
    ({"properties": {"x": True}}, "it says what is there by a schema"),
    (_listing(True), "it says what is there by a schema"),
    ({"properties": {"x": {"type": "array"}}}, "a list says in items what it holds"),
    (_listing({"$ref": "#/$defs/row"}) | {"$defs": {"row": {"type": "object"}}}, "what stands in a list has a type"),
    (_listing({"type": "object"}), _OPEN),
    (_listing({"type": ["object", "null"], "additionalProperties": {}}), _OPEN),
    (_listing(_CLOSED | {"patternProperties": {".": {"type": "string"}}}), "no patternProperties"),
    (_listing(_CLOSED | {"properties": {"place": {"type": "object"}}}), _OPEN),
    (_listing({"type": "array", "items": {"type": "object"}}), _OPEN),
    (_listing(_CLOSED | {"properties": {"place": _CLOSED, "sum": {"type": "integer"}}}), None),
    (_listing({"enum": ["a", "b"]}), None),
    *(({"properties": {"x": {keyword: said}}}, f"schema.properties.x.{keyword}") for keyword, said in UNSAID),
    ({"properties": {"x": {"x-names": {"nl": "X"}, "x-values": {"a": {"en": "A"}}, "x-form": "month"}}}, None),
]
"""Schemas, and what pages could not show of their contents."""


def test_the_small_catalogue_is_right() -> None:
    assert check_document(small_catalogue()) == []


def test_the_belgian_catalogue_is_right() -> None:
    assert check(load(ROOT / "catalogue" / "belgium").entries) == []


@pytest.mark.parametrize(
    ("name", "changed", "what"),
    [
        ("sectors", {"validUntil": "2019-12-31"}, "sector 25: validUntil lies before validFrom"),
        ("sectors", {"validUntil": "9999-12-31"}, "sector 25: an open period has no end date"),
        (
            "institutions",
            {"managedBy": [{"manager": "crossroads", "startDate": "2020-01-01", "endDate": "9999-12-31"}]},
            "an open period has no end date",
        ),
        ("sectors", {"number": 17}, "sector 17: there is another one, in force on the same day"),
        ("sectors", {"number": 26}, "institution crossroads: there is no sector 25"),
        ("sectors", {"validFrom": "2030-01-01", "validUntil": "2029-01-01"}, "validUntil lies before"),
        ("institutionTypes", {"sector": 99}, "institution type 99/0: there is no sector 99"),
        ("institutions", {"type": 7}, "institution centre-b: there is no institution type 17/7"),
        ("institutions", {"managedBy": [{"manager": "x-y", "startDate": "2020-01-01"}]}, "there is no institution x-y"),
        (
            "institutions",
            {"managedBy": [{"manager": "centre-b", "startDate": "2020-01-01"}]},
            "centre-b is not of the primary network",
        ),
        (
            "institutions",
            {"managedBy": [{"manager": "welfare", "startDate": "2021-01-01", "endDate": "2020-01-01"}]},
            "the management ends before it starts",
        ),
        (
            "institutions",
            {"managedBy": [{"manager": "welfare", "startDate": "2010-01-01", "endDate": "2010-01-01"}]},
            "the management lies outside the period",
        ),
        ("institutions", {"managedBy": []}, "an institution of the secondary network needs a manager"),
        ("institutions", {"network": "primary"}, "an institution of the primary network is reached itself"),
        ("institutions", {"enterpriseNumber": "0123456789"}, "0123456789 is not an enterprise number"),
        ("inscriptionContexts", {"provisionalGroups": ["other@1"]}, "there is no data group other@1"),
        ("dataGroups", {"authenticSource": 99}, "there is no sector 99"),
        ("dataGroups", {"authenticSource": 25}, "17:2 is of sector 17, and the authentic source of living-wage@1"),
        ("dataGroups", {"schema": {"type": "nothing"}}, "not a JSON Schema"),
        ("dataGroups", {"schema": {"pattern": "(["}}, "not a JSON Schema"),
        ("dataGroups", {"schema": {"type": "string", "format": "day"}}, "not a JSON Schema"),
        ("dataGroups", {"schema": {"items": {"$ref": "https://example.org/x"}}}, "refers outside itself"),
        *(("dataGroups", {"schema": schema}, what) for schema, what in UNCLEAR),
        ("dataGroups", {"status": "living-wage"}, "it tells of living-wage, and its schema has no periods"),
        ("legalContexts", {"assignedTo": [{"institution": "nobody"}]}, "there is no institution nobody"),
        ("legalContexts", {"assignedTo": [{"sector": 17, "type": 0}]}, "is not assigned to type 17/1"),
        ("authorisations", {"parties": []}, "parties is empty"),
        ("authorisations", {"modes": ["push", "push"]}, "modes names the same twice"),
        ("authorisations", {"dataGroups": ["other@1"]}, "authorisation TEST/1: there is no data group other@1"),
        ("authorisations", {"legalContexts": ["OTHER:ONE"]}, "there is no legal context OTHER:ONE"),
        ("authorisations", {"inscriptionContexts": ["17:9"]}, "there is no inscription context 17:9"),
        ("authorisations", {"parties": [{"sector": 25}]}, "17:1 belongs to a sector of none of the parties"),
        (
            "authorisations",
            {"modes": ["online"]},
            "subscription living-wage-to-centres: TEST/1 does not allow mode push",
        ),
        ("authorisations", {"validUntil": "2020-02-01", "validFrom": "2020-01-01"}, None),
        ("availabilities", {"validUntil": "2020-02-01", "dataGroup": "other@1"}, "no availability says who holds it"),
        ("availabilities", {"inscriptionContext": "17:9"}, "there is no inscription context 17:9"),
        ("subscriptions", {"authorisation": "TEST/2"}, "there is no authorisation TEST/2"),
        ("subscriptions", {"party": {"sector": 25}}, "sector 25 is not a party of TEST/1"),
        ("subscriptions", {"inscriptionContexts": ["17:9"]}, "TEST/1 does not name 17:9"),
        ("subscriptions", {"dataGroups": ["other@1"]}, "TEST/1 does not cover other@1"),
    ],
)
def test_what_does_not_fit_is_named(name: str, changed: dict[str, Any], what: str | None) -> None:
    faults = [str(fault) for fault in check_document(_changed(name, **changed))]
    if what is None:
        assert faults == []
    else:
        assert any(what in fault for fault in faults), faults


def test_a_reference_to_what_is_never_in_force_then_is_named() -> None:
    faults = check_document(_changed("dataGroups", validFrom="2010-01-01", validUntil="2019-12-31"))
    assert any("data group living-wage@1 is never in force while this is" in fault.what for fault in faults)


def test_versions_of_one_entry_may_follow_each_other() -> None:
    earlier = {**_plain("sectors")[-1], "validFrom": "2010-01-01", "validUntil": "2019-12-31"}
    assert check_document(small_catalogue(sectors=[*_plain("sectors"), earlier])) == []


def test_a_status_is_told_by_one_data_group_and_its_versions() -> None:
    schema = {"type": "object", "properties": {"periods": {"type": "array", "items": _CLOSED}}}
    told = {"status": "living-wage", "schema": schema}
    ((one,), (other,)) = _plain("dataGroups", **told), _plain("dataGroups", **told, id="other-wage@1")
    assert check_document(small_catalogue(dataGroups=[one, one | {"id": "living-wage@2"}])) == []
    assert check_document(small_catalogue(dataGroups=[one, other | {"status": "aid"}])) == []
    faults = check_document(small_catalogue(dataGroups=[one, other]))
    assert [fault.what for fault in faults] == [
        "data group living-wage@1: other-wage@1 tells of the status living-wage too",
        "data group other-wage@1: living-wage@1 tells of the status living-wage too",
    ]
    with pytest.raises(msgspec.ValidationError, match="of a status or of a right"):
        small_catalogue(dataGroups=[one | {"right": "aid"}])


def test_a_document_may_be_held_by_another_sector() -> None:
    document = _changed("dataGroups", authenticSource=25, schema=None, mediaType="application/xml")
    assert check_document(document) == []


def test_a_fault_between_files_has_file_and_line(tmp_path: Path) -> None:
    common = "validFrom: 2020-01-01, provenance: derived, source: a test"
    (tmp_path / "a.yaml").write_text(f"sectors:\n  - {{number: 1, names: {{}}, {common}}}\n")
    (tmp_path / "b.yaml").write_text(
        f"institutionTypes:\n\n  - {{type: 0, sector: 1, names: {{}}, {common}}}\n"
        f"  - type: 1\n    sector:\n      2\n    names: {{}}\n    validFrom: 2020-01-01\n"
        "    provenance: derived\n    source: a test\n"
    )
    (fault,) = check(load(tmp_path).entries)
    assert str(fault) == f"{tmp_path / 'b.yaml'}:5: institution type 2/1: there is no sector 2"


def test_a_repetition_names_the_other_place(tmp_path: Path) -> None:
    common = "validFrom: 2020-01-01, provenance: derived, source: a test"
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"sectors:\n  - {{number: 1, names: {{}}, {common}}}\n")
    (fault,) = check(load(tmp_path).entries)
    assert str(fault).startswith(f"{tmp_path / 'b.yaml'}:2: sector 1: there is another one")
    assert f"{tmp_path / 'a.yaml'}:2" in fault.what
