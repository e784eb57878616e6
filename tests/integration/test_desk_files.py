"""A desk at work: people in a file, a start in the middle of a form, two browsers, bad names, heads of logs."""

import gzip
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from playwright.sync_api import Page, expect

from chromium import chromium, overflow, tab, type_day, violations
from commands import typed
from crossroads.bench.population import mock_number
from crossroads.kernel.clock import brussels_day
from database import Database
from desks import ANNA, CENTRE, MARIE, NORA, PIET, SOURCE, STAN, WORK, Browser, RunningDesk, desks, filled, over, words
from raw import INQUIRY, person

SOMEBODY = person(5)
ASKED = {"groups": WORK, "first": "2026-01-01", "last": "2026-03-31"}
HOSTILE = '<script>alert(1)</script><b>" \u05d0\u05d1 \U0001f600 ' + "x" * 150
TODAY = brussels_day(datetime.now(UTC))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk") / "d"
    with desks(folder, module_database, people=[SOMEBODY], workers=1) as (opened, _):
        with opened.browser(MARIE) as boss:
            place = boss.done("/users/new", name="Stan Jacobs", subject=STAN)
            last = str(TODAY + timedelta(days=9))
            boss.done(place, power="staff", context=INQUIRY, first=str(TODAY), last=last)
        yield opened


@pytest.fixture
def stan(here: RunningDesk) -> Iterator[Browser]:
    with here.browser(STAN) as browser:
        yield browser


def test_everybody_sees_links_only_to_what_is_open(here: RunningDesk, stan: Browser) -> None:
    with here.browser(MARIE) as marie:
        marie.done("/users/new", name="Piet Mertens", subject=PIET)
        with here.browser(PIET) as piet:
            for browser in (stan, marie, piet):
                linked = set(re.findall(r'href="/en(/[a-z/]+)"', browser.get("").text))
                seen = {link: browser.http.get(f"/en{link}").status_code for link in linked}
                assert seen == dict.fromkeys(linked, 200)
            assert "/users" not in stan.get("").text
            assert "/ask" not in marie.get("").text
            assert "You have no role today" in piet.get("").text


def test_a_refusal_in_the_traffic_is_said_in_words_with_its_code_behind(stan: Browser) -> None:
    asked = stan.done("/ask", ssin=person(78), **ASKED)
    assert "The question was refused" in stan.get(asked).text
    cell = stan.http.get("/nl/traffic").text.partition("<tbody")[2].partition("</tr>")[0]
    said, _, details = cell.partition("<details")
    assert "Uw instelling heeft geen inschrijving van deze persoon" in said
    assert "CR-NOT-INSCRIBED" not in said
    assert "CR-NOT-INSCRIBED" in details


def test_everything_has_its_name_in_the_language_of_the_page(stan: Browser) -> None:
    for language, title in (("nl", "Loket van"), ("en", "Desk of"), ("fr", "Guichet"), ("de", "Schalter")):
        page = stan.http.get(f"/{language}").text
        assert title in page
        assert CENTRE not in page.partition("<body")[2]
    form = stan.http.get("/nl/ask").text
    parts = (re.findall(r'<label[^>]*for="groups[^>]*>\s*(.+?)\s*</label>', part) for part in form.split("<legend"))
    sectors = [names for names in parts if names]
    assert len(sectors) > 1
    for names in sectors:
        assert len(set(names)) == len(names)
        assert names == sorted(names, key=str.casefold)
    assert [re.findall(rf'name="first{part}" type="text" value="(\d+)"', form) for part in ("", "-month", "-year")] == [
        [str(TODAY.day)],
        [str(TODAY.month)],
        [str(TODAY.year)],
    ]
    shown = stan.http.get(f"/nl{stan.done('/ask', ssin=ANNA, **ASKED)}").text
    assert "1 januari 2024" in shown


def sent(stan: Browser, content: bytes, **fields: str) -> httpx.Response:
    """Send the form of a batch with a file."""
    typed = {**filled(stan.get("/batches/new")), **ASKED, **fields}
    return stan.http.post("/en/batches/new", data=typed, files={"file": ("people.csv", content, "text/csv")})


def completed(stan: Browser, answer: httpx.Response) -> str:
    """Wait until a batch that was taken is answered, and give its page."""
    assert answer.status_code == 303, words(answer)
    place = str(answer.headers["location"]).removeprefix("/en")
    while "Completed" not in stan.get(place).text:
        time.sleep(0.2)
    return place


@pytest.mark.parametrize(
    "content",
    [
        f"{ANNA}\r\n\r\n{SOMEBODY[:6]}-{SOMEBODY[6:9]}.{SOMEBODY[9:]}\r\n{ANNA}\r\n".encode("utf-8-sig"),
        f"ssin\n{SOMEBODY}\n{ANNA}\n".encode(),
    ],
    ids=["list", "columns"],
)
def test_people_are_sent_in_a_file_and_the_result_comes_as_one(stan: Browser, content: bytes) -> None:
    place = completed(stan, sent(stan, content))
    shown = stan.get(place)
    answer = stan.http.post(f"/en{place}", data={**filled(shown), "act": "file"})
    assert answer.headers["content-disposition"].startswith("attachment")
    lines = [msgspec.json.decode(line) for line in answer.text.splitlines()]
    assert {line["ssin"]["value"] for line in lines} == {ANNA, SOMEBODY}
    stan.done(place, act="acknowledge")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\xff\xfe1\x00", "This is no file of text"),
        (f"{ANNA}\nabc\n".encode(), "Line 2 is not the number of a person"),
        (f"ssin\n{ANNA}\nabc\n".encode(), "Nothing was sent"),
        (b"\n\n", "Enter at least one number"),
        # What somebody would send who wants to break the desk.
        (gzip.compress(bytes(10_000_000)), "This is no file of text"),
        (b"ssin" + b",a" * 200_000 + b"\n", "Nothing was sent"),
        (f'ssin\n"{ANNA}'.encode() + b"x" * 500_000, "Nothing was sent"),
        (f"ssin,customerTicket\n{ANNA},\x1b[31m\n".encode(), "Nothing was sent"),
        (f"ssin,startDate,endDate\n{ANNA},0000-00-00,9999-99-99\n".encode(), "Nothing was sent"),
        (b"\0" * 500_000, "Line 1 is not the number of a person"),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_a_file_that_is_no_list_of_people_is_refused_with_the_reason(stan: Browser, content: bytes, fault: str) -> None:
    answer = sent(stan, content)
    assert (answer.status_code, fault in words(answer)) == (422, True), words(answer)
    assert ANNA not in answer.text


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nl", "Er is niets verstuurd. Regel 3: De controlecijfers van het INSZ kloppen niet."),
        ("fr", "Rien n’a été envoyé. Ligne 3 : Les chiffres de contrôle du NISS sont faux."),
        ("de", "Es wurde nichts gesendet. Zeile 3: Die Prüfziffern der ENSS sind falsch."),
        ("en", "Nothing was sent. Line 3: The check digits of the SSIN are wrong."),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line_in_the_language_of_the_page(
    stan: Browser, language: str, said: str
) -> None:
    wrong = f"ssin\n{ANNA}\n{int(SOMEBODY) + 1:011}\n".encode()
    fields = {**filled(stan.http.get(f"/{language}/batches/new")), **ASKED}
    answer = stan.http.post(f"/{language}/batches/new", data=fields, files={"file": ("people.csv", wrong, "text/csv")})
    assert answer.status_code == 422
    assert said in words(answer)
    assert ANNA not in answer.text


def test_a_list_and_a_file_are_not_taken_together(stan: Browser) -> None:
    answer = sent(stan, SOMEBODY.encode(), numbers=ANNA)
    assert (answer.status_code, "not both" in words(answer)) == (422, True)
    assert ANNA in answer.text


def test_what_is_too_much_is_refused_whole(stan: Browser) -> None:
    many = "\n".join(mock_number(day, 1) for day in range(501))
    assert "Enter at most 500 numbers" in stan.faults("/batches/new", numbers=many, **ASKED)
    cut = "\n".join([ANNA, " " * 10_000, SOMEBODY])
    assert "Enter at most 500 numbers" in stan.faults("/batches/new", numbers=cut, **ASKED)
    assert sent(stan, b"1" * 1_200_000).status_code == 413


def test_a_page_that_takes_no_files_takes_no_form_with_one(stan: Browser) -> None:
    typed = {**filled(stan.get("/ask")), **ASKED, "ssin": ANNA}
    answer = stan.http.post("/en/ask", data=typed, files={"file": ("x", b"x")})
    assert answer.status_code == 403


def test_who_works_at_a_desk_goes_on_when_it_is_started_again(here: RunningDesk) -> None:
    with here.browser(STAN) as before:
        shown, cookies = before.get("/ask"), dict(before.http.cookies)
    processes, name = here.built.processes, f"desk-{here.port}"
    processes.stop(name)
    log = here.built.home / "logs" / f"{name}.log"
    processes.start(name, ["desk", "serve", str(here.settings)], log, here.built.environment)
    processes[name].wait_for(f"{here.url}/health")
    with here.browser() as after:
        after.http.cookies.update(cookies)
        answer = after.http.post("/en/ask", data=over(shown, ASKED | {"ssin": ANNA}))
        assert answer.status_code == 303, words(answer)
        assert "There are data" in after.get(answer.headers["location"].removeprefix("/en")).text


def test_a_log_is_held_against_a_head_that_was_kept_elsewhere(here: RunningDesk, stan: Browser) -> None:
    printed = here.command("log", "verify").stdout
    heads = {line.split(":")[0]: line.rpartition("head ")[2] for line in printed.splitlines()}
    stan.send("/mailbox")
    known = ("--known-acts", heads["acts"], "--known-traffic", heads["traffic"])
    grown = here.command("log", "verify", *known)
    assert (grown.code, heads["traffic"] in grown.stdout) == (0, False), grown.stderr
    # A log of as many entries that are not those: as if it had been written anew.
    size, _, root = heads["acts"].partition(":")
    other = here.command("log", "verify", "--known-acts", f"{size}:{root[::-1]}")
    assert other.code == 1
    assert f"does not begin with the {size} entries" in other.stderr
    shorter = here.command("log", "verify", "--known-acts", f"{int(size) + 1000}:{root}")
    assert shorter.code == 1
    assert here.command("log", "verify", "--known-acts", "nothing").code == 1
    source = ("participant", "log", "verify", str(here.built.member(SOURCE).settings))
    head = typed(*source).stdout.rpartition("head ")[2].strip()
    assert [typed(*source, "--known", one).code for one in (head, head[::-1])] == [0, 1]


def browsed(page: Page, persona: str, path: str) -> None:
    """Log in as somebody on the way to a page."""
    page.set_default_timeout(10_000)
    page.goto("/en/me")
    page.locator(f"button[value={persona}]").click()
    page.wait_for_url("**/en/me")
    page.goto(path)


@pytest.mark.browser
def test_no_name_of_a_user_breaks_a_page_in_the_dark_and_enlarged(here: RunningDesk) -> None:
    with here.browser(MARIE) as boss:
        place = boss.done("/users/new", name=HOSTILE, subject=NORA)
        last = str(TODAY + timedelta(days=9))
        boss.done(place, power="staff", context=INQUIRY, first=str(TODAY), last=last)
        (role,) = re.findall(r'href="/en(/roles/\w+)"', boss.get(place).text)
    found, opened = {}, []
    options = {"bypass_csp": True, "color_scheme": "dark", "viewport": {"width": 640, "height": 800}}
    with chromium() as browser, tab(browser, here.url, **options) as page:
        page.on("dialog", lambda dialog: opened.append(dialog.message))
        browsed(page, MARIE, "/en/users")
        for path in ("/users", place, role, "/acts", "/traffic"):
            page.goto(f"/en{path}")
            found[path] = [*violations(page), *(["too wide"] if overflow(page) > 0 else [])]
    with chromium() as browser, tab(browser, here.url, **options) as page:
        page.on("dialog", lambda dialog: opened.append(dialog.message))
        browsed(page, NORA, "/en/delegations")
        for path in ("/me", "/delegations", "/batches/new"):
            page.goto(f"/en{path}")
            found[path] = [*violations(page), *(["too wide"] if overflow(page) > 0 else [])]
    assert {path: what for path, what in found.items() if what} == {}
    assert opened == []


@pytest.mark.browser
def test_of_two_browsers_on_one_role_the_second_is_told_and_decides_again(here: RunningDesk) -> None:
    with here.browser(MARIE) as boss:
        place = boss.done("/users/new", name="Leon Dubois", subject="leon-2")
        last = str(TODAY + timedelta(days=9))
        boss.done(place, power="staff", context=INQUIRY, first=str(TODAY), last=last)
        (role,) = re.findall(r'href="/en(/roles/\w+)"', boss.get(place).text)
    first_day, second_day = (TODAY + timedelta(days=days) for days in (20, 30))
    with chromium() as browser, tab(browser, here.url) as first, tab(browser, here.url) as second:
        for page in (first, second):
            browsed(page, MARIE, f"/en{role}")
        for page, day in ((first, first_day), (second, second_day)):
            type_day(page, "Last day", day)
            page.get_by_label("Year").press("Enter")
        expect(second.get_by_role("alert")).to_contain_text("Somebody else changed this while you looked at it")
        expect(second.get_by_label("Day", exact=True)).to_have_value(str(second_day.day))
        second.get_by_role("link", name="Look at it as it is now").click()
        expect(second.get_by_label("Day", exact=True)).to_have_value(str(first_day.day))
        type_day(second, "Last day", second_day)
        second.get_by_label("Year").press("Enter")
        second.wait_for_url(f"**{place}")
    with here.browser(MARIE) as boss:
        assert f'name="last" type="text" value="{second_day.day}"' in boss.get(role).text
