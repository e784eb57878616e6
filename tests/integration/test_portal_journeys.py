"""What citizens do at the portal, in a real browser, where every name that others wrote is as bad as a name can be."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from chromium import chromium, cookies, overflow, tab, violations
from crossroads.catalogue.entries import Text
from database import Database, execute
from looking import CENTRE, WORK
from networks import belgium
from portal_places import FULL, PAGES, inhabited, place, start
from portals import CITIZEN, NUMBER, Portal, log_in
from raw import Asker

pytestmark = pytest.mark.browser

HOSTILE = '<script>alert(1)</script><b>"\u202egnirts\u202c \u05d0\u05d1 \U0001f600 ' + "x" * 250
WIDTHS = {"narrow": 320, "200 % zoom": 640}
ENDED = "UPDATE portal_session SET ends_at = now()"
TEXT = "It ended in 2023, \u00e9\u00e9n jaar eerder."


def hostile(value: Any) -> Any:
    """Give the same with every text that people read as bad as it can be."""
    if isinstance(value, Text):
        return Text(nl=HOSTILE, fr=HOSTILE, de=HOSTILE, en=HOSTILE)
    if isinstance(value, tuple):
        return tuple(map(hostile, value))
    if isinstance(value, msgspec.Struct):
        fields = {name: hostile(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **fields)
    return value


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder, document = tmp_path_factory.mktemp("journeys") / "p", hostile(belgium())
    with inhabited(folder, module_database, name=HOSTILE, document=document) as running:
        start(running)
        Asker(running.built, CENTRE).ask(NUMBER, WORK)
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def logged_in(page: Page, path: str = "/en/me") -> Page:
    """Log in on the way to a page."""
    page.set_default_timeout(10_000)
    page.goto(path)
    page.locator(f"button[value={CITIZEN}]").click()
    page.wait_for_url(f"**{path}")
    return page


def test_no_name_breaks_a_page_at_any_size(here: Portal, browser: Browser) -> None:
    found: dict[str, list[str]] = {}
    opened: list[str] = []

    def close(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    # Without the policy nothing but the templates keeps a script from running.
    with tab(browser, here.url, bypass_csp=True) as page:
        page.on("dialog", close)
        logged_in(page)
        with here.client(cookies=cookies(page)) as http:
            addresses = [place(http, path) for path in PAGES]
            shown = [one for one in addresses if http.get(one).headers["content-type"].startswith("text/html")]
        for address in shown:
            page.set_viewport_size({"width": WIDTHS["narrow"], "height": 800})
            page.goto(address)
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            found[address] = [f"{name}: {over} px" for name, over in at_sizes(page) if over > 0]
    assert {address: what for address, what in found.items() if what} == {}
    assert opened == []
    assert len(found) >= len(FULL)


def at_sizes(page: Page) -> Iterator[tuple[str, int]]:
    """Give how much too wide a page is: in a narrow window, enlarged, and with text twice as large."""
    for name, width in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": 800})
        yield name, overflow(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    yield "text twice as large", overflow(page)
    page.evaluate("document.documentElement.style.fontSize = ''")


def test_pages_of_a_citizen_are_read_in_the_dark(here: Portal, browser: Browser) -> None:
    found = {}
    with tab(browser, here.url, bypass_csp=True, color_scheme="dark") as page:
        logged_in(page)
        for path in ("/me", "/me/known", "/me/usage", "/me/data/now", "/me/reports"):
            page.goto(f"/fr{path}")
            background = page.evaluate("getComputedStyle(document.body).backgroundColor")
            found[path] = [*violations(page), *(["bright"] if lightness(background) > 96 else [])]
    assert {path: what for path, what in found.items() if what} == {}


def lightness(colour: str) -> float:
    """Give the mean of the parts of a colour as the browser computed it."""
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3


def wrong(page: Page) -> None:
    """Go the way to the form that says what is wrong."""
    page.goto("/en/me/data")
    page.locator("main a[href$='/me/data/now']").click()
    page.locator("main a[href*='/me/wrong']").first.click()


def test_an_error_that_is_sent_twice_is_told_once_and_going_back_sends_nothing(here: Portal, browser: Browser) -> None:
    with tab(browser, here.url) as page:
        logged_in(page)
        page.goto("/en/me/reports")
        before = page.locator("main .govuk-summary-card").count()
        wrong(page)
        page.get_by_label("A value is wrong").check()
        page.locator("textarea").fill(TEXT)
        page.get_by_role("button", name="Send").dblclick()
        page.wait_for_url("**/me/reports")
        assert page.locator("main .govuk-summary-card").count() == before + 1
        page.go_back()
        page.go_forward()
        page.reload()
        assert page.locator("main .govuk-summary-card").count() == before + 1


def test_what_was_typed_when_the_session_ended_is_there_after_the_login(
    here: Portal, browser: Browser, module_database: Database
) -> None:
    with tab(browser, here.url, bypass_csp=True, color_scheme="dark") as page:
        logged_in(page)
        wrong(page)
        page.get_by_label("The dates are wrong").check()
        page.locator("textarea").fill(TEXT)
        # As time does it.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, execute(module_database.url("crossroads_portal"), ENDED)).result()
        page.get_by_role("button", name="Send").click()
        page.locator("main a[href*='/login']").click()
        page.locator(f"button[value={CITIZEN}]").click()
        page.wait_for_url("**/me/wrong*")
        expect(page.locator("textarea")).to_have_value(TEXT)
        expect(page.get_by_label("The dates are wrong")).to_be_checked()
        assert violations(page) == []
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/me/reports")


def test_a_source_that_is_down_is_named_and_the_rest_is_shown(here: Portal, browser: Browser) -> None:
    with tab(browser, here.url) as page:
        logged_in(page).goto("/en/me/data/now")
        # The centre has the person on file, and its participant does not run.
        expect(page.get_by_text("These institutions did not answer")).to_be_visible()
        expect(page.get_by_text("29 February 2024")).to_be_visible()


def test_whoever_logged_out_finds_nothing_by_going_back(here: Portal, browser: Browser) -> None:
    with tab(browser, here.url) as page:
        logged_in(page, "/en/me/known")
        page.goto("/en/me")
        page.locator("main button").last.click()
        page.wait_for_url("**/logged-out")
        page.go_back()
        page.go_back()
        page.reload()
        assert page.url.startswith(here.login_url)
        assert "2020" not in page.content()
    with here.client() as http:
        log_in(http, CITIZEN)
        assert http.get("/en/me").status_code == 200
