"""A status turns out otherwise: its source says so, the institution asks again, and who acted on it learns that."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from crossroads.kernel.clock import SystemClock, brussels_day
from crossroads.kernel.period import Period, day
from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.statuses.buffer import Buffer
from crossroads.wire.error_reports import ErrorAnswer, ErrorOutcome, ErrorReport, Presumed
from crossroads.wire.mutations import Change, Item, Mutation, MutationKind
from database import Database
from entitling import (
    BUSES,
    CENTRE,
    CHILD,
    DISABILITY,
    DISABLED,
    ENERGY,
    FARE,
    FIRST,
    GROUPS,
    HELPED,
    INSURED,
    PROTECTED,
    REGISTER,
    STATUSES,
    TARIFF,
    WATER,
    WHY,
    serve,
    statuses,
    statuses_network,
)

LIVING_WAGE, ALLOWANCE = "status-living-wage@1", "status-income-replacement@1"
YEAR = Period(date(2026, 1, 1), date(2026, 12, 31))
_SECONDS = 60

T = TypeVar("T")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with statuses_network(tmp_path_factory.mktemp("listening") / "net", module_database) as made:
        noted = statuses(made, "propose", "-", text=f"{HELPED}\n{DISABLED}\n{INSURED}\n")
        loaded = statuses(made, "load", "--day", FIRST)
        assert (noted.code, loaded.code) == (0, 0), loaded
        yield made


def client(built: Network, name: str) -> SyncClient:
    return SyncClient(built.member(name).client(built.installation.settings.public_url))


def awaited(look: Callable[[], T | None]) -> T:
    """Look until there is something."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    raise AssertionError("Nothing came.")


def pulled(built: Network, name: str, fits: Callable[[Item], bool]) -> list[Item]:
    """Empty a mailbox, and give those of its items that fit."""
    found: list[Item] = []
    with client(built, name) as hub:
        while (page := hub.pull()).lease:
            found += [item for item in page.items if fits(item)]
            hub.acknowledge(page.lease, up_to=page.items[-1].number)
    return found


def changes(built: Network, name: str, group: str) -> list[Item]:
    """Empty a mailbox, and give what it tells of a data group."""
    return pulled(built, name, lambda item: item.change is not None and item.change.data_group == group)


def change(item: Item) -> Change:
    assert item.change is not None
    return item.change


def now_says(built: Network, source: str, *held: tuple[str, str, str | None]) -> None:
    """Let a source have other statuses on file."""
    with closing(sqlite3.connect(built.member(source).database)) as files, files:
        files.execute("DELETE FROM held")
        files.executemany("INSERT INTO held VALUES (?, ?, ?)", held)


def notify(built: Network, source: str, ssin: str, kind: MutationKind, since: datetime | None = None) -> Mutation:
    """Let a source tell of the status that it has of a person."""
    group, _, context, _ = next(one for one in GROUPS.values() if one[1] == source)
    told = Mutation(
        reference=uuid4().hex,
        ssin=ssin,
        data_group=group,
        context=context,
        period=Period(date(2025, 1, 1)),
        kind=kind,
        happened_on=brussels_day(SystemClock().now()),
        wrong_since=since,
    )
    with client(built, source) as hub:
        (outcome,) = hub.notify([told])
        assert outcome.taken, outcome
        (again,) = hub.notify([told])
        assert again.ticket == outcome.ticket
    return told


def tries(built: Network, ssin: str) -> int | None:
    """Give how often a notice about somebody was looked into in vain; None where none waits."""
    with closing(sqlite3.connect(built.member(STATUSES).folder / "buffer" / "buffer.sqlite")) as files:
        row = files.execute("SELECT tries FROM notice WHERE ssin = ? AND waits", (ssin,)).fetchone()
    return int(row[0]) if row else None


def learns(built: Network, name: str, item: Item) -> bool:
    """Let a client ask for what an item is about."""
    with client(built, name) as hub:
        (block,) = hub.fetch(item, agent="counter-3").blocks
    entitled: bool = block.json["entitled"]
    return entitled


def rights(built: Network, ssin: str) -> set[str]:
    return {one.right for one in Buffer(built.member(STATUSES).folder / "buffer").entitlements(ssin)}


def test_an_error_that_is_reported_reaches_who_acted_on_it(built: Network) -> None:
    """From the report of an error to a client that learns of it, and asks: no."""
    with client(built, WATER) as water:
        before = water.ask(
            ssin=CHILD, legal_context=WHY[PROTECTED], data_groups=[PROTECTED], agent="counter-3", period=YEAR
        )
    assert before.blocks[0].json["entitled"]
    assert {"social-tariff", "water-flanders"} <= rights(built, CHILD)

    with client(built, STATUSES) as asking:
        seen = asking.ask(
            ssin=HELPED,
            legal_context="STATUSES:LOAD",
            data_groups=[LIVING_WAGE],
            agent="clerk-1",
            period=YEAR,
            reference_date=YEAR.start_date,
        )
        report = asking.report_error(
            ErrorReport(
                reference=uuid4().hex,
                ssin=HELPED,
                data_group=LIVING_WAGE,
                period=seen.blocks[0].period,
                ticket=seen.answer.ticket,
                source=CENTRE,
                presumed=Presumed.WRONG_VALUE,
                text="The person says that it never had this.",
            )
        )
    awaited(lambda: pulled(built, CENTRE, lambda item: bool(item.notice and item.notice.error)) or None)

    now_says(built, CENTRE)
    since = datetime(2026, 1, 1, tzinfo=UTC)
    told = notify(built, CENTRE, HELPED, MutationKind.CORRECTED, since)
    with client(built, CENTRE) as centre:
        (ticket,) = {centre.notify([told])[0].ticket}
        centre.answer_error(
            ErrorAnswer(
                report=report.report, outcome=ErrorOutcome.CORRECTED, reason="Typed wrongly.", correction=ticket
            )
        )

    (tariff,) = awaited(lambda: changes(built, ENERGY, TARIFF) or None)
    assert (change(tariff).ssin.value, change(tariff).kind) == (CHILD, MutationKind.CORRECTED)
    assert (change(tariff).wrong_since, change(tariff).source) == (since, STATUSES)
    assert YEAR.contains(change(tariff).period)
    assert not learns(built, ENERGY, tariff)
    protected = awaited(lambda: changes(built, WATER, PROTECTED) or None)
    assert {change(item).ssin.value for item in protected} == {CHILD, HELPED}
    assert not any(learns(built, WATER, item) for item in protected)
    (fare,) = awaited(lambda: changes(built, BUSES, FARE) or None)
    assert change(fare).ssin.value == HELPED
    assert not learns(built, BUSES, fare)
    assert rights(built, CHILD) == rights(built, HELPED) == set()
    assert rights(built, DISABLED)


def test_what_a_silent_source_told_is_looked_into_when_it_speaks_whatever_dies(built: Network) -> None:
    """What changes nothing is told to nobody; what waits survives a kill, and is told once."""
    before = Buffer(built.member(STATUSES).folder / "buffer").current()
    notify(built, CENTRE, HELPED, MutationKind.CHANGED)
    built.processes.stop(DISABILITY)
    now_says(built, DISABILITY)
    notify(built, DISABILITY, DISABLED, MutationKind.CANCELLED)
    awaited(lambda: tries(built, DISABLED) or None)
    assert "social-tariff" in rights(built, DISABLED)
    built.processes[STATUSES].kill()
    built.start_members([DISABILITY])
    serve(built)
    told = awaited(lambda: changes(built, ENERGY, TARIFF) or None)
    assert [change(item).ssin.value for item in told] == [DISABLED]
    assert change(told[0]).wrong_since is not None
    assert not learns(built, ENERGY, told[0])
    assert rights(built, DISABLED) == set()
    assert (tries(built, HELPED), tries(built, DISABLED)) == (None, None)
    assert changes(built, ENERGY, TARIFF) == []
    assert Buffer(built.member(STATUSES).folder / "buffer").current() == before


def test_a_new_status_opens_rights_and_is_told(built: Network) -> None:
    """Who lives with others is known as one of them: what a source says of it anew proposes it, and opens rights."""
    now_says(built, CENTRE, (HELPED, "2026-01-01", None))
    notify(built, CENTRE, HELPED, MutationKind.CREATED)
    (told,) = awaited(lambda: changes(built, ENERGY, TARIFF) or None)
    assert (change(told).ssin.value, change(told).kind, change(told).wrong_since) == (CHILD, MutationKind.CHANGED, None)
    assert learns(built, ENERGY, told)
    assert "social-tariff" in rights(built, CHILD)
    counted = statuses(built, "show")
    assert counted.code == 0, counted


def load(built: Network) -> dict[str, Any]:
    """Load as of today, and give what the command says."""
    loaded = statuses(built, "load", "--json")
    assert loaded.code == 0, loaded
    said: dict[str, Any] = json.loads(loaded.stdout)
    return said


def lives(built: Network, ssin: str, home: str) -> None:
    with closing(sqlite3.connect(built.member(REGISTER).database)) as files, files:
        files.execute("UPDATE home SET home = ? WHERE ssin = ?", (home, ssin))


def inscribed(built: Network) -> set[tuple[str, str]]:
    """Give whom the directory has at the institution from tomorrow on, and in which context."""
    tomorrow = brussels_day(SystemClock().now()) + timedelta(days=1)
    with client(built, STATUSES) as hub:
        lines = hub.inscriptions.besides(STATUSES).unlisted
    return {(line.ssin, line.context) for line in lines if line.period.overlaps(day(tomorrow))}


def test_whom_nothing_needs_is_inscribed_no_more(built: Network) -> None:
    """Who moved out, and who is proposed no more; who is proposed again is asked about again, on the same day too."""
    assert inscribed(built) == {(HELPED, "25:1"), (DISABLED, "25:1"), (INSURED, "25:1"), (CHILD, "25:5")}
    lives(built, CHILD, "elsewhere")
    assert load(built)["ended"] == 1
    assert inscribed(built) == {(HELPED, "25:1"), (DISABLED, "25:1"), (INSURED, "25:1")}
    noted = statuses(built, "propose", "--instead", "-", text=f"{HELPED}\n{DISABLED}\n")
    assert noted.code == 0, noted
    lives(built, CHILD, "one")
    ended = "1 inscription was ended: nothing needs it any more."
    assert ended in " ".join(statuses(built, "load").stdout.split())
    assert inscribed(built) == {(HELPED, "25:1"), (DISABLED, "25:1"), (CHILD, "25:5")}
    assert statuses(built, "propose", "-", text=f"{CHILD}\n").code == 0
    assert load(built)["ended"] == 1
    assert inscribed(built) == {(HELPED, "25:1"), (DISABLED, "25:1"), (CHILD, "25:1")}
    assert load(built)["ended"] == 0


def test_the_register_may_be_silent_about_one_person(built: Network) -> None:
    """What it said before stands for that one; where it is silent about more, nothing is loaded."""
    with closing(sqlite3.connect(built.member(REGISTER).database)) as files, files:
        files.execute("INSERT INTO home (ssin, home) VALUES ('nobody', 'two')")
    lives(built, DISABLED, "two")
    said = load(built)
    assert said["failed"] == {REGISTER: 1}
    assert f"{REGISTER} did not say all that it was asked of 1 person" in " ".join(
        statuses(built, "show").stdout.split()
    )
    assert "social-tariff" in rights(built, CHILD)
    lives(built, HELPED, "two")
    refused = statuses(built, "load")
    assert (refused.code, "nothing is loaded" in refused.sentence) == (1, True), refused


def test_only_one_process_listens(built: Network) -> None:
    second = statuses(built, "listen")
    assert (second.code, "listens already" in second.sentence) == (1, True), second
