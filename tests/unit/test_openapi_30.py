"""Whoever reads only OpenAPI 3.0 reads the same interface."""

import json
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from crossroads.api.description_30 import downgraded
from reference import openapi, openapi_30, participant_openapi

NEWER = json.loads(openapi())
OLDER = json.loads(openapi_30())
OPERATIONS = {
    operation.ok().definition.raw["operationId"]: operation.ok()  # type: ignore[union-attr] # our own has no errors
    for operation in schemathesis.openapi.from_dict(OLDER).get_all_operations()
}
WITH_BODY = [
    name for name, one in OPERATIONS.items() if any(body.media_type == "application/json" for body in one.body)
]
FEW = settings(
    max_examples=5,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{way} {path}": said for path, ways in document["paths"].items() for way, said in ways.items()}


def without_names(node: Any) -> Any:
    """Leave out the one rule that 3.0 cannot say: how the members of a map are named."""
    if isinstance(node, list):
        return [without_names(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {keyword: without_names(one) for keyword, one in node.items() if keyword != "propertyNames"}


def schema(**said: Any) -> dict[str, Any]:
    """Give what becomes of a schema."""
    document = {
        "openapi": "3.1.0",
        "info": {"license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"}},
        "components": {"schemas": {"Some": said}},
    }
    found: dict[str, Any] = downgraded(document)["components"]["schemas"]["Some"]
    return found


def test_both_descriptions_are_valid() -> None:
    assert list(OpenAPIV31SpecValidator(NEWER).iter_errors()) == []
    assert list(OpenAPIV30SpecValidator(OLDER).iter_errors()) == []
    assert OLDER["openapi"] == "3.0.3"


def test_the_description_of_a_participant_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(json.loads(participant_openapi())).iter_errors()) == []


def test_nothing_is_lost_but_keywords() -> None:
    assert OLDER["paths"].keys() == NEWER["paths"].keys()
    assert OLDER["components"]["schemas"].keys() == NEWER["components"]["schemas"].keys()
    for name, said in operations(NEWER).items():
        older = operations(OLDER)[name]
        assert older.keys() == said.keys()
        assert older["responses"].keys() == said["responses"].keys()
        assert [(one["name"], one["in"], one["required"]) for one in older.get("parameters", ())] == [
            (one["name"], one["in"], one["required"]) for one in said.get("parameters", ())
        ]
    for name, newer in NEWER["components"]["schemas"].items():
        assert OLDER["components"]["schemas"][name].get("properties", {}).keys() == newer.get("properties", {}).keys()


@pytest.mark.parametrize("name", WITH_BODY)
def test_what_a_tool_for_3_0_sends_is_right_by_3_1(name: str) -> None:
    body = next(one["requestBody"] for one in operations(NEWER).values() if one["operationId"] == name)
    validator = jsonschema_rs.Draft202012Validator(
        body["content"]["application/json"]["schema"] | {"components": without_names(NEWER["components"])}
    )

    @FEW
    @given(case=OPERATIONS[name].as_strategy())
    def right(case: Any) -> None:
        validator.validate(case.body)

    right()


def test_null_is_said_where_a_member_must_be_there() -> None:
    count = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert schema(type="object", properties={"count": count}, required=["count"])["properties"] == {
        "count": {"type": "integer", "nullable": True}
    }
    assert schema(type="object", properties={"count": count | {"default": None}})["properties"] == {
        "count": {"type": "integer"}
    }
    place = {"anyOf": [{"$ref": "#/components/schemas/Place"}, {"type": "null"}]}
    assert schema(**place) == {"anyOf": [place["anyOf"][0], {"type": "object", "nullable": True, "enum": [None]}]}
    assert schema(type=["string", "null"]) == {"type": "string", "nullable": True}
    assert schema(type=["string", "integer"]) == {"anyOf": [{"type": "string"}, {"type": "integer"}]}


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"const": 3}, {"enum": [3]}),
        ({"type": "integer", "exclusiveMinimum": 0}, {"type": "integer", "minimum": 0, "exclusiveMinimum": True}),
        ({"type": "integer", "exclusiveMaximum": 9}, {"type": "integer", "maximum": 9, "exclusiveMaximum": True}),
        ({"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        (
            {"type": "array", "prefixItems": [{"const": 1}, {}]},
            {"type": "array", "items": {"anyOf": [{"enum": [1]}, {}]}},
        ),
        ({"$ref": "#/x", "default": 1}, {"allOf": [{"$ref": "#/x"}], "default": 1}),
        ({"type": "object", "propertyNames": {"pattern": "^a$"}, "required": []}, {"type": "object"}),
        ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": False}),
        ({"items": True}, {"items": {}}),
        ({"not": {"const": 1}}, {"not": {"enum": [1]}}),
    ],
)
def test_a_keyword_that_3_0_has_not_is_said_otherwise(newer: dict[str, Any], older: dict[str, Any]) -> None:
    assert schema(**newer) == older


def test_a_member_that_is_named_like_a_keyword_stays() -> None:
    members = {name: {"type": "string"} for name in ("const", "examples", "type", "required", "schema", "$ref")}
    assert schema(type="object", properties=members) == {"type": "object", "properties": members}


def test_no_pattern_ends_as_only_python_writes_it() -> None:
    assert not [page for page in (openapi(), openapi_30(), participant_openapi()) if r"\\Z" in page]
