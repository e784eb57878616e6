"""A real browser for tests: Chromium of the system, driven by Playwright, with axe for what shuts people out."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

AXE = (Path(__file__).parent / "browser" / "axe.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE_RUN = """
    rules => axe.run(document, {runOnly: rules, resultTypes: ["violations"], selectors: false})
        .then(found => found.violations.map(one => one.id + ": " + one.nodes[0].html.slice(0, 200)))
"""
"""What it finds right, with the path to each element, would take longer to be told than to be found."""
_PROGRAM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The former is the same engine without windows of its own, which cost a third more than the pages do."""
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and end it."""
    assert _PROGRAM, "Chromium is missing: sudo apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_PROGRAM, args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def tab(browser: Browser, url: str, **options: Any) -> Iterator[Page]:
    """Open a window of its own, that notes what the page complains of: those are checked at the end."""
    with browser.new_context(base_url=url, **options) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        expected = "Failed to load resource"
        assert [one for one in complaints if expected not in one] == []


def violations(page: Page, rules: Sequence[str] = RULES) -> list[str]:
    """Give what axe finds wrong with a page, by sets of rules or by rules; needs a tab with `bypass_csp`."""
    page.evaluate(AXE)
    found: list[str] = page.evaluate(_AXE_RUN, list(rules))
    return found


def overflow(page: Page) -> int:
    """Give how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def type_day(page: Page, legend: str, day: date) -> None:
    """Type a day into its three fields."""
    fields = page.get_by_role("group", name=legend)
    for name, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        fields.get_by_label(name, exact=True).fill(str(value))


def cookies(page: Page) -> dict[str, str]:
    """Give the cookies of a window: with them another browser is in the same session."""
    return {one["name"]: one["value"] for one in page.context.cookies()}
