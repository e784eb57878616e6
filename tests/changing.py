"""Changes under way while hub, database, notifier and consumers are killed, and the account of them afterwards."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, Self
from uuid import uuid4

import asyncpg
import yaml
from typer.testing import CliRunner

from chaos import person, rows, until
from commands import typed
from crashes import Crashes
from crossroads.network.service import Network
from crossroads.participant.command import app as participant
from database import Database
from networks import line, network

SOURCE, FUND, ACCOUNT, WELFARE = "neo", "family-benefits", "sigedis", "pcsw-gent"
BOXES = (FUND, ACCOUNT)
_CONTEXTS = {SOURCE: "18:2", FUND: "7:101", ACCOUNT: "14:10", WELFARE: "17:2"}
_CONSUMING = Path(__file__).parent / "consuming.py"
_GROUP = "career-break@1"
_MOST_UNDER_WAY, _AT_ONCE = 200, 2
"""Changes that are recorded and not handled, and those of one transaction: so something is always on its way."""
_NOTICE = """
    INSERT INTO crossroads_outbox (reference, ssin, data_group, context, start_date, end_date, kind, happened_on)
    VALUES (?, ?, 'career-break@1', '18:2', '2026-02-01', '2026-04-30', 'changed', '2026-02-01')
"""
TOLD: Mapping[str, tuple[str, ...]] = {
    person(2 * number + 1): places
    for number, places in enumerate([(FUND, ACCOUNT), (FUND,), (ACCOUNT,), (FUND, ACCOUNT), (), (FUND,)] * 3)
}
"""Who is to be told of each person. The welfare centre knows everybody, and has not asked to be told."""


@contextmanager
def changing_network(folder: Path, database: Database, workers: int = 2) -> Iterator[Network]:
    """Give a network on that database: a source that notifies from an outbox, and two that are told."""
    group = {"sql": "SELECT 'full' AS kind WHERE :ssin <> '' AND :start_date <= '9999'", "list": "breaks"}
    inscriptions = [
        line(ssin, place, _CONTEXTS[place], "2020-01-01")
        for ssin, told in TOLD.items()
        for place in (SOURCE, WELFARE, *told)
    ]
    members: dict[str, dict[str, Any]] = {SOURCE: {"groups": {_GROUP: group}}, FUND: {}, ACCOUNT: {}}
    with network(folder, database, members, persons=[*TOLD], inscriptions=inscriptions, start=False) as made:
        source = made.member(SOURCE)
        settings = yaml.safe_load(source.settings.read_text()) | {"outbox": {"database": "sqlite:///data.sqlite"}}
        source.settings.write_text(yaml.safe_dump(settings))
        assert CliRunner().invoke(participant, ["outbox", "create", str(source.settings)]).exit_code == 0
        for box in BOXES:
            with closing(sqlite3.connect(_own(made, box))) as connection, connection:
                connection.execute("create table handled (position integer primary key, number integer, ssin text)")
        made.start_hub(workers)
        made.start_members([SOURCE])
        yield made


def _own(built: Network, box: str) -> Path:
    return built.member(box).folder / "handled.sqlite"


def handled(built: Network, box: str) -> list[tuple[int, str]]:
    """Give what the consumer of a mailbox has handled, in order."""
    with closing(sqlite3.connect(_own(built, box), timeout=60)) as connection:
        return list(connection.execute("select number, ssin from handled order by position"))


def _count(built: Network, box: str) -> int:
    with closing(sqlite3.connect(_own(built, box), timeout=60)) as connection:
        return int(connection.execute("select count(*) from handled").fetchone()[0])


class Change(NamedTuple):
    """A row of the outbox."""

    reference: str
    ssin: str
    outcome: str | None
    ticket: str | None


class Changes:
    """A source that records changes without end, its notifier, and consumers: `async with Changes(…) as changes`.

    Notifier and consumers are started again whenever they ended.
    """

    def __init__(self, built: Network, chance: Random) -> None:
        """Record nothing yet."""
        self._built, self._chance = built, chance
        self._consumers: dict[str, subprocess.Popen[bytes]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._due = 0

    async def __aenter__(self) -> Self:
        """Start all of them."""
        self._tasks = [asyncio.create_task(self._record()), asyncio.create_task(self._keep())]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop all of them; what went wrong is raised."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        for consumer in self._consumers.values():
            consumer.kill()
            consumer.wait()
        for outcome in ended:
            if isinstance(outcome, Exception):
                raise outcome

    async def goes_on(self, count: int) -> None:
        """Wait until so many more items were handled."""
        goal = self._handled() + count

        async def reached() -> bool:
            for task in self._tasks:
                if task.done():
                    task.result()
            return self._handled() >= goal

        await until(reached, 150)

    async def finish(self) -> None:
        """Record no more, and wait until everything that was recorded has been told and handled."""
        self._tasks[0].cancel()
        await asyncio.wait(self._tasks[:1])
        # What was being written when it was stopped counts too.
        self._due = sum(len(TOLD[change.ssin]) for change in self.recorded())

        async def done() -> bool:
            return self._handled() >= self._due and all(change.outcome for change in self.recorded())

        await until(done, 150)

    def notifier(self) -> None:
        """Kill the participant of the source, which notifies."""
        self._built.processes[SOURCE].kill()

    def consumer(self) -> None:
        """Kill a consumer."""
        if self._consumers:
            self._consumers[self._chance.choice(sorted(self._consumers))].kill()

    def recorded(self) -> list[Change]:
        """Give all changes in the order in which they were recorded."""
        with closing(sqlite3.connect(self._built.member(SOURCE).database, timeout=60)) as connection:
            found = connection.execute("SELECT reference, ssin, outcome, ticket FROM crossroads_outbox ORDER BY id")
            return [Change(*row) for row in found]

    def _handled(self) -> int:
        return sum(_count(self._built, box) for box in BOXES)

    async def _record(self) -> None:
        while True:
            if self._due < self._handled() + _MOST_UNDER_WAY:
                some = [(uuid4().hex, self._chance.choice([*TOLD])) for _ in range(_AT_ONCE)]
                await asyncio.to_thread(self._write, some)
                self._due += sum(len(TOLD[ssin]) for _, ssin in some)
            await asyncio.sleep(0.01)

    def _write(self, some: list[tuple[str, str]]) -> None:
        with closing(sqlite3.connect(self._built.member(SOURCE).database, timeout=60)) as connection, connection:
            connection.executemany(_NOTICE, some)

    async def _keep(self) -> None:
        while True:
            if self._built.processes[SOURCE].wait(0):
                self._built.launch_members([SOURCE])
            for box in BOXES:
                if box not in self._consumers or self._consumers[box].poll() is not None:
                    self._consumers[box] = self._consume(box)
            await asyncio.sleep(0.2)

    def _consume(self, box: str) -> "subprocess.Popen[bytes]":
        own, settings = f"sqlite:///{_own(self._built, box)}", str(self._built.member(box).settings)
        log = self._built.home / "logs" / f"consumer-{box}.log"
        with log.open("ab") as output:
            command = [sys.executable, str(_CONSUMING), settings, own, "1", "0", "0"]
            return subprocess.Popen(command, stdout=output, stderr=output, env=dict(os.environ))


async def kill(built: Network, database: Database, chance: Random, rounds: int) -> None:
    """Kill whatever takes part in changes, at chance moments, each in turn; then check the account."""
    async with Crashes(built, database, chance) as crashes, Changes(built, chance) as changes:
        crashes.acts += [changes.notifier, changes.consumer]
        first = [crashes.hub, crashes.cluster, changes.notifier, changes.consumer, crashes.everything]
        for number in range(rounds):
            act = first[number] if number < len(first) else chance.choice(crashes.acts)
            await crashes.round(changes, crashes.acts.index(act))
        await changes.goes_on(20)
        await changes.finish()
        recorded = changes.recorded()
    built.processes.stop("hub")
    await check(built, database, recorded)


async def check(built: Network, database: Database, recorded: list[Change]) -> None:
    """Check that every change is where it belongs, once, in order, and nowhere else; and the log."""
    url = database.url("crossroads_reader")
    assert {change.outcome for change in recorded} == {"accepted"}
    taken = {row["reference"]: str(row["ticket"]) for row in await rows(url, "SELECT * FROM mutation_reference")}
    assert taken == {change.reference: change.ticket for change in recorded}
    assert {str(row[0]) for row in await rows(url, "SELECT ticket FROM mutation")} == set(taken.values())
    items = await _items(url)
    assert set(items) == set(BOXES)
    for box in BOXES:
        _check_box(items[box], [change for change in recorded if box in TOLD[change.ssin]], handled(built, box))
    assert await rows(url, _UNLOGGED) == []
    assert (await rows(url, "SELECT count(*) FROM mailbox_item WHERE delivered_at IS NULL"))[0][0] == 0
    verified = await asyncio.to_thread(typed, "audit", "verify", environment=built.environment)
    assert verified.code == 0, verified.stderr


_UNLOGGED = """
    SELECT FROM mailbox_item AS i WHERE NOT EXISTS (
        SELECT FROM log_entry AS e WHERE e.ticket = i.ticket AND e.asker = i.institution
          AND e.event = 'mutations:item:delivered' AND (e.content->>'number')::bigint = i.number
    )
"""


async def _items(url: str) -> dict[str, list[asyncpg.Record]]:
    found: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in await rows(url, "SELECT recipient, number, ticket FROM mailbox_item ORDER BY recipient, number"):
        found[row["recipient"]].append(row)
    return found


def _check_box(items: list[asyncpg.Record], expected: list[Change], consumed: list[tuple[int, str]]) -> None:
    assert [item["number"] for item in items] == list(range(1, len(expected) + 1))
    tickets = [str(item["ticket"]) for item in items]
    persons = {change.ticket: change.ssin for change in expected}
    assert sorted(tickets) == sorted(filter(None, persons))
    told = [persons[ticket] for ticket in tickets]
    assert sorted(consumed) == list(enumerate(told, 1))
    for ssin in TOLD:
        ordered = [ticket for ticket in tickets if persons[ticket] == ssin]
        assert ordered == [change.ticket for change in expected if change.ssin == ssin]
        assert [number for number, of in consumed if of == ssin] == sorted(n for n, of in consumed if of == ssin)
