"""The pages for everybody, over HTTP: in every language, on any day, and whatever the catalogue holds."""

import asyncio
import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import asyncpg
import httpx
import msgspec
import pytest

from crossroads.catalogue.entries import Provenance, Text
from crossroads.catalogue.institutions import Institution
from crossroads.catalogue.model import Document
from crossroads.web.languages import LANGUAGES
from database import Database, execute
from networks import belgium
from portals import NUMBER, Portal, portal
from tongues import only_elsewhere, unmarked

HOSTILE = "<script>alert(1)</script> \u202egnirts\u202c \U0001f600 " + "x" * 250
PATHS = (
    "",
    "/institutions",
    "/institutions/cbss",
    "/institutions/hostile",
    "/sectors",
    "/data-groups",
    "/data-groups/identification@1",
    "/availabilities",
    "/decision-tables",
    "/decision-tables/social-tariff",
    "/decision-tables/social-tariff/compare",
    "/authorisations",
    "/about",
    "/service-levels",
    "/checkpoints",
    "/accessibility",
    "/privacy",
    "/logged-out",
)


def with_a_hostile_name(document: Document) -> Document:
    name = Text(nl=HOSTILE, fr=HOSTILE)
    hostile = Institution(
        id="hostile",
        sector=17,
        names=name,
        valid_from=date(2020, 1, 1),
        valid_until=date(2090, 1, 1),
        provenance=Provenance.ILLUSTRATIVE,
        source="invented for a test",
    )
    return msgspec.structs.replace(document, institutions=(*document.institutions, hostile))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    document = with_a_hostile_name(belgium())
    with portal(tmp_path_factory.mktemp("portal") / "p", module_database, document=document) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_there_in_every_language(browser: httpx.Client, path: str, language: str) -> None:
    answer = browser.get(f"/{language}{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<html lang="{language}"' in answer.text
    assert re.search(r"<title>[^<]*\S[^<]* – Crossroads</title>", answer.text)
    assert answer.text.count("<h1") == 1
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert "<script>" not in answer.text
    assert "\u202e" not in answer.text
    assert unmarked(answer.text, only_elsewhere(belgium().institutions, language)) == []


def test_every_link_of_the_public_pages_leads_somewhere(browser: httpx.Client) -> None:
    seen: set[str] = set()
    for path in PATHS:
        seen |= {unescape(one) for one in re.findall(r'href="(/en[^"#]*)"', browser.get(f"/en{path}").text)}
    kinds: dict[str, list[str]] = {}
    for link in sorted(seen):
        kinds.setdefault("/".join(link.split("?")[0].split("/")[:3]), []).append(link)
    for links in kinds.values():
        for link in links[:5]:
            assert browser.get(link).status_code in {200, 303}, link


@pytest.mark.parametrize(
    "path",
    ["/en/nothing", "/xx", "/xx/institutions", "/en/institutions/nobody", "/en/authorisations/nothing", "/static/none"],
)
def test_what_is_not_there_says_so_on_a_page(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path, headers={"accept-language": "en"})
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_the_start_leads_to_the_language_of_the_browser(browser: httpx.Client) -> None:
    answer = browser.get("/", headers={"accept-language": "de-BE,fr;q=0.5"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/de")
    assert "accept-language" in answer.headers["vary"]


def test_an_address_without_language_leads_to_the_language_of_the_browser(browser: httpx.Client) -> None:
    french = {"accept-language": "fr-BE,fr;q=0.9,en;q=0.8"}
    for path in ("/institutions", "/institutions/nsso?on=2020-01-01", "/me/usage"):
        answer = browser.get(path, headers=french)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/fr{path}")
        assert answer.headers["vary"] == "accept-language"
        assert answer.headers["cache-control"] == "no-store"
    assert browser.get("/about", headers={"accept-language": "es"}).headers["location"] == "/nl/about"
    typed = browser.get(f"/institutions?q={NUMBER}", headers=french)
    assert typed.headers["location"] == "/fr/institutions?number-typed=1"


def test_an_authorisation_has_an_address_that_can_be_shared(browser: httpx.Client) -> None:
    found = re.findall(r'href="(/en/authorisations/[^"]+)"', browser.get("/en/authorisations?q=social+inquiry").text)
    page = browser.get(found[0]).text
    assert "Who may ask" in page
    assert "/nl/authorisations/" in page
    assert "Illustrative" in page


def test_words_are_found_whatever_their_case_and_accents_and_narrow_the_list(browser: httpx.Client) -> None:
    def references(**query: str) -> list[str]:
        return re.findall(r'class="cr-code">(CR-ILL[^<]+)<', browser.get("/en/authorisations", params=query).text)

    every, some = references() + references(page="2"), references(q="PENSÏON")
    assert 0 < len(some) < len(every)
    assert set(some) < set(every)
    assert set(references(q="pension", group="identification@1")) <= set(some)
    assert references(q="zzzz") == []
    assert "No authorisation says this" in browser.get("/en/authorisations?q=zzzz").text


def test_the_register_answers_as_of_any_day(browser: httpx.Client) -> None:
    def total(day: str) -> int:
        found = re.search(r'role="status">(\d+) found', browser.get(f"/en/authorisations?on={day}").text)
        return int(found.group(1)) if found else 0

    assert total("1900-01-01") == 0
    assert total("2026-11-01") > 10
    assert browser.get(f"/en/authorisations?page={'9' * 5000}").status_code == 200
    answer = browser.get("/en/authorisations?on=tomorrow")
    assert "There is no such day" in answer.text
    assert "There is a problem" in answer.text


def test_the_same_list_can_be_taken_along(browser: httpx.Client) -> None:
    rows = list(csv.reader(io.StringIO(browser.get("/nl/authorisations.csv?q=pension").text)))
    found = browser.get("/nl/authorisations.json?q=pension").json()
    assert [row[0] for row in rows[1:]] == [one["reference"] for one in found["items"]]
    assert len(rows) > 1
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_hostile_name_stays_a_name(browser: httpx.Client) -> None:
    page = browser.get("/en/institutions/hostile").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert '<bdi lang="nl">' in page


def test_service_levels_are_drawn_and_written(here: Portal, browser: httpx.Client, module_database: Database) -> None:
    nothing = "Nothing was counted yet: the figures of the first day come in the night after it."
    assert nothing in browser.get("/en/service-levels").text
    counted = "INSERT INTO service_level VALUES ('2026-10-05', 20000, 20000, 1, 19000, 19900, 600, 1, 4, 3)"
    asyncio.run(execute(module_database.url(), counted))
    page = browser.get("/fr/service-levels").text
    assert "99,99\u202f%" in page
    for name in ("answered", "speed", "batches"):
        answer = browser.get(f"/fr/service-levels/{name}.svg")
        assert answer.headers["content-type"].startswith("image/svg+xml")
        assert answer.text.startswith("<svg")
    assert browser.get("/fr/service-levels/other.svg").status_code == 404
    assert here.url not in page


def test_the_newest_checkpoint_is_shown_with_the_key_of_the_log(browser: httpx.Client) -> None:
    page = browser.get("/en/checkpoints").text
    assert "crossroads.test" in page
    assert "\u2014 crossroads.test" in page


def test_the_portal_may_not_read_what_is_about_people(module_database: Database) -> None:

    async def refused(table: str) -> bool:
        connection = await asyncpg.connect(module_database.url("crossroads_portal"))
        try:
            await connection.fetch(f"TABLE {table}")
        except asyncpg.InsufficientPrivilegeError:
            return True
        finally:
            await connection.close()
        return False

    for table in ("person", "ssin_assignment", "inscription", "log_entry", "mailbox_item", "bis_particulars"):
        assert asyncio.run(refused(table)), table
