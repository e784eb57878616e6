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
_BROKEN = r"""
    () => [...document.querySelectorAll("td, th")].flatMap(cell => {
        const words = [], texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
        while (texts.nextNode())
            for (const word of texts.currentNode.data.matchAll(/[\p{L}\p{N}]+/gu)) {
                const range = document.createRange();
                range.setStart(texts.currentNode, word.index);
                range.setEnd(texts.currentNode, word.index + word[0].length);
                if (new Set([...range.getClientRects()].map(one => Math.round(one.top))).size > 1) words.push(word[0]);
            }
        return words;
    })
"""
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


UNHINTED = "--font-render-hinting=none"
"""Letters as wide as they are drawn, as on telephones and sharp screens: not of whole pixels."""


@contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """Start the browser, with more flags than the usual ones, and end it."""
    assert _PROGRAM, "Chromium is missing: sudo apt-get install chromium-headless-shell"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_PROGRAM, args=[*_FLAGS, *more])
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


def broken_words(page: Page) -> list[str]:
    """Give the words in the tables of a page that stand on more than one line."""
    found: list[str] = page.evaluate(_BROKEN)
    return found


def type_day(page: Page, legend: str, day: date) -> None:
    """Type a day into its three fields."""
    fields = page.get_by_role("group", name=legend)
    for name, value in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
        fields.get_by_label(name, exact=True).fill(str(value))


def cookies(page: Page) -> dict[str, str]:
    """Give the cookies of a window: with them another browser is in the same session."""
    return {one["name"]: one["value"] for one in page.context.cookies()}
