"""Attestations for tests of the pages of the institution that keeps statuses: made, read and checked; a fresh load."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import httpx

from attestations import MARIE, PAUL
from crossroads.kernel.clock import SystemClock
from crossroads.kernel.errors import Conflict, Unavailable
from crossroads.statuses.attestation_signing import read_certificate
from crossroads.statuses.verifying import genuine
from desks import words
from status_pages import TARIFF, StatusPages, load


def begin_anew(here: StatusPages) -> None:
    """Begin with a load in which Marie is, nobody withdrawn, and no wrong codes."""
    for ssin in (MARIE, PAUL):
        here.buffer.come_back(ssin)
    until(lambda: held(here) or loaded(here))
    with closing(sqlite3.connect(here.folder / "attestations" / "attestations.sqlite")) as store, store:
        store.execute("CREATE TABLE IF NOT EXISTS miss (peer TEXT NOT NULL, at INTEGER NOT NULL) STRICT")
        store.execute("DELETE FROM miss")


def held(here: StatusPages) -> bool:
    """Tell whether the load in which Marie is stands."""
    try:
        return bool(here.buffer.holdings(MARIE))
    except Unavailable:
        return False


def loaded(here: StatusPages) -> bool:
    """Load, unless the pages remove the facts of somebody at that moment."""
    try:
        load(here.folder)
    except Conflict:
        return False
    return True


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that comes by itself."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.1)


def made(here: StatusPages, **fields: str) -> bytes:
    """Have an attestation made for Marie."""
    with here.browser("marie") as marie:
        answer = marie.send("/mine/attestation", right=TARIFF, language="en", **fields)
        assert answer.status_code == 200, words(answer)
        return answer.content


def code_of(here: StatusPages, pdf: bytes) -> str:
    """Give the code of an attestation, which is whole."""
    return genuine(pdf, read_certificate(here.folder / "attestations.pem"), SystemClock().now()).code


def checked(here: StatusPages, pdf: bytes | None = None, **fields: str) -> httpx.Response:
    """Check an attestation as anybody does."""
    files = {"file": ("received.pdf", b"" if pdf is None else pdf, "application/pdf")}
    with here.browser() as anybody:
        return anybody.http.post("/en/check", data=fields, files=files)
