"""What pages cost, and what they do with much: the statements sent for each page, and a log of ten thousand lines."""

import asyncio
import re
import time
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.bench.portal_log import exchange
from crossroads.bootstrap.wiring import services
from crossroads.network.service import Network
from database import Database, value
from looking import CENTRE, SOURCE, WORK
from portal_places import FULL, PAGES, inhabited, place, start
from portals import CITIZEN, NUMBER, Portal, hidden_fields, log_in
from statements import Statements, noted

MOST = 10
"""Statements of one page: those of the portal and those of the hub behind it."""
LINES = 10_000
_ANSWERED = 50
_IDLE_SECONDS = 3


class Sent(NamedTuple):
    """The statements of both programs."""

    portal: Statements
    hub: Statements

    def forget(self) -> None:
        for one in self:
            one.forget()

    def all(self) -> list[str]:
        return [statement for one in self for statement in one.sent()]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    opened = inhabited(tmp_path_factory.mktemp("limits") / "p", module_database)
    with noted(module_database, "crossroads_portal", "crossroads_hub"), opened as running:
        asyncio.run(_fill(running.built, module_database))
        start(running)
        yield running


async def _fill(built: Network, database: Database) -> None:
    """Log that the centre asked about the person, ten thousand times; the newest were answered."""
    person: Any = await value(database.url(), "SELECT person FROM person")
    refused = {"legalContext": "PCSA:SOCIAL_INQUIRY", "groupsAsked": [WORK], "status": {"value": "NO_RESULT"}}
    async with services(built.installation) as found:
        await found.log.append_many(
            Entry(event=Event.QUESTION_REFUSED, ticket=uuid4(), person=person, asker=CENTRE, fields=refused)
            for _ in range(LINES)
        )
        await found.log.append_many(one for _ in range(_ANSWERED) for one in exchange(NUMBER, person))


@pytest.fixture(scope="module")
def browser(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, CITIZEN)
        yield opened


@pytest.fixture(scope="module")
def background(browser: httpx.Client, module_database: Database) -> set[str]:
    """Give what both programs ask whether or not anybody looks."""
    sent = sent_to(module_database)
    browser.get("/en/me/usage")
    sent.forget()
    time.sleep(_IDLE_SECONDS)
    return set(sent.all())


def sent_to(database: Database) -> Sent:
    return Sent(Statements(database, "crossroads_portal"), Statements(database, "crossroads_hub"))


@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_the_database_more_than_ten_times(
    browser: httpx.Client, background: set[str], module_database: Database, path: str
) -> None:
    address, sent = place(browser, path), sent_to(module_database)
    browser.get(address)
    looks = []
    for _ in range(3):
        sent.forget()
        page = browser.get(address)
        looks.append([one for one in sent.all() if one not in background])
        assert page.status_code == 200 or path not in FULL
    # A checkpoint that is signed meanwhile is none of the page.
    fewest = min(looks, key=len)
    assert len(fewest) <= MOST, "\n\n".join(fewest)


def test_what_is_counted_is_what_was_sent(
    browser: httpx.Client, background: set[str], module_database: Database
) -> None:
    sent = sent_to(module_database)
    browser.get("/en/me/usage")
    assert [one for one in sent.portal.sent() if "portal_session" in one]
    assert [one for one in sent.hub.sent() if "FROM log_entry" in one]
    assert background


def test_ten_thousand_lines_are_shown_page_by_page(browser: httpx.Client) -> None:
    seen: set[str] = set()
    address = "/en/me/usage"
    for _ in range(4):
        page = browser.get(address)
        tickets = set(re.findall(r"Number of this line: ([-0-9a-f]{36})", page.text))
        assert page.status_code == 200
        assert len(tickets) == 20
        assert not tickets & seen
        seen |= tickets
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        assert older
        address = unescape(older[1])


def test_all_of_many_lines_are_found_again_by_their_days(browser: httpx.Client) -> None:
    shown = browser.get("/en/me/usage")
    fields = {**hidden_fields(shown.text), "institution": SOURCE, "first": "2020-01-01", "last": "", "own": ""}
    led = browser.post("/en/me/usage", data=fields)
    assert "Nothing was found." in browser.get(led.headers["location"]).text
