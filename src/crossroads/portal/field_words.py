"""How pages say what is in a data group: its fields and values, as its schema in the catalogue puts them into words."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from crossroads.web.contents import Schema, contents, field_name, value
from crossroads.web.languages import Words


def _message(text: str) -> str:
    """Mark a text for translation; the page translates it."""
    return text


_ = _message

FORMS: Mapping[str, str] = {
    "eurocents": _("Amount in euro"),
    "percentage": _("Percentage"),
    "date": _("Day"),
    "month": _("Month"),
    "quarter": _("Quarter"),
    "institution": _("Institution"),
    "rule": _("Rule"),
    "boolean": _("Yes or no"),
    "string": _("Text"),
    "integer": _("Number"),
    "number": _("Number"),
    "object": _("Group of fields"),
    "array": _("List"),
}
"""The forms that a value may have."""


def _form(words: Words, schema: Schema) -> str:
    """Say in which form a field is written."""
    kind = schema.get("type", "")
    known = schema.get("x-form") or schema.get("format") or (kind[0] if isinstance(kind, list) else kind)
    return words.text(FORMS[known]) if isinstance(known, str) and known in FORMS else str(known)


def _choices(words: Words, schema: Schema) -> list[Markup]:
    """Give the values between which a field chooses, in words."""
    return [value(words, one, schema) for one in schema.get("enum", ())]


def _month(words: Words, month: str) -> Markup:
    """Write a month that is given as `2026-01`."""
    return value(words, month, {"x-form": "month"})


FIELDS: Mapping[str, Any] = {
    "month": _month,
    "contents": contents,
    "field_name": lambda words, one: field_name(words, one.name, one.within),
    "form": _form,
    "choices": _choices,
}
"""Filters of the templates."""
