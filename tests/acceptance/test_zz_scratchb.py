"""The desk in Chromium: the journeys of a local manager and of staff, each page without a fault that axe finds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chromium import UNHINTED, broken_words, chromium, type_day, violations
from crossroads.kernel.clock import brussels_day
from crossroads.web.languages import LANGUAGES
from database import Database
from desks import ANNA, MARIE, NORA, STAN, STRANGER, RunningDesk, desks
from raw import INQUIRY

pytestmark = pytest.mark.browser
TODAY = brussels_day(datetime.now(UTC))
STAFF_PAGES = (
    "ask",
    "inscriptions",
    "mailbox",
    "mailbox/earlier",
    "batches",
    "batches/new",
    "reports",
    "delegations",
    "traffic",
    "me",
)
MANAGER_PAGES = ("", "users", "users/new", "mandates", "acts")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[RunningDesk]:
    with desks(tmp_path_factory.mktemp("desk") / "d", module_database) as (opened, _):
        with opened.browser(MARIE) as boss:
            place = boss.done("/users/new", name="Stan Jacobs", subject=STAN)
            last = str(TODAY + timedelta(days=9))
            boss.done(place, power="staff", context=INQUIRY, first=str(TODAY), last=last)
        yield opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def logged_in(browser: Browser, here: RunningDesk, persona: str, **options: object) -> Page:
    """Log in as somebody, in a browser of its own."""
    context: BrowserContext = browser.new_context(base_url=here.url, **options)  # type: ignore[arg-type]  # as given
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto("/en/me")
    page.locator(f"button[value={persona}]").click()
    page.wait_for_url("**/en/me")
    return page


def test_no_word_of_the_acts_is_broken_on_a_narrow_screen(here: RunningDesk) -> None:
    with chromium(UNHINTED) as sharp:
        page = logged_in(sharp, here, MARIE, viewport={"width": 320, "height": 800})
        page.context.route("**/look*css*", lambda r: r.fulfill(path="/tmp/demoB/oldlook.css", content_type="text/css"))
        for language in LANGUAGES:
            page.goto(f"/{language}/acts", wait_until="networkidle")
            expect(page.locator("tbody tr")).not_to_have_count(0)
            assert broken_words(page) == [], language


