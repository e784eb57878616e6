"""The pages on which somebody acts for somebody else, as a browser without scripts uses them."""

from typing import Any

import httpx

from portals import hidden_fields


def sent(browser: httpx.Client, page: httpx.Response, **fields: Any) -> httpx.Response:
    """Send the form of a page."""
    own = {name: hidden_fields(page.text)[name] for name in ("csrf", "form-number", "form-acting")}
    return browser.post(str(page.url.copy_with(query=None)), data={**own, **fields})


def for_child(browser: httpx.Client) -> httpx.Response:
    """Act for the first child that the register knows."""
    asked = browser.get("/en/me/acting/children")
    return sent(browser, asked, child="0", list=hidden_fields(asked.text)["list"])


def mandate_in(page: httpx.Response) -> str:
    """Give the mandate that the first form of a page is about."""
    return hidden_fields(page.text.split('name="do" value="end"')[0])["mandate"]


def for_giver(browser: httpx.Client) -> httpx.Response:
    """Accept the mandate that was given, and act for who gave it."""
    wanted = mandate_in(browser.get("/en/me/acting"))
    for do in ("accept", "act"):
        answer = sent(browser, browser.get("/en/me/acting"), do=do, mandate=wanted)
    return answer
