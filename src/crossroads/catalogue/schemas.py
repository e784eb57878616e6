"""What the schema of a data group must say so that a page can show its content, whatever a source sends. Pure.

Each field says what it holds: `true` says nothing. An object in a list has the fields that are named and no other,
since each is a column of a table.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from crossroads.catalogue.entries import Text

FORMS = frozenset({"eurocents", "percentage", "date", "month", "quarter", "institution", "rule"})
"""The values of `x-form`: how a page writes a value."""
Unclear = Iterator[tuple[str, str]]
"""Path within the schema, and what is wrong there."""


def unclear(schema: Mapping[str, Any]) -> Unclear:
    """Give what is wrong with a schema that is valid JSON Schema."""
    yield from _words(schema)
    for name, one in schema.get("properties", {}).items():
        yield from _below(f".properties.{name}", one, unclear)
    if "items" in schema:
        yield from _below(".items", schema["items"], _element)
    elif "array" in _types(schema):
        yield "", "a list says in items what it holds"


def _below(path: str, one: Any, rule: Callable[[dict[str, Any]], Unclear]) -> Unclear:
    if not isinstance(one, dict):
        yield path, "it says what is there by a schema, not by true or false"
        return
    for further, what in rule(one):
        yield path + further, what


def _element(schema: Mapping[str, Any]) -> Unclear:
    """Look at what stands in a list, and at the objects within it."""
    if not (_types(schema) or "enum" in schema or "const" in schema):
        yield "", "what stands in a list has a type"
    if "object" in _types(schema) and not _is_closed(schema):
        yield "", "an object in a list needs additionalProperties: false, and no patternProperties"
    yield from _words(schema)
    for name, one in schema.get("properties", {}).items():
        yield from _below(f".properties.{name}", one, _element)
    if "items" in schema:
        yield from _below(".items", schema["items"], _element)


def _is_closed(schema: Mapping[str, Any]) -> bool:
    return schema.get("additionalProperties") is False and not schema.get("patternProperties")


def _types(schema: Mapping[str, Any]) -> list[str]:
    said = schema.get("type", [])
    return [said] if isinstance(said, str) else list(said)


def _words(schema: Mapping[str, Any]) -> Unclear:
    """Look at what a schema says for pages: names, codes, and how a value is written."""
    if "x-names" in schema and not _is_text(schema["x-names"]):
        yield ".x-names", "a name is a text in nl, fr, de or en"
    values = schema.get("x-values", {})
    if not isinstance(values, dict):
        yield ".x-values", "it gives each code a name"
    else:
        yield from (
            (f".x-values.{one}", "a name is a text in nl, fr, de or en") for one in values if not _is_text(values[one])
        )
    if "x-form" in schema and schema["x-form"] not in sorted(FORMS):
        yield ".x-form", f"there is no such form: {', '.join(sorted(FORMS))}"


def _is_text(said: Any) -> bool:
    try:
        text = msgspec.convert(said, Text)
    except msgspec.ValidationError:
        return False
    return isinstance(said, dict) and text != Text()
