"""The portal with people who hold an office, for tests: security officers and members of the committee."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import httpx

from crossroads.kernel.clock import brussels_day
from database import Database
from looking import CENTRE, PORTAL, SOURCE
from networks import belgium, line
from portals import PERSONAS, Portal, hidden_fields, log_in, portal
from raw import person

ANNA = "80631512393"
MIRA = person(9)
TODAY = brussels_day(datetime.now(UTC))
HOLDERS = [
    {"id": "ines", "name": "Ines Officer", "roles": ["officer"]},
    {"id": "karel", "name": "Karel Member", "roles": ["committee"]},
    {"id": "lena", "name": "Lena Member", "roles": ["committee"]},
    {"id": "mira", "name": "Mira Member", "roles": ["committee"], "ssin": MIRA},
    {"id": "mira-2", "name": "M. Member", "roles": ["committee"], "ssin": MIRA},
]
"""Invented, all of them; the last two are accounts of one person."""
SUSPENSION = "/committee/write?kind=suspend&reference=CR-ILL/committee-1"


@contextmanager
def offices(folder: Path, database: Database) -> Iterator[Portal]:
    """Start a network with its portal and hub, in which one person has files at a centre and at a source."""
    with portal(
        folder,
        database,
        document=belgium(),
        settings={"client": folder / "network" / PORTAL / "participant.yaml"},
        members={CENTRE: {}, PORTAL: {}},
        personas=[*PERSONAS, *HOLDERS],
        persons=[ANNA],
        inscriptions=[line(ANNA, CENTRE, "17:2", "2020-01-01"), line(ANNA, SOURCE, "12:30", "2020-01-01")],
    ) as opened:
        opened.built.start_hub()
        yield opened


@contextmanager
def logged_in(here: Portal, persona: str) -> Iterator[httpx.Client]:
    """Give a browser in which somebody is logged in."""
    with here.client() as opened:
        log_in(opened, persona)
        yield opened


def text_of(page: httpx.Response) -> str:
    """Give what a page says that is there."""
    assert page.status_code == 200, page.text
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


def sent(browser: httpx.Client, page: httpx.Response, to: str | None = None, **fields: Any) -> httpx.Response:
    """Send a form of a page, with its hidden fields, to where it goes."""
    path = to or str(page.url.copy_with(query=None))
    return browser.post(path, data={**hidden_fields(page.text), **fields})
