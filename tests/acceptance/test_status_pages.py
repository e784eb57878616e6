"""The pages of the institution that keeps statuses: what a person learns and does there of itself."""

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import unescape
from pathlib import Path

import httpx
import msgspec
import pytest

from attestations import MARIE, PAUL, drawn
from attested import begin_anew, checked, code_of, made, until
from commands import crossroads, typed
from crossroads.kernel.clock import SystemClock
from crossroads.participant import log as own_log
from crossroads.statuses.attestation_signing import read_certificate
from crossroads.statuses.pages.keeper import MOST_ATTESTED
from crossroads.statuses.rights import one_right, read_rights
from crossroads.statuses.verifying import genuine
from crossroads.web.languages import LANGUAGES
from desks import words
from fakehub import FakeHub
from portals import hidden_fields
from status_pages import PORTAL, TARIFF, TODAY, StatusPages, status_pages, write_right

TOLD = {one.id: one for one in read_rights(Path(__file__).parents[2] / "rights" / "belgium")}[TARIFF]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatusPages]:
    hub = FakeHub()
    with status_pages(tmp_path_factory.mktemp("pages"), hub) as opened:
        yield opened
    hub.close()


@pytest.fixture(autouse=True)
def anew(here: StatusPages) -> None:
    begin_anew(here)


def test_a_person_sees_what_is_held_and_takes_along_a_page(here: StatusPages) -> None:
    with here.browser("marie") as marie:
        page = marie.get("/mine")
        shown = words(page)
        assert "Living wage Public welfare centre of Gent" in shown
        assert "Social tariff for gas and electricity" in shown
        assert "FPS Economy" in shown
        assert "You looked at this page" in shown
        assert f'href="{PORTAL}/en/me/data"' in page.text
        assert MARIE not in page.text
        assert page.headers["cache-control"] == "no-store"
        answer = marie.send("/mine/attestation", right=TARIFF, language="fr")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["cache-control"] == "no-store"
        assert "You had an attestation made" in words(marie.get("/mine"))
    text = drawn(answer.content)
    assert f"{here.url}/fr/check:" in text
    code = code_of(here, answer.content)
    assert code in text
    # The address has no code in it: whoever sees an address of ours learns nothing.
    assert f"check#{code}" not in text
    assert f"check?code={code}" not in text
    assert MARIE.encode() not in answer.content


def test_one_who_lives_with_another_sees_the_right_and_not_the_status(here: StatusPages) -> None:
    """Nor the rule: whoever reads it knows which status the other has."""
    with here.browser("paul") as paul, here.browser("marie") as marie:
        page, own = paul.get("/mine"), marie.get("/mine")
    shown = words(page)
    assert "No status of yours is held here." in shown
    assert "Social tariff for gas and electricity" in shown
    assert "Living wage" not in shown
    version = one_right(here.folder / "rights", TARIFF).version[:12]
    assert f"rule 1 of table {version}" in words(own)
    assert version in shown
    assert not re.search(r"rule[ -]\d", page.text)


def test_who_is_not_sure_enough_or_nobody_sees_nothing(here: StatusPages) -> None:
    with here.browser() as nobody:
        for path in ("/mine", "/mine/attestation", "/mine/withdraw", "/mine/return"):
            assert nobody.http.get(f"/en{path}").headers["location"].startswith("/en/login?")
        assert nobody.http.post("/en/mine/withdraw", data={"sure": "yes"}).status_code in (401, 403)
    with here.browser("weak") as weak:
        assert "level=2" in weak.http.get("/en/mine").headers["location"]
    with here.browser("nameless") as nameless:
        for path in ("/mine", "/mine/attestation", "/mine/withdraw"):
            assert "We do not know who you are" in words(nameless.get(path, status=403))
    assert here.buffer.withdrawals() == []


def test_a_person_withdraws_and_comes_back(here: StatusPages) -> None:
    with here.browser("marie") as marie:
        before = words(marie.get("/mine/withdraw"))
        assert "Who lives with you and has a right only by a status of yours can lose it too." in before
        assert "Social tariff" in before
        assert "Say that you want this." in marie.faults("/mine/withdraw")
        assert here.buffer.withdrawals() == []
        assert marie.done("/mine/withdraw", sure="yes") == "/mine"
        assert here.buffer.withdrawals() == [MARIE]
        assert here.buffer.holdings(MARIE) == []
        shown = words(marie.get("/mine"))
        assert "Nothing is told of you" in shown
        assert "Living wage" not in shown
        fields = hidden_fields(marie.get("/me").text) | {"right": TARIFF, "language": "en"}
        refused = marie.http.post("/en/mine/attestation", data=fields)
        assert (refused.status_code, "Choose a right." in refused.text) == (422, True)
        until(lambda: not here.buffer.unforgotten())
        with here.browser("paul") as paul:
            assert "No right of yours is open here." in words(paul.get("/mine"))
        assert marie.done("/mine/return") == "/mine"
        assert here.buffer.withdrawals() == []
        assert list(here.buffer.candidates()) == [MARIE]
        shown = words(marie.get("/mine"))
        assert "You took your withdrawal back" in shown
        assert "You withdrew" in shown
        # No day is told as the one on which sources said something of her: that went.
        assert "Nothing is known of you here yet: the sources are asked about you the next time" in shown
        assert f"You took your withdrawal back on {TODAY.day} {TODAY:%B} {TODAY.year}." in shown
        assert "Until then nobody is told that you have a right." in shown
        assert "rights come by themselves" in shown
        assert "This is all that is held of you here" not in shown
        assert "No status of yours is held here." not in shown


def test_when_the_time_of_the_load_is_over_nothing_is_told_and_one_may_still_withdraw(here: StatusPages) -> None:
    with closing(sqlite3.connect(here.buffer.path)) as buffer, buffer:
        buffer.execute("UPDATE load SET until = '2026-01-31'")
    with here.browser("marie") as marie:
        shown = words(marie.get("/mine"))
        assert "Nothing is told here, of anybody, until the sources are asked again." in shown
        assert "Living wage" not in shown
        assert "No status of yours" not in shown
        assert marie.done("/mine/withdraw", sure="yes") == "/mine"
        assert here.buffer.withdrawals() == [MARIE]


def test_facts_go_also_when_the_process_was_stopped_between(here: StatusPages) -> None:
    with here.buffer.loading(), here.browser("marie") as marie:
        # A load is under way: nothing is told at once, and the facts go later.
        assert marie.done("/mine/withdraw", sure="yes") == "/mine"
        assert here.buffer.unforgotten()
        here.processes["pages"].kill()
    here.start()
    until(lambda: not here.buffer.unforgotten())
    loaded = here.buffer.current()
    assert loaded
    assert not any(MARIE.encode() in path.read_bytes() for path in here.buffer.facts(loaded).glob("holdings*"))


def test_nobody_withdraws_for_somebody_else(here: StatusPages) -> None:
    with here.browser("marie") as marie, here.browser("paul") as paul:
        fields = hidden_fields(paul.get("/mine/withdraw").text) | {"sure": "yes"}
        # With the fields of another's session, with none, and from another site.
        assert marie.http.post("/en/mine/withdraw", data=fields).status_code == 403
        assert marie.http.post("/en/mine/withdraw", data={"sure": "yes"}).status_code == 403
        own = hidden_fields(marie.get("/mine/withdraw").text) | {"sure": "yes"}
        evil = {"origin": "https://evil.example"}
        assert marie.http.post("/en/mine/withdraw", data=own, headers=evil).status_code == 403
        assert marie.http.post("/en/mine/withdraw", data={**own, "ssin": PAUL}).status_code == 303
    assert here.buffer.withdrawals() == [MARIE]
    with here.browser("paul") as paul:
        stolen = paul.send("/mine/attestation", right=TARIFF, language="en", ssin=MARIE)
        assert stolen.status_code in (200, 422)
        if stolen.status_code == 200:
            code = code_of(here, stolen.content)
            assert "Of the person who shows it Yes" in words(checked(here, code=code, number=PAUL))


def test_a_past_day_is_attested_and_one_to_come_is_not(here: StatusPages) -> None:
    past = made(here, day="1", **{"day-month": str(TODAY.month), "day-year": str(TODAY.year)})
    said = genuine(past, read_certificate(here.folder / "attestations.pem"), SystemClock().now())
    first = TODAY.replace(day=1)
    assert said.days.start_date == said.days.end_date == first
    with here.browser("marie") as marie:
        for typed_, day in (({}, TODAY), ({"day": f"{first}"}, first)):
            answer = marie.send("/mine/attestation", right=TARIFF, language="en", **typed_)
            assert answer.headers["content-disposition"] == f'attachment; filename="{TARIFF}-{day}.pdf"'
        future = {"day": "31", "day-month": "12", "day-year": str(TODAY.year + 1)}
        page = marie.faults("/mine/attestation", right=TARIFF, language="en", **future)
        assert "You do not have this right on that day." in page
        assert "Choose a right." in marie.faults("/mine/attestation", right="no-such", language="en")
        assert "Choose a language." in marie.faults("/mine/attestation", right=TARIFF, language="xx")


def test_nobody_has_attestations_without_end(here: StatusPages) -> None:
    with here.browser("paul") as paul:
        form = hidden_fields(paul.get("/mine/attestation").text)
        wish = {**form, "right": TARIFF, "language": "en"}
        answers = [paul.http.post("/en/mine/attestation", data=wish).status_code for _ in range(MOST_ATTESTED + 2)]
        # Looking in between does not make the count forget.
        assert answers.count(422) >= 2
        assert answers[-1] == 422
        assert "Try tomorrow." in paul.faults("/mine/attestation", right=TARIFF, language="en")


def test_what_people_did_stands_in_a_log_that_nobody_alters_unseen(here: StatusPages, tmp_path: Path) -> None:
    with here.browser("marie") as marie:
        marie.get("/mine")
        marie.done("/mine/withdraw", sure="yes")
    ended = here.command("deeds", "--json")
    head = msgspec.json.decode(ended.stdout)
    assert (ended.code, head["faults"]) == (0, [])
    folder = here.folder / "buffer" / "deeds"
    events = [one["fields"]["event"] for one in own_log.export(folder)]
    assert events[-2:] == ["person:withdrew:begun", "person:withdrew:done"]
    copied = tmp_path / "deeds"
    shutil.copytree(folder, copied)
    with closing(sqlite3.connect(copied / "state.sqlite")) as log, log:
        log.execute("update entry set fields = cast(replace(cast(fields as text), 'withdrew', 'looked') as blob)")
    faults = own_log.verify(copied, own_log.KnownHead(head["size"], head["root"])).faults
    assert any("was altered" in fault for fault in faults)


def test_a_log_in_which_nothing_stands_yet_is_no_fault(here: StatusPages, tmp_path: Path) -> None:
    new = shutil.copytree(here.folder, tmp_path / "new", ignore=shutil.ignore_patterns("deeds", "*.log"))
    told = typed("statuses", "deeds", str(new / "statuses.yaml"))
    assert (told.code, told.stderr, "No log is here" in told.stdout) == (0, "", True), told
    head = msgspec.json.decode(typed("statuses", "deeds", str(new / "statuses.yaml"), "--json").stdout)
    assert (head["size"], head["faults"], head["deeds"]) == (0, [], [])
    # Where a head was noted, entries were removed.
    gone = typed("statuses", "deeds", str(new / "statuses.yaml"), "--known", "2:4Zk")
    assert (gone.code, "there is no log here" in gone.sentence) == (1, True), gone


def test_pages_beside_those_that_run_say_what_to_do(here: StatusPages) -> None:
    said = typed(*here.arguments).sentence
    port = here.url.rpartition(":")[2]
    assert f"127.0.0.1:{port} cannot be listened on: Address already in use. " in said
    assert f"Perhaps this runs already, as in a demo: `ss -ltnp 'sport = :{port}'` shows which" in said


def test_what_is_done_by_command_stands_in_the_same_log_and_the_person_sees_it(here: StatusPages) -> None:
    pdf = here.folder / "at-the-counter.pdf"
    wish = ("--ssin", "-", "--right", TARIFF, "--output", str(pdf), "--agent", "clerk-7")
    with here.browser("marie") as marie:
        before = words(marie.get("/mine")).count("Somebody of the institution")
        assert marie.send("/mine/attestation", right=TARIFF, language="en", day=f"{TODAY.year + 1}-01-01").is_error
        assert here.command("attest", *wish, text=f"{MARIE}\n").code == 0
        to_come = (*wish, "--output", str(here.folder / "to-come.pdf"), "--day", f"{TODAY.year + 1}-01-01")
        assert here.command("attest", *to_come, text=f"{MARIE}\n").code == 1
        assert here.command("withdraw", "--ssin", "-", text=f"{MARIE}\n").code == 0
        page = marie.get("/mine")
        shown = words(page)
    assert "Somebody of the institution made an attestation for you" in shown
    assert "Somebody of the institution wanted to make an attestation for you; none was made" in shown
    assert "You asked for an attestation; none was made" in shown
    assert "Somebody of the institution noted that you withdrew" in shown
    assert (before, shown.count("Somebody of the institution"), "refused" in shown) == (0, 3, False)
    # Who it was is for the institution to know.
    assert "clerk-7" not in page.text
    told = msgspec.json.decode(here.command("deeds", "--json").stdout)
    done = [(one["what"], one["agent"]) for one in told["deeds"] if one["by"] and one["state"] == "done"]
    assert done == [("person:withdrew", "command-line"), ("person:attested", "clerk-7")]


def test_pages_have_the_manners_of_the_house(here: StatusPages) -> None:
    with here.browser("marie") as marie:
        page = marie.get("/mine")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        cookie = next(iter(marie.http.cookies.jar))
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"
        for language, says in (("nl", "Mijn statuten"), ("fr", "Mes statuts"), ("de", "Meine Statute")):
            assert says in marie.http.get(f"/{language}/mine").text
        marie.send("/logout", "/me")
        assert marie.http.get("/en/mine").status_code == 303


def test_a_rule_that_is_invented_says_so_where_it_would_stand(here: StatusPages) -> None:
    write_right(here.folder, illustrative=True)
    with here.browser("marie") as marie:
        page = marie.get("/mine")
        said = (
            "Where the rule stands In no public text that is known. The rule is invented, to show how one would look."
        )
        assert said in words(page)
        assert "public descriptions of the tariff" not in page.text


def test_where_a_rule_stands_is_said_in_the_language_of_the_page_without_the_remark_of_its_makers(
    here: StatusPages,
) -> None:
    write_right(here.folder)
    with here.browser("marie") as marie:
        pages = {language: unescape(words(marie.http.get(f"/{language}/mine"))) for language in LANGUAGES}
    assert TOLD.remark
    for language, shown in pages.items():
        assert TOLD.legal_reference.in_language(language) in shown
        assert not any(TOLD.remark.in_language(each) in shown for each in LANGUAGES)


def test_the_law_may_bind_everybody(here: StatusPages) -> None:
    # Its rule stands until the end: after it, nobody withdraws here.
    write_right(here.folder, withdrawal=False, withdrawalReference="illustrative act, article 1")
    with here.browser("marie") as marie:
        page = marie.get("/mine/withdraw")
        assert "The law does not let anybody withdraw" in words(page)
        assert "illustrative act, article 1" in words(page)
        assert "Are you sure?" not in words(page)
        fields = hidden_fields(marie.get("/me").text) | {"sure": "yes"}
        assert marie.http.post("/en/mine/withdraw", data=fields).status_code == 403
    ended = here.command("withdraw", "--ssin", "-", text=f"{MARIE}\n")
    assert (ended.code, "illustrative act, article 1" in ended.sentence) == (1, True)
    assert here.buffer.withdrawals() == []


def test_the_role_serves_them_beside_the_participant(here: StatusPages) -> None:
    here.processes.stop("pages")
    pages = here.folder / "pages.yaml"
    written = pages.read_text("utf-8")
    home = {"CROSSROADS_HOME": str(here.folder)}
    # What is wrong with their settings is said before anything is served.
    pages.write_text(written.replace("mostAMinute", "mostASecond"), "utf-8")
    refused = crossroads("serve", "--role", "statuses", environment=home)
    assert (refused.code, "mostASecond" in refused.sentence) == (1, True)
    pages.write_text(written, "utf-8")
    here.processes.start("statuses", ["serve", "--role", "statuses"], here.log, home)
    here.processes["statuses"].wait_for(f"{here.url}/health")
    with here.browser() as anybody:
        assert "Verify an attestation" in words(anybody.get("/check"))
    here.processes.stop("statuses")
    with pytest.raises(httpx.TransportError), here.browser() as anybody:
        anybody.get("/check")
