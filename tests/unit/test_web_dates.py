"""Days as people type them: what a page writes is read again, and what is no day is refused."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.ssin import IncompleteDate
from crossroads.web.dates import read_birth, read_day, typed_day
from crossroads.web.forms import Form
from crossroads.web.languages import LANGUAGES, words_of
from crossroads.web.look import HERE

WORDS = words_of([HERE / "locale"])
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))


def read(language: str, *parts: str) -> date | None:
    fields = dict(zip(("first", "first-month", "first-year"), parts, strict=False))
    return read_day(typed_day(Form(values=fields), "first"), WORDS[language].locale)


@given(DAYS, st.sampled_from(list(LANGUAGES)))
def test_a_day_is_read_in_each_form_that_people_write(day: date, language: str) -> None:
    assert read(language, f" {day.day} ", f"{day.month:02}", str(day.year)) == day
    assert read(language, WORDS[language].date(day)) == day
    assert read(language, day.isoformat()) == day
    assert read(language, day.strftime("%d/%m/%Y")) == day
    assert read(language, f"{day.day}.{day.month}.{day.year}", "", "") == day


MONTHS = [
    ("nl", "mrt", 3),
    ("nl", "Januari", 1),
    ("fr", "août", 8),
    ("fr", "AOUT", 8),
    ("fr", "juil.", 7),
    ("fr", "juin", 6),
]
MORE_MONTHS = [("de", "März", 3), ("de", "dez", 12), ("en", "Sept", 9), ("en", "may", 5)]
NO_DAYS = [
    "31 2 2026",
    "1 13 2026",
    "0 1 2026",
    "1 1 26",
    "1 1 1899",
    "1 1 3000",
    "1 ju 2026",
    "1 jui 2026",
    "31",
    "1 1",
]
STRANGE = ["12026", "1/1/2026/1", "tomorrow", "<script> 1 2026", "1e2 1 2026", "\u0661 1 2026", "1 \u00b2 2026"]


@pytest.mark.parametrize(("language", "month", "number"), MONTHS + MORE_MONTHS)
def test_a_month_may_be_named(language: str, month: str, number: int) -> None:
    assert read(language, "30", month, "2026") == date(2026, number, 30)


@pytest.mark.parametrize("typed", NO_DAYS + STRANGE)
def test_what_is_no_day_is_refused_in_one_field_and_in_three(typed: str) -> None:
    assert read("fr", typed) is None
    assert read("fr", *typed.split(" ")) is None


@pytest.mark.parametrize("parts", [("", "1", "2026"), ("31", "", "2026"), ("1", "1", ""), ("1 1 2026", "1", "2026")])
def test_a_day_of_which_a_part_is_missing_is_refused(parts: tuple[str, ...]) -> None:
    assert read("nl", *parts) is None


@given(st.lists(st.text(max_size=12), max_size=3), st.sampled_from(list(LANGUAGES)))
def test_whatever_is_typed_is_a_day_or_is_refused(parts: list[str], language: str) -> None:
    found = read(language, *parts)
    assert found is None or found.year >= 1900


BIRTHS = [
    (("00/00/1950",), (1950, 0, 0)),
    (("1950",), (1950, 0, 0)),
    (("1950-00-00",), (1950, 0, 0)),
    (("06/1950",), (1950, 6, 0)),
    (("juin 1950",), (1950, 6, 0)),
    (("1950-06",), (1950, 6, 0)),
    (("", "6", "1950"), (1950, 6, 0)),
    (("0", "00", "1950"), (1950, 0, 0)),
    (("", "", " 1950 "), (1950, 0, 0)),
]
NO_BIRTHS = [
    ("27 3",),
    ("12", "", "1950"),
    ("12", "00", "1950"),
    ("", "13", "1950"),
    ("", "", "50"),
    ("", "juin", ""),
    ("0",),
]


def born(*parts: str) -> IncompleteDate | None:
    fields = dict(zip(("first", "first-month", "first-year"), parts, strict=False))
    return read_birth(typed_day(Form(values=fields), "first"), WORDS["fr"].locale)


@given(DAYS)
def test_a_full_birth_date_is_read_as_any_day(day: date) -> None:
    assert born(str(day.day), str(day.month), str(day.year)) == (day.year, day.month, day.day)
    assert born(WORDS["fr"].date(day)) == (day.year, day.month, day.day)


@pytest.mark.parametrize(("parts", "birth"), BIRTHS)
def test_of_a_birth_date_day_and_month_may_be_unknown(parts: tuple[str, ...], birth: tuple[int, int, int]) -> None:
    assert born(*parts) == birth


@pytest.mark.parametrize("parts", [*NO_BIRTHS, *((one,) for one in STRANGE), ("31", "2", "1950")])
def test_what_is_no_birth_date_is_refused(parts: tuple[str, ...]) -> None:
    assert born(*parts) is None


def test_nothing_typed_is_nothing() -> None:
    assert typed_day(Form(values={"first": " ", "first-month": ""}), "first") == []
    assert typed_day(Form(), "first") == []
