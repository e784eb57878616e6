"""The pages of a person's box: empty, not active, read, a sender that is down; and nothing of anybody else's."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape

import httpx
import pytest

from boxes import LETTER, Boxes, card, let_a_day_pass, message
from chromium import chromium, overflow, violations
from crossroads.wire.box import Delivery, Subject
from database import Database
from days import today
from looking import CENTRE, PORTAL
from networks import line
from portals import CITIZEN, Portal, hidden_fields, log_in, portal
from portals import NUMBER as ANNA

LANGUAGES = {"en": "My box", "nl": "Mijn box", "fr": "Ma boîte", "de": "Mein Postfach"}
HOSTILE = '<script>alert(1)</script> "x" 😀'


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("box") / "p"
    with portal(
        folder,
        module_database,
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        members={CENTRE: {}, PORTAL: {}},
        persons=[ANNA, "75620814572"],
        inscriptions=[line(ANNA, CENTRE, "17:2", "2020-01-01")],
    ) as opened:
        opened.built.start_hub()
        opened.built.start_members([CENTRE])
        yield opened


@pytest.fixture
def browser(here: Portal) -> Iterator[httpx.Client]:
    with here.client() as opened:
        log_in(opened, CITIZEN)
        yield opened


@pytest.fixture
def centre(here: Portal) -> Boxes:
    return Boxes(here.built)


def words_of(page: httpx.Response, status: int = 200) -> str:
    assert page.status_code == status, page.text
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def follow(browser: httpx.Client, page: httpx.Response, words: str) -> httpx.Response:
    """Follow the first link whose text begins with these words."""
    found = re.search(rf'href="([^"]+)"[^>]*>\s*(?:<[^>]+>)*{re.escape(words)}', page.text)
    assert found, page.text
    return browser.get(unescape(found[1]))


def decide(browser: httpx.Client, **typed: str) -> httpx.Response:
    page = browser.get("/en/me/box/consent")
    return browser.post("/en/me/box/consent", data=hidden_fields(page.text) | typed)


def receive(browser: httpx.Client, centre: Boxes, subject: str) -> httpx.Response:
    """Activate the box, have the centre write, and give the page of the message."""
    decide(browser, wanted="yes")
    assert centre.publish(message(ANNA, subject=Subject(en=subject))).delivery is Delivery.PUBLISHED
    return follow(browser, browser.get("/en/me/box"), subject)


def test_a_box_that_is_not_active_says_so_and_can_be_activated_and_ended(browser: httpx.Client) -> None:
    decide(browser, wanted="no")
    page = browser.get("/en/me/box")
    assert "Your box is not active. Institutions write to you on paper." in words_of(page)
    assert "no-store" in page.headers["cache-control"]
    assert words_of(follow(browser, page, "Activate your box")).count("Do you want messages in your box?") == 1
    last = today() + timedelta(days=40)
    answer = decide(browser, wanted="yes", last=last.isoformat())
    assert (answer.status_code, answer.headers["location"]) == (303, "/en/me/box")
    assert "Your box is active since" in words_of(browser.get("/en/me/box"))
    shown = browser.get("/en/me/box/consent").text
    typed = [re.search(rf'id="last{part}"[^>]* value="([0-9]+)"', shown) for part in ("", "-month", "-year")]
    assert [int(one[1]) for one in typed if one] == [last.day, last.month, last.year]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({}, "Choose whether you want messages in your box"),
        ({"wanted": "perhaps"}, "Choose whether you want messages in your box"),
        ({"wanted": "yes", "last": "tomorrow"}, "There is no such day"),
        ({"wanted": "yes", "last": "2020-01-01"}, "The last day is today, or within a hundred years."),
        ({"wanted": "yes", "last": "2200-12-31"}, "The last day is today, or within a hundred years."),
    ],
)
def test_what_cannot_be_decided_is_said_beside_what_was_typed(
    browser: httpx.Client, typed: dict[str, str], sentence: str
) -> None:
    answer = decide(browser, **typed)
    assert sentence in words_of(answer, 422)
    assert all(f'value="{one}"' in answer.text for name, one in typed.items() if name == "last")


@pytest.mark.parametrize(("language", "title"), LANGUAGES.items())
def test_the_pages_are_there_in_every_language(browser: httpx.Client, language: str, title: str) -> None:
    for path in ("/me/box", "/me/box/consent"):
        page = browser.get(f"/{language}{path}")
        assert page.status_code == 200
        assert page.text.count("<h1") == 1
    assert title in words_of(browser.get(f"/{language}/me/box"))
    assert title in words_of(browser.get(f"/{language}/me"))


def test_a_document_comes_as_a_file_and_the_message_counts_as_opened(browser: httpx.Client, centre: Boxes) -> None:
    page = receive(browser, centre, "About your living wage")
    said = words_of(page)
    assert "Public welfare centre" in said or "Gent" in said
    assert "Opened Not opened yet on" in said
    opened = follow(browser, page, "letter-0.pdf")
    assert (opened.status_code, opened.content) == (200, LETTER)
    assert opened.headers["content-disposition"] == "attachment; filename*=UTF-8''letter-0.pdf"
    assert "no-store" in opened.headers["cache-control"]
    assert opened.headers["x-content-type-options"] == "nosniff"
    listed = browser.get("/en/me/box")
    assert "Opened" in words_of(listed)
    after = follow(browser, listed, "About your living wage")
    assert "Not opened yet" not in words_of(after)


def test_the_proof_is_a_file_of_the_steps(browser: httpx.Client, centre: Boxes) -> None:
    page = receive(browser, centre, "To be proven")
    follow(browser, page, "letter-0.pdf")
    proof = follow(browser, page, "Proof of what happened")
    assert proof.headers["content-disposition"] == 'attachment; filename="proof.json"'
    events = [one["opened"]["event"]["value"] for one in proof.json()]
    assert events == ["box:message:published", "box:document:given"]


def test_no_address_and_no_page_holds_the_number(browser: httpx.Client, centre: Boxes) -> None:
    page = receive(browser, centre, "Without a number")
    for one in (page, browser.get("/en/me/box"), browser.get("/en/me/box/consent")):
        assert ANNA not in one.text
        assert ANNA not in str(one.url)


def test_a_hostile_subject_is_only_text(browser: httpx.Client, centre: Boxes) -> None:
    decide(browser, wanted="yes")
    centre.publish(message(ANNA, subject=Subject(en=HOSTILE)))
    page = browser.get("/en/me/box")
    assert "<script>" not in page.text
    assert HOSTILE in words_of(page)


def test_another_browser_finds_nothing_under_the_name_of_a_message(
    here: Portal, browser: httpx.Client, centre: Boxes
) -> None:
    page = receive(browser, centre, "For Anna alone")
    links = [unescape(one) for one in re.findall(r'href="(/en/me/box/[^"]+)"', page.text)]
    assert len(links) >= 3
    with here.client() as nobody:
        assert {nobody.get(one).status_code for one in links} == {303}
    with here.client() as again:
        log_in(again, CITIZEN)
        assert {again.get(one).status_code for one in links} == {404}
    for wrong in ("at=99", "at=-1", "at=x"):
        assert browser.get(re.sub(r"at=\d+", wrong, links[0])).status_code in {400, 404}
    assert browser.get("/en/me/box/message?of=nothing&at=0").status_code == 404


def test_a_sender_that_is_down_is_said_and_the_rest_is_there(
    here: Portal, browser: httpx.Client, centre: Boxes
) -> None:
    page = receive(browser, centre, "From a sender that is down")
    here.built.processes.stop(CENTRE)
    try:
        answer = follow(browser, page, "letter-1.pdf")
        said = words_of(answer, 503)
        assert "The sender does not answer now." in said
        assert "Not available" in said
        assert "letter-0.pdf" in said
        assert "From a sender that is down" in words_of(browser.get("/en/me/box"))
    finally:
        here.built.start_members([CENTRE])


def test_many_messages_come_in_pages_however_long_their_words(
    here: Portal, browser: httpx.Client, module_database: Database
) -> None:
    decide(browser, wanted="yes")
    mark, documents = "\U0001f4e6", tuple(card(bytes([at]), f"{at:02}.pdf") for at in range(16))
    with Boxes(here.built).client(CENTRE) as hub:
        for day in range(2):
            let_a_day_pass(module_database)
            for number in range(11):
                words = Subject(en=f"Letter {11 * day + number:03d}", nl=mark * 150, fr=mark * 150, de=mark * 150)
                hub.box.publish(message(ANNA, subject=words, documents=documents))
    page = browser.get("/en/me/box")
    older = follow(browser, page, "Next page")
    assert "Letter 021" in words_of(page)
    assert "Letter 021" not in words_of(older)
    assert "Letter 000" in words_of(older)
    assert "Documents" in words_of(follow(browser, older, "Letter 000"))
    assert words_of(follow(browser, older, "Previous page")) == words_of(page)
    assert browser.get("/en/me/box?after=nothing").status_code == 404


def test_what_is_not_opened_stands_first_then_the_newest(
    browser: httpx.Client, centre: Boxes, module_database: Database
) -> None:
    decide(browser, wanted="yes")
    for number in range(3):
        let_a_day_pass(module_database)
        centre.publish(message(ANNA, subject=Subject(en=f"Order {number}")))
    follow(browser, follow(browser, browser.get("/en/me/box"), "Order 2"), "letter-0.pdf")
    shown = words_of(browser.get("/en/me/box"))
    assert shown.index("Order 1") < shown.index("Order 0")
    rest = shown + words_of(follow(browser, browser.get("/en/me/box"), "Next page")) if "Next page" in shown else shown
    assert rest.index("Order 0") < rest.index("Order 2")


def test_a_file_is_called_a_pdf_only_where_it_is_one_by_name_and_content(browser: httpx.Client, centre: Boxes) -> None:
    decide(browser, wanted="yes")
    files = {"real.pdf": LETTER, "program.pdf": b"MZ", "letter.exe": b"%PDF-1.7 MZ"}
    documents = tuple(card(content, name) for name, content in files.items())
    contents = tuple(files.values())
    centre.publish(message(ANNA, contents, subject=Subject(en="Three files"), documents=documents), contents)
    page = follow(browser, browser.get("/en/me/box"), "Three files")
    kinds = {name: follow(browser, page, name).headers["content-type"] for name in files}
    octets = "application/octet-stream"
    assert kinds == {"real.pdf": "application/pdf", "program.pdf": octets, "letter.exe": octets}


def test_what_happened_stands_among_who_looked(browser: httpx.Client, centre: Boxes) -> None:
    receive(browser, centre, "Seen in the log")
    assert "Put a message into your box" in words_of(browser.get("/en/me/usage"))


@pytest.mark.browser
def test_the_pages_are_accessible_and_fit_a_narrow_screen(here: Portal, browser: httpx.Client, centre: Boxes) -> None:
    receive(browser, centre, "For everybody to read")
    with chromium() as chrome:
        tab = chrome.new_page(base_url=here.url, viewport={"width": 320, "height": 640})
        tab.goto("/en/me")
        tab.locator(f"button[value={CITIZEN}]").click()
        tab.wait_for_url("**/en/me")
        for path in ("/me/box/consent", "/me/box"):
            tab.goto(f"/en{path}")
            assert violations(tab) == [], path
            assert overflow(tab) <= 0, path
        tab.get_by_role("link", name="For everybody to read").press("Enter")
        assert tab.get_by_role("heading", level=1).inner_text() == "For everybody to read"
        assert violations(tab) == []
        assert overflow(tab) <= 0
        assert "Not opened yet on" in tab.locator("main").inner_text()
        with tab.expect_download() as download:
            tab.get_by_role("link", name="letter-0.pdf").press("Enter")
        assert download.value.suggested_filename == "letter-0.pdf"
        tab.get_by_text("Not opened yet on").wait_for(state="detached")
