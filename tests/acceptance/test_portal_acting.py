"""The pages on which somebody acts for somebody else: a child, or who gave a mandate; and what the other then sees."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest

from acting import REGISTER, REGISTERING, known
from acting_pages import for_child, mandate_in, sent
from chromium import chromium, violations
from crossroads.demo.population.people import mock_ssin
from crossroads.portal.pages import acting, citizen
from database import Database
from days import today
from looking import PORTAL, SOURCE, WORK
from networks import line
from portals import Portal, hidden_fields, log_in, portal
from raw import person

TODAY = today()
PARENT, FRIEND, CLOWN = person(1), person(3), person(5)
THIRTIES, SUMMER = person(11), person(13)
YOUNG = TODAY - timedelta(days=9 * 365)
CHILD, GROWN = str(mock_ssin(YOUNG, 1)), person(7)
HOSTILE = "<script>alert(1)</script> \u202e\U0001f9d1"
PERSONAS: list[dict[str, Any]] = [
    {"id": "paul", "name": "Paul Peeters", "ssin": PARENT},
    {"id": "fien", "name": "Fien Maes", "ssin": FRIEND},
    {"id": "clown", "name": HOSTILE, "ssin": CLOWN},
    {"id": "karel", "name": "Karel Peeters", "ssin": GROWN},
    {"id": "samir", "name": "Samir Aziz", "ssin": SUMMER},
    {"id": "nour", "name": "Nour Aziz", "ssin": THIRTIES},
    {"id": "olga", "name": "Olga Martens", "roles": ["officer"], "level": 2},
]
"""Invented, with mock numbers."""
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)
PEOPLE = [
    (PARENT, "Peeters", "Paul", "1980-03-15"),
    (FRIEND, "Maes", "Fien", "1980-03-15"),
    (CLOWN, "Clown", "Pipo", "1980-03-15"),
    (CHILD, "Peeters", "Lotte", str(YOUNG)),
    (GROWN, "Peeters", "Karel", "1980-03-15"),
    (THIRTIES, "Aziz", "Nour", "1931-00-00"),
    (SUMMER, "Aziz", "Samir", "1950-06-00"),
]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("acting") / "p"
    members: dict[str, Any] = {
        PORTAL: {},
        REGISTER: REGISTERING,
        SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    }
    with portal(
        folder,
        module_database,
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        personas=PERSONAS,
        members=members,
        persons=[one[0] for one in PEOPLE],
        inscriptions=[
            line(one[0], institution, context, "2020-01-01")
            for one in PEOPLE
            for institution, context in ((REGISTER, "0:1"), (SOURCE, "12:30"))
        ],
    ) as opened:
        known(opened.built, PEOPLE, [(PARENT, CHILD), (PARENT, GROWN)])
        opened.built.member(SOURCE).store({"relations": (("ssin", "start_date"), [(CHILD, "2024-02-29")])})
        opened.built.start_hub()
        opened.built.start_members([REGISTER, SOURCE])
        yield opened


@pytest.fixture
def paul(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, "paul")
        yield opened


@pytest.fixture
def fien(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, "fien")
        yield opened


def text_of(page: httpx.Response, status: int = 200) -> str:
    assert page.status_code == status, (page.url, page.headers, page.text)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def given(browser: httpx.Client, **other: Any) -> httpx.Response:
    fields: dict[str, Any] = {
        "number": FRIEND,
        "last_name": "Maes",
        "birth_date": "1980-03-15",
        "scopes": ["usage", "data"],
        "first": str(TODAY),
        "last": str(TODAY + timedelta(days=30)),
    }
    return sent(browser, browser.get("/en/me/acting/give"), **fields | other)


def test_a_parent_looks_for_a_child_and_goes_back(paul: httpx.Client) -> None:
    asked = paul.get("/en/me/acting/children")
    text = text_of(asked)
    assert ("Lotte Peeters" in text, "Karel" in text, CHILD in asked.text) == (True, False, False)
    begun = sent(paul, asked, child="0", list=hidden_fields(asked.text)["list"])
    assert (begun.status_code, begun.headers["location"]) == (303, "/en/me")
    for path in ("/en/me", "/en/me/known", "/en/me/usage", "/en/me/data", "/en/me/reports", "/en/institutions"):
        page = paul.get(path)
        assert "You act for your child Lotte Peeters ." in text_of(page), path
        assert CHILD not in page.text
    assert "29 February 2024" in text_of(paul.get("/en/me/data/now"))
    led = sent(paul, paul.get("/en/me/usage"), institution="", first="", last="", own="yes")
    shown = text_of(paul.get(led.headers["location"]))
    assert "A parent acts for his child" in shown
    assert "A parent for a child" in shown
    stopped = sent(paul, paul.get("/en/me/acting"), do="stop")
    assert stopped.status_code == 303
    assert "You act for" not in text_of(paul.get("/en/me/usage"))
    assert "29 February 2024" not in text_of(paul.get("/en/me/data/now"))


def test_an_error_is_reported_for_the_child(paul: httpx.Client) -> None:
    for_child(paul)
    data = paul.get("/en/me/data/now")
    found = re.search(r'href="([^"]+)"[^>]*>\s*This is wrong', data.text)
    assert found
    form = paul.get(unescape(found[1]))
    fields = hidden_fields(form.text.split("/me/acting", 1)[1])
    led = paul.post("/en/me/wrong", data={**fields, "presumed": "wrong-value", "text": "It ended."})
    assert (led.status_code, led.headers["location"]) == (303, "/en/me/reports")
    assert "Waiting for an answer" in text_of(paul.get("/en/me/reports"))
    sent(paul, paul.get("/en/me/acting"), do="stop")
    assert "Waiting for an answer" not in text_of(paul.get("/en/me/reports"))


def test_a_form_of_another_tab_does_nothing_for_whom_one_acts_now(paul: httpx.Client) -> None:
    own = paul.get("/en/me/box/consent")
    for_child(paul)
    told = sent(paul, own, wanted="yes", last="")
    assert "You act for Lotte Peeters now." in text_of(told, 409)
    assert "Your box is active" not in text_of(paul.get("/en/me/box"))
    of_child = paul.get("/en/me/box/consent")
    sent(paul, paul.get("/en/me/acting"), do="stop")
    for fields in ({}, {"form-acting": ""}, {"form-acting": "0" * 32}):
        told = sent(paul, of_child, wanted="yes", last="", **fields)
        assert "You act for yourself now." in text_of(told, 409)
    narrowed = sent(paul, paul.get("/en/me/usage"), institution="", first="", last="", own="", **{"form-acting": ""})
    assert narrowed.status_code == 409
    assert "Your box is active" not in text_of(paul.get("/en/me/box"))
    assert sent(paul, paul.get("/en/me/box/consent"), wanted="yes", last="").status_code == 303
    assert "Your box is active" in text_of(paul.get("/en/me/box"))


def test_no_other_child_can_be_chosen(paul: httpx.Client, fien: httpx.Client) -> None:
    asked = paul.get("/en/me/acting/children")
    handle = hidden_fields(asked.text)["list"]
    for child in ("1", "-1", "", CHILD, "1" * 5000):
        wrong = sent(paul, asked, child=child, list=handle)
        assert "Choose a child" in text_of(wrong, 422)
    assert "knows no child of yours" in text_of(fien.get("/en/me/acting/children"))
    stolen = fien.post(
        "/en/me/acting/children",
        data={**hidden_fields(fien.get("/en/me/acting/give").text), "child": "0", "list": handle},
    )
    assert stolen.status_code == 404


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_a_link_on_another_site_asks_no_register(paul: httpx.Client, origin: str) -> None:
    led = paul.get("/en/me/acting/children", headers={"sec-fetch-site": origin})
    assert (led.status_code, led.headers["location"]) == (303, "/en/me/acting")


def test_a_mandate_is_given_accepted_used_and_withdrawn_while_it_is_used(
    paul: httpx.Client, fien: httpx.Client
) -> None:
    assert given(paul).headers["location"] == "/en/me/acting"
    mine = text_of(paul.get("/en/me/acting"))
    assert "Waits to be accepted" in mine
    assert FRIEND in mine
    asked = fien.get("/en/me/acting")
    assert "Paul Peeters" in text_of(asked)
    assert PARENT not in asked.text
    wanted = mandate_in(asked)
    assert sent(fien, asked, do="act", mandate=wanted).status_code == 422
    assert sent(fien, fien.get("/en/me/acting"), do="accept", mandate=wanted).status_code == 303
    assert sent(fien, fien.get("/en/me/acting"), do="act", mandate=wanted).headers["location"] == "/en/me"
    assert "You act for Paul Peeters ." in text_of(fien.get("/en/me"))
    assert PARENT not in fien.get("/en/me/acting").text
    assert "You act for Paul Peeters ." in text_of(fien.get("/en/me/usage"))
    data = fien.get("/en/me/data/now")
    assert (data.status_code, "This is wrong" in data.text) == (200, False)
    assert fien.get("/en/me/wrong?of=x&part=0").status_code == 403
    assert fien.get("/en/me/reports").status_code == 403
    assert "What I reported" not in text_of(fien.get("/en/me"))
    led = sent(paul, paul.get("/en/me/usage"), institution=PORTAL, first="", last="", own="")
    seen = paul.get(led.headers["location"])
    assert "Somebody acts under a mandate" in text_of(seen)
    assert FRIEND not in seen.text
    assert "Fien" not in seen.text
    visit = seen.text.split("What was done for you at this portal")[1]
    assert "Maes acted for you, under a mandate that you gave." in unescape(re.sub(r"<[^>]+>", "", visit))
    assert "lines of the log" in visit
    withdrawn = sent(paul, paul.get("/en/me/acting"), do="end", mandate=wanted)
    assert withdrawn.status_code == 303
    refused = fien.get("/en/me/usage")
    assert refused.status_code == 403
    assert "You may not do this for that person, or not any more." in refused.text
    assert "Back to yourself" in refused.text
    told = paul.get("/en/me/usage").text.split("What was done for you at this portal")[1]
    assert "Refused" in told
    assert "Maes wanted to act for you, under a mandate that you gave." in unescape(re.sub(r"<[^>]+>", "", told))
    assert sent(fien, fien.get("/en/me/acting"), do="stop").status_code == 303
    own = sent(fien, fien.get("/en/me/usage"), institution=PORTAL, first="", last="", own="yes")
    assert "You acted for Paul Peeters , under a mandate." in text_of(fien.get(own.headers["location"]))
    assert "Withdrawn" in text_of(paul.get("/en/me/acting"))
    again = sent(fien, asked, do="act", mandate=wanted)
    assert "does not count" in text_of(again, 422)


def test_who_acts_for_somebody_neither_acts_further_nor_gives_mandates(paul: httpx.Client) -> None:
    form, asked = paul.get("/en/me/acting/give"), paul.get("/en/me/acting/children")
    for_child(paul)
    assert paul.get("/en/me/acting/give").headers["location"] == "/en/me/acting"
    assert paul.get("/en/me/acting/children").headers["location"] == "/en/me/acting"
    fields = {"number": FRIEND, "last_name": "Maes", "birth_date": "1980-03-15", "scopes": "usage"}
    days = {"first": str(TODAY), "last": str(TODAY)}
    assert sent(paul, form, **fields, **days).status_code == 403
    assert sent(paul, asked, child="0", list=hidden_fields(asked.text)["list"]).status_code == 404
    now = paul.get("/en/me/acting")
    assert "Nobody passes a mandate on." in text_of(now)
    assert sent(paul, now, do="act", mandate="00000000-0000-7000-8000-000000000000").status_code == 403


@pytest.mark.parametrize(
    ("other", "sentence"),
    [
        ({"number": PARENT}, "It cannot be your own number."),
        ({"number": "123"}, "Look at number and name again."),
        ({"last_name": "Otherwise"}, "The register does not know a person with this number, name and birth date."),
        ({"birth_date": "1981-03-15"}, "The register does not know a person with this number, name and birth date."),
        ({"birth_date": "soon"}, "Write a birth date: 27 3 1980, or what is known of it"),
        ({"birth_date": ""}, "Write a birth date: 27 3 1980, or what is known of it"),
        ({"birth_date": "1980"}, "The register does not know a person with this number, name and birth date."),
        ({"last_name": ""}, "Write the last name"),
        ({"scopes": []}, "Choose for what"),
        ({"last": str(TODAY + timedelta(days=6 * 366))}, "end at most five years after that"),
        ({"first": str(TODAY - timedelta(days=1))}, "Begin today or later"),
    ],
)
def test_a_mandate_that_cannot_be_is_shown_again_with_what_is_wrong(
    paul: httpx.Client, other: dict[str, Any], sentence: str
) -> None:
    again = given(paul, **other)
    assert sentence in text_of(again, 422)
    assert f'value="{other.get("number", FRIEND)}"' in again.text


@pytest.mark.parametrize(
    ("giver", "number", "typed"),
    [
        ("samir", THIRTIES, {"birth_date": "00/00/1931"}),
        ("nour", SUMMER, {"birth_date": "", "birth_date-month": "6", "birth_date-year": "1950"}),
    ],
)
def test_of_who_gets_a_mandate_the_birth_date_may_be_incomplete(
    here: Portal, giver: str, number: str, typed: dict[str, str]
) -> None:
    with here.client() as browser:
        log_in(browser, giver)
        taken = given(browser, number=number, last_name="Aziz", **typed)
    assert taken.headers["location"] == "/en/me/acting", text_of(taken, 422)


def test_who_guesses_is_told_to_wait_for_tomorrow(here: Portal) -> None:
    with here.client() as karel:
        log_in(karel, "karel")
        for one in "abcde":
            again = given(karel, last_name=f"Otherwise{one}")
            assert "The register does not know a person" in text_of(again, 422)
        assert "Try again tomorrow." in text_of(given(karel), 422)


def test_a_hostile_name_is_text_to_the_other(here: Portal, fien: httpx.Client) -> None:
    with here.client() as clown:
        log_in(clown, "clown")
        assert given(clown).status_code == 303
    page = fien.get("/en/me/acting")
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text


def test_who_has_no_number_acts_for_nobody(here: Portal) -> None:
    with here.client() as olga:
        log_in(olga, "olga")
        assert olga.get("/en/me/acting").status_code == 403
        assert olga.get("/en/me/acting/children").status_code == 403


def test_another_login_acts_for_nobody(here: Portal, paul: httpx.Client) -> None:
    for_child(paul)
    with here.client() as elsewhere:
        log_in(elsewhere, "paul")
        assert "You act for" not in text_of(elsewhere.get("/en/me/usage"))


def test_every_page_needs_a_sure_login() -> None:
    for handler in acting.ROUTES:
        assert handler.opt["needs"] == citizen.CITIZEN


@pytest.mark.browser
def test_chromium_finds_no_barrier_and_no_page_is_wider_than_a_small_screen(here: Portal) -> None:
    with here.client() as paul:
        log_in(paul, "paul")
        given(paul)
    with chromium() as browser:
        page = browser.new_page(base_url=here.url, viewport={"width": 320, "height": 640})
        page.goto("/en/me")
        page.locator("button[value=paul]").click()
        page.wait_for_url("**/en/me")
        for path in ("/me/acting", "/me/acting/give", "/me/acting/children"):
            page.goto(f"/en{path}")
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.get_by_label("Lotte Peeters").check()
        page.get_by_role("button", name="Act for this child").press("Enter")
        page.wait_for_url("**/en/me")
        assert violations(page) == []
        page.goto("/en/me/acting")
        assert violations(page) == []
        page.get_by_role("button", name="Back to yourself").press("Enter")
        page.wait_for_url("**/en/me")
        assert page.get_by_text("You act for").count() == 0
