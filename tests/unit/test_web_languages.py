"""Languages, and what others wrote: names that would play tricks on a page."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from crossroads.web.languages import LANGUAGES, preferred, words_of
from crossroads.web.look import HERE, clean, name, option, said

WORDS = words_of([HERE / "locale"])


def test_a_browser_gets_the_language_that_it_prefers() -> None:
    assert preferred("fr-BE,fr;q=0.9,en;q=0.8") == "fr"
    assert preferred("en;q=0.3, de-AT;q=0.9") == "de"
    assert preferred("es, nl;q=0.1") == "nl"


def test_a_text_is_given_in_another_language_where_it_must_be_and_says_in_which() -> None:
    name_ = {"nl": "OCMW Gent", "fr": "CPAS Gand", "de": None, "en": ""}
    assert [str(said(WORDS[one], name_)) for one in ("fr", "en", "de")] == [
        "<bdi>CPAS Gand</bdi>",
        '<bdi lang="nl">OCMW Gent</bdi>',
        '<bdi lang="nl">OCMW Gent</bdi>',
    ]
    assert option(WORDS["en"], name_, "pcsw-gent", after=" (1)") == ("pcsw-gent", "OCMW Gent (1)", "nl")
    assert option(WORDS["nl"], name_, "pcsw-gent") == ("pcsw-gent", "OCMW Gent", None)
    assert option(WORDS["nl"], {}, "pcsw-gent") == ("pcsw-gent", "pcsw-gent", None)


def test_no_sign_of_french_begins_a_line() -> None:
    french = [one for one in WORDS["fr"].translations._catalog.values() if isinstance(one, str)]  # type: ignore[attr-defined]
    assert not [one for one in french if re.search(" [;:?!»]|« ", one)]
    assert any("\N{NO-BREAK SPACE}:" in one for one in french)


@given(st.text())
def test_whatever_a_browser_says_it_gets_one_of_ours(accepted: str) -> None:
    assert preferred(accepted) in LANGUAGES


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("nl", "1 januari 2026", "2 januari 2026, 09:05:00"),
        ("fr", "1er janvier 2026", "2 janvier 2026, 09:05:00"),
        ("de", "1. Januar 2026", "2. Januar 2026, 09:05:00"),
        ("en", "1 January 2026", "2 January 2026, 09:05:00"),
    ],
)
def test_days_and_moments_are_written_as_people_there_write_them(language: str, first: str, second: str) -> None:
    assert WORDS[language].date(date(2026, 1, 1)) == first
    assert WORDS[language].moment(datetime(2026, 1, 2, 8, 5, tzinfo=UTC)) == second
    # In Brussels the day has begun.
    assert WORDS[language].moment(datetime(2025, 12, 31, 23, 5, tzinfo=UTC)) == f"{first}, 00:05:00"


@given(st.floats(0, 1), st.sampled_from(sorted(LANGUAGES)))
def test_a_share_is_never_shown_as_a_whole_that_it_is_not(share: float, language: str) -> None:
    assert WORDS[language].percent(share).startswith("100") is (share == 1)


@given(st.text())
def test_a_name_cannot_turn_the_text_around_it_nor_become_markup(text: str) -> None:
    shown = name(text)
    assert not any(0x202A <= ord(letter) <= 0x202E or 0x2066 <= ord(letter) <= 0x2069 for letter in clean(text))
    assert shown.startswith("<bdi>")
    assert shown.count("<") == 2


def test_every_sign_that_turns_the_direction_of_text_is_taken_out() -> None:
    signs = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    assert clean(f"a{signs}b") == "ab"


def test_templates_never_write_what_is_not_escaped() -> None:
    root = HERE.parent
    templates = [*root.rglob("web/**/*.html"), *root.rglob("portal/**/*.html"), *root.rglob("desk/**/*.html")]
    assert templates
    for path in templates:
        text = path.read_text("utf-8")
        Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True).parse(text)
        assert "|safe" not in text.replace(" ", ""), path.name
        assert "style=" not in text, path.name
        assert "<script>" not in text, path.name


def test_no_static_file_is_fetched_from_elsewhere() -> None:
    sheet = (HERE / "static" / "look.css").read_text("utf-8")
    fetched = re.findall(r"""url\(["']?([^"')]+)""", sheet)
    assert len(fetched) > 3
    assert [one for one in fetched if not one.startswith("/static/")] == []
    fonts = [one.removeprefix("/static/") for one in fetched if one.endswith(".woff2")]
    assert all((HERE / "static" / font).exists() for font in fonts)
