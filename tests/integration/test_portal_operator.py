"""The pages of an operator: how the installation stands, and what was refused to whom."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from chromium import chromium, overflow, tab, violations
from crossroads.cli.operation import app
from crossroads.operation.model import Standing, What
from crossroads.participant.log import newest, verify, years
from crossroads.portal.refusals import Refusals
from crossroads.web.site import Refusal
from database import Database
from portals import CITIZEN, NUMBER, Portal, log_in, portal

OTTO, OLGA = "otto", "olga"
PERSONAS: list[dict[str, Any]] = [
    {"id": CITIZEN, "name": "Anna Peeters", "ssin": NUMBER},
    {"id": OLGA, "name": "Olga Martens", "roles": ["officer"]},
    {"id": OTTO, "name": "Otto Lemmens", "roles": ["operator"]},
]
"""Invented, with a mock number."""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with portal(tmp_path_factory.mktemp("portal") / "p", module_database, personas=PERSONAS) as opened:
        asyncio.run(trouble(module_database))
        yield opened


async def trouble(database: Database) -> None:
    """Let a source fail, hold a job and let something wait in a mailbox for days."""
    connection = await asyncpg.connect(database.url("crossroads_hub"))
    try:
        await connection.execute(
            "INSERT INTO source_breaker (participant, failures, open_until) VALUES ('cbss', 9, now() + interval '1 h')"
        )
        await connection.execute(
            "INSERT INTO job (job, kind, state, due_at, problem, done, total)"
            " VALUES (gen_random_uuid(), 'batch', 'PAUSED', NULL, '<script>alert(1)</script>', 2500, 10000)"
        )
    finally:
        await connection.close()


def test_an_operator_reads_in_a_minute_what_is_wrong_and_what_to_type(here: Portal) -> None:
    with here.client() as browser:
        page = log_in(browser, OTTO, "/en/operator")
        assert page.status_code == 200
        text = page.text
        assert text.index("Act now") < text.index("No process of the hub runs.") < text.index("Look at it today")
        assert "Crossroads Bank for Social Security</bdi> does not answer since" in text
        assert "The job “Answers a file of questions” waits for an operator." in text
        assert "crossroads jobs resume " in text
        assert f"export CROSSROADS_HOME={here.built.environment['CROSSROADS_HOME']}" in text
        assert "2,500 / 10,000" in text
        assert "&lt;script&gt;" in text
        assert "<script>alert" not in text
        listed = browser.get("/nl/operator/institutions", params={"q": "cbss"}).text
        assert "Met rust gelaten" in listed
        assert page.headers["cache-control"] == "no-store"


def test_programs_get_the_same(here: Portal) -> None:
    with here.client() as browser:
        log_in(browser, OTTO, "/en/operator")
        stands = msgspec.json.decode(browser.get("/en/operator.json").content, type=Standing)
    found = {one.what for one in stands.findings}
    assert {What.NO_PROCESS, What.SOURCE_SUSPENDED, What.JOB_HELD} <= found
    assert stands.keys
    assert [one.institution for one in stands.sources] == ["cbss"]


def test_a_command_says_the_same_and_ends_with_1_where_somebody_must_act(here: Portal) -> None:
    told = CliRunner().invoke(app, ["--json"], env={**os.environ, **here.built.environment})
    stands = msgspec.json.decode(told.stdout, type=Standing)
    assert {What.NO_PROCESS, What.SOURCE_SUSPENDED, What.JOB_HELD} <= {one.what for one in stands.findings}
    assert told.exit_code == 1
    shown = CliRunner().invoke(app, [], env={**os.environ, **here.built.environment, "COLUMNS": "200"})
    assert "act now" in shown.stdout
    assert "crossroads jobs resume" in shown.stdout


def refused_to(browser: httpx.Client, persona: str) -> None:
    log_in(browser, persona, "/en/me")
    for path in ("/en/operator", "/en/operator", "/fr/operator.json"):
        assert browser.get(path).status_code == 403


def test_a_page_that_was_refused_is_logged_with_who_it_was_by_a_pseudonym(here: Portal) -> None:
    with here.client() as officer, here.client() as citizen, here.client() as operator:
        refused_to(officer, OLGA)
        refused_to(citizen, CITIZEN)
        log_in(operator, OTTO, "/en/operator")
        text = ""
        while text.count("/{language}/operator.json") < 2:
            text = operator.get("/en/operator/refusals").text
        assert "officer" in text
    (year,) = years(here.built.home / "portal" / "refusals")
    kept = verify(year)
    assert kept.faults == ()
    assert kept.size >= 4
    told = CliRunner().invoke(app, ["refusals", "--json"], env={**os.environ, **here.built.environment})
    assert told.exit_code == 0
    assert len(msgspec.json.decode(told.stdout)["refusals"]) == kept.size
    log = (here.built.home / "logs" / "portal.log").read_text()
    assert log.count("page refused") == 6
    for said in (text, log):
        assert NUMBER not in said
        assert "Anna" not in said.replace("Otto Lemmens", "")


def test_nobody_in_particular_fills_the_log_of_refusals(here: Portal) -> None:
    with here.client() as anybody, here.client() as operator:
        for path in ("/en/me/acting", "/fr/me/acting", "/en/me/acting/give") * 5:
            refused = anybody.post(path, data={"a": "b"}, headers={"origin": "https://elsewhere.example"})
            assert refused.status_code == 403
        log_in(operator, OTTO, "/en/operator")
        text = ""
        while "The form was not from this portal, or too old" not in text:
            text = operator.get("/en/operator/refusals").text
    (year,) = years(here.built.home / "portal" / "refusals")
    of_nobody = [one for one in newest(year, 1000) if one["why"] == "FormNotOurs"]
    assert {(one["page"], one["who"]) for one in of_nobody} == {("*", None)}
    assert len(of_nobody) <= 3  # three, where an hour ended meanwhile


@dataclass
class Passing:
    """A clock that a test sets."""

    at: datetime

    def now(self) -> datetime:
        return self.at


async def test_what_came_again_is_told_when_the_hour_is_over_and_old_years_go(tmp_path: Path) -> None:
    clock = Passing(datetime(2024, 12, 31, 22, 30, tzinfo=UTC))
    for hours, expected in ((0, ["2024"]), (2, ["2025", "2024"]), (9000, ["2026", "2025"])):
        clock.at += timedelta(hours=hours)
        refusals = Refusals(tmp_path, clock)
        keeping = asyncio.create_task(refusals.keep())
        await asyncio.sleep(0)
        for person in ("a", "b", "a", "a"):
            refusals.note(Refusal("/{language}/operator", "Refused", person, ()))
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        assert [year.name for year in years(tmp_path)] == expected
    told = sorted((one.who or "", one.times) for one in refusals.newest(2))
    assert told == [("a", 3), ("b", 1)]


@pytest.mark.browser
def test_the_pages_shut_nobody_out_and_fit_a_narrow_window(here: Portal) -> None:
    paths = "/en/operator", "/fr/operator/institutions", "/de/operator/refusals"
    with here.client() as client:
        log_in(client, OTTO, "/en/operator")
        cookies = [{"name": one.name, "value": one.value or "", "url": here.url} for one in client.cookies.jar]
    with chromium() as browser, tab(browser, here.url, bypass_csp=True) as page:
        page.context.add_cookies(cookies)  # type: ignore[arg-type] # what the library reads, typed as another of its dicts
        for path in paths:
            page.set_viewport_size({"width": 1000, "height": 800})
            page.goto(path)
            assert page.locator("h1").count() == 1
            assert violations(page) == []
            page.set_viewport_size({"width": 320, "height": 800})
            assert overflow(page) <= 0
