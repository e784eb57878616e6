"""The report of a rule that is tried: one file, which everybody can read, and in which nothing hidden stands."""

import re
from collections.abc import Iterator
from datetime import date
from html import unescape
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser

from chromium import chromium, overflow, tab, violations
from crossroads.statuses.report import report
from crossroads.statuses.report_words import REPORT_WORDS
from crossroads.statuses.rights import Texts, read_rights
from crossroads.statuses.trying import Difference, drafted
from crossroads.web.languages import LANGUAGES

pytestmark = pytest.mark.browser
RIGHTS = {one.id: one for one in read_rights(Path(__file__).parents[2] / "rights" / "belgium")}
RIGHT = RIGHTS["culture-pass"]
DRAFT = drafted(RIGHT, "draft.dmn", RIGHT.xml + b"\n")
DAYS = (date(2026, 2, 2), date(2026, 3, 1))
FOUND = [
    Difference(area=None, gain=1240, lose=85, other_days=None, same=20400),
    Difference(area="-", gain=40, lose=None, other_days=None, same=200),
    Difference(area="4", gain=None, lose=None, other_days=None, same=9000),
    Difference(area="9", gain=1200, lose=80, other_days=None, same=11200),
]
BREAKING = Texts(nl="</dd><b>", fr="</dd><b>", de="</dd><b>", en="</dd><b>")
HIDDEN = [Difference(area=None, gain=None, lose=None, other_days=None, same=None)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def written(tmp_path: Path, language: str, found: list[Difference]) -> Path:
    path = tmp_path / f"report-{language}.html"
    path.write_text(report(found, RIGHT, DRAFT, language, DAYS), "utf-8")
    return path


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_can_read_it(browser: Browser, tmp_path: Path, language: str) -> None:
    """On a narrow screen too, in light and in dark; colours are the same in every language, and compared in one."""
    words = REPORT_WORDS[language]
    with tab(browser, tmp_path.as_uri(), bypass_csp=True) as page:
        for found in (FOUND, HIDDEN):
            page.goto(written(tmp_path, language, found).as_uri())
            page.set_viewport_size({"width": 1280, "height": 720})
            assert violations(page) == []
            if language == "en":
                page.emulate_media(color_scheme="dark")
                assert violations(page, ["wcag2aa"]) == []
                page.emulate_media(color_scheme="light")
            assert page.get_by_role("heading", level=1).inner_text() == words.title.format(right=RIGHT.names[language])
            page.set_viewport_size({"width": 320, "height": 640})
            assert overflow(page) == 0
            assert page.get_by_role("row").count() == len(found) + 1
            assert page.locator("svg").count() == (found is FOUND)


def test_it_is_one_file_and_asks_for_nothing(tmp_path: Path) -> None:
    text = written(tmp_path, "en", FOUND).read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|<img|url\(|@import|href=|src=", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_the_rule_stands_and_what_to_know_of_it_are_said_in_its_language(language: str) -> None:
    tariff = RIGHTS["social-tariff"]
    for right, draft in ((RIGHT, DRAFT), (tariff, drafted(tariff, "draft.dmn", tariff.xml + b"\n"))):
        text = unescape(report(FOUND, right, draft, language, DAYS))
        told = (right.legal_reference, *([right.remark] if right.remark else []))
        assert [[one.in_language(each) in text for each in LANGUAGES] for one in told] == [
            [each == language for each in LANGUAGES] for _ in told
        ]


def test_what_is_hidden_is_not_in_it(tmp_path: Path) -> None:
    text = written(tmp_path, "en", FOUND).read_text("utf-8")
    cells = re.findall(r"<t[hd](?: scope=\"row\")?>([^<]*)</t[hd]>", text)
    assert cells[-5:] == ["9…", "1,200", "80", "hidden", "11,200"]
    assert "Illustrative" in text
    (chart,) = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    # Bars are told to who cannot see them too: of three counts, and of no other.
    assert sorted(re.findall(r"People: ([^;]*);", chart)) == ["1200", "40", "80"]


def test_the_name_of_a_right_is_not_read_as_markup(tmp_path: Path) -> None:
    hostile = msgspec.structs.replace(RIGHT, names={"en": "<script>alert(1)</script>"}, legal_reference=BREAKING)
    text = report(FOUND, hostile, DRAFT, "en", DAYS)
    assert "<script" not in text
    assert "<b>" not in text
    del tmp_path
