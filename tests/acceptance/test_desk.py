"""The desk of a centre, as its staff use it: pages by HTTP, against a real hub, a real source and a real login."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.request import urlopen
from uuid import uuid4

import msgspec
import pytest

from crossroads.demo.authorised import warning
from crossroads.participant import log as own_log
from database import Database, value
from desk_staff import SOMEBODY, TODAY, asked, corrected, hold, staffed, taken_item
from desks import ANNA, MARIE, NORA, SARA, SOURCE, STAN, STRANGER, WORK, Browser, RunningDesk, over
from networks import belgium
from portals import hidden_fields
from raw import INQUIRY, person
from tongues import only_elsewhere, unmarked

NOBODY = person(77)
SHOWN_LAST = """
    SELECT (content ->> 'shown')::int FROM log_entry WHERE event = 'mutations:error:listed'
    ORDER BY at DESC, index DESC LIMIT 1
"""
"""How many reports the hub showed to who asked last for those that wait."""
PAGES = (
    "",
    "/me",
    "/ask",
    "/inscriptions",
    "/mailbox",
    "/mailbox/earlier",
    "/batches",
    "/batches/new",
    "/reports",
    "/delegations",
    "/traffic",
    "/users",
    "/users/new",
    "/mandates",
    "/acts",
)


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, module_database: Database
) -> Iterator[tuple[RunningDesk, RunningDesk]]:
    with staffed(tmp_path_factory.mktemp("desk") / "d", module_database) as opened:
        yield opened


@pytest.fixture
def here(both: tuple[RunningDesk, RunningDesk]) -> RunningDesk:
    return both[0]


@pytest.fixture
def source(both: tuple[RunningDesk, RunningDesk]) -> RunningDesk:
    return both[1]


@pytest.fixture
def stan(here: RunningDesk) -> Iterator[Browser]:
    with here.browser(STAN) as browser:
        yield browser


@pytest.fixture
def marie(here: RunningDesk) -> Iterator[Browser]:
    with here.browser(MARIE) as browser:
        yield browser


def test_staff_ask_and_see_what_the_source_says(here: RunningDesk, stan: Browser) -> None:
    spaced = f"{ANNA[:6]}-{ANNA[6:9]}.{ANNA[9:]}"
    place = asked(stan, spaced)
    assert ANNA not in place
    shown = stan.get(place).text
    assert "There are data" in shown
    assert "100006" in shown
    assert "National Social Security Office" in shown or SOURCE in shown
    # The source knows the user by the pseudonym, and by nothing else.
    (entry,) = [one["fields"] for one in own_log.export(here.built.member(SOURCE).folder / "state")][-1:]
    assert entry["agent"].startswith("staff-")
    assert entry["agent"] in stan.get("/me").text
    assert "stan" not in str(entry).lower()


def test_the_form_offers_what_the_institution_may_ask_and_nothing_else(stan: Browser) -> None:
    form = stan.get("/ask").text
    offered = set(re.findall(r'name="groups" type="checkbox" value="([^"]+)"', form))
    assert WORK in offered
    assert "register-change@1" not in offered
    form, documents = form.split("Documents, as another institution has them")
    assert "That institution knows only whom it has on file itself" in documents
    assert "magda-person@1" in documents
    assert "magda-" not in form
    parts = dict(re.findall(r'fieldset__legend--s"[^>]*>([^<]+)<(.*?)</fieldset>', form, re.DOTALL))
    assert list(parts) == sorted(parts)
    assert WORK in parts["National Social Security Office"]
    assert sum(WORK in part for part in parts.values()) == 1
    page = stan.faults("/ask", ssin=ANNA, groups="pension-account@1", first="2026-01-01")
    assert "Choose what your institution may ask for" in page


def test_the_form_says_of_when_it_is(stan: Browser) -> None:
    assert "What may be asked is as the catalogue said on" in stan.get("/ask").text


def test_of_a_hub_where_nobody_suspended_anything_the_demo_warns_of_nothing(here: RunningDesk) -> None:
    with urlopen(f"{here.built.installation.settings.public_url}/v1/authorisations") as answer:  # noqa: S310 - our own
        assert warning(belgium(), json.load(answer)["items"]) is None


def test_a_refusal_says_why_in_words(stan: Browser) -> None:
    page = stan.get(asked(stan, STRANGER)).text
    assert "The question was refused" in page
    assert "no inscription of this person" in page
    assert "100006" not in page
    assert "CR-NOT-INSCRIBED" in page


def test_a_source_that_does_not_answer_is_named(here: RunningDesk, stan: Browser) -> None:
    source = here.built.processes[SOURCE]
    source.signal(signal.SIGSTOP)
    try:
        page = stan.get(asked(stan, ANNA)).text
    finally:
        source.signal(signal.SIGCONT)
    assert "The answer is not complete" in page
    assert "The source did not answer" in page
    assert "A source failed or was late" in page


def test_what_was_typed_stays_and_what_is_wrong_is_said_without_repeating_a_number(stan: Browser) -> None:
    wrong = f"{int(ANNA) + 1:011}"
    page = stan.faults("/ask", ssin=wrong, groups=WORK, first="2026-05-01", last="2026-04-01")
    assert f'value="{wrong}"' in page
    assert 'value="2026-05-01"' in page
    assert re.search(rf'value="{WORK}"[^>]* checked', page)
    assert "11 digits" in page
    assert "The last day is before the first" in page
    assert page.count(wrong) == 1


def test_a_form_sent_twice_asks_once(stan: Browser, here: RunningDesk) -> None:
    shown = stan.get("/ask")
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown.text))
    fields |= {"ssin": ANNA, "groups": WORK, "first": "2026-01-01", "last": "2026-03-31"}
    before = own_log.verify(here.home / "traffic").size
    first, second = (stan.http.post("/en/ask", data=fields).headers["location"] for _ in range(2))
    assert first == second
    assert own_log.verify(here.home / "traffic").size == before + 2


def test_inscriptions_are_opened_shown_and_ended(stan: Browser) -> None:
    place = stan.done("/inscriptions", ssin=STRANGER)
    assert STRANGER not in place
    assert "no inscription of this person" in stan.get(place).text
    page = stan.faults(place, capacity="17:2", first=str(TODAY))
    assert "what shows that you may inscribe" in page
    stan.done(place, capacity="17:2", evidence="file 12", first=str(TODAY))
    (line,) = re.findall(rf'href="/en({place}/\d+)"', stan.get(place).text)
    page = stan.faults(line, last=str(TODAY - timedelta(days=9)))
    assert "not before the first" in page
    stan.done(line, last=str(TODAY))
    assert "/inscriptions/" in place
    assert not re.findall(rf'href="/en({place}/\d+)"', stan.get(place).text)


def test_what_the_hub_refuses_is_said_in_the_language_of_the_page(stan: Browser) -> None:
    place = stan.done("/inscriptions", ssin=NOBODY)
    said = {}
    for language in ("nl", "fr", "de", "en"):
        shown = stan.http.get(f"/{language}{place}")
        inscribed = {"capacity": "17:2", "evidence": "file 12", "first": str(TODAY)}
        page = stan.http.post(f"/{language}{place}", data=over(shown, inscribed))
        assert page.status_code == 422
        said[language] = page.text
    assert "Het register bevestigt deze persoon met deze gegevens niet." in said["nl"]
    assert "Le registre ne confirme pas cette personne avec ces données." in said["fr"]
    assert "Das Register bestätigt diese Person mit diesen Angaben nicht." in said["de"]
    assert "The register does not confirm this person with these particulars." in said["en"]


def finds_no_report(browser: Browser, database: Database) -> None:
    """See that for a number that is none the hub is asked for one report, and shows none of those that wait."""
    browser.get(f"/reports/{uuid4()}", 404)
    assert asyncio.run(value(database.url(), SHOWN_LAST)) == 0


def test_an_error_is_reported_answered_and_read_in_the_mailbox(
    here: RunningDesk, source: RunningDesk, stan: Browser, module_database: Database
) -> None:
    answer = asked(stan, ANNA)
    assert "The dates are wrong" in stan.get(f"{answer}/report/0").text
    assert f'href="/en{answer}/report/0"' in stan.get("/reports").text
    page = stan.faults(f"{answer}/report/0", presumed="", text="x" * 501, first="")
    assert "Choose what looks wrong" in page
    assert "Enter at most 500 characters" in page
    taken = stan.send(f"{answer}/report/0", presumed="wrong-value", text="The employer says otherwise.")
    assert taken.status_code == 200, taken.text
    assert "Your report was taken" in taken.text
    with source.browser(SARA) as sara:
        sara.get(f"/ask?context={INQUIRY}", 403)
        assert "You were given nothing in the last twenty minutes" in sara.get("/reports").text
        (waiting,) = re.findall(r'href="/en(/reports/[^"]+)"', sara.get("/reports").text)
        shown = sara.get(waiting).text
        assert "was not taken yet" in shown
        finds_no_report(sara, module_database)
        assert ANNA not in shown
        item = taken_item(sara, waiting, act="take")
        shown = sara.get(waiting).text
        assert ANNA in shown
        assert "The employer says otherwise." in shown
        assert "No correction of these data was notified yet" in shown
        assert "crossroads_outbox" not in shown
        page = sara.faults(waiting, outcome="corrected", ticket="x")
        assert "Enter the ticket" in page
        assert "Say why" in page
        page = sara.faults(waiting, outcome="corrected", ticket=str(uuid4()), reason="It was.")
        assert "The answer was not taken" in page
        assert "the person at the portal" in page
        answered = sara.get(sara.done(waiting, outcome="rejected", reason="It is right.")).text
        assert "What happens next" in answered
        # The answer settles the item too.
        assert "Its item in the mailbox is dealt with." in answered
        assert "It is dealt with" not in sara.get(item).text
        assert "Nothing changes in the data" in answered
        assert "No report waits" in sara.get("/reports").text
        sara.get(waiting, 404)
        traffic = own_log.export(source.home / "traffic")
        read = [one["fields"] for one in traffic if one["fields"].get("act") == "read"]
        assert {one["report"] for one in read} == {waiting.removeprefix("/reports/")}
    item = taken_item(stan)
    assert "The source answered your report of an error" in stan.get("/mailbox").text
    shown = stan.get(item).text
    assert "It is right." in shown
    assert "It was no error" in shown
    with here.browser(NORA) as nora:
        nora.get(item, 403)
    assert "Say why you set it aside" in stan.faults(item, act="park", reason="")
    stan.done(item, act="done")
    assert "Set aside" not in stan.get(item).text


def test_a_correction_is_offered_for_the_answer_and_what_was_dealt_with_is_followed_up(
    here: RunningDesk, source: RunningDesk, stan: Browser, marie: Browser
) -> None:
    report = f"{asked(stan, ANNA)}/report/0"
    assert stan.send(report, presumed="wrong-value", text="Again.").status_code == 200
    with source.browser(SARA) as sara:
        (waiting,) = re.findall(r'href="/en(/reports/[^"]+)"', sara.get("/reports").text)
        taken_item(sara, waiting, act="take")
        assert 'name="correction"' not in sara.get(waiting).text
        ticket = corrected(source)
        assert f'value="{ticket}"' in sara.get(waiting).text
        assert "Enter the ticket" in sara.faults(waiting, outcome="corrected", correction="another", reason="It was.")
        sara.done(waiting, outcome="corrected", correction=ticket, reason="It was.")
    listed = ""
    while listed.count("/en/mailbox/") < 3:  # the correction, the answer, and the link to those that were dealt with
        assert stan.http.post("/en/mailbox", data=hidden_fields(stan.get("/mailbox").text)).status_code == 200
        listed = stan.get("/mailbox").text
        for number in re.findall(r'href="/en/mailbox/(\d+)"', listed):
            if "Data corrected" in (stan.get(f"/mailbox/{number}").text):
                change = f"/mailbox/{number}"
            stan.done(f"/mailbox/{number}", act="done")
        listed = stan.get("/mailbox/earlier").text
        time.sleep(0.5)
    assert "Data corrected" in listed
    assert ANNA in listed
    shown = stan.get(change).text
    assert "It is dealt with" not in shown
    assert stan.send(change, act="done").status_code == 404
    assert "There are data" in stan.get(stan.done(change, act="fetch")).text
    stan.get("/mailbox/999", 404)
    assert "Item looked up that was dealt with" in stan.get("/traffic").text
    marie.get(change, 403)
    marie.get("/mailbox/earlier", 403)
    # Who looked whose item up again stands in the log.
    looks = [one["fields"] for one in own_log.export(here.home / "traffic") if one["fields"].get("act") == "look"]
    assert ANNA in {one.get("ssin") for one in looks}


def test_a_source_sees_what_it_did_with_a_report_and_is_not_led_to_what_it_may_not(source: RunningDesk) -> None:
    with source.browser(SARA) as sara:
        done = sara.get("/traffic").text
        assert "Report of an error opened, done" in done
        assert "Report of an error answered, refused" in done
        assert "Report of an error answered, done" in done
        assert "It was no error" in done
        for path in ("", "/me"):
            assert 'href="/en/ask"' not in sara.get(path).text
            assert "See what was done and refused" in sara.get(path).text


def test_a_batch_is_sent_followed_fetched_and_removed(here: RunningDesk, stan: Browser) -> None:
    numbers = f"{ANNA}\r\n{SOMEBODY}\r\n{ANNA}\r\n{NOBODY}\r\n"
    asked_of = {"groups": WORK, "first": "2026-01-01", "last": "2026-03-31"}
    page = stan.faults("/batches/new", numbers=f"{ANNA}\n123\n", **asked_of)
    assert "Line 2 is not the number of a person" in page
    place = stan.done("/batches/new", numbers=numbers, **asked_of)
    for _ in range(600):
        page = stan.get(place).text
        if "Completed" in page:
            break
        time.sleep(0.1)
    assert "Completed" in page
    assert "The question was refused" in page
    assert place in stan.get("/batches").text
    result = stan.done(place, act="result")
    shown = stan.get(result).text
    assert shown.count("There are data") == 2
    assert shown.count("no inscription of this person") == 1
    lines = [msgspec.json.decode(line) for line in stan.get(f"{result}/file").text.splitlines()]
    assert [line["ssin"]["value"] for line in lines] == [ANNA, SOMEBODY, NOBODY]
    assert ["100006" in str(line["blocks"]) for line in lines] == [True, True, False]
    stan.done(place, act="acknowledge")
    assert place not in stan.get("/batches").text
    assert [one.name for one in here.home.iterdir() if one.suffix == ".csv"] == []


def test_everybody_sees_own_traffic_and_no_person_in_it(stan: Browser, marie: Browser) -> None:
    asked(stan, ANNA)
    for browser in (stan, marie):
        page = browser.get("/traffic").text
        assert "Question about a person, done" in page
        assert ANNA not in page
        assert "Stan" in page
        assert "Question about a person, done" in browser.get(f"/traffic?before={10**30}").text
        assert "Nothing was done yet" in browser.get(f"/traffic?before={-(10**30)}").text


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_every_page_is_there_in_every_language(here: RunningDesk, stan: Browser, marie: Browser, language: str) -> None:
    for path in PAGES:
        page = stan.http.get(f"/{language}{path}")
        if page.status_code == 403:
            page = marie.http.get(f"/{language}{path}")
        assert page.status_code == 200, path
        assert page.headers["cache-control"] == "no-store"
        assert f'<html lang="{language}"' in page.text
        assert unmarked(page.text, only_elsewhere(belgium().institutions, language)) == [], path
    assert here.url


def test_both_logs_hold_and_no_program_wrote_a_number(here: RunningDesk) -> None:
    hold(here)
