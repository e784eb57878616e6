"""Schemas of the messages, made from the very structs that read and write them, in JSON Schema 2020-12."""

from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import Any, TypeAlias

import msgspec

Schema: TypeAlias = dict[str, Any]

_PLACE = "#/components/schemas/"


def schemas_of(kinds: Iterable[Any]) -> tuple[Mapping[Any, Schema], dict[str, Schema]]:
    """Give the schema of each type, and what these refer to, by name."""
    wanted = tuple(dict.fromkeys(kinds))
    found, components = msgspec.json.schema_components(wanted, ref_template="{name}")
    named = {_name(name): _presented(_tidy(schema)) for name, schema in components.items()}
    return dict(zip(wanted, map(_tidy, found), strict=True)), named


def _name(name: str) -> str:
    """Give a name as generators of code want it: `Collection_Sector_` is SectorCollection, `a.usage.Act` UsageAct."""
    *_, room, kind = ("", *name.split("."))
    outer, _, inner = kind.strip("_").partition("_")
    return "".join(word.capitalize() for word in room.split("_")) + inner + outer


def _presented(schema: Schema) -> Schema:
    """Leave out the title, which tools show in the place of the name, and the indentation of docstrings."""
    said = {"description": cleandoc(schema["description"])} if "description" in schema else {}
    return {keyword: value for keyword, value in schema.items() if keyword != "title"} | said


def _tidy(node: Any) -> Any:
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    tidied = {keyword: _tidy(value) for keyword, value in node.items()}
    if isinstance(tidied.get("$ref"), str):
        tidied["$ref"] = _PLACE + _name(tidied["$ref"])
    if isinstance(values := tidied.get("enum"), list) and all(isinstance(value, str) for value in values):
        tidied["type"] = "string"
    if isinstance(tidied.get("pattern"), str):
        # The end of a text is `\Z` in Python alone; to all other readers of patterns that is a letter.
        tidied["pattern"] = tidied["pattern"].replace(r"\Z", "$")
    return tidied
