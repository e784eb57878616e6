"""The content of a data group in words, as its schema in the catalogue says: pure.

A schema may name each field (`x-names`) and each code (`x-values`) in the languages of the pages, and say how a
value is written (`x-form`): `eurocents`, `percentage`, `date`, `month` or `quarter`. What it does not say is shown as
it came.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from markupsafe import Markup

from crossroads.web.languages import LANGUAGES, Words
from crossroads.web.look import clean, name

Schema = Mapping[str, Any]
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_MONTH = re.compile(r"(\d{4})-(\d\d)")
_QUARTER = re.compile(r"(\d{4})Q([1-4])")
_NOTHING = Markup("\N{EN DASH}")


class Table(NamedTuple):
    """Objects of one form, under each other."""

    title: Markup
    heads: Sequence[Markup]
    rows: Sequence[Sequence[Markup]]


class Contents(NamedTuple):
    """What a page shows of a content."""

    facts: Sequence[tuple[Markup, Markup]]
    tables: Sequence[Table]


def contents(words: Words, content: Mapping[str, Any], schema: Schema | None) -> Contents:
    """Put a content into words."""
    known, lists = schema or {}, {key: value for key, value in content.items() if isinstance(value, list)}
    rest = {key: value for key, value in content.items() if key not in lists}
    facts = [(title, value) for _, title, value in _flat(words, rest, known)]
    return Contents(facts, [_table(words, field_name(words, key, known), lists[key], _of(known, key)) for key in lists])


def field_name(words: Words, field: str, schema: Schema) -> Markup:
    """Give what a field is called: as its schema says, or by its own name, `startDate` as `Start date`."""
    said = _said(words, _of(schema, field).get("x-names"))
    if said:
        return said
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", field)
    return name(parted[:1].upper() + parted[1:].lower())


def value(words: Words, given: Any, schema: Schema) -> Markup:
    """Write one value."""
    if given is None:
        return _NOTHING
    if isinstance(given, bool):
        return name(words.text("Yes") if given else words.text("No"))
    if isinstance(given, (dict, list)):
        return name(msgspec.json.encode(given).decode())
    return _said(words, schema.get("x-values", {}).get(str(given))) or name(_written(words, given, schema))


def _written(words: Words, given: Any, schema: Schema) -> str:
    form = schema.get("x-form") or schema.get("format")
    if isinstance(given, str):
        return _day_of(words, given, form) or given
    if form == "eurocents":
        return words.euros(given)
    if form == "percentage":
        return f"{words.number(given)}\N{NO-BREAK SPACE}%"
    # Years and numbers of things are whole, and have no separator of thousands.
    return str(given) if isinstance(given, int) else words.number(given)


def _day_of(words: Words, text: str, form: str | None) -> str | None:
    """Write a day, month or quarter; None for a text that is none, or of another form."""
    if form == "date" and (found := _DATE.fullmatch(text)):
        return _date(words, int(found[1]), int(found[2]), int(found[3]))
    if form == "month" and (found := _MONTH.fullmatch(text)):
        return _date(words, int(found[1]), int(found[2]), 0)
    if form == "quarter" and (found := _QUARTER.fullmatch(text)):
        return words.quarter(date(int(found[1]), int(found[2]) * 3, 1))
    return None


def _date(words: Words, year: int, month: int, day: int) -> str | None:
    """Write a date of which day, or day and month, may be zero: they are not known."""
    try:
        if not month:
            return f"{year:04}" if not day else None
        return words.date(date(year, month, day)) if day else words.month(date(year, month, 1))
    except ValueError:
        return None


def _table(words: Words, title: Markup, rows: Sequence[Any], schema: Schema) -> Table:
    items = schema.get("items", {})
    every = [list(_flat(words, row if isinstance(row, dict) else {"": row}, items)) for row in rows]
    heads = {path: head for row in every for path, head, _ in row}
    cells = [{path: cell for path, _, cell in row} for row in every]
    return Table(title, list(heads.values()), [[row.get(path, _NOTHING) for path in heads] for row in cells])


def _flat(
    words: Words, content: Mapping[str, Any], schema: Schema, within: tuple[str, ...] = (), named: Markup | None = None
) -> Iterator[tuple[tuple[str, ...], Markup, Markup]]:
    """Give path, name and value of each field, those of an object within as fields of their own."""
    for field, given in content.items():
        title, inner = field_name(words, field, schema), _of(schema, field) if field else schema
        whole = Markup("%s: %s") % (named, title) if named else title
        if isinstance(given, dict):
            yield from _flat(words, given, inner, (*within, field), whole)
        else:
            yield (*within, field), whole, value(words, given, inner)


def _of(schema: Schema, field: str) -> Schema:
    found: Schema = schema.get("properties", {}).get(field, {})
    return found


def _said(words: Words, names: Mapping[str, str] | None) -> Markup | None:
    """Write a text that the catalogue has in some languages; where it is not in that of the page, say in which."""
    for language in (words.language, *LANGUAGES):
        if text := (names or {}).get(language):
            if language == words.language:
                return name(text)
            return Markup('<bdi lang="%s">%s</bdi>') % (language, clean(text))
    return None
