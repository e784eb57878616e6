"""Every page of the portal, at an address where it has something to show, in a network that has it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from acting import REGISTER
from crossroads.portal.app import ROUTES
from database import Database
from looking import CENTRE, PORTAL, SOURCE, WORK
from networks import line
from portals import CITIZEN, NUMBER, Portal, portal

_LANGUAGE = "/{language:str}"
_SAMPLES = {
    "/institutions/{key:str}": f"/institutions/{CENTRE}",
    "/data-groups/{key:str}": f"/data-groups/{WORK}",
    "/decision-tables/{key:str}": "/decision-tables/social-tariff",
    "/decision-tables/{key:str}/file": "/decision-tables/social-tariff/file",
    "/decision-tables/{key:str}/compare": "/decision-tables/social-tariff/compare",
    "/authorisations/{reference:path}": "/authorisations/CR-ILL/social-inquiry-1",
    "/service-levels/{name:str}": "/service-levels/answered.svg",
}
_FOLLOWED = {"/me/usage/proof": ("/me/usage", r"/me/usage/proof\?"), "/me/wrong": ("/me/data/now", r"/me/wrong\?")}
"""Pages that only a link on another leads to: that page, and the link."""

PAGES: Sequence[str] = tuple(
    path.removeprefix(_LANGUAGE) for one in ROUTES if "GET" in one.http_methods for path in sorted(one.paths)
)
"""All of them, without language, as their routes have them."""
FULL = {*_SAMPLES, *_FOLLOWED, "", "/institutions", "/authorisations", "/me/known", "/me/usage", "/me/data/now"}
"""Pages that a test must find: what it sees of them is what they are."""


def place(browser: httpx.Client, path: str, language: str = "en") -> str:
    """Give the address of a page; a link that leads there is looked for in the session of the browser."""
    if path in _FOLLOWED:
        shown, link = _FOLLOWED[path]
        page = browser.get(f"/{language}{shown}").text
        found = re.search(rf'href="([^"]*{link}[^"]*)"', page)
        assert found, " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())
        return unescape(found[1])
    return f"/{language}" + re.sub(r"{[^}]*}", "1", _SAMPLES.get(path, path))


_ROLES = ["officer", "committee", "operator"]
_RELATIONS = (
    'SELECT start_date AS "startDate", 100006 AS "employerNumber", \'OTH\' AS "workerType" '
    "FROM relations WHERE ssin = :ssin"
)


@contextmanager
def inhabited(
    folder: Path,
    database: Database,
    *,
    name: str = "Anna Peeters",
    others: Mapping[str, str] | None = None,
    register: Mapping[str, Any] | None = None,
    **options: Any,
) -> Iterator[Portal]:
    """Found a network whose portal asks its hub. One login sees every page: a citizen with a source, in every role.

    `others` are people with a login and no role, by number: their names; `register` is how the register serves, which
    is a member then. Hub and source are started by `start`; the centre, which has everybody on file too, never runs.
    """
    known, numbers = {CENTRE: "17:2", SOURCE: "12:30"}, [NUMBER, *(others or {})]
    if register is not None:
        known[REGISTER] = "0:1"
    logins = [{"id": called, "name": called, "ssin": number} for number, called in (others or {}).items()]
    serving = {SOURCE: {"groups": {WORK: {"sql": _RELATIONS, "list": "relations"}}}}
    serving |= {REGISTER: dict(register)} if register is not None else {}
    opened = portal(
        folder,
        database,
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        members={CENTRE: {}, PORTAL: {}, **serving},
        personas=[{"id": CITIZEN, "name": name, "ssin": NUMBER, "roles": _ROLES}, *logins],
        persons=numbers,
        inscriptions=[line(one, where, context, "2020-01-01") for one in numbers for where, context in known.items()],
        **options,
    )
    with opened as running:
        running.built.member(SOURCE).store(
            {"relations": (("ssin", "start_date"), [(one, "2024-02-29") for one in numbers])}
        )
        yield running


def start(here: Portal, *more: str) -> None:
    """Start hub and source, and what other members serve."""
    here.built.launch_hub()
    here.built.launch_members([SOURCE, *more])
    here.built.await_hub()
    here.built.await_members([SOURCE, *more])
