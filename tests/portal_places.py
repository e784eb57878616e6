"""Every page of the portal, at an address where it has something to show, in a network that has it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from crossroads.portal.app import ROUTES
from database import Database
from looking import CENTRE, PORTAL, SOURCE, WORK
from networks import line
from portals import CITIZEN, NUMBER, Portal, portal

_LANGUAGE = "/{language:str}"
_SAMPLES = {
    "/institutions/{key:str}": f"/institutions/{CENTRE}",
    "/data-groups/{key:str}": f"/data-groups/{WORK}",
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
def inhabited(folder: Path, database: Database, *, name: str = "Anna Peeters", **options: Any) -> Iterator[Portal]:
    """Found a network whose portal asks its hub. One login sees every page: a citizen with a source, in every role.

    Hub and source are started by `start`; the centre, which has the citizen on file as well, never runs.
    """
    known = {CENTRE: "17:2", SOURCE: "12:30"}
    opened = portal(
        folder,
        database,
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        members={CENTRE: {}, PORTAL: {}, SOURCE: {"groups": {WORK: {"sql": _RELATIONS, "list": "relations"}}}},
        personas=[{"id": CITIZEN, "name": name, "ssin": NUMBER, "roles": _ROLES}],
        persons=[NUMBER],
        inscriptions=[line(NUMBER, where, context, "2020-01-01") for where, context in known.items()],
        **options,
    )
    with opened as running:
        running.built.member(SOURCE).store({"relations": (("ssin", "start_date"), [(NUMBER, "2024-02-29")])})
        yield running


def start(here: Portal) -> None:
    """Start hub and source."""
    here.built.launch_hub()
    here.built.launch_members([SOURCE])
    here.built.await_hub()
    here.built.await_members([SOURCE])
