"""Every public page in every language and size, in light and in the dark, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from chromium import chromium, overflow, tab, violations
from crossroads.web.languages import LANGUAGES
from database import Database
from portals import Portal, portal

pytestmark = [pytest.mark.torture, pytest.mark.browser]

PATHS = (
    "",
    "/institutions",
    "/institutions/cbss",
    "/sectors",
    "/data-groups",
    "/data-groups/identification@1",
    "/availabilities",
    "/authorisations",
    "/authorisations/CR-ILL/social-inquiry-1",
    "/about",
    "/service-levels",
    "/checkpoints",
    "/accessibility",
    "/privacy",
    "/nothing",
)
SIZES = {"narrow": (320, 1.0), "phone": (412, 2.0), "wide": (1400, 1.0), "zoomed": (640, 2.0)}
"""Width of the window, and pixels of the screen to one of the page."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with portal(tmp_path_factory.mktemp("portal") / "p", module_database) as opened:
        yield opened


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
        for path in PATHS:
            page.goto(f"/{language}{path}")
            found[path] = [*violations(page), *(["wider than its window"] if overflow(page) > 0 else [])]
    assert {path: what for path, what in found.items() if what} == {}
