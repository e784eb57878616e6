"""The kit with a real hub: a change written beside its notice, told, fetched by its recipient, and handled once."""

import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import yaml
from sqlalchemy import Connection, create_engine, text
from typer.testing import CliRunner

from crossroads.network.service import Network
from crossroads.participant.client import SyncClient
from crossroads.participant.command import app as participant
from crossroads.participant.consumer import Consumer
from crossroads.participant.inbox import Inbox
from crossroads.participant.mailbox_command import app as mailbox
from crossroads.wire.mutations import Item
from database import Database
from networks import line, network
from raw import person

SOURCE, FUND, BREAK = "neo", "family-benefits", "career-break@1"
FIRST, SECOND, STRANGER = person(1), person(3), person(5)
MANY = [person(number) for number in range(7, 27, 2)]
BREAKS = "SELECT start_date AS \"startDate\", 'full' AS kind FROM breaks WHERE ssin = :ssin AND :start_date <= '9999'"
NOTICE = """
    INSERT INTO crossroads_outbox (reference, ssin, data_group, context, start_date, end_date, kind, happened_on)
    VALUES (?, ?, 'career-break@1', '18:2', '2026-02-01', '2026-04-30', 'created', '2026-02-01')
"""
CONSUMING = Path(__file__).parent.parent / "consuming.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    people = [FIRST, SECOND, *MANY]
    with network(
        tmp_path_factory.mktemp("kit"),
        module_database,
        {SOURCE: {"groups": {BREAK: {"sql": BREAKS, "list": "breaks"}}}, FUND: {}},
        persons=[*people, STRANGER],
        inscriptions=[
            *(line(ssin, SOURCE, "18:2", "2020-01-01") for ssin in people),
            *(line(ssin, FUND, "7:101", "2020-01-01") for ssin in people),
        ],
        start=False,
    ) as made:
        source = made.member(SOURCE)
        source.store({"breaks": (("ssin", "start_date"), [])})
        settings = yaml.safe_load(source.settings.read_text())
        source.settings.write_text(yaml.safe_dump(settings | {"outbox": {"database": "sqlite:///data.sqlite"}}))
        assert CliRunner().invoke(participant, ["outbox", "create", str(source.settings)]).exit_code == 0
        made.start_hub()
        made.start_members([SOURCE])
        yield made


def record(built: Network, ssins: Sequence[str]) -> None:
    """Record career breaks at the source, each with its notice, in one transaction."""
    with closing(sqlite3.connect(built.member(SOURCE).database)) as connection, connection:
        for ssin in ssins:
            connection.execute("INSERT INTO breaks (ssin, start_date) VALUES (?, '2026-02-01')", [ssin])
            connection.execute(NOTICE, [uuid4().hex, ssin])


def outbox(built: Network) -> dict[str, int]:
    shown = CliRunner().invoke(participant, ["outbox", "show", str(built.member(SOURCE).settings), "--json"])
    counts: dict[str, int] = msgspec.json.decode(shown.stdout)
    return counts


def command(built: Network, way: str, *arguments: object) -> str:
    result = CliRunner().invoke(mailbox, [way, str(built.member(FUND).settings), *map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def wait_until(true: Callable[[], object]) -> None:
    while not true():
        time.sleep(0.1)


@pytest.fixture
def client(built: Network) -> Iterator[SyncClient]:
    with SyncClient(built.member(FUND).client(built.installation.settings.public_url)) as one:
        yield one


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Inbox]:
    store = Inbox.file(tmp_path / "inbox.sqlite")
    yield store
    store.close()


def test_a_change_comes_to_its_recipient_who_fetches_the_data(built: Network, client: SyncClient, store: Inbox) -> None:
    record(built, [FIRST])
    fetched: list[tuple[str, object]] = []

    def handle(item: Item, _: Connection) -> None:
        reply = client.fetch(item, agent="file-7")
        assert reply.rejected == ()
        fetched.extend((block.source, block.json) for block in reply.blocks)

    consumer = Consumer(client, handle, store)
    wait_until(consumer.once)
    assert fetched == [(SOURCE, {"breaks": [{"startDate": "2026-02-01", "kind": "full"}]})]
    assert (consumer.progress.handled, consumer.progress.depth) == (1, 0)
    assert outbox(built) | {"newestRefused": 0} == {"waiting": 0, "accepted": 1, "refused": 0, "newestRefused": 0}
    assert command(built, "pull") == "The mailbox is empty.\n"


def test_what_the_source_may_not_notify_is_refused_and_shown_with_its_reason(built: Network) -> None:
    before = outbox(built)["refused"]
    record(built, [STRANGER])
    wait_until(lambda: outbox(built)["refused"] == before + 1)
    shown = CliRunner().invoke(participant, ["outbox", "show", str(built.member(SOURCE).settings)]).stdout
    assert "CR-PERSON-NOT-HELD" in " ".join(shown.split())


def test_a_poison_item_is_parked_at_the_hub_and_taken_up_again_by_hand(
    built: Network, client: SyncClient, store: Inbox
) -> None:
    record(built, [SECOND, FIRST])
    handled: list[str] = []

    def handle(item: Item, _: Connection) -> None:
        assert item.change
        if item.change.ssin.value == SECOND:
            raise ValueError(SECOND)
        handled.append(item.change.ssin.value)

    consumer = Consumer(client, handle, store, pause=0.0)
    wait_until(lambda: consumer.once() and consumer.progress.dealt == 2)
    assert (handled, consumer.progress.parked) == ([FIRST], 1)
    assert command(built, "pull") == "The mailbox is empty. 1 are parked: see --parked.\n"
    page = msgspec.json.decode(command(built, "pull", "--parked", "--json"))
    (item,) = page["items"]
    assert item["parked"] == "The handler failed 3 times: ValueError."
    assert command(built, "acknowledge", page["lease"], item["number"]) == (
        "The lease has ended; 0 in the mailbox, 0 parked.\n"
    )


def test_what_was_taken_out_by_hand_is_found_missing_and_replayed(
    built: Network, client: SyncClient, store: Inbox
) -> None:
    handled: list[int] = []
    consumer = Consumer(client, lambda item, _: handled.append(item.number), store)
    record(built, [FIRST])
    wait_until(consumer.once)
    record(built, [FIRST, FIRST])
    pages: list[dict[str, Any]] = []
    while not (pages and pages[-1].get("lease")):
        pages.append(msgspec.json.decode(command(built, "pull", "--count", 1, "--json")))
    command(built, "acknowledge", pages[-1]["lease"], pages[-1]["items"][0]["number"])
    wait_until(consumer.once)
    assert handled == [handled[0] + n for n in range(3)]
    again = command(built, "pull", "--from", handled[0])
    assert all(f"{number}  {FIRST}" in again for number in handled)


def test_a_consumer_that_is_killed_handles_each_item_once_and_in_order(built: Network, tmp_path: Path) -> None:
    url, chance = f"sqlite:///{tmp_path}/own.sqlite", random.Random(11)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("create table handled (position integer primary key, number integer, ssin text)"))
    record(built, MANY * 6)
    wait_until(lambda: outbox(built)["waiting"] == 0)

    def handled() -> list[tuple[int, str]]:
        with engine.connect() as connection:
            found = connection.execute(text("select number, ssin from handled order by position"))
            return [(int(row[0]), str(row[1])) for row in found]

    def kill_after(more: int) -> None:
        enough = len(handled()) + more
        process = subprocess.Popen([sys.executable, str(CONSUMING), str(built.member(FUND).settings), url, "1", "0"])
        try:
            wait_until(lambda: len(handled()) >= enough)
        finally:
            process.kill()
            process.wait()

    for _ in range(3):
        kill_after(chance.randrange(1, 9))
    kill_after(6 * len(MANY) - len(handled()))
    found = handled()
    engine.dispose()
    numbers = [number for number, _ in found]
    assert len(set(numbers)) == len(numbers) == 6 * len(MANY)
    for ssin in MANY:
        own = [number for number, of in found if of == ssin]
        assert (own, len(own)) == (sorted(own), 6)
