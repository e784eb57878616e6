"""An OpenAPI 3.1 description in 3.0.3, for tools that read only that. It changes what ours uses, and no more.

Of the converters in the Python registry none tells a keyword from a member of a message that has the same name.
`null` is not said where a member may as well be absent: the hub never writes it there, and 3.0 cannot say it of a
reference.
"""

from collections.abc import Callable, Mapping
from typing import Any

from crossroads.wire.schemas import Schema

_NULL: Schema = {"type": "null"}
_ONLY_NULL: Schema = {"type": "object", "nullable": True, "enum": [None]}
_LICENCES = "https://spdx.org/licenses/"


def downgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give the same description in OpenAPI 3.0.3."""
    older: dict[str, Any] = _walked(document)
    licence = document["info"]["license"]
    older["info"]["license"] = {"name": licence["name"], "url": f"{_LICENCES}{licence['identifier']}.html"}
    return older | {"openapi": "3.0.3"}


def _walked(node: Any) -> Any:
    """Leave everything as it is but the schemas."""
    if isinstance(node, list):
        return [_walked(one) for one in node]
    if not isinstance(node, Mapping):
        return node
    return {name: _READERS.get(name, _walked)(inner) for name, inner in node.items()}


def _schema(schema: Any) -> Any:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    older: Schema = {}
    for keyword, value in _without_spare_nulls(schema).items():
        older |= _KEYWORDS.get(keyword, lambda same, keyword=keyword: {keyword: same})(value)
    if "$ref" in older and len(older) > 1:
        # Beside a reference 3.0 reads nothing.
        older = {"allOf": [{"$ref": older.pop("$ref")}], **older}
    return older


def _without_spare_nulls(schema: Schema) -> Schema:
    members = {
        name: member if name in schema.get("required", ()) else _not_null(member)
        for name, member in schema.get("properties", {}).items()
    }
    return schema | {"properties": members} if members else schema


def _not_null(schema: Schema) -> Schema:
    if _NULL not in schema.get("anyOf", ()):
        return schema
    rest = [one for one in schema["anyOf"] if one != _NULL]
    default: Schema = {} if schema.get("default") is None else {"default": schema["default"]}
    others: Schema = {keyword: value for keyword, value in schema.items() if keyword not in ("anyOf", "default")}
    others.update(rest[0] if len(rest) == 1 else {"anyOf": rest})
    return others | default


def _any_of(schemas: list[Schema]) -> Schema:
    rest = [_schema(one) for one in schemas if one != _NULL]
    if len(rest) == len(schemas):
        return {"anyOf": rest}
    if len(rest) == 1 and "type" in rest[0] and "enum" not in rest[0]:
        return {**rest[0], "nullable": True}
    return {"anyOf": [*rest, _ONLY_NULL]}


def _types(types: str | list[str]) -> Schema:
    if isinstance(types, str):
        return _ONLY_NULL if types == "null" else {"type": types}
    return _any_of([{"type": one} for one in types])


def _each(schemas: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _schema(one) for name, one in schemas.items()}


_KEYWORDS: dict[str, Callable[[Any], Schema]] = {
    "type": _types,
    "anyOf": _any_of,
    "oneOf": lambda schemas: {"oneOf": [_schema(one) for one in schemas]},
    "allOf": lambda schemas: {"allOf": [_schema(one) for one in schemas]},
    "required": lambda names: {"required": names} if names else {},
    "not": lambda schema: {"not": _schema(schema)},
    "properties": lambda schemas: {"properties": _each(schemas)},
    "items": lambda schema: {"items": _schema(schema)},
    "prefixItems": lambda schemas: {"items": {"anyOf": [_schema(one) for one in schemas]}},
    "additionalProperties": lambda one: {"additionalProperties": one if isinstance(one, bool) else _schema(one)},
    "propertyNames": lambda _: {},
    "const": lambda value: {"enum": [value]},
    "examples": lambda values: {"example": values[0]},
    "contentEncoding": lambda _: {"format": "byte"},
    "contentMediaType": lambda _: {},
    "exclusiveMinimum": lambda limit: {"minimum": limit, "exclusiveMinimum": True},
    "exclusiveMaximum": lambda limit: {"maximum": limit, "exclusiveMaximum": True},
}
_READERS: dict[str, Callable[[Any], Any]] = {"schema": _schema, "schemas": _each}
