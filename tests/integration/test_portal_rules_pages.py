"""The pages of decision tables, over HTTP: drawn, as of any day, every version, two compared, the text itself."""

import asyncio
import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from html import unescape

import httpx
import pytest
from msgspec.structs import replace

from crossroads.bootstrap.wiring import services
from crossroads.catalogue.decision_tables import DecisionTable
from crossroads.catalogue.entries import Text
from crossroads.catalogue.model import Document
from crossroads.catalogue.tables import digest
from crossroads.web.languages import LANGUAGES
from database import Database
from networks import belgium
from portals import Portal, portal
from tabling import TARIFF, otherwise

HOSTILE = "&lt;/td&gt;&lt;script&gt;alert(1)&lt;/script&gt; \u202egnirts"
PATH = "/decision-tables/social-tariff"


BEFORE = otherwise(("2009-07-01", "2009-10-01"), valid_until=date(2017, 12, 31))
MISTAKEN = otherwise(("category 3: Federal", "category 33: Federal"), valid_from=date(2018, 1, 1))
NOW = replace(TARIFF, valid_from=date(2018, 1, 1))
MADE = otherwise(
    ("category 1: public welfare centres", HOSTILE),
    ('label="status"', 'label="&lt;b&gt;bold&lt;/b&gt;"'),
    id="hostile",
    names=Text(nl="<script>alert(2)</script>"),
)
UNREAD = replace(TARIFF, id="unread", dmn="<x/>", sha256=digest("<x/>"), valid_until=date(2020, 1, 1))


def with_tables(*tables: DecisionTable) -> Document:
    """Give the Belgian catalogue with some tables in place of that of the tariff."""
    others = (one for one in belgium().decision_tables if one.id != "social-tariff")
    return replace(belgium(), decision_tables=(*others, *tables, MADE, UNREAD))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("portal") / "p"
    with portal(folder, module_database, document=with_tables(BEFORE, MISTAKEN)) as opened:
        asyncio.run(corrected(opened))
        yield opened


async def corrected(here: Portal) -> None:
    """Take back a version, and put another in its place."""
    async with services(here.built.installation) as found:
        plan = await found.catalogue.plan(with_tables(BEFORE, NOW), "a mistake")
        await found.catalogue.apply(here.built.founders.sign(plan.signable()))


@pytest.fixture(scope="module")
def browser(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        for _ in range(100):  # until the portal follows the catalogue
            if NOW.sha256 in opened.get(f"/en{PATH}").text:
                break
        yield opened


def text_of(html: str) -> str:
    """Give what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.partition("<main")[2])).split())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_table_is_drawn_with_heads_that_say_what_they_are_for(browser: httpx.Client, language: str) -> None:
    page = browser.get(f"/{language}{PATH}").text
    assert page.count('<th scope="colgroup"') == 2 * 3  # if, then, remarks: in plain words, and as it is written
    assert re.findall(r'<tr class="govuk-table__row" id="(rule-\d)">', page) == [f"rule-{n}" for n in range(1, 6)]
    assert page.count('<th scope="row"') >= 2 * 5
    assert NOW.sha256 in page
    assert TARIFF.legal_reference.in_language(language) in text_of(page)
    for word in ("yearEnd", "living-wage"):
        assert f">{word}<" not in re.sub(r"<details.*?</details>", "", page, flags=re.DOTALL)


def test_it_says_whose_it_is_by_which_authorisation_and_whose_status_counts(browser: httpx.Client) -> None:
    page = browser.get(f"/en{PATH}").text
    said = text_of(page)
    assert "At most one rule applies" in said
    assert "That of the person, or of anybody in the household" in said
    assert 'href="/en/institutions/fod-economie"' in page
    assert 'href="/en/authorisations/CR-ILL/social-tariff-2"' in page
    assert f'href="/en{PATH}"' in browser.get("/en/authorisations/CR-ILL/social-tariff-2").text
    assert f'href="/en{PATH}"' in browser.get("/en/decision-tables?q=tariff").text
    assert 'href="/en/decision-tables"' in browser.get("/en").text


def test_where_rules_come_from_is_said_in_plain_words_once(browser: httpx.Client) -> None:
    said = text_of(browser.get("/en/decision-tables").text)
    assert said.count("invented for this example") == said.count("written after published facts") == 1
    tariff = text_of(browser.get(f"/en{PATH}").text)
    assert tariff.count("Nobody has compared the wording of category 2B with the text of the law yet.") == 1
    assert "to be verified" not in tariff


def test_it_stands_as_of_any_day(browser: httpx.Client) -> None:
    then = text_of(browser.get(f"/en{PATH}?on=2015-05-05").text)
    assert ("1 October 2009" in then, BEFORE.sha256 in then) == (True, True)
    assert "1 October 2009" not in text_of(browser.get(f"/en{PATH}").text)
    assert "These rules are not in force on 1 January 2000" in text_of(browser.get(f"/en{PATH}?on=2000-01-01").text)
    assert "These rules are not in force" in text_of(browser.get("/en/decision-tables/unread").text)


def test_every_version_is_there_also_one_that_was_taken_back(browser: httpx.Client) -> None:
    page = browser.get(f"/en{PATH}").text
    assert {one.sha256[:12] for one in (BEFORE, MISTAKEN)} <= set(re.findall(r"version=([0-9a-f]{12})", page))
    mistaken = text_of(browser.get(f"/en{PATH}?version={MISTAKEN.sha256[:12]}").text)
    assert "The catalogue took this version back on" in mistaken
    assert "category 33" in mistaken
    assert "Another version is in force today" in text_of(browser.get(f"/en{PATH}?version={BEFORE.sha256[:12]}").text)
    for unknown in ("0123456789ab", "zz", "x" * 5000, NOW.sha256):
        assert browser.get(f"/en{PATH}?version={unknown}").status_code == 404


@pytest.mark.parametrize("shown", [NOW, BEFORE, MISTAKEN])
def test_the_text_that_was_signed_can_be_taken_along(browser: httpx.Client, shown: DecisionTable) -> None:
    answer = browser.get(f"/en{PATH}/file?version={shown.sha256[:12]}")
    assert sha256(answer.content).hexdigest() == shown.sha256
    assert answer.headers["content-type"].startswith("application/xml")
    # What others wrote is never opened as a page of ours.
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_two_versions_stand_side_by_side(browser: httpx.Client) -> None:
    named = {"one": BEFORE.sha256[:12], "other": NOW.sha256[:12]}
    page = browser.get(f"/en{PATH}/compare", params=named).text
    said = text_of(page)
    assert "4 rules say the same in both." in said
    assert all(f"SHA-256 {one.sha256}" in said for one in (BEFORE, NOW))
    railway = text_of(browser.get("/en/decision-tables/railway-reduction/compare").text)
    assert "No rule says the same in both." in railway
    assert "Rule 1 Changed The day from 1 October 2009 from 1 July 2009" in said
    assert "category 33" in text_of(browser.get(f"/en{PATH}/compare").text)
    assert "Every rule says the same" in text_of(browser.get("/en/decision-tables/de-lijn/compare").text)
    for wrong in ({"one": "x"}, {"other": "0123456789ab"}):
        assert browser.get(f"/en{PATH}/compare", params=wrong).status_code == 404


def test_what_others_wrote_stays_text(browser: httpx.Client) -> None:
    for path in ("", "?on=2015-01-01", "/compare"):
        page = browser.get(f"/en/decision-tables/hostile{path}").text
        assert "<script>" not in page
        assert "<b>bold" not in page
        assert "\u202e" not in page
    assert "&lt;b&gt;bold" in browser.get("/en/decision-tables/hostile").text
    assert "alert(1)" in text_of(browser.get("/en/decision-tables/hostile").text)


def test_what_cannot_be_drawn_can_be_read_all_the_same(browser: httpx.Client) -> None:
    said = text_of(browser.get("/en/decision-tables/unread").text)
    assert "These rules cannot be drawn as a table. Download the text to read them." in said
    assert browser.get("/en/decision-tables/unread/file").content == b"<x/>"
    assert browser.get("/en/decision-tables/unread/compare").status_code == 200


@pytest.mark.parametrize("path", ["", "/file", "/compare"])
@pytest.mark.parametrize("key", ["nobody", "social-tariff%2F..", "-", "x" * 3000])
def test_what_is_not_there_says_so(browser: httpx.Client, key: str, path: str) -> None:
    assert browser.get(f"/en/decision-tables/{key}{path}").status_code == 404
