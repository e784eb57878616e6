"""Who may see which page of the portal: one table, and every page as every persona against it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from crossroads.bootstrap.portal_settings import PortalSettings
from crossroads.bootstrap.settings import Installation, Settings
from crossroads.portal.app import application
from crossroads.web.access import Needs
from crossroads.web.sessions import Level, Who

PERSONAS = {
    "nobody": None,
    "hardly known": Who(issuer="i", subject="a", name="A", level=Level.LOW, since=datetime.now(UTC)),
    "citizen": Who(issuer="i", subject="b", name="B", level=Level.SUBSTANTIAL, since=datetime.now(UTC)),
    "officer": Who(
        issuer="i", subject="c", name="C", level=Level.HIGH, roles=frozenset({"officer"}), since=datetime.now(UTC)
    ),
    "committee member": Who(
        issuer="i", subject="e", name="E", level=Level.HIGH, roles=frozenset({"committee"}), since=datetime.now(UTC)
    ),
    "officer, less sure": Who(
        issuer="i",
        subject="f",
        name="F",
        level=Level.SUBSTANTIAL,
        roles=frozenset({"officer"}),
        since=datetime.now(UTC),
    ),
    "operator": Who(
        issuer="i", subject="d", name="D", level=Level.HIGH, roles=frozenset({"operator"}), since=datetime.now(UTC)
    ),
}
EVERYBODY = set(PERSONAS)
LOGGED_IN = EVERYBODY - {"nobody"}
SURE = LOGGED_IN - {"hardly known"}
"""Each sees what concerns the person that they are themselves."""

TABLE = {
    "/me": LOGGED_IN,
    "/logout": LOGGED_IN,
    "/me/known": SURE,
    "/me/usage": SURE,
    "/me/usage/proof": SURE,
    "/me/data": SURE,
    "/me/data/now": SURE,
    "/me/wrong": SURE,
    "/me/reports": SURE,
    "/me/acting": SURE,
    "/me/acting/children": SURE,
    "/me/acting/give": SURE,
    "/me/box": SURE,
    "/me/box/message": SURE,
    "/me/box/document": SURE,
    "/me/box/proof": SURE,
    "/me/box/consent": SURE,
    "/officer": {"officer"},
    "/officer/entries": {"officer"},
    "/officer/evidence": {"officer"},
    "/officer/evidence/file": {"officer"},
    "/officer/patterns": {"officer"},
    "/officer/patterns/found": {"officer"},
    "/officer/watched": {"officer"},
    "/officer/watched/shown": {"officer"},
    "/officer/watched/new": {"officer"},
    "/officer/watched/end": {"officer"},
    "/officer/numbers": {"officer"},
    "/committee": {"committee member"},
    "/committee/write": {"committee member"},
    "/committee/drafts/{draft:uuid}": {"committee member"},
    "/committee/drafts/{draft:uuid}/write": {"committee member"},
    "/committee/drafts/{draft:uuid}/agree": {"committee member"},
    "/committee/drafts/{draft:uuid}/drop": {"committee member"},
    "/committee/drafts/{draft:uuid}/plan": {"committee member"},
    "/operator": {"operator"},
    "/operator.json": {"operator"},
    "/operator/institutions": {"operator"},
    "/operator/refusals": {"operator"},
}
"""Every page that is not for everybody."""
PUBLIC = {
    *("", "/institutions", "/institutions/{key:str}", "/sectors", "/data-groups", "/data-groups/{key:str}"),
    *("/availabilities", "/authorisations", "/authorisations/{reference:path}"),
    *("/authorisations.csv", "/authorisations.json", "/about", "/service-levels", "/service-levels/{name:str}"),
    *("/decision-tables", "/decision-tables/{key:str}", "/decision-tables/{key:str}/file"),
    *("/decision-tables/{key:str}/compare",),
    *("/checkpoints", "/accessibility", "/privacy", "/login", "/logged-out"),
}
WITHOUT_LANGUAGE = {"/", "/health", "/robots.txt", "/static/{file:path}", "/login/return", "/logout/back-channel"}
"""Routes that are no pages, and show nothing of anybody."""
LANGUAGE = "/{language:str}"


def pages() -> list[tuple[str, HTTPRouteHandler]]:
    portal = PortalSettings(database_url="postgresql://crossroads_portal@nowhere/crossroads")
    app = application(Installation(Settings(portal=portal), Path("nowhere"))).app
    found = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                if handler.http_methods != {"OPTIONS"}:
                    found[f"{' '.join(sorted(handler.http_methods))} {route.path}"] = handler
    return sorted(found.items())


PAGES = pages()


@pytest.mark.parametrize(("name", "handler"), PAGES, ids=[name for name, _ in PAGES])
def test_a_page_is_seen_by_whom_the_table_says(name: str, handler: HTTPRouteHandler) -> None:
    needs, path = handler.opt.get("needs"), name.rsplit(" ", maxsplit=1)[-1]
    assert isinstance(needs, Needs)
    if path in WITHOUT_LANGUAGE:
        return
    assert path.startswith(LANGUAGE)
    page = path.removeprefix(LANGUAGE)
    allowed = EVERYBODY if page in PUBLIC else TABLE[page]
    assert {persona for persona, who in PERSONAS.items() if needs.lets_in(who)} == allowed


@pytest.mark.parametrize("name", [name for name, _ in PAGES])
def test_no_address_of_a_page_names_a_person(name: str) -> None:
    assert not [word for word in ("ssin", "niss", "insz", "person", "citizen") if word in name.lower()]


def test_only_what_needs_no_session_is_open_before_the_guard() -> None:
    opened = {name for name, handler in PAGES if handler.opt.get("open")}
    assert {name.split(" ")[-1] for name in opened} <= WITHOUT_LANGUAGE - {"/login/return", "/"}


def test_a_page_that_names_roles_and_no_level_is_not_for_everybody() -> None:
    needs = Needs(roles=frozenset({"officer"}))
    assert {persona for persona, who in PERSONAS.items() if needs.lets_in(who)} == {"officer", "officer, less sure"}
