"""Logging in at the portal, and out again: by the demo login, and by a provider that is not ours."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest

from crossroads.kernel.ssin import Environment
from crossroads.network.ports import free_ports
from crossroads.web.demo_provider.personas import NoDemoHere, read_demo_login
from database import Database
from portals import CITIZEN, NUMBER, Portal, hidden_fields, log_in, portal


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Portal]:
    with portal(tmp_path_factory.mktemp("portal") / "p", module_database) as opened:
        yield opened


def test_a_page_about_oneself_leads_through_the_login_and_back(here: Portal) -> None:
    with here.client() as browser:
        page = log_in(browser, CITIZEN)
        assert page.status_code == 200
        assert "Anna Peeters" in page.text
        assert NUMBER not in page.text
        assert page.headers["cache-control"] == "no-store"
        cookie = next(iter(browser.cookies.jar))
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert NUMBER not in (cookie.value or "")


def test_logging_out_ends_the_session_at_the_server(here: Portal) -> None:
    with here.client() as browser:
        page = log_in(browser, CITIZEN)
        kept = dict(browser.cookies)
        answer = browser.post("/en/logout", data=hidden_fields(page.text))
        assert answer.headers["location"] == "/en/logged-out"
        out = browser.get("/en/logged-out").text
        assert here.login_url in out
        assert NUMBER not in out
    with here.client(cookies=kept) as thief:
        assert thief.get("/en/me").status_code == 303


def test_the_provider_ends_sessions_by_the_back_channel(here: Portal) -> None:
    with here.client() as browser, here.client() as other:
        log_in(browser, CITIZEN)
        log_in(other, "bert")
        browser.get(f"{here.login_url}/end")
        assert browser.get("/en/me").status_code == 303
        assert other.get("/en/me").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "e30.e30.e30"])
def test_nobody_else_ends_a_session(here: Portal, token: str) -> None:
    with here.client() as browser, here.client() as stranger:
        log_in(browser, CITIZEN)
        assert stranger.post("/logout/back-channel", data={"logout_token": token}).status_code == 400
        assert browser.get("/en/me").status_code == 200


def test_an_answer_of_the_provider_serves_the_browser_that_began_and_once(here: Portal) -> None:
    with here.client() as browser, here.client() as thief:
        choice = browser.get(browser.get("/en/login", params={"to": "/me"}).headers["location"])
        asked = {**hidden_fields(choice.text), "persona": CITIZEN}
        back = browser.post(str(choice.url.copy_with(query=None)), data=asked).headers["location"]
        assert thief.get(back).status_code == 401
        assert browser.get(back).status_code == 303
        assert browser.get(back).status_code == 401


def test_the_login_uses_pkce_a_nonce_and_the_level_that_the_page_needs(here: Portal) -> None:
    with here.client() as browser:
        address = browser.get("/en/login", params={"to": "/me", "level": 3}).headers["location"]
    asked = parse_qs(urlsplit(address).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["nonce"][0]) >= 32
    assert asked["acr_values"] == ["http://eidas.europa.eu/LoA/high"]


def test_who_proves_less_than_the_page_needs_is_not_let_in(here: Portal) -> None:
    with here.client() as browser:
        choice = browser.get(browser.get("/en/login", params={"to": "/me", "level": 3}).headers["location"])
        asked = {**hidden_fields(choice.text), "persona": "bert"}
        back = browser.post(str(choice.url.copy_with(query=None)), data=asked).headers["location"]
        assert browser.get(back).status_code == 401
        assert browser.get("/en/me").status_code == 303


async def test_who_only_begins_a_login_leaves_nothing_at_the_server(here: Portal, module_database: Database) -> None:
    before = await sessions_there(module_database)
    with here.client() as browser:
        for _ in range(7):
            assert browser.get("/en/login", params={"to": "/me"}).status_code == 303
        assert browser.get("/en/login", params={"to": "/me" + "e" * 3000}).status_code == 303
        assert sum(len(cookie.value or "") for cookie in browser.cookies.jar) < 4000
        assert browser.get("/login/return", params={"state": "x", "code": "y"}).status_code == 401
        assert await sessions_there(module_database) == before
        log_in(browser, CITIZEN)
        assert await sessions_there(module_database) == before + 1


async def sessions_there(database: Database) -> int:
    connection = await asyncpg.connect(database.url("crossroads_portal"))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM portal_session"))
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/\n/evil.example"]
)
def test_nobody_is_led_elsewhere_after_the_login(here: Portal, to: str) -> None:
    with here.client() as browser:
        choice = browser.get(browser.get("/en/login", params={"to": to}).headers["location"])
        asked = {**hidden_fields(choice.text), "persona": CITIZEN}
        back = browser.post(str(choice.url.copy_with(query=None)), data=asked).headers["location"]
        assert browser.get(back).headers["location"] == "/en/me"


def test_the_demo_login_refuses_to_be_more_than_a_demo(here: Portal) -> None:
    settings = here.built.installation.settings.demo_login
    assert settings is not None
    with pytest.raises(NoDemoHere):
        read_demo_login(settings.file, Environment.PRODUCTION)


@contextmanager
def foreign_provider(port: int) -> Iterator[str]:
    """Run oidc-provider-mock: it asks for no client secret, knows no PKCE, no `acr` and no back channel."""
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port), "--host", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with suppress(httpx.HTTPError):
                httpx.get(url, trust_env=False).raise_for_status()
                break
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait()


def test_a_provider_that_is_not_ours(tmp_path_factory: pytest.TempPathFactory, database: Database) -> None:
    (port,) = free_ports(1)
    with foreign_provider(port) as issuer:
        claims = {"name": "Cleo Maes", "ssin": NUMBER, "roles": ["officer"]}
        httpx.put(f"{issuer}/users/cleo", json=claims, trust_env=False).raise_for_status()
        login = {"issuer": issuer, "level_without_acr": 1}
        with portal(tmp_path_factory.mktemp("portal") / "p", database, login=login) as there, there.client() as browser:
            address = browser.get("/fr/login", params={"to": "/me"}).headers["location"]
            back = browser.post(address, data={"sub": "cleo"}).headers["location"]
            assert browser.get(back).headers["location"] == "/fr/me"
            page = browser.get("/fr/me")
            assert "Cleo Maes" in page.text
            assert "officer" in page.text
            assert NUMBER not in page.text
