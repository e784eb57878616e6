"""The content of a data group in words: names, codes, sums and days as its schema says, in the language of the page."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from crossroads.catalogue.schemas import FORMS, unclear
from crossroads.web.contents import CELLS, COLUMNS, LONGEST, ROWS, contents
from crossroads.web.languages import LANGUAGES, words_of
from crossroads.web.look import HERE

WORDS = words_of([HERE / "locale"])
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "since": {"type": "string", "format": "date", "x-names": {"nl": "Sinds", "fr": "Depuis", "en": "Since"}},
        "born": {"type": "string", "x-form": "date"},
        "month": {"type": "string", "x-form": "month"},
        "quarter": {"type": "string", "x-form": "quarter"},
        "amount": {"type": "integer", "x-form": "eurocents"},
        "kind": {"enum": ["full", "partial"], "x-values": {"full": {"nl": "volledig", "fr": "complet", "en": "full"}}},
        "place": {"type": "object", "properties": {"city": {"x-names": {"en": "City"}}}, "x-names": {"en": "Place"}},
        "grants": {
            "type": "array",
            "x-names": {"en": "Grants"},
            "items": {"properties": {"sum": {"x-form": "eurocents", "x-names": {"en": "Sum"}}}},
        },
    },
}


def shown(language: str, **content: Any) -> dict[str, str]:
    """Give what a page shows, without markup."""
    facts = contents(WORDS[language], content, SCHEMA).facts
    return {key.striptags(): value.striptags() for key, value in facts}


@pytest.mark.parametrize(
    ("language", "day", "sum_", "month", "quarter", "yes"),
    [
        ("nl", "1 januari 2026", "€ 1.234,56", "februari 2026", "1e kwartaal 2026", "Ja"),
        ("fr", "1er janvier 2026", "1 234,56 €", "février 2026", "1er trimestre 2026", "Oui"),
        ("de", "1. Januar 2026", "1.234,56 €", "Februar 2026", "1. Quartal 2026", "Ja"),
        ("en", "1 January 2026", "€1,234.56", "February 2026", "1st quarter 2026", "Yes"),
    ],
)
def test_values_are_written_as_people_there_write_them(
    language: str, day: str, sum_: str, month: str, quarter: str, yes: str
) -> None:
    said = {"born": "2026-01-01", "amount": 123456, "month": "2026-02", "quarter": "2026Q1", "longTerm": True}
    found = shown(language, **said)
    spaces = str.maketrans("\u202f\xa0", "  ")
    written = [value.translate(spaces) for value in found.values()]
    assert written == [day, sum_, month, quarter, yes]
    assert list(found)[-1] == "Long term"


def test_fields_and_codes_have_names_and_another_language_stands_in() -> None:
    assert shown("nl", since="2026-03-02", kind="full") == {"Sinds": "2 maart 2026", "Kind": "volledig"}
    foreign = contents(WORDS["de"], {"since": "2026-03-02", "kind": "full"}, SCHEMA).facts
    assert foreign[0][0] == Markup('<bdi lang="en">Since</bdi>')
    assert foreign[1][1] == Markup('<bdi lang="en">full</bdi>')


def test_what_a_schema_does_not_say_is_shown_as_it_came() -> None:
    said = {"kind": "partial", "born": "soon", "month": "2026-13", "quarter": "x", "year": 2026, "none": None}
    assert list(shown("en", **said).values()) == ["partial", "soon", "2026-13", "x", "2026", "–"]
    assert shown("en", born="1980-00-00", place={"city": "Ath"}) == {"Born": "1980", "Place: City": "Ath"}
    assert shown("fr", born="1980-05-00") == {"Born": "mai 1980"}
    facts = contents(WORDS["en"], {"kind": "full", "odd": 1.5}, None).facts
    assert [(key.striptags(), value.striptags()) for key, value in facts] == [("Kind", "full"), ("Odd", "1.5")]


def test_a_list_becomes_a_table_whatever_its_rows_leave_out() -> None:
    (table,) = contents(WORDS["en"], {"grants": [{"sum": 5}, {"sum": 100, "note": "<b>"}]}, SCHEMA).tables
    assert table.title.striptags() == "Grants"
    assert [head.striptags() for head in table.heads] == ["Sum", "Note"]
    assert [[str(cell) for cell in row] for row in table.rows] == [
        ["<bdi>€0.05</bdi>", "–"],
        ["<bdi>€1.00</bdi>", "<bdi>&lt;b&gt;</bdi>"],
    ]


@pytest.mark.parametrize(
    ("form", "said"),
    [("quarter", "0000Q1"), ("quarter", "\u0660\u0660\u0660\u0660Q1"), ("eurocents", 1e308), ("month", "0000-01")],
)
def test_what_cannot_be_written_is_shown_as_it_came(form: str, said: Any) -> None:
    ((_, value),) = contents(WORDS["en"], {"x": said}, {"properties": {"x": {"x-form": form}}}).facts
    assert value.striptags() == str(said)


def test_what_is_no_object_is_shown_too() -> None:
    (table,) = contents(WORDS["en"], [1, {"a": 2}], {"items": {"type": "integer"}}).tables
    assert [[cell.striptags() for cell in row] for row in table.rows] == [["1", "–"], ["–", "2"]]
    assert contents(WORDS["en"], "text", None).facts[0][1].striptags() == "text"


@pytest.mark.parametrize(
    "content",
    [
        {"l": [{f"k{n}": n} for n in range(4000)]},
        {"l": [{f"k{n}": n for n in range(COLUMNS)}, *[{}] * 100_000]},
        {f"l{n}": [{f"k{m}": m for m in range(COLUMNS)}] * 2 for n in range(1000)},
        {f"k{n}": n for n in range(100_000)},
        {"l": [{f"k{n}": {} for n in range(100_000)}]},
        {"k": "long" * LONGEST, "l": [[1] * 100_000]},
        {"k" * 100_000: {str(n): n for n in range(COLUMNS + 1)}},
    ],
)
def test_of_much_a_page_shows_the_beginning_and_says_so(content: dict[str, Any]) -> None:
    found = contents(WORDS["en"], content, {})
    assert sum(len(table.rows) for table in found.tables) <= ROWS
    assert all(len(table.heads) <= COLUMNS for table in found.tables)
    assert sum(len(table.rows) * len(table.heads) for table in found.tables) <= CELLS + COLUMNS * COLUMNS
    assert len(str(found)) < 1_000_000
    assert found.more or "\N{HORIZONTAL ELLIPSIS}" in str(found)


def test_a_table_of_ordinary_rows_is_whole_up_to_the_most() -> None:
    for rows, more in ((ROWS, False), (ROWS + 1, True)):
        found = contents(WORDS["en"], {"grants": [{"sum": 5, "since": "2026-01-01"}] * rows}, SCHEMA)
        assert (len(found.tables[0].rows), found.more) == (ROWS, more)


def test_objects_within_each_other_are_written_only_so_deep() -> None:
    deep: Any = 1
    for _ in range(900):
        deep = {"k": deep}
    ((title, value),) = contents(WORDS["en"], deep, {}).facts
    assert len(title) < LONGEST
    assert value.endswith("\N{HORIZONTAL ELLIPSIS}</bdi>") or value.striptags().endswith("}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc") | st.text(), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.dictionaries(st.sampled_from(sorted(LANGUAGES)), st.text(), min_size=1)
WORDED = st.fixed_dictionaries(
    {},
    optional={
        "x-names": TEXTS,
        "x-values": st.dictionaries(st.text(), TEXTS),
        "x-form": st.sampled_from(sorted(FORMS)),
    },
)
LEAVES = st.builds(
    lambda said, kind: said | {"type": kind}, WORDED, st.sampled_from(["string", "integer", "number", "boolean"])
)
CHECKED = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(
            lambda said, fields: said | {"type": "object", "properties": fields, "additionalProperties": False},
            WORDED,
            st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
        )
        | st.builds(lambda said, one: said | {"type": "array", "items": one}, WORDED, inner)
    ),
    max_leaves=6,
)
"""Schemas that `catalogue check` accepts."""


@given(JSON, CHECKED, st.sampled_from(sorted(LANGUAGES)))
def test_any_content_is_shown_under_any_checked_schema(content: Any, schema: dict[str, Any], language: str) -> None:
    assert not list(unclear(schema))
    contents(WORDS[language], content, schema)


@given(JSON, JSON, st.sampled_from(sorted(LANGUAGES)))
def test_any_content_is_shown_under_a_schema_that_nobody_checked(content: Any, said: Any, language: str) -> None:
    for keyword in ("x-names", "x-values", "x-form", "format", "properties", "items"):
        for schema in ({keyword: said}, {"properties": {"a": {keyword: said}, "b": said}}, {"items": said}):
            contents(WORDS[language], content, schema)


@given(
    st.dictionaries(
        st.sampled_from([*SCHEMA["properties"], "other"]),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.dictionaries(st.text(), st.text()))),
    ),
    st.sampled_from(sorted(LANGUAGES)),
)
def test_whatever_a_source_sends_is_shown_and_is_no_markup(content: dict[str, Any], language: str) -> None:
    found = contents(WORDS[language], content, SCHEMA)
    assert len(found.facts) + len(found.tables) == len(content)
    cells = [value for _, value in found.facts] + [cell for table in found.tables for row in table.rows for cell in row]
    assert all(cell == "–" or cell.count("<") == 2 for cell in cells)
