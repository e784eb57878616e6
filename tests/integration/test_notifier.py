"""The notifier with real databases and processes: rows out of order, a hub that is away, a participant killed."""

import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from typer.testing import CliRunner

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.kernel.clock import SystemClock
from crossroads.network.ports import free_ports
from crossroads.participant.command import app
from crossroads.participant.notifier import Notifier
from crossroads.participant.outbox import Outbox, write
from crossroads.wire.keys import SigningKey
from crossroads.wire.mutations import Mutation, MutationKind
from database import empty_database
from fakehub import FakeHub
from fakemailbox import SSIN, Doors, FakeChanges, mutation
from participants import NAME, OTHER_SSIN, write_config

pytest_plugins = ["participant_fixtures"]

PROGRAM = [sys.executable, "-c", "from crossroads.participant.command import app; app()"]
PAGE = Path(__file__).parent.parent.parent / "docs" / "how-to" / "notify-changes.md"
DATABASE = "sqlite:///outbox.sqlite"


@pytest.fixture
def postgres_engine(postgres: EmbeddedPostgres) -> Iterator[Engine]:
    with empty_database(postgres) as fresh:
        engine = create_engine(fresh.url("crossroads_owner").replace("postgresql://", "postgresql+psycopg://"))
        yield engine
        engine.dispose()


def test_of_corrections_those_that_the_hub_took_of_this_person_are_given_the_newest_first(
    postgres_engine: Engine, tmp_path: Path
) -> None:
    corrected: dict[str, Any] = {"kind": MutationKind.CORRECTED, "wrong_since": SystemClock().now()}
    for engine in (postgres_engine, create_engine(f"sqlite:///{tmp_path / 'outbox.sqlite'}")):
        hub, outbox = FakeChanges(), Outbox(engine)
        outbox.create()
        with engine.begin() as connection:
            for reference in ("c-1", "c-2"):
                write(connection, mutation(reference, **corrected))
            write(connection, mutation("changed"))
            write(connection, mutation("other", **corrected | {"ssin": OTHER_SSIN}))
        Notifier(hub.notify, outbox, SystemClock()).send()
        with engine.begin() as connection:
            write(connection, mutation("waits", **corrected))
        group = mutation("c-1").data_group
        found = outbox.corrections([SSIN], group, 10)
        assert [one.ticket for one in found] == [str(hub.taken[name][1]) for name in ("c-2", "c-1")]
        assert {(one.period, one.sent_at.tzinfo is None) for one in found} == {(mutation("c-1").period, False)}
        assert outbox.corrections([SSIN], group, 1) == found[:1]
        assert outbox.corrections([SSIN], "another@1", 10) == outbox.corrections([], group, 10) == []
        outbox.close()


def test_a_row_that_commits_after_one_of_a_higher_number_is_not_skipped(postgres_engine: Engine) -> None:
    hub, outbox = FakeChanges(), Outbox(postgres_engine)
    outbox.create()
    notifier = Notifier(hub.notify, outbox, SystemClock())
    with postgres_engine.connect() as slow, slow.begin() as open_transaction:
        write(slow, mutation("r-1"))
        with postgres_engine.begin() as quick:
            write(quick, mutation("r-2"))
        assert notifier.send() == 1
        assert list(hub.taken) == ["r-2"]
        open_transaction.commit()
    assert notifier.send() == 1
    assert list(hub.taken) == ["r-2", "r-1"]
    assert outbox.counts() == {"waiting": 0, "accepted": 2, "refused": 0}


def test_on_postgresql_too_all_that_a_change_can_say_comes_through(postgres_engine: Engine) -> None:
    hub, outbox = FakeChanges(), Outbox(postgres_engine)
    outbox.create()
    outbox.create()
    full = mutation("r-1", content={"number": 3}, on_behalf_of="pcsw-gent")
    with postgres_engine.begin() as connection:
        write(connection, full)
    assert Notifier(hub.notify, outbox, SystemClock()).send() == 1
    assert hub.taken["r-1"][0] == full


def test_a_number_is_used_once_in_an_outbox(postgres_engine: Engine) -> None:
    outbox = Outbox(postgres_engine)
    outbox.create()

    def put(connection: Connection) -> None:
        write(connection, mutation("r-1"))

    with postgres_engine.begin() as connection:
        put(connection)
    with pytest.raises(Exception, match="unique"), postgres_engine.begin() as connection:
        put(connection)


def test_the_table_of_the_page_is_the_one_that_is_sent_from(postgres_engine: Engine) -> None:
    page = PAGE.read_text("utf-8")
    made = textwrap.dedent(page[page.index("    CREATE TABLE") : page.index("Any program writes it")])
    row = "values ('r-1', '80650112345', 'living-wage@1', '17:2', '2026-02-01', 'changed', '2026-02-01')"
    with postgres_engine.begin() as connection:
        for statement in made.split(";\n"):
            connection.execute(text(statement))
        columns = "reference, ssin, data_group, context, start_date, kind, happened_on"
        connection.execute(text(f"insert into crossroads_outbox ({columns}) {row}"))
    hub, outbox = FakeChanges(), Outbox(postgres_engine)
    assert Notifier(hub.notify, outbox, SystemClock()).send() == 1
    assert hub.taken["r-1"][0] == mutation("r-1")
    assert outbox.counts()["accepted"] == 1


@pytest.fixture
def doors(hub: FakeHub) -> Doors:
    return Doors(hub)


@pytest.fixture
def config(tmp_path: Path, hub: FakeHub, doors: Doors) -> Path:
    port = free_ports(1)[0]
    file = write_config(tmp_path, hub, port, url=f"http://127.0.0.1:{port}", outbox={"database": DATABASE})
    key = SigningKey.read(f"{NAME}#sign-1", tmp_path / "keys" / "sign.pem")
    hub.keep(key)
    assert doors.changes.taken == {}
    assert command("outbox", "create", str(file)) == (0, "The table crossroads_outbox is there.\n")
    return file


def command(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    return result.exit_code, result.stdout


def put(config: Path, *mutations: Mutation) -> None:
    engine = create_engine(f"sqlite:///{config.parent}/outbox.sqlite")
    with engine.begin() as connection:
        for one in mutations:
            write(connection, one)
    engine.dispose()


def counts(config: Path) -> dict[str, Any]:
    code, printed = command("outbox", "show", str(config), "--json")
    assert code == 0
    found: dict[str, Any] = msgspec.json.decode(printed)
    return found


def wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.05)


@pytest.fixture
def start(config: Path) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []

    def one() -> "subprocess.Popen[bytes]":
        with (config.parent / "out").open("ab") as out:
            process = subprocess.Popen([*PROGRAM, "serve", str(config)], stdout=out)
        started.append(process)
        return process

    yield one
    for process in started:
        process.kill()
        process.wait()


def test_a_participant_notifies_beside_its_server_and_ends_on_a_signal(
    config: Path, doors: Doors, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    doors.away, doors.lose = True, 1
    doors.changes.refuses, doors.changes.spoils = {"r-2"}, {"r-4"}
    put(config, *(mutation(f"r-{n}") for n in range(1, 6)))
    process = start()
    wait_until(lambda: "/v1/mutations" in doors.hub.asked)
    assert counts(config)["waiting"] == 5
    doors.away = False
    wait_until(lambda: counts(config)["waiting"] == 0)
    assert list(doors.changes.taken) == ["r-1", "r-3", "r-5"]
    refused = {row[1]: row[2] for row in counts(config)["newestRefused"]}
    assert "CR-PERSON-NOT-HELD" in refused["r-2"]
    assert refused["r-4"] == "The input message is incorrect."
    put(config, mutation("r-6"))
    wait_until(lambda: "r-6" in doors.changes.taken)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert SSIN not in (config.parent / "out").read_text()


def test_killed_it_sends_the_rest_and_nothing_in_another_form(
    config: Path, doors: Doors, start: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    for n in range(4):
        put(config, *(mutation(f"r-{n}-{m}") for m in range(5)))
        process = start()
        wait_until(lambda n=n: f"r-{n}-4" in doors.changes.taken)  # type: ignore[misc]  # bound at once
        process.send_signal(signal.SIGKILL)
        process.wait()
    start()
    wait_until(lambda: counts(config)["waiting"] == 0)
    assert counts(config)["accepted"] == 20
    with sqlite3.connect(config.parent / "outbox.sqlite") as connection:
        kept = dict(connection.execute("select reference, ticket from crossroads_outbox").fetchall())
    connection.close()
    assert kept == {reference: str(ticket) for reference, (_, ticket) in doors.changes.taken.items()}


def test_a_person_sees_what_waits_and_why_some_were_refused(config: Path) -> None:
    assert command("outbox", "show", str(config)) == (0, "0 changes wait; accepted: 0, refused: 0.\n")
    put(config, mutation("r-1"))
    hub = FakeChanges()
    hub.refuses = {"r-1"}
    outbox = Outbox(create_engine(f"sqlite:///{config.parent}/outbox.sqlite"))
    Notifier(hub.notify, outbox, SystemClock()).send()
    outbox.close()
    code, printed = command("outbox", "show", str(config))
    assert code == 0
    assert "refused: 1" in printed
    assert "r-1" in printed
    assert "has no such person" in " ".join(printed.split())


def test_a_check_tells_how_the_outbox_stands(config: Path) -> None:
    put(config, mutation("r-1"))
    checked = CliRunner().invoke(app, ["check", str(config), "--json"]).stdout
    findings = {one["what"]: one for one in msgspec.json.decode(checked)["findings"]}
    assert findings["outbox"]["ok"]
    assert findings["outbox"]["detail"] == "1 change waits; refused: 0"
    assert counts(config)["waiting"] == 1


def test_a_password_in_the_settings_is_refused(config: Path) -> None:
    config.write_text(config.read_text().replace(DATABASE, "postgresql+psycopg://notifier:secret@db/social"))
    result = CliRunner().invoke(app, ["outbox", "show", str(config)])
    assert (result.exit_code, "$.outbox.database: no password in the settings" in result.stderr) == (1, True)
    assert "secret" not in result.stderr


def test_without_a_table_or_an_outbox_it_is_said_in_words(config: Path, tmp_path: Path, doors: Doors) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "outbox.sqlite").unlink()
    result = CliRunner().invoke(app, ["outbox", "show", str(config)])
    assert (result.exit_code, "database of the outbox" in result.stderr) == (1, True)
    checked = CliRunner().invoke(app, ["check", str(config), "--json"]).stdout
    (finding,) = [one for one in msgspec.json.decode(checked)["findings"] if one["what"] == "outbox"]
    assert (finding["ok"], "outbox create" in finding["detail"]) == (False, True)
    bare = write_config(tmp_path / "bare", doors.hub)
    result = CliRunner().invoke(app, ["outbox", "show", str(bare)])
    assert (result.exit_code, result.stderr.strip()) == (
        1,
        "The settings name no outbox: add `outbox:` with its `database:`.",
    )
