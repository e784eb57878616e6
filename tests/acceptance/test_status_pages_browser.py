"""The pages of the institution that keeps statuses in Chromium: by keyboard, without scripts, narrow, and for axe."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from attestations import MARIE
from chromium import chromium, overflow, violations
from fakehub import FakeHub
from status_pages import StatusPages, status_pages

pytestmark = pytest.mark.browser
PAGES = ("", "check", "me", "mine", "mine/attestation", "mine/withdraw", "mine/return")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatusPages]:
    hub = FakeHub()
    with status_pages(tmp_path_factory.mktemp("pages"), hub) as opened:
        yield opened
    hub.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def logged_in(browser: Browser, here: StatusPages, **options: object) -> Page:
    """Log in as Marie, in a browser of its own."""
    context = browser.new_context(base_url=here.url, **options)  # type: ignore[arg-type]  # as given
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto("/en/mine")
    page.locator("button[value=marie]").click()
    page.wait_for_url("**/en/mine")
    return page


def check(page: Page) -> None:
    """Have axe look at a page, and see that it fits on a narrow screen and names nobody."""
    assert violations(page) == [], page.url
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 800})
    assert overflow(page) <= 0, page.url
    if size:
        page.set_viewport_size(size)
    assert MARIE not in page.url + page.title() + page.content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_shuts_people_out(here: StatusPages, browser: Browser, scheme: str) -> None:
    page = logged_in(browser, here, bypass_csp=True, color_scheme=scheme)
    for path in PAGES:
        page.goto(f"/en/{path}".rstrip("/"))
        check(page)
    page.goto("/en/mine/attestation")
    with page.expect_download() as download:
        page.get_by_role("button", name="Make it").click()
    page.goto("/en/check")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("alert")).to_contain_text("Type the code, or choose the file.")
    check(page)
    page.get_by_label("Or the file that you received").set_input_files(download.value.path())
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("It holds")
    check(page)
    page.goto("/en/check")
    page.get_by_label("The code that stands on it").fill("ABCD-EFGH")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("alert")).to_contain_text("You typed 8.")
    check(page)
    page.get_by_label("The code that stands on it").fill("ABCD-EFGH-IJKL-MNOP-QRST-UVWX-YZ23")
    page.get_by_role("button", name="Verify").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("No attestation has this code")
    check(page)
    page.goto("/en/mine/withdraw")
    page.get_by_role("button", name="Withdraw").click()
    expect(page.get_by_role("alert")).to_contain_text("Say that you want this.")
    check(page)


def test_without_scripts_a_person_withdraws_and_comes_back_by_keyboard_alone(
    here: StatusPages, browser: Browser
) -> None:
    page = logged_in(browser, here, java_script_enabled=False)
    page.goto("/en/mine/withdraw")
    _reach(page, "Yes, I want nothing to be held of me here")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/mine")
    expect(page.get_by_text("Nothing is told of you")).to_be_visible()
    page.get_by_role("link", name="Take it back").press("Enter")
    page.get_by_role("button", name="Take it back").press("Enter")
    page.wait_for_url("**/en/mine")
    expect(page.get_by_role("cell", name="You took your withdrawal back")).to_be_visible()


def _reach(page: Page, label: str) -> None:
    """Go on by the tabulator until a field is reached."""
    field = page.get_by_label(label)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.locator(":focus").count() and page.locator(":focus").get_attribute("id") == field.get_attribute("id"):
            return
    pytest.fail(f"{label} is not reached by keyboard")


def test_an_anonymous_check_leaves_no_cookie(here: StatusPages, browser: Browser) -> None:
    with browser.new_context(base_url=here.url) as context:
        page = context.new_page()
        page.goto("/nl/check")
        page.get_by_label("De code die erop staat").fill("abcd efgh ijkl mnop qrst uvwx yz23")
        page.get_by_role("button", name="Controleren").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Geen enkel attest heeft deze code")
        assert context.cookies() == []
        assert page.url == f"{here.url}/nl/check"
