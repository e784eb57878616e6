"""The content of a data group in words, as its schema in the catalogue says: pure.

A schema may name each field (`x-names`) and each code (`x-values`) in the languages of the pages, and say how a
value is written (`x-form`): `eurocents`, `percentage`, `date`, `month`, `quarter`, or `institution`, of which `naming`
gives the name. What it does not say, and what cannot be written so, is shown as it came. Of much, a page shows
the beginning, and says that there is more.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from markupsafe import Markup

from crossroads.web.languages import Words
from crossroads.web.look import name, said

Schema = Mapping[str, Any]
ROWS = 300
"""Of all tables of a content together."""
COLUMNS = 50
"""Of a table; and so many fields one content has beside its tables."""
CELLS = 3000
"""Values of one content."""
WRITTEN = "x-written"
"""Where a program puts into a schema a function that writes a field, from the words and all fields beside it."""
DEEPEST = 6
"""Objects within each other whose fields are shown one by one."""
LONGEST = 4000
"""Characters of one value."""
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_QUARTER = re.compile(r"(\d{4})Q([1-4])", re.ASCII)
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
    more: bool = False
    """Whether there is more, which the page does not show."""


class _Cell(NamedTuple):
    """A value, with the names of the fields in which it stands."""

    path: tuple[str, ...]
    title: Markup
    value: Markup


def contents(words: Words, content: Any, schema: Schema | None) -> Contents:
    """Put a content into words, whatever it is."""
    given, known = content if isinstance(content, dict) else {"": content}, schema or {}
    facts, more = _first(_flat(words, {key: one for key, one in given.items() if not isinstance(one, list)}, known))
    tables: list[Table] = []
    rows = cells = 0
    for key, every in given.items():
        if not isinstance(every, list):
            continue
        if rows >= ROWS or cells >= CELLS or len(tables) >= COLUMNS:
            more = True
            break
        inner = _of(known, key) if key else known
        table, cut = _table(words, field_name(words, key, known), every, inner, ROWS - rows, CELLS - cells)
        tables.append(table)
        rows, cells, more = rows + len(table.rows), cells + len(table.rows) * len(table.heads), more or cut
    return Contents([(one.title, one.value) for one in facts], tables, more)


def naming(schema: Any, names: Callable[[], Mapping[str, Any]]) -> Any:
    """Give a schema that names each institution, where it says that a field holds one; `names` gives those of all."""
    if isinstance(schema, list):
        return [naming(one, names) for one in schema]
    if not isinstance(schema, dict):
        return schema
    own = {"x-values": names()} if schema.get("x-form") == "institution" else {}
    return {key: naming(one, names) for key, one in schema.items()} | own


def part(schema: Schema, key: str) -> Schema:
    """Give a part of a schema; an empty one for what is absent, and for `true`, which says nothing."""
    found = schema.get(key)
    return found if isinstance(found, dict) else {}


def field_name(words: Words, field: str, schema: Schema) -> Markup:
    """Give what a field is called: as its schema says, or by its own name, `startDate` as `Start date`."""
    if named := _said(words, _of(schema, field).get("x-names")):
        return named
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _cut(field))
    return name(parted[:1].upper() + parted[1:].lower())


def value(words: Words, given: Any, schema: Schema) -> Markup:
    """Write one value."""
    if given is None or given == {}:
        return _NOTHING
    if isinstance(given, bool):
        return name(words.text("Yes") if given else words.text("No"))
    if isinstance(given, (dict, list)):
        return name(_cut(_as_it_came(given)))
    return _said(words, part(schema, "x-values").get(str(given))) or name(_cut(_written(words, given, schema)))


def _as_it_came(given: Any) -> str:
    try:
        return msgspec.json.encode(given).decode()
    except RecursionError:
        return "\N{HORIZONTAL ELLIPSIS}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\N{HORIZONTAL ELLIPSIS}"


def _written(words: Words, given: Any, schema: Schema) -> str:
    form = schema.get("x-form") or schema.get("format")
    try:
        if isinstance(given, str):
            return _day_of(words, given, form) or given
        if form == "eurocents":
            return words.euros(given)
        if form == "percentage":
            return f"{words.number(given)}\N{NO-BREAK SPACE}%"
        # Years and numbers of things are whole, and have no separator of thousands.
        return str(given) if isinstance(given, int) else words.number(given)
    except (ValueError, ArithmeticError):
        # A quarter of the year zero, more euros than there are digits for.
        return str(given)


def _day_of(words: Words, text: str, form: Any) -> str | None:
    """Write a day, month or quarter; None for a text that is none, or of another form. Raises ValueError."""
    if form == "date" and (found := _DATE.fullmatch(text)):
        return _date(words, int(found[1]), int(found[2]), int(found[3]))
    if form == "month" and (found := _MONTH.fullmatch(text)):
        return _date(words, int(found[1]), int(found[2]), 0)
    if form == "quarter" and (found := _QUARTER.fullmatch(text)):
        return words.quarter(date(int(found[1]), int(found[2]) * 3, 1))
    return None


def _date(words: Words, year: int, month: int, day: int) -> str | None:
    """Write a date of which day, or day and month, may be zero: they are not known. Raises ValueError."""
    if not month:
        return f"{year:04}" if not day else None
    return words.date(date(year, month, day)) if day else words.month(date(year, month, 1))


def _table(
    words: Words, title: Markup, given: Sequence[Any], schema: Schema, most: int, cells: int
) -> tuple[Table, bool]:
    """Write the first of some rows, and tell whether something is left out."""
    items, cut = part(schema, "items"), len(given) > most
    heads: dict[tuple[str, ...], Markup] = {}
    rows: list[dict[tuple[str, ...], Markup]] = []
    for row in given[:most]:
        found, wide = _first(_flat(words, row if isinstance(row, dict) else {"": row}, items))
        room = COLUMNS - len(heads)
        fresh = {one.path: one.title for one in found if one.path not in heads}
        if (len(rows) + 1) * (len(heads) + min(len(fresh), room)) > cells and rows:
            cut = True
            break
        heads |= islice(fresh.items(), room)
        rows.append({one.path: one.value for one in found})
        cut = cut or wide or len(fresh) > room
    return Table(title, list(heads.values()), [[row.get(path, _NOTHING) for path in heads] for row in rows]), cut


def _first(cells: Iterator[_Cell]) -> tuple[list[_Cell], bool]:
    """Take what a page has room for, and tell whether there is more."""
    return list(islice(cells, COLUMNS)), next(cells, None) is not None


def _flat(
    words: Words, content: Mapping[str, Any], schema: Schema, within: tuple[str, ...] = (), named: Markup | None = None
) -> Iterator[_Cell]:
    """Give each field, those of an object within as fields of their own."""
    for field, given in content.items():
        title, inner = field_name(words, field, schema), _of(schema, field) if field else schema
        whole = Markup("%s: %s") % (named, title) if named else title
        if isinstance(given, dict) and given and len(within) < DEEPEST:
            yield from _flat(words, given, inner, (*within, field), whole)
        else:
            write = inner.get(WRITTEN)
            cell = write(words, content) if callable(write) else value(words, given, inner)
            yield _Cell((*within, field), whole, cell)


def _of(schema: Schema, field: str) -> Schema:
    return part(part(schema, "properties"), field)


def _said(words: Words, names: Any) -> Markup | None:
    """Write a text that the catalogue has in some languages; where it is not in that of the page, say in which."""
    return said(words, names) if isinstance(names, dict) else None
