"""Consumers as processes, killed while they work; and the commands with which a person empties a mailbox."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

import consuming
from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.participant.client import Client, read_client_config
from crossroads.participant.inbox import Inbox
from crossroads.participant.mailbox_command import app
from crossroads.wire.mutations import Item, Pull
from database import empty_database
from fakehub import FakeAsker, FakeHub
from fakemailbox import Doors, FakeMailbox, mutation
from forking import forking

pytest_plugins = ["participant_fixtures"]

PEOPLE = [f"8065011{number:04}" for number in range(5)]
ROUNDS = 4


@pytest.fixture
def doors(hub: FakeHub) -> Doors:
    return Doors(hub)


@pytest.fixture
def mailbox(doors: Doors) -> FakeMailbox:
    return doors.mailbox


@pytest.fixture
def settings(tmp_path: Path, asker: FakeAsker, hub: FakeHub) -> Path:
    return client_settings(tmp_path / "client", asker, hub)


def client_settings(folder: Path, asker: FakeAsker, hub: FakeHub) -> Path:
    asker.sign.write(folder / "sign.pem")
    asker.seal.write(folder / "seal.pem")
    hub.write_trust(folder)
    keys = {use: {"id": f"{asker.name}#{use}-1", "file": f"{use}.pem"} for use in ("sign", "seal")}
    file = folder / "client.yaml"
    file.write_text(
        yaml.safe_dump(
            {"institution": asker.name, "hub": hub.url, "trust": "trust.json", "keys": keys, "state": "state"}
        )
    )
    return file


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    with empty_database(postgres) as fresh:
        url = fresh.url("crossroads_owner").replace("postgresql://", "postgresql+psycopg://")
        make_table(url, "bigint generated always as identity")
        yield url


def make_table(url: str, numbered: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"create table handled (position {numbered} primary key, number bigint, ssin text)"))
    engine.dispose()


def handled(url: str) -> list[tuple[int, str]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(text("select number, ssin from handled order by position")).fetchall()
    engine.dispose()
    return [(int(row[0]), str(row[1])) for row in found]


@pytest.fixture
def start() -> Iterator[Callable[..., BaseProcess]]:
    started: list[BaseProcess] = []

    def one(*arguments: object) -> BaseProcess:
        process = forking().Process(target=consuming.main, args=tuple(map(str, arguments)), daemon=True)
        process.start()
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.join()


def check(mailbox: FakeMailbox, url: str) -> None:
    found = handled(url)
    expected = [(item.number, item.change.ssin.value) for item in mailbox.items if item.change]
    assert sorted(found) == expected
    assert all([row for row in found if row[1] == ssin] == [r for r in expected if r[1] == ssin] for ssin in PEOPLE)
    assert mailbox.aside == {}


def kill_a_few_times(begin: Callable[[], BaseProcess], url: str, chance: random.Random) -> None:
    for _ in range(ROUNDS):
        so_far, process = len(handled(url)), begin()
        while len(handled(url)) <= so_far + chance.randrange(10):
            time.sleep(0.02)
        process.kill()
        process.join()


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_killed_while_it_works_each_item_is_handled_once_and_in_order(
    kind: str,
    mailbox: FakeMailbox,
    settings: Path,
    database: str,
    tmp_path: Path,
    start: Callable[..., BaseProcess],
) -> None:
    url, chance = database, random.Random(7)
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path}/own.sqlite"
        make_table(url, "integer")
    for _ in range(150):
        mailbox.add(chance.choice(PEOPLE))
    kill_a_few_times(lambda: start(settings, url, 1, 0), url, chance)
    start(settings, url, 1, 0)
    while mailbox.open:
        time.sleep(0.05)
    check(mailbox, url)


def test_two_lanes_at_once_into_one_database(
    mailbox: FakeMailbox,
    asker: FakeAsker,
    hub: FakeHub,
    tmp_path: Path,
    database: str,
    start: Callable[..., BaseProcess],
) -> None:
    for n in range(60):
        mailbox.add(PEOPLE[n % 5], slot=n % 5)
    for lane in range(2):
        start(client_settings(tmp_path / f"lane-{lane}", asker, hub), database, 2, lane)
    while mailbox.open:
        time.sleep(0.05)
    check(mailbox, database)


def test_an_item_that_two_consumers_have_is_dealt_with_once(mailbox: FakeMailbox, database: str) -> None:
    item, stores = mailbox.add(PEOPLE[0]), [Inbox(create_engine(database)) for _ in range(2)]
    waits, found = Event(), []

    def other() -> None:
        waits.set()
        with stores[1].taking(item) as transaction:
            found.append(transaction)

    with ThreadPoolExecutor(1) as threads:
        with stores[0].taking(item) as transaction:
            running = threads.submit(other)
            waits.wait()
            assert transaction is not None
        running.result()
    assert found == [None]
    for store in stores:
        store.close()


class Outcome(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def command(*arguments: object) -> Outcome:
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    return Outcome(result.exit_code, result.stdout, result.stderr)


def test_an_empty_mailbox_is_said_to_be_empty(mailbox: FakeMailbox, settings: Path) -> None:
    assert mailbox.items == []
    assert command("pull", settings) == (0, "The mailbox is empty.\n", "")
    assert command("pull", settings, "--parked").out == "Nothing is parked.\n"
    assert command("pull", settings, "--from", 3).out == "Nothing was given from number 3 on.\n"


def test_a_person_takes_items_parks_one_and_acknowledges_the_rest(mailbox: FakeMailbox, settings: Path) -> None:
    for ssin in PEOPLE[:3]:
        mailbox.add(ssin)
    mailbox.add(PEOPLE[3], void=True)
    shown = command("pull", settings)
    assert shown.code == 0
    assert shown.out.startswith("4 of 4 in the mailbox, 0 parked.")
    assert f"{PEOPLE[0]}  living-wage@1 changed on 2026-02-01 by pps-si, 2026-02-01 to now" in shown.out
    assert "void: No authorisation covers it any more." in shown.out
    assert "The items were given to somebody until" in command("pull", settings).out
    lease = shown.out.rsplit("acknowledge", 1)[1].split()[1]
    assert command("park", settings, lease, 2, "--reason", "The file is not here yet.").out == (
        "3 items of the lease are open; 3 in the mailbox, 1 parked.\n"
    )
    assert command("acknowledge", settings, lease, 1).code == 0
    assert command("acknowledge", settings, lease, "--up-to", 4).out == (
        "The lease has ended; 0 in the mailbox, 1 parked.\n"
    )
    assert command("pull", settings).out == "The mailbox is empty. 1 are parked: see --parked.\n"
    replayed, parked = command("pull", settings, "--from", 1).out, command("pull", settings, "--parked").out
    assert replayed.startswith("4 that were given before; 0 in the mailbox, 1 parked.")
    assert parked.startswith("1 of 1 parked; 0 in the mailbox.")
    again = command("acknowledge", settings, lease, 1)
    assert (again.code, again.out) == (1, "")
    assert "no such lease" in again.err
    assert command("acknowledge", settings, lease).code == 2
    assert not any(ssin in part.err for ssin in PEOPLE for part in (shown, again))


def test_a_program_gets_json(mailbox: FakeMailbox, settings: Path) -> None:
    mailbox.add(PEOPLE[0])
    page = msgspec.json.decode(command("pull", settings, "--json", "--count", 5).out)
    assert [item["number"] for item in page["items"]] == [1]
    settled = msgspec.json.decode(command("acknowledge", settings, page["lease"], 1, "--json").out)
    assert settled["depth"] == 0
    assert command("pull", settings, "--count", 5000).code == 2


def test_follow_writes_every_item_as_it_comes_and_acknowledges_it(mailbox: FakeMailbox, settings: Path) -> None:
    for ssin in PEOPLE:
        mailbox.add(ssin)
    program = "from crossroads.participant.mailbox_command import app; app()"
    arguments = [sys.executable, "-c", program, "pull", str(settings), "--follow", "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        lines = [process.stdout.readline() for _ in PEOPLE]
        while mailbox.open:
            time.sleep(0.05)
        mailbox.add(PEOPLE[0])
        lines.append(process.stdout.readline())
        process.terminate()
        told: Any = process.stderr.read()
    items = [msgspec.json.decode(line, type=Item) for line in lines]
    assert [item.number for item in items] == [1, 2, 3, 4, 5, 6]
    assert "5 handled, 0 received before, 0 void, 0 parked; 0 in the mailbox." in told
    assert not any(ssin in told for ssin in PEOPLE)


async def test_the_async_client_notifies_and_empties_too(doors: Doors, settings: Path) -> None:
    doors.mailbox.add(PEOPLE[0])
    async with Client(read_client_config(settings)) as client:
        (outcome,) = await client.notify([mutation("r-1")])
        page = await client.pull(Pull(count=1))
        assert page.lease
        settled = await client.acknowledge(page.lease, up_to=1)
    assert (outcome.taken, [item.number for item in page.items], settled.depth) == (True, [1], 0)


def test_when_nobody_reads_any_more_follow_ends_and_blames_no_item(mailbox: FakeMailbox, settings: Path) -> None:
    mailbox.add(PEOPLE[0])
    for _ in range(4):
        process = forking().Process(target=consuming.follow_unread, args=(str(settings),), daemon=True)
        process.start()
        process.join(60)
        assert process.exitcode
        mailbox.expire()
    assert (mailbox.open, mailbox.aside) == ({1}, {})
