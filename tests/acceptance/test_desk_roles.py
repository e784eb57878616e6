"""Who may do what at the desk: roles, delegations and mandates, and what is refused to everybody else."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from crossroads.participant import log as own_log
from crossroads.participant.desk.app import ROUTES
from database import Database
from desk_staff import LATER, TODAY, appointed, asked, hold, staffed
from desks import ANNA, CENTRE, LEON, MARIE, NORA, PIET, SARA, STAN, WORK, Browser, RunningDesk, over
from portals import hidden_fields
from raw import INQUIRY


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
def stan(here: RunningDesk) -> Iterator[Browser]:
    with here.browser(STAN) as browser:
        yield browser


@pytest.fixture
def marie(here: RunningDesk) -> Iterator[Browser]:
    with here.browser(MARIE) as browser:
        yield browser


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


def test_on_the_command_line_no_second_manager_is_made(here: RunningDesk) -> None:
    again = here.command("user", "appoint", "--subject", PIET, "--name", "Piet", "--legal-context", INQUIRY)
    assert again.code == 1
    assert "There is a local manager" in again.sentence
    assert "manager for" in here.command("user", "list").stdout
    assert CENTRE in str(here.settings)


def test_both_logs_hold_and_no_program_wrote_a_number(here: RunningDesk) -> None:
    hold(here)
