"""The pages of the security officer, and who sees those of an office, over HTTP and in Chromium."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from chromium import chromium, violations
from commands import typed
from crossroads.bootstrap.keys import log_key
from crossroads.portal.office import COMMITTEE, OFFICER
from crossroads.portal.pages import committee, officer, officer_patterns
from crossroads.web.forms import new_number
from crossroads.wire.notes import NoteVerifier
from database import Database
from looking import CENTRE, PORTAL, WORK
from networks import belgium
from offices import ANNA, SUSPENSION, TODAY, logged_in, offices, sent, text_of
from overseeing import flood, holding
from portals import Portal, hidden_fields
from raw import INQUIRY, Asker
from tongues import only_elsewhere, unmarked

OFFICER_PAGES = ("/officer", "/officer/patterns", "/officer/watched", "/officer/numbers")
COMMITTEE_PAGES = ("/committee", "/committee?q=inquiry", "/committee/write?kind=grant", SUSPENSION)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with offices(tmp_path_factory.mktemp("offices") / "p", module_database) as opened:
        yield opened


def searched(browser: httpx.Client, **fields: str) -> httpx.Response:
    """Search the log, and give the page of what is found."""
    led = sent(browser, browser.get("/en/officer"), **{"reason": "A complaint came in.", **fields})
    assert led.status_code == 303, led.text
    assert ANNA not in led.headers["location"]
    return browser.get(led.headers["location"])


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
@pytest.mark.parametrize(
    ("persona", "path"),
    [*(("ines", path) for path in OFFICER_PAGES), *(("karel", path) for path in COMMITTEE_PAGES)],
)
def test_each_page_is_shown_in_each_language(here: Portal, persona: str, path: str, language: str) -> None:
    with logged_in(here, persona) as browser:
        page = browser.get(f"/{language}{path}")
    assert page.status_code == 200, page.text
    assert f'lang="{language}"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"%\(\w+\)s", page.text)
    assert unmarked(page.text, only_elsewhere(belgium().institutions, language)) == []


@pytest.mark.parametrize("path", [*OFFICER_PAGES, *COMMITTEE_PAGES])
def test_nobody_else_sees_them(here: Portal, path: str) -> None:
    other = "ines" if path.startswith("/committee") else "karel"
    for persona in ("anna", other):
        with logged_in(here, persona) as browser:
            assert browser.get(f"/en{path}").status_code == 403
    with here.client() as stranger:
        assert stranger.get(f"/en{path}").headers["location"].startswith("/en/login")
    with logged_in(here, "olga") as unsure:
        assert unsure.get(f"/en{path}").status_code in {303, 403}


def test_every_page_of_an_office_needs_its_role_and_a_high_level() -> None:
    for handler in (*officer.ROUTES, *officer_patterns.ROUTES):
        assert handler.opt["needs"] == OFFICER
    for handler in committee.ROUTES:
        assert handler.opt["needs"] == COMMITTEE


def test_an_officer_finds_who_asked_and_takes_evidence_along(here: Portal, tmp_path: Path) -> None:
    answer = Asker(here.built, CENTRE).ask(ANNA, WORK, agent="clerk-one").answer
    with logged_in(here, "ines") as browser:
        page = searched(browser, number=ANNA)
        text = text_of(page)
        assert "A question was allowed" in text
        assert "clerk-one" in text
        assert str(answer.ticket) in text
        assert "A complaint came in." in text
        assert ANNA not in page.text + str(page.headers) + str(page.url)
        by_ticket = text_of(searched(browser, ticket=str(answer.ticket)))
        assert "An answer left" in by_ticket
        time.sleep(2)  # a checkpoint is signed each second
        led = sent(browser, page, "/en/officer/evidence", line=["0", "1"])
        assert led.status_code == 303, led.text
        chosen = browser.get(led.headers["location"])
        assert "2 entries are in the file." in text_of(chosen)
        file = browser.get(unescape(re.findall(r'href="([^"]+/evidence/file[^"]+)"', chosen.text)[0]))
        assert file.headers["content-disposition"] == 'attachment; filename="evidence.json"'
        none = sent(browser, page, "/en/officer/evidence", **{"form-number": new_number()})
        assert (none.status_code, "Choose one to sixteen entries" in none.text) == (422, True)
    kept = tmp_path / "evidence.json"
    kept.write_bytes(file.content)
    assert len(json.loads(file.content)) == 2
    key = NoteVerifier.parse(str(log_key(here.built.installation).verifier))
    checked = typed("audit", "check", str(kept), "--log-key", str(key))
    assert (checked.code, checked.stdout.count("proven")) == (0, 2), checked


@pytest.mark.parametrize(("who", "path"), [("ines", "/officer"), ("karel", "/committee")])
def test_who_holds_an_office_is_led_to_it_from_the_first_page(here: Portal, who: str, path: str) -> None:
    with logged_in(here, who) as browser:
        page = browser.get("/en/me").text.split("<main")[1]
    assert f'href="/en{path}"' in page


def test_the_person_sees_that_a_supervisor_looked(here: Portal) -> None:
    with logged_in(here, "ines") as browser:
        searched(browser, number=ANNA)
    with logged_in(here, "anna") as citizen:
        text = text_of(citizen.get("/en/me/usage"))
    assert "Supervision of how data are used" in text
    assert "A complaint came in." not in text
    assert "Ines" not in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"reason": ""}, "Say why, in a few words"),
        ({}, "Name a person, a ticket, an institution or a purpose"),
        ({"number": "12345"}, "This is no number of a person"),
        ({"ticket": "a-ticket"}, "This has not the form that it should have"),
        ({"agent": "clerk-one", "purpose": INQUIRY}, "An agent is known by the institution"),
        ({"institution": CENTRE, "first": "2026-01-01", "last": "2026-03-01"}, "Name at most 31 days"),
        ({"institution": CENTRE, "first": "soon"}, "There is no such day"),
        ({"number": ANNA, "first": "2026-01-01", "last": "9999-12-31"}, "There is no such day"),
        ({"institution": CENTRE, "first": "2026-02-01", "last": "2026-01-01"}, "comes before the first"),
    ],
)
def test_a_search_that_says_too_little_is_shown_again_as_typed(
    here: Portal, fields: dict[str, str], sentence: str
) -> None:
    with logged_in(here, "ines") as browser:
        typed_ = {"reason": "A complaint came in.", **fields}
        back = sent(browser, browser.get("/en/officer"), **typed_)
    assert (back.status_code, sentence in unescape(back.text)) == (422, True)
    shown = (value for value in fields.values() if value and value not in (CENTRE, INQUIRY))
    assert all(f'value="{value}"' in back.text for value in shown)


def test_many_entries_are_shown_page_by_page(here: Portal) -> None:
    tickets = [str(Asker(here.built, CENTRE).ask(ANNA, WORK, agent="clerk-many").answer.ticket) for _ in range(30)]
    with logged_in(here, "ines") as browser:
        page = searched(browser, institution=CENTRE, agent="clerk-many")
        older = re.search(r'rel="next" href="([^"]+)"', page.text)
        assert older
        both = page.text + browser.get(unescape(older[1])).text
    assert all(ticket in both for ticket in tickets)


def test_patterns_are_shown_with_their_rule_and_lead_to_the_entries(here: Portal) -> None:
    with logged_in(here, "ines") as browser:
        led = sent(
            browser,
            browser.get("/en/officer/watched/new"),
            number=ANNA,
            first="",
            last=str(TODAY + timedelta(days=10)),
            reason="In the news.",
        )
        asks = browser.get(led.headers["location"])
        assert "That is noted." in text_of(asks)
        assert "In the news." not in asks.text
        watched = browser.get(sent(browser, asks, reason="The list after it.").headers["location"])
        assert "In the news." in text_of(watched)
        assert ANNA not in watched.text
        Asker(here.built, CENTRE).ask(ANNA, WORK, agent="clerk-fan")
        led = sent(browser, browser.get("/en/officer/patterns"), reason="The weekly look.")
        found = browser.get(led.headers["location"])
        assert "A person who is watched" in text_of(found)
        assert "clerk-fan" in found.text
        fan = next(part for part in found.text.split("govuk-summary-card__title-wrapper") if "clerk-fan" in part)
        entries = browser.post("/en/officer", data=hidden_fields(fan))
        assert "clerk-fan" in text_of(browser.get(entries.headers["location"]))
        watch = re.findall(r"/officer/watched/end\?watch=([^\"]+)", watched.text)[0]
        form = browser.get(f"/en/officer/watched/end?watch={watch}")
        assert sent(browser, form, reason="").status_code == 422
        ended = sent(browser, form, watch=watch, reason="No news any more.")
        again = sent(browser, browser.get(ended.headers["location"]), reason="The list after that.")
        assert re.search("Ended .* Ines Officer", text_of(browser.get(again.headers["location"])))


def test_many_days_of_patterns_are_shown_in_parts_and_each_leads_to_its_entries(
    here: Portal, module_database: Database
) -> None:
    yesterday = TODAY - timedelta(days=1)
    asyncio.run(flood(module_database.url("crossroads_owner"), yesterday))
    days = {"first": str(TODAY - timedelta(days=90)), "last": str(TODAY), "reason": "The look at a quarter."}
    with logged_in(here, "ines") as browser:
        led = sent(browser, browser.get("/en/officer/patterns"), **days)
        shown = browser.get(led.headers["location"])
        assert "The days after that were not read yet" in text_of(shown)
        robot = next(part for part in shown.text.split("govuk-summary-card__title-wrapper") if "robot-" in part)
        entries = browser.post("/en/officer", data=hidden_fields(robot))
        assert "robot-" in text_of(browser.get(entries.headers["location"]))
        further = re.search(r'href="([^"]+)">Read on<', shown.text)
        assert further
        rest = text_of(browser.get(unescape(further[1])))
        assert ("robot-" in rest, "not read yet" in rest) == (False, False)


async def test_a_rule_that_was_not_read_is_named_beside_what_the_others_flag(
    here: Portal, module_database: Database
) -> None:
    with logged_in(here, "ines") as browser:
        led = sent(browser, browser.get("/en/officer/patterns"), first=str(TODAY), reason="The look at today.")
        async with holding(module_database, "supervision_watch"):
            shown = text_of(await asyncio.to_thread(browser.get, led.headers["location"]))
        assert "A person who is watched” could not be read in time" in shown
        assert "could not be read" not in text_of(browser.get(led.headers["location"]))


def test_who_looks_at_who_is_watched_says_why_and_that_is_logged(here: Portal) -> None:
    with logged_in(here, "ines") as browser:
        form = browser.get("/en/officer/watched")
        assert "Put here by" not in text_of(form)
        assert sent(browser, form, reason="").status_code == 422
        led = sent(browser, form, reason="The monthly look at the list.")
        shown = text_of(browser.get(led.headers["location"]))
        assert "The monthly look at the list." in shown
        assert browser.get("/en/officer/watched/shown").status_code == 404
        assert browser.get("/en/officer/watched/shown?list=invented").status_code == 404
        found = text_of(searched(browser, institution=PORTAL))
        assert "transparency:watches:shown" in found


def test_numbers_are_set_from_a_day_on(here: Portal) -> None:
    with logged_in(here, "ines") as browser:
        form = browser.get("/en/officer/numbers")
        fields = {"parameter": "namesakes", "value": "4", "first": str(TODAY), "reason": "Too many were flagged."}
        assert sent(browser, form, **fields).status_code == 303
        text = text_of(browser.get("/en/officer/numbers"))
        assert "Too many were flagged." in text
        assert "Ines Officer" in text
        for wrong in ({"value": "many"}, {"value": "1"}, {"first": "2020-01-01"}, {"parameter": "x"}, {"reason": ""}):
            back = sent(browser, browser.get("/en/officer/numbers"), **(fields | wrong))
            assert (back.status_code, "There is a problem" in back.text) == (422, True)


@pytest.mark.browser
def test_chromium_finds_no_barrier_and_all_goes_by_keyboard(here: Portal) -> None:
    Asker(here.built, CENTRE).ask(ANNA, WORK)
    for persona, pages in (("ines", OFFICER_PAGES), ("karel", COMMITTEE_PAGES)):
        with chromium() as browser:
            page = browser.new_page(base_url=here.url, viewport={"width": 320, "height": 640})
            page.goto("/en/me")
            page.locator(f"button[value={persona}]").click()
            page.wait_for_url("**/en/me")
            for path in pages:
                page.goto(f"/en{path}")
                assert violations(page) == [], path
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
            if persona == "ines":
                page.goto("/en/officer")
                page.get_by_label("Number of the person").fill(ANNA)
                page.get_by_label("Why do you search?").fill("A complaint came in.")
                page.get_by_role("button", name="Search").press("Enter")
                page.wait_for_url("**/officer/entries**")
                page.get_by_role("checkbox").first.press("Space")
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= 320
                page.get_by_role("button", name="Prepare evidence").press("Enter")
                page.wait_for_url("**/officer/evidence?**")
                assert violations(page) == []
            else:
                page.goto("/en/committee/write?kind=grant")
                page.get_by_label("Add to it: Purposes").select_option(INQUIRY)
                page.locator("button[value=legalContexts]").press("Enter")
                page.wait_for_url(re.compile("/committee/write.*#legalContexts$"))
                assert page.get_by_role("checkbox", name=INQUIRY).is_checked()
                assert violations(page) == []
                page.get_by_label("Where this comes from").press("Enter")
                page.get_by_role("alert").get_by_text("Say why, in a few words").wait_for()
                assert page.get_by_role("checkbox", name=INQUIRY).is_checked()
                page.goto(f"/en{SUSPENSION}")
                page.get_by_label("Why?").fill("Data leaked there.")
                page.get_by_role("button", name="Save the draft").press("Enter")
                page.wait_for_url("**/committee/drafts/*")
                page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.browser
def test_an_officer_searches_without_scripts(here: Portal) -> None:
    with chromium() as browser:
        page = browser.new_context(base_url=here.url, java_script_enabled=False).new_page()
        page.goto("/nl/me")
        page.locator("button[value=ines]").click()
        page.get_by_role("navigation", name="Menu").get_by_role("link", name="Toezicht").click()
        page.get_by_label("Nummer van de persoon").fill(ANNA)
        page.get_by_role("button", name="Zoeken").click()
        assert page.get_by_role("alert").get_by_text("Zeg waarom, in enkele woorden").is_visible()
        page.get_by_label("Waarom zoekt u?").fill("Er kwam een klacht.")
        page.get_by_role("button", name="Zoeken").click()
        assert page.get_by_text("Er kwam een klacht.").is_visible()
        assert page.get_by_role("heading", name="Regels van het logboek").is_visible()
