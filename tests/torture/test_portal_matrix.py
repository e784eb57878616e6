"""Every page of the portal in every language and size, in light and in the dark, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from chromium import chromium, cookies, overflow, tab, violations
from crossroads.web.languages import LANGUAGES
from database import Database
from looking import CENTRE, WORK
from portal_places import PAGES, inhabited, place, start
from portals import CITIZEN, NUMBER, Portal
from raw import Asker

pytestmark = [pytest.mark.torture, pytest.mark.browser]

SIZES = {"narrow": (320, 1.0), "phone": (412, 2.0), "wide": (1400, 1.0), "zoomed": (640, 2.0)}
"""Width of the window, and pixels of the screen to one of the page."""
OPENED = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with inhabited(tmp_path_factory.mktemp("portal") / "p", module_database) as running:
        start(running)
        Asker(running.built, CENTRE).ask(NUMBER, WORK)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_for_everybody(here: Portal, browser: Browser, language: str, size: str, scheme: str) -> None:
    width, scale = SIZES[size]
    options = {"viewport": {"width": width, "height": 800}, "device_scale_factor": scale, "color_scheme": scheme}
    found = {}
    with tab(browser, here.url, bypass_csp=True, **options) as page:
        for address in ("", "/nothing", "/logged-out"):
            found[address] = faults(page, f"/{language}{address}")
        page.goto(f"/{language}/me")
        page.locator(f"button[value={CITIZEN}]").click()
        page.wait_for_url(f"**/{language}/me")
        for address in shown(here, page, language):
            found[address] = faults(page, address)
    assert {path: what for path, what in found.items() if what} == {}


def shown(here: Portal, page: Page, language: str) -> list[str]:
    """Give the addresses of all pages; what is a file is none."""
    with here.client(cookies=cookies(page)) as http:
        addresses = [place(http, path, language) for path in PAGES]
        return [one for one in addresses if http.get(one).headers["content-type"].startswith("text/html")]


def faults(page: Page, address: str) -> list[str]:
    """Give what is wrong with a page."""
    page.goto(address)
    page.evaluate(OPENED)
    return [*violations(page), *(["wider than its window"] if overflow(page) > 0 else [])]
