"""The pages of a citizen: who knows me, who looked, my data, and what is wrong; and nothing of anybody else."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from chromium import chromium, violations
from commands import typed
from crossroads.bootstrap.keys import log_key
from crossroads.kernel.period import Period
from crossroads.portal.pages import citizen, citizen_errors
from crossroads.wire.mutations import NoticeKind
from crossroads.wire.notes import NoteVerifier
from database import Database, execute
from looking import CENTRE, INSPECTION, OTHER, PORTAL, SOURCE, WORK, delivered, given, posted, with_inspection
from networks import belgium, line
from portals import CITIZEN, PERSONAS, Portal, hidden_fields, log_in, portal
from raw import Asker
from tongues import only_elsewhere, unmarked

ANNA, BERT = "80631512393", "75620814572"
"""Two of the personas."""
STRANGER = "bert-again"
"""As the second, and as sure as a page about oneself needs."""
RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)
RIGHTS = "https://rights.example"
"""Where the pages of the institution that keeps statuses would be."""
PAGES = ("/me/known", "/me/usage", "/me/data", "/me/data/now", "/me/reports")


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("citizen") / "p"
    inscriptions = [
        line(ANNA, CENTRE, "17:2", "2020-01-01"),
        line(ANNA, CENTRE, "17:2", "2018-01-01", "2019-12-31"),
        *(line(ssin, SOURCE, "12:30", "2020-01-01") for ssin in (ANNA, BERT)),
    ]
    members: dict[str, Any] = {
        CENTRE: {},
        OTHER: {},
        PORTAL: {},
        SOURCE: {"groups": {WORK: {"sql": RELATIONS, "list": "relations"}}},
    }
    with portal(
        folder,
        module_database,
        document=with_inspection(belgium()),
        settings={"client": folder / "network" / PORTAL / "participant.yaml", "statuses_url": RIGHTS},
        members=members,
        persons=[ANNA, BERT],
        inscriptions=inscriptions,
        personas=[*PERSONAS, {"id": STRANGER, "name": "Bert Claes", "ssin": BERT}],
    ) as opened:
        opened.built.member(SOURCE).store({"relations": (("ssin", "start_date"), [(ANNA, "2024-02-29")])})
        opened.built.start_hub()
        opened.built.start_members([SOURCE])
        yield opened


@pytest.fixture
def browser(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, CITIZEN)
        yield opened


def text_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def follow(browser: httpx.Client, page: httpx.Response, words: str) -> httpx.Response:
    """Follow the first link whose text begins with these words."""
    found = re.search(rf'href="([^"]+)"[^>]*>\s*{words}', page.text)
    assert found, page.text
    return browser.get(unescape(found[1]))


def sent(browser: httpx.Client, page: httpx.Response, **fields: str) -> httpx.Response:
    """Send the form of a page to where it goes."""
    path = page.url.copy_with(query=None)
    return browser.post(str(path), data={**hidden_fields(page.text), **fields})


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_each_page_is_shown_in_each_language_and_holds_no_number(
    browser: httpx.Client, path: str, language: str
) -> None:
    page = browser.get(f"/{language}{path}")
    assert page.status_code == 200, page.text
    assert f'lang="{language}"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert ANNA not in page.text + str(page.headers) + str(page.url)
    assert not re.search(r"%\(\w+\)s", page.text)
    assert unmarked(page.text, only_elsewhere(belgium().institutions, language)) == []


@pytest.mark.parametrize("path", [*PAGES, "/me/wrong", "/me/usage/proof?list=x&line=0"])
def test_nobody_sees_them_without_logging_in(here: Portal, path: str) -> None:
    with here.client() as stranger:
        answer = stranger.get(f"/en{path}")
        assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/en/login")


def test_a_login_that_is_not_sure_enough_and_one_without_number_see_nothing(here: Portal) -> None:
    with here.client() as weak:
        log_in(weak, "bert")
        assert weak.get("/en/me/usage").headers["location"].startswith("/en/login")
    with here.client() as officer:
        log_in(officer, "olga")
        assert officer.get("/en/me/usage").status_code == 403


def test_who_knows_me(browser: httpx.Client) -> None:
    text = text_of(browser.get("/en/me/known"))
    opened, closed = text.split("Closed files")
    assert "National Social Security Office" in opened
    assert "1 January 2020 still open" in opened
    assert "31 December 2019" in closed


def test_who_looked_and_why_with_a_proof_that_anybody_can_check(
    here: Portal, browser: httpx.Client, tmp_path: Path
) -> None:
    answer = Asker(here.built, CENTRE).ask(ANNA, WORK).answer
    Asker(here.built, OTHER).ask(BERT, WORK)
    page = browser.get("/en/me/usage")
    text = text_of(page)
    assert str(answer.ticket) in text
    assert "Asked for data about you" in text
    assert "Social inquiry of a public welfare centre" in text
    assert "Granted" in text
    assert "agent" not in text
    proof = follow(browser, page, "Proof that this stands in the log")
    assert proof.headers["content-disposition"] == 'attachment; filename="proof.json"'
    file = tmp_path / "proof.json"
    file.write_bytes(proof.content)
    assert [one["opened"]["event"]["value"] for one in json.loads(proof.content)] == [
        "exchange:question:decided",
        "exchange:answer:sent",
    ]
    key = NoteVerifier.parse(str(log_key(here.built.installation).verifier))
    checked = typed("audit", "check", str(file), "--log-key", str(key))
    assert (checked.code, "proven" in checked.stdout) == (0, True), checked
    assert ANNA not in page.text


def test_who_was_told_of_a_change_is_said_in_plain_words(here: Portal, browser: httpx.Client) -> None:
    """By whom, to whom and why; of data that changed at a source, and of what the hub itself tells."""
    answer = given(here.built, ANNA)
    days = {"startDate": "2026-01-01", "endDate": "2026-03-31"}
    said = {"reference": "told", "ssin": ANNA, "dataGroup": WORK, "period": days}
    report = {**said, "ticket": str(answer.ticket), "presumed": "wrong-value"}
    assert posted(here.built, "/v1/error-reports", report, CENTRE).status == 202
    assert [one.notice.kind for one in delivered(here.built, SOURCE) if one.notice] == [NoticeKind.PRESUMED_ERROR]
    wrong_since = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    change = {"context": "12:30", "kind": "corrected", "happenedOn": "2026-01-01", "wrongSince": wrong_since}
    assert posted(here.built, "/v1/mutations", {"mutations": [said | change]}, SOURCE).status == 200
    assert [one.change.kind for one in delivered(here.built, CENTRE) if one.change] == ["corrected"]
    text = text_of(browser.get("/en/me/usage"))
    told = "Crossroads told National Social Security Office that something may be wrong in what it keeps about you."
    because = "It is the source of these data."
    assert re.search(f"What {re.escape(told)} When [^.]* Why {re.escape(because)}", re.sub(r" (?=[.,])", "", text))
    office = "National Social Security Office"
    mended = f"Data about you were corrected at {office}, which told Crossroads. Crossroads told OCMW Gent."
    assert mended in re.sub(r" (?=[.,])", "", text), text
    assert "was given these data before or asked to be told of changes in them, and an authorisation allows it." in text


def test_a_list_is_narrowed_and_its_address_tells_nothing(here: Portal, browser: httpx.Client) -> None:
    Asker(here.built, CENTRE).ask(ANNA, WORK)
    page = browser.get("/en/me/usage")
    led = sent(browser, page, institution=CENTRE, first="2020-01-01", last="", own="")
    assert led.status_code == 303
    assert CENTRE not in led.headers["location"]
    narrowed = text_of(browser.get(led.headers["location"]))
    assert "Asked for data about you" in narrowed
    later = sent(browser, browser.get("/en/me/usage"), institution="", first="2099-01-01", last="", own="")
    assert "Nothing was found." in text_of(browser.get(later.headers["location"]))
    wrong = sent(browser, browser.get("/en/me/usage"), institution="", first="soon", last="", own="")
    assert (wrong.status_code, "There is no such day" in wrong.text, 'value="soon"' in wrong.text) == (422, True, True)


def test_what_is_not_on_the_page_is_said(browser: httpx.Client, module_database: Database) -> None:
    """Months that went to an archive, and what was done in the name of the person."""
    archived = (
        "INSERT INTO log_entry (stream, index, epoch, event, at, content, leaf)"
        " VALUES (30001, 0, 1, 'log:month:archived', now(), jsonb_build_object('month', '2024-02'::text), '')"
    )
    said = {
        "en": ("not shown here: February 2024", "What was done in your name at this portal is left out here."),
        "nl": ("staan hier niet: februari 2024", "Wat in uw naam op dit portaal gebeurde, staat hier niet bij."),
        "fr": (
            "ne figurent pas ici : février 2024",
            "Ce qui a été fait en votre nom sur ce portail n’est pas repris",
        ),
        "de": (
            "stehen hier nicht: Februar 2024",
            "Was in Ihrem Namen auf diesem Portal getan wurde, steht hier",
        ),
    }
    assert said["en"][0] not in text_of(browser.get("/en/me/usage"))
    asyncio.run(execute(module_database.url("crossroads_owner"), archived))
    for language, words in said.items():
        text = text_of(browser.get(f"/{language}/me/usage"))
        assert [one for one in words if one not in text] == [], text
    led = sent(browser, browser.get("/en/me/usage"), institution="", first="", last="", own="yes")
    assert said["en"][1] not in text_of(browser.get(led.headers["location"]))


def test_more_than_a_page_is_shown_page_by_page(here: Portal, browser: httpx.Client) -> None:
    tickets = [str(Asker(here.built, CENTRE).ask(ANNA, WORK).answer.ticket) for _ in range(25)]
    page = browser.get("/en/me/usage")
    older = re.search(r'rel="next" href="([^"]+)"', page.text)
    assert older
    both = page.text + browser.get(unescape(older[1])).text
    assert all(ticket in both for ticket in tickets)


def test_what_is_under_embargo_is_on_no_page(here: Portal, browser: httpx.Client) -> None:
    answer = Asker(here.built, OTHER).ask(ANNA, WORK, legal_context=INSPECTION).answer
    assert answer.status.code == "MSG00000"
    text = text_of(browser.get("/en/me/usage"))
    assert str(answer.ticket) not in text
    assert "This says nothing about you." in text
    assert "Inspection" in text


@pytest.mark.parametrize("origin", ["cross-site", "same-site"])
def test_a_link_on_another_site_asks_no_source(browser: httpx.Client, origin: str) -> None:
    led = browser.get("/en/me/data/now", headers={"sec-fetch-site": origin}, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (303, "/en/me/data")


def test_my_data_is_shown_and_a_silent_source_is_named(browser: httpx.Client) -> None:
    page = browser.get("/en/me/data/now")
    text = text_of(page)
    assert "Employment relations" in text
    assert "29 February 2024" in text
    for one in (page, browser.get("/en/me/data")):
        assert f'href="{RIGHTS}/en/mine"' in one.text
    # The welfare centre has the person on file, and its participant does not run.
    assert "These institutions did not answer" in text
    assert "A person looks at his own data" not in text_of(browser.get("/en/me/usage"))
    led = sent(browser, browser.get("/en/me/usage"), institution="", first="", last="", own="yes")
    own = text_of(browser.get(led.headers["location"]))
    assert "A person looks at his own data" in own
    assert "Details and proof" in own


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ("Arbeidsrelaties", "Type werknemer", "gewone werknemer", "29 februari 2024")),
        ("fr", ("Relations de travail", "Type de travailleur", "travailleur ordinaire", "29 février 2024")),
        ("de", ("Arbeitsverhältnisse", "Art des Arbeitnehmers", "gewöhnlicher Arbeitnehmer", "29. Februar 2024")),
        ("en", ("Employment relations", "Type of worker", "ordinary worker", "29 February 2024")),
    ],
)
def test_my_data_is_in_plain_words_of_the_language(
    browser: httpx.Client, language: str, words: tuple[str, ...]
) -> None:
    text = text_of(browser.get(f"/{language}/me/data/now"))
    assert [word for word in words if word not in text] == []
    assert "OTH" not in text
    assert "2024-02-29" not in text


def test_an_authorisation_is_named_in_the_language_and_no_inside_note_is_shown(browser: httpx.Client) -> None:
    for language, name in (("nl", "Sociaal onderzoek van een OCMW"), ("de", "Sozialuntersuchung eines ÖSHZ")):
        page = browser.get(f"/{language}/authorisations/CR-ILL/social-inquiry-1")
        assert name in text_of(page)
        assert "ours:" not in page.text
        assert "cbss.md" not in page.text


def test_a_refusal_is_a_sentence_and_its_code_stands_apart(here: Portal, browser: httpx.Client) -> None:
    answer = Asker(here.built, OTHER).ask(ANNA, WORK).answer
    assert answer.status.detail == "CR-NOT-INSCRIBED"
    page = browser.get("/fr/me/usage").text
    line = next(part for part in page.split('<div class="govuk-summary-card">') if str(answer.ticket) in part)
    seen, _, opened = line.partition("<details")
    assert "L’institution n’a pas de dossier" in unescape(seen)
    assert ("CR-NOT-INSCRIBED" in seen, opened.count("CR-NOT-INSCRIBED")) == (False, 1)


def test_who_when_why_and_what_came_of_it_is_seen_at_once_and_one_day_stands_once(
    here: Portal, browser: httpx.Client
) -> None:
    day = Period(date(2026, 1, 1), date(2026, 1, 1))
    answer = Asker(here.built, CENTRE).ask(ANNA, WORK, period=day).answer
    page = browser.get("/en/me/usage").text
    line = next(part for part in page.split('<div class="govuk-summary-card">') if str(answer.ticket) in part)
    seen, _, opened = line.partition("<details")
    for said in ("OCMW Gent", "Granted", "When", "Why", "Social inquiry of a public welfare centre"):
        assert said in seen, said
    assert "Which data" not in seen
    assert "<details" not in opened
    assert opened.count("1 January 2026") == 1


def test_an_error_reaches_its_source_and_the_answer_comes_back(here: Portal, browser: httpx.Client) -> None:
    form = follow(browser, browser.get("/en/me/data/now"), "This is wrong")
    assert "What is wrong?" in text_of(form)
    empty = sent(browser, form, text="It ended in 2023.")
    assert (empty.status_code, "It ended in 2023." in empty.text) == (422, True)
    numbered = sent(browser, form, presumed="wrong-value", text=f"Ask {BERT}")
    assert (numbered.status_code, "no number of a person" in numbered.text) == (422, True)
    led = sent(browser, form, presumed="wrong-value", text="It ended in 2023.")
    assert (led.status_code, led.headers["location"]) == (303, "/en/me/reports")
    twice = sent(browser, form, presumed="wrong-value", text="It ended in 2023.")
    assert twice.headers["location"] == "/en/me/reports"
    waiting = text_of(browser.get("/en/me/reports"))
    assert "It lies ready in the mailbox of the source" in waiting
    assert waiting.count("Waiting for an answer") == 1
    assert "A value is wrong" in waiting
    open_reports = json.loads(posted(here.built, "/v1/error-reports/query", {}, SOURCE).body)["items"]
    answered = {"report": open_reports[-1]["report"], "outcome": "rejected", "reason": "The contract runs on."}
    assert posted(here.built, "/v1/error-reports/answer", answered, SOURCE).status == 200
    text = text_of(browser.get("/en/me/reports"))
    assert "Found to be right" in text
    assert "It lies ready" not in text
    assert "The contract runs on." in text


def test_nobody_reports_what_was_not_shown_to_him(here: Portal, browser: httpx.Client) -> None:
    assert browser.get("/en/me/wrong").status_code == 404
    assert browser.get("/en/me/wrong?of=invented&part=0").status_code == 404
    of_other = Asker(here.built, PORTAL).ask(BERT, WORK, legal_context="PERSON:OWN_ACCESS").answer
    form = follow(browser, browser.get("/en/me/data/now"), "This is wrong")
    stolen = sent(browser, form, ticket=str(of_other.ticket), presumed="wrong-value", text="x")
    assert stolen.status_code == 403
    bad = sent(browser, form, ticket="no-ticket", presumed="wrong-value", text="x")
    assert bad.status_code == 404


def test_the_proof_of_another_list_is_nobodys(here: Portal, browser: httpx.Client) -> None:
    page = browser.get("/en/me/usage")
    handle = re.search(r"list=([^&\"]+)&amp;line=0", page.text)
    assert handle
    with here.client() as other:
        log_in(other, CITIZEN)
        assert other.get(f"/en/me/usage/proof?list={handle[1]}&line=0").status_code == 404
    log = here.built.home / "logs" / "portal.log"
    before = len(log.read_text().splitlines())
    with here.client() as stranger:
        log_in(stranger, STRANGER)
        assert stranger.get(f"/en/me/usage/proof?list={handle[1]}&line=0").status_code == 404
    (told,) = log.read_text().splitlines()[before:]
    assert "NotYours" in told
    assert "/{language}/me/usage/proof" in told
    assert handle[1] not in told
    assert browser.get(f"/en/me/usage/proof?list={handle[1]}&line=99").status_code == 404


def test_a_hostile_text_is_text(browser: httpx.Client) -> None:
    form = follow(browser, browser.get("/en/me/data/now"), "This is wrong")
    hostile = "<script>alert(1)</script> \u202e"
    back = sent(browser, form, presumed="", text=hostile)
    assert "<script>alert" not in back.text
    assert back.status_code == 422


def test_every_page_of_a_citizen_needs_a_sure_login() -> None:
    for handler in (*citizen.ROUTES, *citizen_errors.ROUTES):
        assert handler.opt["needs"] == citizen.CITIZEN


@pytest.mark.browser
def test_chromium_finds_no_barrier_and_no_page_is_wider_than_a_small_screen(here: Portal) -> None:
    Asker(here.built, CENTRE).ask(ANNA, WORK)
    with chromium() as browser:
        page = browser.new_page(base_url=here.url, viewport={"width": 320, "height": 640})
        page.goto("/en/me")
        page.locator(f"button[value={CITIZEN}]").click()
        page.wait_for_url("**/en/me")
        for path in PAGES:
            page.goto(f"/en{path}")
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert violations(page) == [], path
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
        page.goto("/en/me/data/now")
        page.get_by_role("link", name="This is wrong").first.press("Enter")
        page.get_by_role("button", name="Send").press("Enter")
        assert page.get_by_role("alert").inner_text().startswith("There is a problem")
        assert violations(page) == []


@pytest.mark.browser
def test_everything_works_without_scripts(here: Portal) -> None:
    with chromium() as browser:
        page = browser.new_context(base_url=here.url, java_script_enabled=False).new_page()
        page.goto("/nl/me")
        page.locator(f"button[value={CITIZEN}]").click()
        page.get_by_role("link", name="Wie keek").click()
        page.get_by_text("Minder of meer tonen").click()
        since = page.get_by_role("group", name="Van", exact=True)
        for part, typed in (("Dag", "31"), ("Maand", "februari"), ("Jaar", "2099")):
            since.get_by_role("textbox", name=part).fill(typed)
        page.get_by_role("button", name="Tonen", exact=True).click()
        assert "Die dag bestaat niet" in page.get_by_role("alert").inner_text()
        assert since.get_by_role("textbox", name="Maand").input_value() == "februari"
        since.get_by_role("textbox", name="Dag").fill("1")
        page.get_by_role("button", name="Tonen", exact=True).click()
        assert page.get_by_text("Er is niets gevonden.").is_visible()
