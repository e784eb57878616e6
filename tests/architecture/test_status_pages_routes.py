"""Who may see which page of the institution that keeps statuses: one table, and every page against it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from crossroads.kernel.clock import SystemClock
from crossroads.participant.config import Listen
from crossroads.participant.website import Login
from crossroads.statuses.pages.app import application
from crossroads.statuses.pages.settings import PagesSettings
from crossroads.statuses.settings import StatusSettings
from crossroads.web.access import Needs
from crossroads.web.sessions import Level, Who

PERSONAS = {
    "nobody": None,
    "hardly known": Who(issuer="i", subject="a", name="A", level=Level.LOW, since=datetime.now(UTC)),
    "person": Who(issuer="i", subject="b", name="B", level=Level.SUBSTANTIAL, since=datetime.now(UTC)),
}
EVERYBODY = frozenset(PERSONAS)
LOGGED_IN = EVERYBODY - {"nobody"}
SURE = LOGGED_IN - {"hardly known"}
TABLE = {
    **dict.fromkeys(("", "/check", "/login", "/logged-out"), EVERYBODY),
    **dict.fromkeys(("/me", "/logout"), LOGGED_IN),
    **dict.fromkeys(("/mine", "/mine/attestation", "/mine/withdraw", "/mine/return"), SURE),
}
"""Each person sees itself alone: who that is, the session says and no address."""
WITHOUT_LANGUAGE = {"/", "/health", "/robots.txt", "/static/{file:path}", "/login/return", "/logout/back-channel"}
STATELESS = {"POST /{language:str}/check"}
"""What may be sent without a session: it changes nothing, and tells everybody the same."""
LANGUAGE = "/{language:str}"


def pages() -> dict[str, HTTPRouteHandler]:
    login = Login(issuer="http://127.0.0.1:1", client_id="statuses", client_secret_file="file")  # noqa: S106 - its name
    settings = PagesSettings(listen=Listen(port=1), url="http://127.0.0.1:1", login=login, state="pages")
    statuses = StatusSettings(
        rights="rights",
        client="client.yaml",
        legal_context="STATUSES:LOAD",
        candidates="25:1",
        members="25:5",
        statuses={},
        identification="identification@1",
        household="household@1",
        folder=Path("nowhere"),
    )
    found = {}
    for route in application(statuses, settings, SystemClock()).app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.http_methods != {"OPTIONS"}:
                    found[f"{' '.join(sorted(handler.http_methods))} {route.path}"] = handler
    return dict(sorted(found.items()))


PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_seen_by_whom_the_table_says(name: str) -> None:
    needs, path = PAGES[name].opt.get("needs"), name.rsplit(" ", maxsplit=1)[-1]
    assert isinstance(needs, Needs)
    if path in WITHOUT_LANGUAGE:
        return
    assert path.startswith(LANGUAGE)
    allowed = TABLE[path.removeprefix(LANGUAGE)]
    assert {persona for persona, who in PERSONAS.items() if needs.lets_in(who)} == allowed


def test_every_page_of_the_table_is_there() -> None:
    assert {name.rsplit(" ", maxsplit=1)[-1].removeprefix(LANGUAGE) for name in PAGES} >= set(TABLE)


def test_only_what_changes_nothing_is_taken_without_a_session() -> None:
    posted = {name for name in PAGES if name.startswith("POST") and not PAGES[name].opt.get("open")}
    assert {name for name in posted if not PAGES[name].opt["changes"]} == STATELESS


@pytest.mark.parametrize("name", PAGES)
def test_no_address_of_a_page_has_a_place_for_a_person_a_code_or_a_right(name: str) -> None:
    assert "{" not in name.removeprefix("GET ").removeprefix("POST ").replace(LANGUAGE, "").replace("{file:path}", "")
