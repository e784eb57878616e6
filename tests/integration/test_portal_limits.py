"""What pages cost, and what they do with much: the statements sent for each page, and a log of ten thousand lines."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import NamedTuple
from uuid import uuid4

import httpx
import pytest

import raw
from acting import REGISTER, REGISTERING, known
from acting_pages import for_child, for_giver
from acting_pages import sent as post
from crossroads.audit.events import Event
from crossroads.audit.model import Entry
from crossroads.bench.portal_log import exchange
from crossroads.bootstrap.wiring import services
from crossroads.demo.population.people import mock_ssin
from crossroads.network.service import Network
from crossroads.wire.acting import Scope
from database import Database, value
from days import today
from looking import CENTRE, SOURCE, WORK
from portal_places import FULL, PAGES, inhabited, place, start
from portals import CITIZEN, NUMBER, Portal, hidden_fields, log_in
from statements import Statements, noted

MOST = 10
"""Statements of one page: those of the portal and those of the hub behind it."""
WALKS = [(role, path) for role in ("browser", "parent", "mandatary") for path in PAGES]
WALKS += [("giver", path) for path in PAGES if path.startswith("/me")]
"""Every page, as oneself and while one acts for another; and the own ones of somebody for whom another acts."""
LINES = 10_000
_ANSWERED = 50
_IDLE_SECONDS = 3
TODAY = today()
_YOUNG = TODAY - timedelta(days=9 * 365)
CHILD, GIVER = str(mock_ssin(_YOUNG, 1)), raw.person(3)


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
    folder, others = tmp_path_factory.mktemp("limits") / "p", {CHILD: "lotte", GIVER: "fien"}
    opened = inhabited(folder, module_database, others=others, register=REGISTERING)
    with noted(module_database, "crossroads_portal", "crossroads_hub"), opened as running:
        people = [(NUMBER, "Peeters", "Anna", "1980-03-15"), (GIVER, "Maes", "Fien", "1980-03-15")]
        known(running.built, [*people, (CHILD, "Peeters", "Lotte", str(_YOUNG))], [(NUMBER, CHILD)])
        asyncio.run(_fill(running.built, module_database))
        start(running, REGISTER)
        yield running


async def _fill(built: Network, database: Database) -> None:
    """Log that the centre asked about each person; about the citizen ten thousand times. The newest were answered."""
    keys = await value(database.url(), "SELECT jsonb_object_agg(ssin, person) FROM person")
    persons: dict[str, int] = json.loads(str(keys))
    refused = {"legalContext": "PCSA:SOCIAL_INQUIRY", "groupsAsked": [WORK], "status": {"value": "NO_RESULT"}}
    async with services(built.installation) as found:
        await found.log.append_many(
            Entry(event=Event.QUESTION_REFUSED, ticket=uuid4(), person=persons[NUMBER], asker=CENTRE, fields=refused)
            for _ in range(LINES)
        )
        for ssin, person in persons.items():
            await found.log.append_many(one for _ in range(_ANSWERED) for one in exchange(ssin, person))


@pytest.fixture(scope="module")
def browser(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, CITIZEN)
        yield opened


@pytest.fixture(scope="module")
def parent(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, CITIZEN)
        assert for_child(opened).headers["location"] == "/en/me"
        yield opened


@pytest.fixture(scope="module")
def giver(here: Portal) -> Iterator[httpx.Client]:
    """Give the browser of who gave the citizen a mandate, in whose name others then look."""
    days = {"first": str(TODAY), "last": str(TODAY + timedelta(days=30))}
    citizen = {"number": NUMBER, "last_name": "Peeters", "birth_date": "1980-03-15"}
    with here.client() as opened:
        log_in(opened, "fien")
        given = post(opened, opened.get("/en/me/acting/give"), scopes=list(Scope), **citizen, **days)
        assert given.status_code == 303, given.text
        yield opened


@pytest.fixture(scope="module")
def mandatary(here: Portal, giver: httpx.Client) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, CITIZEN)
        assert for_giver(opened).headers["location"] == "/en/me"
        assert giver.get("/en/me").status_code == 200
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


@pytest.mark.parametrize(("role", "path"), WALKS)
def test_no_page_asks_the_database_more_than_ten_times(
    request: pytest.FixtureRequest, background: set[str], module_database: Database, role: str, path: str
) -> None:
    browser: httpx.Client = request.getfixturevalue(role)
    address, sent = place(browser, path), sent_to(module_database)
    browser.get(address)
    # A checkpoint that is signed meanwhile is none of the page: then it is looked at again.
    for _ in range(5):
        sent.forget()
        page = browser.get(address)
        asked = [one for one in sent.all() if one not in background]
        if len(asked) <= MOST:
            break
    assert len(asked) <= MOST, "\n\n".join(asked)
    assert page.status_code == 200 or path not in FULL


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
