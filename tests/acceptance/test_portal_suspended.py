"""An authorisation that was suspended: its page says when and why, and a question before leads to how it stood."""

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import msgspec
import pytest

from commands import typed
from crossroads.bootstrap.wiring import services
from crossroads.cli.acts import read_act
from crossroads.kernel.clock import brussels_day
from crossroads.wire.committee import DraftShown
from crossroads.wire.registrations import SignedAct
from database import Database
from looking import CENTRE, PORTAL, SOURCE, WORK, read
from networks import belgium, line
from overseeing import ANN, BEN, decided, saved, suspension
from portals import CITIZEN, Portal, log_in, portal
from raw import Asker

ANNA = "80631512393"
TODAY = brussels_day(datetime.now(UTC))
REFERENCE = "CR-ILL/social-inquiry-1"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    folder = tmp_path_factory.mktemp("suspended") / "p"
    with portal(
        folder,
        module_database,
        document=belgium(),
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        members={CENTRE: {}, PORTAL: {}},
        persons=[ANNA],
        inscriptions=[line(ANNA, CENTRE, "17:2", "2020-01-01"), line(ANNA, SOURCE, "12:30", "2020-01-01")],
    ) as opened:
        opened.built.start_hub()
        yield opened


def text_of(page: httpx.Response) -> str:
    assert page.status_code == 200, page.text
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def suspended(here: Portal) -> DraftShown:
    """Have two members suspend it from today until some days later, and two operators put that in force."""
    found = saved(here.built, suspension(REFERENCE, TODAY, TODAY + timedelta(days=8)))
    act = {"draft": str(found.draft.draft), "version": 1}
    for member in (ANN, BEN):
        found = read(decided(here.built, "agree", member, **act), DraftShown)
    file = here.built.home / "plan.json"
    file.write_bytes(msgspec.json.encode(read(decided(here.built, "plan", draft=act["draft"]), SignedAct)))
    for key in here.built.founders.keys:
        name = key.key_id.removeprefix("operator:").partition("#")[0]
        pem = next((here.built.installation.home / "operators").glob(f"*{name}*.pem"))
        signed = typed("catalogue", "sign", str(file), "--key-id", key.key_id, "--key", str(pem), "--yes")
        assert signed.code == 0, signed

    async def applied() -> None:
        async with services(here.built.installation, fills_mailboxes=False) as hub:
            await hub.catalogue.apply(read_act(file))

    asyncio.run(applied())
    return found


def notices(page: httpx.Response) -> int:
    """Count what stands out on a page to say that it is not of today."""
    return page.text.count('<p class="govuk-inset-text">') + page.text.count('<div class="govuk-notification-banner"')


def test_the_page_says_since_when_and_why_and_a_question_before_leads_to_what_stood(here: Portal) -> None:
    Asker(here.built, CENTRE).ask(ANNA, WORK)
    draft = suspended(here).draft.draft
    with here.client() as browser:
        text = ""
        # The page says both once the portal has read the catalogue anew.
        while "Suspended on" not in text or "(over)" not in text:
            text = text_of(browser.get(f"/en/authorisations/{REFERENCE}"))
        assert f"By decision {draft} of the committee, because: Data leaked there." in text
        assert "Ann Maes" not in text
        assert "In force again from" in text
        assert re.search(r"In force From .{10,30} to .{10,30} \(over\)", text), text
        for language in ("nl", "fr", "de"):
            assert str(draft) in text_of(browser.get(f"/{language}/authorisations/{REFERENCE}"))
        log_in(browser, CITIZEN)
        page = browser.get("/en/me/usage")
        link = re.search(rf'href="(/en/authorisations/{REFERENCE}[^"]+)"', page.text)
        assert link, page.text
        shown = browser.get(unescape(link[1]))
    then = text_of(shown)
    assert "As the catalogue had it when this was decided." in then
    assert re.search("In force Since", then), then
    assert "Suspended on" in then
    assert notices(shown) == 1
