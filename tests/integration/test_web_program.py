"""What every program with pages does by itself: guard, forms, sessions. A small program with a real table."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Response
from litestar.datastructures import State

from crossroads.kernel.errors import Conflict
from crossroads.portal.store import SessionStore
from crossroads.web import sent
from crossroads.web.access import EVERYBODY, Needs, form, page
from crossroads.web.handles import NotYours
from crossroads.web.look import Look
from crossroads.web.manners import Manners
from crossroads.web.program import program
from crossroads.web.sessions import MOST_OF_ONE, Level, Session, Sessions, Visit, Who
from crossroads.web.site import Refusal, Site
from crossroads.web.view import Looking
from database import OpenPool
from portals import hidden_fields

URL = "http://127.0.0.1:8180"
SURE = Needs(Level.SUBSTANTIAL)
OFFICERS = Needs(Level.LOW, frozenset({"officer"}))
NUMBER = "80631512393"
TEMPLATES = {
    "layout.html": '{% extends "base.html" %}',
    "note.html": '{% extends "layout.html" %}{% block title %}Note{% endblock %}{% block content %}<h1>Note</h1>'
    '{% call ui.form(view.at("/note")) %}{{ ui.input("text", "Text") }}'
    '{{ ui.checkboxes("kinds", "Kinds", [("a", "A"), ("b", "B"), ("c", "C")]) }}{{ ui.button("Send") }}{% endcall %}'
    "{% endblock %}",
    "plain.html": '{% extends "layout.html" %}{% block title %}Plain{% endblock %}{% block content %}<h1>Plain</h1>'
    "{% endblock %}",
}


@page("/note", SURE)
async def note(view: Looking) -> Response[str]:
    return view.page("note.html")


@form("/note", SURE)
async def written(view: Looking, state: State) -> Response[str]:
    if not view.form["text"]:
        view.form.fault("text", "Write something")
    if view.form["text"] == "taken":
        raise Conflict
    if not view.form.good:
        return view.again("note.html")
    state.notes.append(view.form["text"])
    return view.to("/plain", note=len(state.notes))


@form("/attached", SURE, files=10_000)
async def attached(view: Looking) -> Response[str]:
    return view.to("/plain")


@page("/plain", EVERYBODY)
async def plain(view: Looking) -> Response[str]:
    return view.page("plain.html")


@page("/officers", OFFICERS)
async def officers(view: Looking) -> Response[str]:
    return view.page("plain.html")


@dataclass
class Passing:
    """A clock that a test sets on."""

    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Here:
    """The program, as it runs."""

    app: Manners
    sessions: Sessions
    clock: Passing
    refused: list[Refusal]

    @property
    def notes(self) -> list[str]:
        found: list[str] = self.app.app.state.notes
        return found

    async def begin(self, subject: str = "anna", level: Level = Level.HIGH, roles: tuple[str, ...] = ()) -> Visit:
        return await self.sessions.start(Session(who=somebody(subject, level, roles)))

    def browser(self, visit: Visit | None = None) -> httpx.AsyncClient:
        cookies = {"crossroads-small": visit.token} if visit else {}
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL, cookies=cookies)  # type: ignore[arg-type] # the same protocol, typed by another library


def somebody(subject: str = "anna", level: Level = Level.HIGH, roles: tuple[str, ...] = ()) -> Who:
    return Who(
        issuer="https://login.example",
        subject=subject,
        provider_session=f"{subject}-1",
        name=subject,
        ssin=NUMBER,
        level=level,
        roles=frozenset(roles),
        since=datetime.now(UTC),
    )


@pytest.fixture
async def here(pool: OpenPool, tmp_path: Path) -> Here:
    for name, text in TEMPLATES.items():
        (tmp_path / name).write_text(text)
    for language in ("nl", "fr", "de"):
        (tmp_path / f"{language}.po").write_text("")
    clock, refused = Passing(), list[Refusal]()
    store = SessionStore(await pool("crossroads_portal"))
    sessions = Sessions(store, b"secret", clock, idle=timedelta(minutes=20), longest=timedelta(hours=4))
    site = Site(
        name="small",
        title="Small",
        public_url=URL,
        test=True,
        look=Look(templates=tmp_path, locale=tmp_path),
        sessions=sessions,
        observers=[refused.append],
    )

    app = program([note, written, attached, plain, officers], lambda _: nullcontext(site), {})
    # What the lifespan does, which another task would have to end.
    app.app.state.site, app.app.state.notes = site, []
    return Here(app, sessions, clock, refused)


async def shown(browser: httpx.AsyncClient, **typed: Any) -> dict[str, Any]:
    return hidden_fields((await browser.get("/en/note")).text) | typed


async def test_a_form_is_taken_once_however_often_it_is_sent(here: Here) -> None:
    async with here.browser(await here.begin()) as browser:
        fields = await shown(browser, text="hello")
        first = await browser.post("/en/note", data=fields)
        again = await browser.post("/en/note", data=fields)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert here.notes == ["hello"]


async def test_a_form_that_is_not_ours_is_refused(here: Here) -> None:
    async with here.browser(await here.begin()) as browser, here.browser(await here.begin("bert")) as other:
        fields = await shown(browser, text="hello")
        assert (await other.post("/en/note", data=fields)).status_code == 403
        assert (await browser.post("/en/note", data={**fields, "csrf": "x"})).status_code == 403
        assert (
            await browser.post("/en/note", data=fields, headers={"origin": "https://evil.example"})
        ).status_code == 403
        assert (
            await browser.post("/en/note", data=fields, headers={"sec-fetch-site": "cross-site"})
        ).status_code == 403
        assert (await browser.post("/en/note", data={"text": "hello", "csrf": fields["csrf"]})).status_code == 403
    assert here.notes == []


async def test_a_form_carries_a_number_of_ours_and_not_what_somebody_wants_remembered(here: Here) -> None:
    visit = await here.begin()
    async with here.browser(visit) as browser:
        fields = await shown(browser, text="hello")
        for number in ("x" * 9_990, fields["form-number"] + "=", "\x01" * 22):
            answer = await browser.post("/en/note", data={**fields, "form-number": number})
            assert answer.status_code == 403
    found = await here.sessions.find(visit.token)
    assert found is not None
    assert found.current.sent == {}


async def test_a_session_stays_small_whatever_is_typed_and_kept(here: Here) -> None:
    visit = await here.begin()
    size = "x" * 9_990
    for number in range(60):
        led = {f"{number:022}": size}
        await here.sessions.change(visit, lambda session, led=led: session.sent.update(led))  # type: ignore[misc] # bound at once
        await here.sessions.keep(visit, [size] * 5)
    assert len(visit.row.content) < 600_000
    long = {"text": "\x01" * 9_990, "more": "\x01" * 9_990}
    async with here.browser(visit) as browser:
        fields = await shown(browser, text="hello")
        here.clock.ahead = timedelta(minutes=21)
        answer = await browser.post("/en/note", data=fields | long)
    assert answer.status_code == 401
    assert "crossroads-small" not in answer.cookies


async def test_a_form_with_a_fault_keeps_what_was_typed_and_can_be_sent_again(here: Here) -> None:
    async with here.browser(await here.begin()) as browser:
        answer = await browser.post("/en/note", data=await shown(browser, text="  "))
        assert answer.status_code == 422
        assert "Write something" in answer.text
        fields = await shown(browser, text="taken")
        assert (await browser.post("/en/note", data=fields)).status_code == 409
        assert (await browser.post("/en/note", data={**fields, "text": "free"})).status_code == 303
    assert here.notes == ["free"]


async def test_what_was_typed_when_the_session_ended_waits_for_its_owner_alone(here: Here) -> None:
    visit = await here.begin()
    async with here.browser(visit) as browser:
        fields = await shown(browser, text="three hours of work", kinds=["a", "c"])
        here.clock.ahead = timedelta(minutes=21)
        answer = await browser.post("/en/note", data=fields)
        assert answer.status_code == 401
        waiting = await here.sessions.find(answer.cookies["crossroads-small"])
    assert waiting is not None
    assert waiting.who is None
    assert await here.sessions.find(visit.token) is None
    assert here.notes == []
    for subject, found in (("anna", True), ("bert", False)):
        who = somebody(subject)
        fresh = await here.sessions.start(Session(who=who, drafts=dict(waiting.current.drafts)))
        async with here.browser(fresh) as browser:
            page_ = (await browser.get("/en/note")).text
        assert ("three hours of work" in page_) is found
        assert re.findall(r'value="([abc])" checked', page_) == (["a", "c"] if found else [])


async def test_forms_sent_after_the_session_ended_make_no_more_sessions_than_there_were(here: Here) -> None:
    visit = await here.begin()
    async with here.browser(visit) as browser:
        fields = await shown(browser, text="one")
        here.clock.ahead = timedelta(minutes=21)
        answer = await browser.post("/en/note", data=fields)
        waiting = await here.sessions.find(answer.cookies["crossroads-small"])
    async with here.browser(waiting) as browser:
        for number in range(5):
            answer = await browser.post("/en/note", data=fields | {"text": str(number)})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers
    assert waiting is not None
    waiting = await here.sessions.find(waiting.token)
    assert waiting is not None
    assert [draft.fields["text"] for draft in waiting.current.drafts.values()] == [["4"]]
    async with here.browser(visit) as thief:
        answer = await thief.post("/en/note", data=fields)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
    here.clock.ahead = timedelta(hours=2)
    assert await here.sessions.purge() == 1


async def test_of_many_sessions_of_somebody_the_oldest_end(here: Here) -> None:
    others = [await here.begin("bert")]
    mine = []
    for number in range(MOST_OF_ONE + 3):
        here.clock.ahead = timedelta(seconds=number)
        mine.append(await here.begin())
    there = [await here.sessions.find(one.token) is not None for one in [*others, *mine]]
    assert there == [True, False, False, False, *[True] * MOST_OF_ONE]


async def test_a_form_that_is_not_ours_is_told_as_well(here: Here) -> None:
    async with here.browser(await here.begin()) as browser:
        await browser.post("/en/note", data={"text": "x", "csrf": "x"})
    async with here.browser() as stranger:
        assert (await stranger.get("/en/officers")).status_code == 303
        assert (await stranger.get("/en/nowhere")).status_code == 404
    assert [(one.page, one.why) for one in here.refused] == [("/{language}/note", "FormNotOurs")]


async def test_who_lacks_the_role_is_refused_and_that_is_told(here: Here) -> None:
    async with here.browser(await here.begin()) as browser:
        answer = await browser.get("/en/officers")
    assert answer.status_code == 403
    (told,) = here.refused
    assert told == ("/{language}/officers", "Refused", here.sessions.pseudonym(somebody()), ())
    assert "anna" not in str(told)
    async with here.browser(await here.begin("olga", roles=("officer",))) as browser:
        assert (await browser.get("/en/officers")).status_code == 200


async def test_who_is_not_sure_enough_is_led_to_a_surer_login(here: Here) -> None:
    async with here.browser(await here.begin(level=Level.LOW)) as browser:
        answer = await browser.get("/en/note")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/en/login?to=%2Fnote&level=2"


async def test_a_number_of_a_person_does_not_stay_in_an_address(here: Here) -> None:
    async with here.browser() as browser:
        answer = await browser.get("/en/plain", params={"q": f"where is {NUMBER[:6]}-{NUMBER[6:9]}.{NUMBER[9:]}"})
        assert answer.status_code == 303
        assert answer.headers["location"] == "/en/plain?number-typed=1"
        assert "Never type the number" in (await browser.get(answer.headers["location"])).text


async def test_a_session_ends_when_it_is_not_used_and_in_any_case(here: Here) -> None:
    visit = await here.begin()
    async with here.browser(visit) as browser:
        for minutes in range(15, 240, 15):
            here.clock.ahead = timedelta(minutes=minutes)
            assert (await browser.get("/en/note")).status_code == 200
        here.clock.ahead = timedelta(minutes=241)
        assert (await browser.get("/en/note")).status_code == 303
    here.clock.ahead = timedelta(hours=6)
    assert await here.sessions.purge() >= 1
    assert await here.sessions.find(visit.token) is None


async def test_all_sessions_of_somebody_end_at_once_and_nobody_elses(here: Here) -> None:
    one, two, other = await here.begin(), await here.begin(), await here.begin("bert")
    assert await here.sessions.end_all("https://login.example", "anna", None) == 2
    assert [await here.sessions.find(visit.token) for visit in (one, two)] == [None, None]
    found = await here.sessions.find(other.token)
    assert found is not None
    assert await here.sessions.end_all("https://elsewhere.example", "bert", "bert-1") == 0
    assert await here.sessions.end_all("https://login.example", None, "bert-1") == 1


async def test_who_reads_the_table_learns_nothing(here: Here, pool: OpenPool) -> None:
    visit = await here.begin()
    connections = await pool("crossroads_portal")
    stored = repr([tuple(row) for row in await connections.fetch("TABLE portal_session")])
    assert NUMBER not in stored
    assert "anna" not in stored
    assert visit.token not in stored


async def test_two_pages_of_one_browser_do_not_undo_each_other(here: Here) -> None:
    visit = await here.begin()
    same = await here.sessions.find(visit.token)
    assert same is not None
    first, second = await here.sessions.keep(visit, "one"), await here.sessions.keep(same, "two")
    now = await here.sessions.find(visit.token)
    assert now is not None
    assert [here.sessions.kept(now, handle, str) for handle in (first, second)] == ["one", "two"]


async def test_what_one_page_kept_is_nothing_to_another(here: Here) -> None:
    visit = await here.begin()
    handle = await here.sessions.keep(visit, {"places": []})
    assert here.sessions.kept(visit, handle, list[str]) is None
    assert here.sessions.kept(visit, handle, dict[str, list[str]]) == {"places": []}


async def test_an_address_of_somebody_elses_page_is_told_from_one_that_is_over(here: Here) -> None:
    anna, again, bert = await here.begin(), await here.begin(), await here.begin("bert")
    handle = await here.sessions.keep(anna, "mine")
    assert here.sessions.kept(again, handle, str) is None
    for other, name in ((bert, handle), (anna, "invented"), (anna, handle[:-1] + "x")):
        with pytest.raises(NotYours):
            here.sessions.kept(other, name, str)
    for number in range(20):
        await here.sessions.keep(anna, number)
    assert here.sessions.kept(anna, handle, str) is None


@pytest.mark.parametrize("path", ["/en/plain", "/en/note", "/en/none", "/static/look.css", "/health"])
async def test_every_answer_has_its_headers(here: Here, path: str) -> None:
    async with here.browser() as browser:
        headers = (await browser.get(path)).headers
    assert "'unsafe-inline'" not in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


async def test_one_peer_gets_so_many_pages_a_minute(here: Here) -> None:
    site = here.app.app.state.site
    app = program([plain], lambda _: nullcontext(site), {}, most_a_minute=3, behind_proxy=True)
    app.app.state.site = site
    few = Here(app, here.sessions, here.clock, here.refused)
    async with few.browser() as browser:
        first = {"x-forwarded-for": "10.0.0.1, 203.0.113.7"}
        assert [(await browser.get("/en/plain", headers=first)).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert (await browser.get("/static/look.css", headers=first)).status_code == 200
        assert (await browser.get("/en/plain", headers={"x-forwarded-for": "203.0.113.8"})).status_code == 200
        # A proxy may add a header of its own to the one that the peer invented.
        apart = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "203.0.113.7")]
        assert (await browser.get("/en/plain", headers=apart)).status_code == 429


@pytest.mark.parametrize("host", ["a:99999", "[", "a:b", "[::1", ""])
async def test_a_host_that_is_none_gives_a_page_and_is_counted(here: Here, host: str) -> None:
    app = program([plain], lambda _: nullcontext(here.app.app.state.site), {}, most_a_minute=2)
    app.app.state.site = here.app.app.state.site
    odd = [(b"host", host.encode("latin-1"))]
    async with Here(app, here.sessions, here.clock, here.refused).browser() as browser:
        answers = [await browser.get("/en/plain", params={"to": "x"}, headers=odd) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert "/fr/plain?to=x" in answers[0].text
    async with here.browser(await here.begin()) as browser:
        fields = await shown(browser, text="hello")
        assert (await browser.post("/en/note", data=fields, headers=odd)).status_code == 303
        assert (await browser.get("/en/missing", headers=odd)).status_code == 404
        assert (await browser.get("/plain", headers=odd)).status_code == 303


@pytest.mark.parametrize(
    ("path", "which", "kind"),
    [
        ("/en/note", "FORM", "application/x-www-form-urlencoded"),
        ("/en/attached", "FILES", "multipart/form-data; boundary=x"),
    ],
)
async def test_a_form_that_does_not_come_is_not_waited_for(
    here: Here, path: str, which: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sent, f"{which}_SECONDS", 0.2)

    async def trickle() -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await asyncio.sleep(60)

    async with here.browser(await here.begin()) as browser:
        answer = await browser.post(path, content=trickle(), headers={"content-type": kind})
        assert answer.status_code == 408
        assert "The form came too slowly" in answer.text
        assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("host", ["a b", "a\\b", "\xff"])
async def test_a_host_that_no_browser_sends_is_refused_by_a_page(here: Here, host: str) -> None:
    async with here.browser() as browser:
        answer = await browser.get("/en/plain", headers=[(b"host", host.encode("latin-1"))])
    assert (answer.status_code, "This address or form is not right" in answer.text) == (400, True)


async def test_of_logins_one_peer_gets_a_fifth(here: Here) -> None:
    app = program([plain], lambda _: nullcontext(here.app.app.state.site), {}, most_a_minute=10)
    app.app.state.site = here.app.app.state.site
    few = Here(app, here.sessions, here.clock, here.refused)
    async with few.browser() as browser:
        answers = [await browser.get("/login/return", params={"state": "x", "code": "y"}) for _ in range(3)]
        assert [one.status_code for one in answers] == [401, 401, 429]
        assert (await browser.get("/en/plain")).status_code == 200


async def test_what_concerns_somebody_is_kept_nowhere(here: Here) -> None:
    async with here.browser() as browser:
        assert (await browser.get("/en/plain")).headers["cache-control"] == "public, max-age=60"
    async with here.browser(await here.begin()) as browser:
        assert (await browser.get("/en/plain")).headers["cache-control"] == "no-store"
        assert (await browser.get("/en/note")).headers["cache-control"] == "no-store"
