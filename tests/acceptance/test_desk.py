"""The desk of a centre, as its staff use it: pages by HTTP, against a real hub, a real source and a real login."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from urllib.request import urlopen
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import create_engine

from crossroads.demo.authorised import warning
from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.participant import log as own_log
from crossroads.participant import outbox
from crossroads.participant.config import read_config
from crossroads.participant.desk.app import ROUTES
from crossroads.wire.mutations import Mutation, MutationKind
from database import Database, value
from desks import (
    ANNA,
    CENTRE,
    LEON,
    MARIE,
    NORA,
    OTTO,
    PIET,
    REDUCTIONS,
    SARA,
    SOURCE,
    STAN,
    STRANGER,
    WORK,
    Browser,
    RunningDesk,
    desks,
    over,
)
from networks import belgium
from portals import hidden_fields
from raw import INQUIRY, person
from tongues import only_elsewhere, unmarked

TODAY = brussels_day(datetime.now(UTC))
LATER = TODAY + timedelta(days=90)
SOMEBODY, NOBODY = person(5), person(77)
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


def appointed(boss: Browser, persona: str, power: str | None, context: str = INQUIRY) -> str:
    """Appoint somebody by the pages, and give the page of the user."""
    place = boss.done("/users/new", name=persona.title(), subject=persona)
    if power:
        boss.done(place, power=power, context=context, first=str(TODAY), last=str(LATER))
    return place


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, module_database: Database
) -> Iterator[tuple[RunningDesk, RunningDesk]]:
    folder = tmp_path_factory.mktemp("desk") / "d"
    with desks(folder, module_database, people=[SOMEBODY], workers=1) as opened:
        with opened[0].browser(MARIE) as boss:
            appointed(boss, STAN, "staff")
            appointed(boss, NORA, None)
        with opened[1].browser(OTTO) as boss:
            appointed(boss, SARA, "staff", REDUCTIONS)
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


def asked(browser: Browser, ssin: str, group: str = WORK) -> str:
    """Ask about somebody, and give where the answer is."""
    return browser.done("/ask", ssin=ssin, groups=group, first="2026-01-01", last="2026-03-31")


def taken_item(browser: Browser, path: str = "/mailbox", **fields: str) -> str:
    """Take what is in the mailbox by a form, once something is, and give where the only item is shown."""
    listed = ""
    for _ in range(60):
        browser.send(path, **fields)
        listed = browser.get("/mailbox").text
        if found := re.findall(r'href="/en(/mailbox/\d+)"', listed):
            (item,) = found
            return str(item)
        time.sleep(0.5)  # a desk answers so many requests a minute
    pytest.fail(f"nothing came: {listed}")


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
    offered = set(re.findall(r'name="groups" type="checkbox" value="([^"]+)"', stan.get("/ask").text))
    assert WORK in offered
    assert "register-change@1" not in offered
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


@pytest.mark.parametrize(
    ("persona", "path", "status"),
    [
        (NORA, "/ask?context=" + INQUIRY, 403),
        (NORA, "/mailbox", 403),
        (NORA, "/batches", 403),
        (NORA, "/reports", 403),
        (NORA, "/users", 403),
        (LEON, "/ask?context=" + INQUIRY, 403),
        (LEON, "/inscriptions?context=" + INQUIRY, 403),
        (MARIE, "/ask?context=" + INQUIRY, 403),
        (STAN, "/ask?context=FRAUD", 403),
        (STAN, f"/ask?context={INQUIRY}%7Cpcsw-liege", 403),
        (STAN, "/users", 403),
        (STAN, "/users/new", 403),
        (STAN, "/mandates", 403),
        (STAN, "/acts", 403),
        (PIET, "/me", 403),
        (SARA, "/me", 403),
        (SARA, "/ask?context=" + INQUIRY, 403),
        (PIET, "/ask", 403),
        (None, "/me", 303),
        (None, "/ask", 303),
        (None, "", 200),
    ],
)
def test_who_may_not_is_refused(here: RunningDesk, persona: str | None, path: str, status: int) -> None:
    with here.browser(persona) as browser:
        page = browser.get(path, status)
        assert ANNA not in page.text
    if persona is not None and status == 403:
        entries = [entry["fields"] for entry in own_log.export(here.home / "traffic")]
        assert entries[-1]["event"].endswith(":refused")


def test_every_route_is_closed_to_who_is_no_user(here: RunningDesk) -> None:
    ways = [(method, path) for one in ROUTES for method in one.http_methods for path in one.paths]
    values = {"{language:str}": "en", ":uuid}": str(uuid4()), ":int}": "1", ":str}": "x"}
    with here.browser() as nobody, here.browser(PIET) as stranger:
        for method, path in ways:
            place = path
            for kind, value in values.items():
                place = re.sub(rf"{{\w+{re.escape(kind)}" if kind.startswith(":") else re.escape(kind), value, place)
            if place == "/en" or method not in ("GET", "POST"):
                continue
            assert nobody.http.request(method, place).status_code == (303 if method == "GET" else 401), place
            assert stranger.http.request(method, place).status_code == 403, place
    assert len(ways) > 40
    entries = [entry["fields"] for entry in own_log.export(here.home / "traffic")]
    of_stranger = [one for one in entries if (one.get("reason"), one.get("subject")) == ("NO_USER", PIET)]
    assert 1 <= len(of_stranger) <= 3  # three, where an hour ended meanwhile


def test_a_login_that_is_not_sure_enough_does_not_count(here: RunningDesk) -> None:
    with here.browser() as browser:
        choice = browser.http.get(browser.http.get("/en/login?to=/me&level=2").headers["location"])
        told = {**hidden_fields(choice.text), "persona": "weak"}
        chosen = browser.http.post(str(choice.url.copy_with(query=None)), data=told)
        page = browser.http.get(chosen.headers["location"])
        assert page.status_code == 401
        assert "not sure enough" in page.text
        browser.get("/me", 303)


def test_whoever_has_no_role_cannot_send_the_form_of_another(here: RunningDesk, stan: Browser) -> None:
    before = own_log.verify(here.home / "traffic").size
    with here.browser(NORA) as browser:
        answer = browser.send("/ask", "/me", context=INQUIRY, ssin=ANNA, groups=WORK, first="2026-01-01")
        assert answer.status_code == 403
        assert ANNA not in answer.text
    entries = list(own_log.export(here.home / "traffic"))[before:]
    assert [entry["fields"]["event"] for entry in entries] == ["desk:question:refused"]
    assert entries[0]["fields"]["reason"] == "NOT_STAFF"
    # What one user was shown, another does not see, whatever the address.
    place = asked(stan, ANNA)
    with here.browser(MARIE) as other:
        other.get(place, 404)


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
    page = stan.faults(f"{answer}/report/0", presumed="", text="x" * 501, first="")
    assert "Choose what looks wrong" in page
    assert "Enter at most 500 characters" in page
    taken = stan.send(f"{answer}/report/0", presumed="wrong-value", text="The employer says otherwise.")
    assert taken.status_code == 200, taken.text
    assert "Your report was taken" in taken.text
    with source.browser(SARA) as sara:
        sara.get(f"/ask?context={INQUIRY}", 403)
        (waiting,) = re.findall(r'href="/en(/reports/[^"]+)"', sara.get("/reports").text)
        shown = sara.get(waiting).text
        assert "was not taken yet" in shown
        finds_no_report(sara, module_database)
        assert ANNA not in shown
        item = taken_item(sara, waiting, act="take")
        shown = sara.get(waiting).text
        assert ANNA in shown
        assert "The employer says otherwise." in shown
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


def corrected(source: RunningDesk) -> str:
    """Have the source correct what it knows of Anna and notify it by its outbox; give the ticket."""
    days, since = Period(date(2026, 1, 1), date(2026, 3, 31)), datetime.now(UTC) - timedelta(days=1)
    mutation = Mutation(
        reference=uuid4().hex, ssin=ANNA, data_group=WORK, context="12:30", period=days,
        kind=MutationKind.CORRECTED, happened_on=TODAY, wrong_since=since,
    )  # fmt: skip
    member = source.built.member(SOURCE)
    engine = create_engine(f"sqlite:///{member.database}")
    with engine.begin() as connection:
        outbox.write(connection, mutation)
    engine.dispose()
    with closing(outbox.open_outbox(read_config(member.settings))) as opened:
        for _ in range(120):
            if found := opened.corrections([ANNA], WORK, 1):
                return found[0].ticket
            time.sleep(0.25)
    pytest.fail("the hub took no correction")


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


def test_of_two_browsers_on_one_role_the_second_is_told(here: RunningDesk, marie: Browser) -> None:
    user = appointed(marie, f"temp-{time.time_ns()}", "staff")
    (role,) = re.findall(r'href="/en(/roles/\w+)"', marie.get(user).text)
    with here.browser(MARIE) as other:
        seen = other.get(role)
        marie.done(role, act="change", last=str(TODAY + timedelta(days=9)))
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', seen.text))
        late = other.http.post(f"/en{role}", data=fields | {"act": "change", "last": str(TODAY)})
        assert late.status_code == 422
        assert "Somebody else changed this while you looked at it" in late.text
        other.done(role, act="revoke")
    assert "revoked" in marie.get(user).text


def test_a_manager_whose_role_was_revoked_meanwhile_appoints_and_grants_nothing(
    here: RunningDesk, marie: Browser
) -> None:
    (leon,) = re.findall(r'href="/en(/users/staff-\w+)"><bdi>Leon', marie.get("/users").text)
    marie.done(leon, power="manager", context=INQUIRY, first=str(TODAY), last=str(LATER))
    with here.browser(LEON) as other:
        (nora,) = re.findall(r'href="/en(/users/staff-\w+)"><bdi>Nora', other.get("/users").text)
        pages = {place: other.get(place) for place in ("/users/new", nora, "/mandates")}
        (role,) = re.findall(r'href="/en(/roles/\w+)"', marie.get(leon).text)
        own = other.get(role)
        marie.done(role, act="revoke")
        granted = {"power": "manager", "context": INQUIRY, "institution": "pcsw-liege", "reference": "1"}
        named = {"name": "Mole", "subject": "mole", "first": str(TODAY), "last": str(LATER)}
        for place, shown in pages.items():
            answer = other.http.post(f"/en{place}", data=over(shown, {**granted, **named}))
            assert answer.status_code == 403, place
        # What was revoked is not brought back by a longer end.
        longer = over(own, {"act": "change", "last": str(LATER + timedelta(days=1))})
        assert other.http.post(f"/en{role}", data=longer).status_code == 422
        other.get("/users", 403)
    assert "Mole" not in marie.get("/users").text
    assert "Local manager" not in marie.get(nora).text.partition("Grant a role")[0]
    assert "letter" not in marie.get("/mandates").text.partition("Record a mandate")[0]


def test_what_was_shown_to_one_user_no_other_finds(here: RunningDesk, stan: Browser, marie: Browser) -> None:
    answer, looked = asked(stan, ANNA), stan.done("/inscriptions", ssin=ANNA)
    with here.browser(NORA) as nora:
        for browser in (nora, marie):
            for place in (answer, f"{answer}/report/0", looked):
                browser.get(place, 404)
                assert browser.send(place, "/me").status_code in (403, 404, 405)


def test_a_revoked_role_counts_no_more_at_once(here: RunningDesk, marie: Browser) -> None:
    user = appointed(marie, "weak", "staff")
    (role,) = re.findall(r'href="/en(/roles/\w+)"', marie.get(user).text)
    marie.done(role, act="revoke")
    assert "Revoked" not in here.command("user", "list").stdout
    page = marie.get("/acts").text
    assert "Role revoked" in page
    assert "Weak" in page


def test_nobody_gives_to_himself_and_the_last_manager_stays(here: RunningDesk, marie: Browser) -> None:
    (own,) = re.findall(r'href="/en(/users/staff-\w+)"><bdi>Marie', marie.get("/users").text)
    (another,) = re.findall(r'href="/en(/users/staff-\w+)"><bdi>Stan', marie.get("/users").text)
    # Neither form nor link is offered; who sends it all the same is refused.
    assert "/roles/" not in marie.get(own).text
    page = marie.faults(own, another, power="staff", context=INQUIRY, first=str(TODAY), last=str(LATER))
    assert "Nobody gives a role to himself or herself" in page
    roles = msgspec.json.decode(here.command("user", "list", "--json").stdout)["roles"]
    (role,) = [f"/roles/{one['id']}" for one in roles if own.endswith(one["agent"]) and one["power"] == "manager"]
    assert "This is the only local manager" in marie.faults(role, act="revoke")
    assert "There is a problem" in marie.faults(role, act="change", last=str(LATER), version="1" * 5000)
    assert "Nobody gives" in marie.faults(role, act="change", last=str(LATER + timedelta(days=900)))
    assert "without an end" not in marie.faults(own, another, power="staff", context=INQUIRY, first=str(TODAY), last="")


def test_a_delegation_lets_a_colleague_act_and_a_mandate_needs_the_hub_as_well(
    here: RunningDesk, stan: Browser, marie: Browser
) -> None:
    (nora,) = re.findall(r'<option value="(staff-\w+)"[^>]*>Nora', stan.get("/delegations").text)
    (role,) = re.findall(r'<option value="(\w{16})"', stan.get("/delegations").text)
    stan.done("/delegations", role=role, to=nora, first=str(TODAY), last=str(TODAY + timedelta(days=3)))
    with here.browser(NORA) as browser:
        answer = asked(browser, ANNA)
        assert "There are data" in browser.get(answer).text
    (given,) = re.findall(r'href="/en(/delegations/\w+)"', stan.get("/delegations").text)
    stan.done(given)
    with here.browser(NORA) as browser:
        browser.get(f"/ask?context={INQUIRY}", 403)
        browser.get(answer, 403)
    mandate = {"context": INQUIRY, "reference": "letter 1", "first": str(TODAY), "last": str(LATER)}
    assert "Choose an institution" in marie.faults("/mandates", institution="nobody", **mandate)
    marie.done("/mandates", institution="pcsw-liege", **mandate)
    choice = f"{INQUIRY}|pcsw-liege"
    assert "pcsw-liege" in stan.get("/ask").text
    asked_of = {"ssin": ANNA, "groups": WORK, "first": "2026-01-01", "last": "2026-03-31"}
    page = stan.get(stan.done("/ask", f"/ask?context={choice}", **asked_of)).text
    assert "The question was refused" in page
    assert "100006" not in page
    (ended,) = re.findall(r'href="/en(/mandates/\w+)"', marie.get("/mandates").text)
    marie.done(ended)


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
    verified = here.command("log", "verify")
    assert verified.code == 0, verified.stdout + verified.stderr
    written = (here.built.home / "logs" / f"desk-{here.port}.log").read_text()
    assert ANNA not in written
    assert STRANGER not in written
    assert "Traceback" not in written


def test_on_the_command_line_no_second_manager_is_made(here: RunningDesk) -> None:
    again = here.command("user", "appoint", "--subject", PIET, "--name", "Piet", "--legal-context", INQUIRY)
    assert again.code == 1
    assert "There is a local manager" in again.sentence
    assert "manager for" in here.command("user", "list").stdout
    assert CENTRE in str(here.settings)
