"""The pages of the security officer and of the committee, over HTTP and in Chromium."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from chromium import chromium, violations
from commands import typed
from crossroads.bootstrap.keys import log_key
from crossroads.kernel.clock import brussels_day
from crossroads.portal.office import COMMITTEE, OFFICER, agent_of
from crossroads.portal.pages import committee, officer, officer_patterns
from crossroads.web.forms import new_number
from crossroads.web.sessions import Level, Who
from crossroads.wire.notes import NoteVerifier
from database import Database, value
from desks import filled
from looking import CENTRE, PORTAL, SOURCE, WORK
from networks import belgium, line
from overseeing import flood
from portals import PERSONAS, Portal, hidden_fields, log_in, portal
from raw import INQUIRY, Asker, person
from tongues import only_elsewhere, unmarked

ANNA = "80631512393"
NOT_THEIRS = "NSSO:CONTRIBUTION_REDUCTIONS"
"""A purpose that no welfare centre has."""
MIRA = person(9)
TODAY = brussels_day(datetime.now(UTC))
HOLDERS = [
    {"id": "ines", "name": "Ines Officer", "roles": ["officer"]},
    {"id": "karel", "name": "Karel Member", "roles": ["committee"]},
    {"id": "lena", "name": "Lena Member", "roles": ["committee"]},
    {"id": "mira", "name": "Mira Member", "roles": ["committee"], "ssin": MIRA},
    {"id": "mira-2", "name": "M. Member", "roles": ["committee"], "ssin": MIRA},
]
"""Invented, all of them; the last two are accounts of one person."""
OFFICER_PAGES = ("/officer", "/officer/patterns", "/officer/watched", "/officer/numbers")
SUSPENSION = "/committee/write?kind=suspend&reference=CR-ILL/committee-1"
COMMITTEE_PAGES = ("/committee", "/committee/write?kind=grant", SUSPENSION)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("offices") / "p"
    inscriptions = [line(ANNA, CENTRE, "17:2", "2020-01-01"), line(ANNA, SOURCE, "12:30", "2020-01-01")]
    with portal(
        folder,
        module_database,
        document=belgium(),
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        members={CENTRE: {}, PORTAL: {}},
        personas=[*PERSONAS, *HOLDERS],
        persons=[ANNA],
        inscriptions=inscriptions,
    ) as opened:
        opened.built.start_hub()
        yield opened


@contextmanager
def logged_in(here: Portal, persona: str) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, persona)
        yield opened


def text_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def sent(browser: httpx.Client, page: httpx.Response, to: str | None = None, **fields: Any) -> httpx.Response:
    """Send a form of a page, with its hidden fields, to where it goes."""
    path = to or str(page.url.copy_with(query=None))
    return browser.post(path, data={**hidden_fields(page.text), **fields})


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


def boxes(page: httpx.Response, field: str) -> set[str]:
    """Give what is ticked in a field of a form."""
    return set(re.findall(rf'name="{field}" type="checkbox" value="([^"]*)" checked', page.text))


def draft_of(browser: httpx.Client, **fields: Any) -> httpx.Response:
    """Write a draft that suspends, and give its page."""
    form = browser.get("/en/committee/write?kind=suspend&reference=CR-ILL/committee-1")
    typed_ = {"firstDay": str(TODAY), "lastDay": "", "reason": "Data leaked there.", "reference": "CR-ILL/committee-1"}
    led = sent(browser, form, "/en/committee/write", **typed_ | fields)
    assert led.status_code == 303, led.text
    return browser.get(led.headers["location"])


def test_two_members_decide_and_the_page_says_what_is_left_to_do(here: Portal) -> None:
    with logged_in(here, "karel") as karel, logged_in(here, "lena") as lena:
        draft = draft_of(karel)
        text = text_of(draft)
        assert "Drafted" in text
        assert "In force until" in text
        path = draft.url.path
        agreed = sent(karel, draft, f"{path}/agree")
        assert agreed.headers["location"] == path
        assert "You agreed. Somebody else has to agree too." in text_of(karel.get(path))
        twice = sent(karel, draft, f"{path}/agree", **{"form-number": new_number()})
        assert (twice.status_code, "somebody else has to agree too" in twice.text) == (409, True)
        assert sent(lena, lena.get(path), f"{path}/agree").status_code == 303
        decided = lena.get(path)
        assert "Agreed by two, waits for the operators" in text_of(decided)
        assert "Nothing changes before two operators have signed" in text_of(decided)
        plan = lena.get(f"{path}/plan")
        assert plan.headers["content-disposition"] == 'attachment; filename="plan.json"'
        assert json.loads(plan.content)["kind"] == "apply-catalogue"
        assert "Agreed by two" in text_of(karel.get("/en/committee"))


def test_what_does_not_exist_is_not_suspended(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        form = karel.get("/en/committee/write?kind=suspend&reference=TEST/never")
        said = {"firstDay": str(TODAY), "lastDay": "", "reason": "Data leaked there.", "reference": "TEST/never"}
        back = sent(karel, form, "/en/committee/write", **said)
    assert (back.status_code, "There is no such authorisation" in back.text) == (422, True)
    assert 'value="TEST/never"' in back.text


async def test_one_person_with_two_accounts_does_not_agree_twice(here: Portal, module_database: Database) -> None:
    with logged_in(here, "mira") as first, logged_in(here, "mira-2") as second:
        draft = draft_of(first)
        path = draft.url.path
        assert sent(first, draft, f"{path}/agree").status_code == 303
        twice = sent(second, second.get(path), f"{path}/agree")
        assert (twice.status_code, "somebody else has to agree too" in twice.text) == (409, True)
        assert "Agreed by two" not in text_of(second.get(path))
    query = (
        "SELECT string_agg(DISTINCT content ->> 'agent', ' ') FROM log_entry"
        " WHERE event = 'committee:draft:agreed' AND content ->> 'name' = 'Mira Member'"
    )
    agent = str(await value(module_database.url(), query))
    assert re.fullmatch("holder-[a-p]{24}", agent)
    secret = (here.built.home / "portal" / "holders.key").read_bytes()
    who = Who(issuer="-", subject="-", name="-", level=Level.HIGH, ssin=MIRA, since=datetime.now(UTC))
    assert agent == agent_of(who, secret)
    assert agent != agent_of(who, bytes(32))


@pytest.mark.parametrize("field", ["version", "base", "parties"])
def test_a_number_of_endless_digits_is_no_number(here: Portal, field: str) -> None:
    endless = "1" * 5000
    with logged_in(here, "karel") as karel:
        draft = draft_of(karel)
        path = draft.url.path
        if field == "version":
            assert sent(karel, draft, f"{path}/agree", version=endless).status_code == 404
        elif field == "base":
            form = karel.get(f"{path}/write")
            assert sent(karel, form, reason="Again.", firstDay=str(TODAY), base=endless).status_code == 422
        else:
            form = karel.get("/en/committee/write?kind=grant")
            assert sent(karel, form, "/en/committee/write", parties=f"17/{endless}").status_code == 422


def test_two_members_write_at_once_and_no_text_is_lost(here: Portal) -> None:
    with logged_in(here, "karel") as karel, logged_in(here, "lena") as lena:
        path = draft_of(karel).url.path
        mine, hers = karel.get(f"{path}/write"), lena.get(f"{path}/write")
        fields = {"firstDay": str(TODAY), "lastDay": "", "reference": "CR-ILL/committee-1"}
        assert sent(karel, mine, **fields, reason="Written by Karel.").status_code == 303
        told = sent(lena, hers, **fields, reason="Written by Lena.")
        assert told.status_code == 422
        assert "Somebody saved another text meanwhile" in told.text
        assert "Karel Member" in told.text
        assert "Written by Karel." in told.text
        assert 'value="Written by Lena."' in told.text
        assert sent(lena, told, **fields, reason="Written by both.").status_code == 303
        every = text_of(karel.get(path))
        assert all(reason in every for reason in ("Written by both.", "Written by Karel.", "Data leaked there."))


def test_a_draft_is_called_by_the_name_of_its_authorisation(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        path = draft_of(karel).url.path.removeprefix("/en")
        for language in ("fr", "nl", "de"):
            page = karel.get(f"/{language}{path}")
            title = re.search(r"<h1[^>]*>[^<]+: <bdi>([^<]+)</bdi></h1>", page.text)
            assert title
            assert "CR-ILL" not in title[1], language
            assert unescape(title[1]) in text_of(karel.get(f"/{language}/committee"))
            assert re.search(f"<title>[^<]+: {title[1]} –", page.text)


@pytest.mark.parametrize("kind", ["grant", "suspend", "withdraw"])
def test_what_is_decided_begins_today_unless_said_otherwise_and_why_is_asked_first(here: Portal, kind: str) -> None:
    with logged_in(here, "karel") as karel:
        for reference in ("", "CR-ILL/social-inquiry-1"):
            form = karel.get(f"/en/committee/write?kind={kind}&reference={reference}").text
            field = "validFrom" if kind == "grant" else "firstDay"
            for part, number in (("", TODAY.day), ("-month", TODAY.month), ("-year", TODAY.year)):
                typed_ = re.search(rf'<input[^>]* name="{field}{part}"[^>]*>', form)
                assert typed_
                assert f'value="{number}"' in typed_[0]
            names = re.findall(r'<(?:input|select)[^>]* name="([a-zA-Z-]+)"', form)
            assert names.index("reason") == names.index("reference") + 1


def test_a_new_version_is_compared_with_the_one_that_it_comes_after(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        form = karel.get("/en/committee/write?kind=grant&reference=CR-ILL/committee-1")
        fields = filled(form) | {"modes": ["online"], "provenance": "illustrative", "reason": "A better name."}
        chosen = {"parties": PORTAL, "legalContexts": "COMMITTEE:DECISION", "dataGroups": "authorisation-drafts@1"}
        led = sent(karel, form, "/en/committee/write", **fields | chosen | {"name-en": "Another name"})
        assert led.status_code == 303, led.text
        page = karel.get(led.headers["location"])
        ending, new = page.text.split("A new version comes after the one that began on 1 January 2014.")
        heads = [re.findall(r'<th scope="row"[^>]*>([^<]*)</th>', part) for part in (ending, new)]
        assert [sorted(one) for one in heads] == [["In force until"], ["In force from", "Name"]]
        assert sent(karel, page, f"{page.url.path}/drop").status_code == 303


def test_an_authorisation_is_granted_by_a_form_and_compared(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        form = karel.get("/en/committee/write?kind=grant&reference=CR-ILL/social-inquiry-1")
        assert "PCSA:SOCIAL_INQUIRY" in form.text
        fields: dict[str, Any] = {
            "reference": "TEST/granted-1",
            "name-nl": "<script>alert(1)</script>",
            "parties": CENTRE,
            "legalContexts": INQUIRY,
            "dataGroups": WORK,
            "modes": ["online"],
            "inscriptionContexts": "17:2",
            "validFrom": str(TODAY),
            "provenance": "illustrative",
            "source": "ours: for a test",
            "reason": "They need it.",
        }
        led = sent(karel, form, "/en/committee/write", **fields | {"legalContexts": NOT_THEIRS})
        assert led.status_code == 303, led.text
        page = karel.get(led.headers["location"])
        assert "This makes no right catalogue:" in page.text
        assert "<script>alert" not in page.text
        dutch = text_of(karel.get(f"/nl{page.url.path.removeprefix('/en')}"))
        assert "Toekennen: <script>alert(1)</script>" in dutch
        assert "OCMW Gent (pcsw-gent)" in dutch
        assert "Eén voor één gevraagd" in dutch
        cannot = sent(karel, page, f"{page.url.path}/agree")
        assert (cannot.status_code, "while something is wrong with it" in cannot.text) == (409, True)
        for wrong, where in (
            ({"parties": ""}, "Name at least one"),
            ({"name-nl": ""}, "Give a name in one language"),
            ({"dataGroups": [WORK, "no-such-group@1"]}, "The catalogue has no such entry: no-such-group@1"),
            ({"parties": [CENTRE, "998", "17/99", "<b>"]}, "The catalogue has no such entry: 998, 17/99, <b>"),
            ({"decisionTable": "no-such-table"}, "The catalogue has no such entry: no-such-table"),
            ({"noInscriptionBecause": "None."}, "one of both"),
            ({"validFrom": "soon"}, "There is no such day"),
            ({"reason": ""}, "Say why, in a few words"),
            ({"reference": ""}, "Say about which authorisation"),
        ):
            back = sent(karel, karel.get("/en/committee/write?kind=grant"), "/en/committee/write", **(fields | wrong))
            assert (back.status_code, where in unescape(back.text)) == (422, True), wrong
            assert "<b>" not in back.text
            every = [
                (field, one) for field, given in wrong.items() for one in ([given] if isinstance(given, str) else given)
            ]
            assert all(f'value="{escape(one)}"' in back.text for field, one in every if field != "validFrom"), wrong
        dropped = sent(karel, page, f"{page.url.path}/drop")
        assert dropped.status_code == 303
        assert "Given up" in text_of(karel.get(page.url.path))
        assert karel.get("/en/committee/drafts/01890a5d-ac96-774b-bcce-b302099a8057").status_code == 404
        assert karel.get("/en/committee/write?kind=pardon").status_code == 404


def test_what_is_chosen_is_added_and_taken_out_by_name(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        form = karel.get("/nl/committee/write?kind=grant")
        chosen = {"parties": ["17/1", CENTRE], "dataGroups": "", "reason": "Half geschreven.", "name-nl": "Een naam"}
        again = sent(karel, form, "/nl/committee/write", add="parties", **chosen)
        assert again.status_code == 200
        assert boxes(again, "parties") == {"17/1", CENTRE}
        assert 'value="Half geschreven."' in again.text
        assert "OCMW Gent (pcsw-gent)" in text_of(again)
        assert "There is a problem" not in again.text
        fewer = sent(
            karel, again, "/nl/committee/write", add="dataGroups", **chosen | {"parties": CENTRE, "dataGroups": WORK}
        )
        assert (boxes(fewer, "parties"), boxes(fewer, "dataGroups")) == ({CENTRE}, {WORK})
        assert "Half geschreven." not in text_of(karel.get("/nl/committee"))


def test_a_name_in_another_language_than_the_page_says_in_which(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        page = karel.get("/en/committee/write?kind=grant")
        assert '<option value="pcsw-gent" lang="nl">OCMW Gent (pcsw-gent)</option>' in page.text
        assert '<option value="nsso">' in page.text


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
