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
    with chromium(UNHINTED) as opened:
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


def check(page: Page) -> None:
    """Have axe look at a page, and see that it fits on a narrow screen."""
    assert violations(page) == []
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    if size:
        page.set_viewport_size(size)


def grant(boss: Page) -> None:
    """Appoint somebody and give a role."""
    boss.goto("/en/users")
    boss.get_by_text("Appoint a user").click()
    boss.get_by_label("Name").fill("Nora <script>alert(1)</script> \u202eLambert \U0001f642")
    boss.get_by_label("Account").fill(NORA)
    boss.get_by_role("button", name="Appoint").click()
    boss.get_by_label("Name").fill("Nora <script>alert(1)</script> Lambert \U0001f642")
    boss.get_by_role("button", name="Appoint").click()
    expect(boss.get_by_role("heading", level=1)).to_have_text("Nora <script>alert(1)</script> Lambert \U0001f642")
    boss.get_by_label("Staff").check()
    boss.get_by_label("Legal context").select_option(INQUIRY)
    type_day(boss, "Last day", TODAY + timedelta(days=9))
    boss.get_by_role("button", name="Grant").click()
    expect(boss.get_by_role("cell", name="holds")).to_be_visible()


def ask(page: Page, ssin: str) -> None:
    """Ask about somebody."""
    page.goto("/en/ask")
    page.get_by_label("Number of the person").fill(ssin)
    page.get_by_label("Employment relations", exact=True).check()
    type_day(page, "First day", date(2026, 1, 1))
    type_day(page, "Last day", date(2026, 3, 31))
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/answers/*")


def test_a_manager_appoints_and_staff_ask_and_report(here: RunningDesk, browser: Browser) -> None:
    boss = logged_in(browser, here, MARIE)
    check(boss)
    grant(boss)
    check(boss)
    staff = logged_in(browser, here, STAN)
    ask(staff, STRANGER)
    expect(staff.get_by_role("heading", level=1)).to_contain_text("The question was refused")
    check(staff)
    ask(staff, ANNA)
    expect(staff.get_by_role("heading", level=1)).to_contain_text("There are data")
    check(staff)
    assert ANNA not in staff.url
    assert ANNA not in staff.title()
    staff.get_by_role("link", name="Report an error in: Employment relations").click()
    check(staff)
    staff.get_by_role("button", name="Send the report").click()
    expect(staff.get_by_role("alert")).to_contain_text("Choose what looks wrong")
    check(staff)
    staff.get_by_label("A value is wrong").check()
    staff.get_by_role("button", name="Send the report").click()
    expect(staff.get_by_role("heading", level=1)).to_have_text("Your report was taken")
    check(staff)
    for path in STAFF_PAGES:
        staff.goto(f"/en/{path}")
        check(staff)
    for path in MANAGER_PAGES:
        boss.goto(f"/en/{path}")
        check(boss)


def test_no_word_of_the_acts_is_broken_on_a_narrow_screen(here: RunningDesk, browser: Browser) -> None:
    page = logged_in(browser, here, MARIE, viewport={"width": 320, "height": 800})
    for language in LANGUAGES:
        page.goto(f"/{language}/acts", wait_until="networkidle")
        expect(page.locator("tbody tr")).not_to_have_count(0)
        assert broken_words(page) == [], language


def test_the_form_is_filled_in_by_keyboard_alone(here: RunningDesk, browser: Browser) -> None:
    page = logged_in(browser, here, STAN)
    page.goto("/en/ask")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to main content")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(ANNA)
    for _ in range(40):
        if page.evaluate("document.activeElement.value") == "employment-relations@1":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("There are data")


def test_a_long_list_of_data_is_narrowed_by_what_is_typed(here: RunningDesk, browser: Browser) -> None:
    page = logged_in(browser, here, STAN)
    page.goto("/en/ask")
    boxes = page.locator("input[name=groups]")
    all_of_them = boxes.count()
    boxes.first.check()
    page.get_by_label("Look for data in this list").fill("securité employ")
    expect(page.get_by_label("Employment relations", exact=True)).not_to_be_visible()
    page.get_by_label("Look for data in this list").fill("social SÉCURITY employ")
    expect(page.get_by_label("Employment relations", exact=True)).to_be_visible()
    assert 1 < boxes.locator("visible=true").count() < all_of_them
    expect(boxes.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask about a person")
    boxes.first.uncheck()
    page.get_by_label("Look for data in this list").fill("nosuchdata")
    expect(page.get_by_role("status")).to_have_text("No data is called so.")
    check(page)


def test_without_scripts_everything_works(here: RunningDesk, browser: Browser) -> None:
    page = logged_in(browser, here, STAN, java_script_enabled=False)
    page.goto("/en/ask")
    expect(page.get_by_label("Look for data in this list")).not_to_be_visible()
    ask(page, ANNA)
    expect(page.get_by_role("heading", level=1)).to_contain_text("There are data")
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ask about a person")
