"""The portal in a real browser: accessible, by keyboard alone, narrow, dark, and without scripts.

Lists are cut short here, for time; `make torture` looks at all of them in every language and size.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from chromium import chromium, overflow, tab, violations
from database import Database
from portals import Portal, portal

pytestmark = pytest.mark.browser

PATHS = (
    "/en",
    "/fr/institutions?q=crossroads",
    "/de/institutions/cbss",
    "/nl/sectors",
    "/en/data-groups?q=person",
    "/nl/data-groups/identification@1",
    "/en/availabilities?group=identification@1",
    "/de/decision-tables",
    "/nl/decision-tables/social-tariff",
    "/fr/decision-tables/social-tariff/compare",
    "/fr/authorisations?on=x&q=pension",
    "/en/authorisations/CR-ILL/social-inquiry-1",
    "/de/about",
    "/nl/service-levels",
    "/en/checkpoints",
    "/fr/accessibility",
    "/de/privacy",
    "/en/nothing",
    "/nl/logged-out",
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with portal(tmp_path_factory.mktemp("portal") / "p", module_database) as opened:
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def test_no_page_shuts_anybody_out(here: Portal, browser: Browser) -> None:
    found = {}
    with tab(browser, here.url, bypass_csp=True, viewport={"width": 1000, "height": 800}) as page:
        for path in PATHS:
            page.goto(path)
            found[path] = violations(page)
        page.emulate_media(color_scheme="dark")
        for path in PATHS[::3]:
            page.goto(path)
            found[f"{path} in the dark"] = violations(page, ["color-contrast"])
    assert {path: what for path, what in found.items() if what} == {}


def test_no_page_is_wider_than_a_narrow_window(here: Portal, browser: Browser) -> None:
    found = {}
    with tab(browser, here.url, viewport={"width": 320, "height": 800}) as page:
        for path in PATHS:
            page.goto(path)
            found[path] = overflow(page)
    assert {path: pixels for path, pixels in found.items() if pixels > 0} == {}


@pytest.mark.parametrize("width", [800, 1280])
def test_no_badge_breaks_and_no_sentence_of_a_rule_is_squeezed(here: Portal, browser: Browser, width: int) -> None:
    with tab(browser, here.url, viewport={"width": width, "height": 900}) as page:
        for path in ("/en/decision-tables", "/en/decision-tables/social-tariff"):
            page.goto(path)
            badges = page.locator(".govuk-tag").evaluate_all("all => all.map(one => one.getClientRects()[0].height)")
            assert badges
            assert max(badges) < 40, path  # one line has 32
        sentence = page.get_by_role("cell", name="if “Last day of the status” is not known").bounding_box()
        assert sentence
        assert sentence["width"] > 140


def test_everything_is_reached_by_keyboard(here: Portal, browser: Browser) -> None:
    with tab(browser, here.url) as page:
        page.goto("/en")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        page.focus("#q")
        page.keyboard.type("social inquiry")
        page.keyboard.press("Enter")
        page.wait_for_url("**/en/authorisations?q=social+inquiry")
        assert page.locator("h1").inner_text() == "Authorisations"


def test_pages_work_without_scripts(here: Portal, browser: Browser) -> None:
    with tab(browser, here.url, java_script_enabled=False, viewport={"width": 320, "height": 800}) as page:
        page.goto("/en")
        page.click("text=Institutions >> nth=0")
        page.fill("#q", "crossroads")
        page.click("button:has-text('Show')")
        page.click("table a >> nth=0")
        assert "What it may ask for" in page.content()
        page.click("text=Nederlands")
        assert "Wat ze mag vragen" in page.content()


def test_somebody_logs_in_and_out(here: Portal, browser: Browser) -> None:
    with tab(browser, here.url, bypass_csp=True) as page:
        page.goto("/en")
        page.click("text=See what concerns you")
        assert violations(page) == []
        page.click("text=Be Anna Peeters")
        page.goto("/en/me")
        assert "Anna Peeters" in page.content()
        assert violations(page) == []
        page.click("main >> text=Log out")
        assert page.locator("h1").inner_text() == "You are logged out"
        page.go_back()
        page.reload()
        assert page.url.startswith(here.login_url)
