"""The desks of a centre and a source with their staff, for tests: who works there, and what they do again and again."""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine

from crossroads.kernel.clock import brussels_day
from crossroads.kernel.period import Period
from crossroads.participant import outbox
from crossroads.participant.config import read_config
from crossroads.wire.mutations import Mutation, MutationKind
from database import Database
from desks import ANNA, MARIE, NORA, OTTO, REDUCTIONS, SARA, SOURCE, STAN, STRANGER, WORK, Browser, RunningDesk, desks
from raw import INQUIRY, person

TODAY = brussels_day(datetime.now(UTC))
LATER = TODAY + timedelta(days=90)
SOMEBODY = person(5)


@contextmanager
def staffed(folder: Path, database: Database) -> Iterator[tuple[RunningDesk, RunningDesk]]:
    """Start both desks, and appoint Stan as staff and Nora as a user without a role here, Sara as staff there."""
    with desks(folder, database, people=[SOMEBODY], workers=1) as opened:
        with opened[0].browser(MARIE) as boss:
            appointed(boss, STAN, "staff")
            appointed(boss, NORA, None)
        with opened[1].browser(OTTO) as boss:
            appointed(boss, SARA, "staff", REDUCTIONS)
        yield opened


def appointed(boss: Browser, persona: str, power: str | None, context: str = INQUIRY) -> str:
    """Appoint somebody by the pages, and give the page of the user."""
    place = boss.done("/users/new", name=persona.title(), subject=persona)
    if power:
        boss.done(place, power=power, context=context, first=str(TODAY), last=str(LATER))
    return place


def asked(browser: Browser, ssin: str, group: str = WORK) -> str:
    """Ask about somebody, and give where the answer is."""
    return browser.done("/ask", ssin=ssin, groups=group, first="2026-01-01", last="2026-03-31")


def taken_item(browser: Browser, path: str = "/mailbox", **fields: str) -> str:
    """Take what is in the mailbox by a form, once something is, and give where the only item is shown."""
    listed = ""
    for _ in range(60):
        browser.send(path, **fields)
        listed = browser.get("/mailbox").text
        if found := re.findall(r'href="/en(/mailbox/\d+)"', listed):
            (item,) = found
            return str(item)
        time.sleep(0.5)  # a desk answers so many requests a minute
    pytest.fail(f"nothing came: {listed}")


def corrected(source: RunningDesk) -> str:
    """Have the source correct what it knows of Anna and notify it by its outbox; give the ticket."""
    days, since = Period(date(2026, 1, 1), date(2026, 3, 31)), datetime.now(UTC) - timedelta(days=1)
    mutation = Mutation(
        reference=uuid4().hex, ssin=ANNA, data_group=WORK, context="12:30", period=days,
        kind=MutationKind.CORRECTED, happened_on=TODAY, wrong_since=since,
    )  # fmt: skip
    member = source.built.member(SOURCE)
    engine = create_engine(f"sqlite:///{member.database}")
    with engine.begin() as connection:
        outbox.write(connection, mutation)
    engine.dispose()
    with closing(outbox.open_outbox(read_config(member.settings))) as opened:
        for _ in range(120):
            if found := opened.corrections([ANNA], WORK, 1):
                return found[0].ticket
            time.sleep(0.25)
    pytest.fail("the hub took no correction")


def hold(desk: RunningDesk) -> None:
    """See that both logs of a desk hold, and that no number of a person stands in what its program wrote."""
    verified = desk.command("log", "verify")
    assert verified.code == 0, verified.stdout + verified.stderr
    written = (desk.built.home / "logs" / f"desk-{desk.port}.log").read_text()
    assert ANNA not in written
    assert STRANGER not in written
    assert "Traceback" not in written
