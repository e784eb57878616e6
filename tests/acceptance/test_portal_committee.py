"""The pages of the committee, over HTTP: what is drafted, compared with what stands, and agreed to by two."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

import httpx
import pytest

from crossroads.portal.office import agent_of
from crossroads.web.forms import new_number
from crossroads.web.sessions import Level, Who
from database import Database, value
from desks import filled
from looking import CENTRE, PORTAL, WORK
from offices import MIRA, TODAY, logged_in, offices, sent, text_of
from portals import Portal
from raw import INQUIRY

NOT_THEIRS = "NSSO:CONTRIBUTION_REDUCTIONS"
"""A purpose that no welfare centre has."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with offices(tmp_path_factory.mktemp("offices") / "p", module_database) as opened:
        yield opened


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


def test_what_stands_is_found_by_its_words_and_decided_about(here: Portal) -> None:
    with logged_in(here, "karel") as karel:
        assert "kind=suspend" not in karel.get("/en/committee").text
        found = karel.get("/en/committee?q=social+inquiry").text
        for kind, text in (("grant", "Change"), ("suspend", "Suspend"), ("withdraw", "Withdraw")):
            place = f"/en/committee/write?kind={kind}&amp;reference=CR-ILL%2Fsocial-inquiry-1"
            assert f'href="{place}">{text}<' in found
            form = karel.get(unescape(place))
            assert 'value="CR-ILL/social-inquiry-1"' in form.text
            assert kind == "grant" or "(CR-ILL/social-inquiry-1)" in text_of(form)
        assert "reference=CR-ILL%2Fcommittee-1" not in found
        assert "No authorisation that stands says this" in text_of(karel.get("/en/committee?q=nosuchword"))


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
        assert "Toekennen of wijzigen: <script>alert(1)</script>" in dutch
        assert "OCMW Gent (pcsw-gent)" in dutch
        assert "Eén voor één gevraagd" in dutch
        cannot = sent(karel, page, f"{page.url.path}/agree")
        assert (cannot.status_code, "while something is wrong with it" in cannot.text) == (409, True)
        for wrong, where in (
            ({"parties": ""}, "Who may ask: name at least one"),
            ({"legalContexts": ""}, "Purposes: name at least one"),
            ({"modes": ""}, "How it travels: name at least one"),
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
