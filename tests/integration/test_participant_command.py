"""The participant as a process of its own, as an institution runs it: served, checked, stopped and killed."""

import json
import os
import pty
import signal
import socket
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from crossroads.kernel.codes import Code
from crossroads.network.ports import free_ports
from crossroads.participant.command import app
from crossroads.participant.trust import read_trust
from fakehub import ALICE, FakeAsker, FakeHub, Question, now, signed_headers
from participant_processes import served, served_whole
from participants import FILE, NAME, OTHER_SSIN, SSIN, WAGE, WAGE_MANY, WAGE_SQL, refused, write_config
from plain import NO_TLS

pytest_plugins = ["participant_fixtures"]


class Outcome(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


def command(*arguments: str, text: str | None = None) -> Outcome:
    result = CliRunner().invoke(app, arguments, input=text)
    return Outcome(result.exit_code, result.stdout, result.stderr)


OTHER_SQL = "select ssin, month, eurocents from amount where ssin in :ssins and month < '2026-02'"
STRANGE_SQL = "select '81650112399' as ssin, month, eurocents from amount where ssin in :ssins"
AGREES = "says of one person what it says on a page"
PAGES = ["answers a page", "answers the same page alike", AGREES, "refuses a record of a page asked again"]


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def config(tmp_path: Path, hub: FakeHub, port: int) -> Path:
    return write_config(tmp_path, hub, port, url=f"http://127.0.0.1:{port}")


@pytest.fixture
def client_config(tmp_path: Path, asker: FakeAsker, hub: FakeHub) -> Path:
    folder = tmp_path / "client"
    asker.sign.write(folder / "sign.pem")
    asker.seal.write(folder / "seal.pem")
    hub.write_trust(folder)
    file = folder / "client.yaml"
    keys = {
        "sign": {"id": asker.sign.key_id, "file": "sign.pem"},
        "seal": {"id": asker.seal.key_id, "file": "seal.pem"},
    }
    settings = {"institution": asker.name, "hub": hub.url, "trust": "trust.json", "keys": keys, "state": "state"}
    file.write_text(yaml.safe_dump(settings))
    return file


def send(hub: FakeHub, port: int, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    url = f"http://127.0.0.1:{port}/v1/data-requests"
    return httpx.post(url, content=body, headers=headers or signed_headers(hub.permit, url, body), verify=NO_TLS)


def test_served_it_answers_and_ends_on_a_signal(config: Path, port: int, hub: FakeHub, asker: FakeAsker) -> None:
    with served_whole(config, port) as process:
        assert send(hub, port, Question(asker, NAME, SSIN, WAGE, FILE).body()).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_at_a_terminal_it_says_where_it_listens_for_whom_and_with_which_data(config: Path, port: int) -> None:
    terminal, its_end = pty.openpty()
    with served_whole(config, port, its_end):
        said = os.read(terminal, 4096).decode().splitlines()
    os.close(its_end)
    os.close(terminal)
    assert said == [
        f"Listening on 127.0.0.1:{port}, as http://127.0.0.1:{port}, for {NAME}.",
        f"Data groups: {', '.join(sorted(yaml.safe_load(config.read_text())['groups']))}. Ctrl-C stops it.",
    ]


def test_its_log_says_what_is_served_and_why_it_refused_once(
    tmp_path: Path, config: Path, port: int, hub: FakeHub, asker: FakeAsker
) -> None:
    question = Question(asker, NAME, SSIN, WAGE)
    question.statement = {"expires_at": now() - timedelta(seconds=1), "issued_at": now() - timedelta(seconds=100)}
    with served(config, port, tmp_path / "log"):
        assert refused(send(hub, port, question.body())) == (403, "CR-STATEMENT-EXPIRED")
    serving, refusal = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert (serving["event"], serving["listen"], serving["answers_for"]) == ("serving", f"127.0.0.1:{port}", [NAME])
    assert WAGE in serving["data_groups"]
    assert (refusal["code"], refusal["why"]) == ("CR-STATEMENT-EXPIRED", Code.STATEMENT_EXPIRED.description)


def test_killed_and_started_again_it_still_knows_what_it_answered(
    config: Path, port: int, hub: FakeHub, asker: FakeAsker
) -> None:
    body = Question(asker, NAME, SSIN, WAGE).body()
    with served(config, port) as process:
        assert send(hub, port, body).status_code == 200
        process.send_signal(signal.SIGKILL)
        process.wait()
    with served(config, port):
        assert refused(send(hub, port, body)) == (409, "CR-QUESTION-REPEATED")
    assert command("log", "verify", str(config)).returncode == 0
    exported = command("log", "export", str(config))
    assert [json.loads(line)["position"] for line in exported.stdout.splitlines()] == [0]


def conformance(port: int, client_config: Path, hub: FakeHub, tmp_path: Path) -> Outcome:
    hub.permit.write(tmp_path / "permit.pem")
    options = {
        "--permit-key": str(tmp_path / "permit.pem"),
        "--permit-key-id": hub.permit.key_id,
        "--as": str(client_config),
        "--institution": NAME,
        "--data-group": WAGE,
        "--start-date": "2026-01-01",
        "--end-date": "2026-03-31",
        "--ssin": "-",
    }
    arguments = [part for option in options.items() for part in option]
    return command("check", f"http://127.0.0.1:{port}", *arguments, "--json", text=SSIN)


def test_it_passes_its_own_conformance_run(
    config: Path, port: int, client_config: Path, hub: FakeHub, tmp_path: Path
) -> None:
    with served(config, port):
        checked = conformance(port, client_config, hub, tmp_path)
    found = json.loads(checked.stdout)
    assert [finding for finding in found["findings"] if not finding["ok"]] == []
    assert (found["ok"], checked.returncode, len(found["findings"])) == (True, 0, 35)
    assert SSIN not in checked.stdout


@pytest.mark.parametrize(("sql", "expected"), [(WAGE_MANY["sqlMany"], []), (OTHER_SQL, [AGREES]), (STRANGE_SQL, PAGES)])
def test_a_query_for_many_that_says_something_else_does_not_pass(
    config: Path, port: int, client_config: Path, hub: FakeHub, tmp_path: Path, sql: str, expected: list[str]
) -> None:
    change(config, groups={WAGE: WAGE_MANY | {"sqlMany": sql}})
    with served(config, port):
        checked = json.loads(conformance(port, client_config, hub, tmp_path).stdout)
    assert [finding["what"] for finding in checked["findings"] if not finding["ok"]] == expected


def test_a_participant_that_answers_everything_does_not_pass(client_config: Path, hub: FakeHub, tmp_path: Path) -> None:
    hub.groups = [{"id": WAGE, "schema": {}}]
    hub.doors["/v1/data-requests"] = lambda _headers, _body: (200, {"content-type": "application/json"}, b"{}")
    checked = conformance(int(hub.url.rsplit(":", 1)[1]), client_config, hub, tmp_path)
    assert checked.returncode == 1
    assert not any(finding["ok"] for finding in json.loads(checked.stdout)["findings"])


def findings(config: Path, *arguments: str, text: str | None = None) -> tuple[int, dict[str, tuple[bool, str]]]:
    checked = command("check", str(config), *arguments, "--json", text=text)
    found = json.loads(checked.stdout)["findings"]
    return checked.returncode, {one["what"]: (one["ok"], one.get("detail", "")) for one in found}


def test_a_right_set_up_is_found_right(config: Path) -> None:
    code, found = findings(config, "--ssin", "-", text=SSIN)
    assert code == 0, found
    assert found[WAGE][1].endswith("within its schema")
    assert found["register"] == (True, "the query runs")
    change(config, groups={WAGE: WAGE_MANY})
    assert findings(config, "--ssin", "-", text=SSIN)[1][f"{WAGE} for many"] == (True, "says what sql says")
    assert "give --ssin" in findings(config)[1][f"{WAGE} for many"][1]


def test_the_number_to_check_with_is_read_from_a_file_and_never_repeated(config: Path, tmp_path: Path) -> None:
    (tmp_path / "person.txt").write_text(f"{SSIN}\n")
    code, found = findings(config, "--ssin", str(tmp_path / "person.txt"))
    assert (code, found[WAGE][1].endswith("within its schema")) == (0, True), found
    dotted = f"{SSIN[:6]}-{SSIN[6:9]}.{SSIN[9:]}"
    (tmp_path / "dotted.txt").write_text(dotted)
    for given, text in ((str(tmp_path / "dotted.txt"), ""), (str(tmp_path / "none.txt"), ""), ("-", dotted)):
        ended = command("check", str(config), "--ssin", given, text=text)
        assert (ended.returncode, "neither an SSIN nor a file with one" in ended.stderr) == (2, True), ended
        assert dotted not in ended.stderr


def test_without_a_number_the_content_is_not_checked_and_that_is_said(config: Path) -> None:
    code, found = findings(config)
    assert code == 0
    assert "give --ssin" in found[WAGE][1]


def change(config: Path, **changes: Any) -> None:
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "what", "hint"),
    [
        ({"unknownSetting": 1}, "settings", "unknown field `unknownSetting`"),
        ({"trust": "nowhere.json"}, "settings", "nowhere.json: cannot be read"),
        ({"hub": "http://127.0.0.1:9"}, "hub", "failed"),
        ({"groups": {"absent@1": {"documents": "files", "mediaType": "text/xml"}}}, "catalogue", "absent@1"),
        ({"groups": {FILE: {"documents": "nowhere", "mediaType": "application/xml"}}}, FILE, "cannot be read"),
        ({"groups": {FILE: {"documents": "files", "mediaType": "text/xml"}}}, FILE, "application/xml"),
        ({"groups": {WAGE: {"sql": "select 1 where :ssin = :sin", "one": True}}}, "settings", ":sin"),
        ({"groups": {WAGE: {"sql": "select nothing where :ssin = 1", "one": True}}}, WAGE, "OperationalError"),
        ({"groups": {WAGE: {"sql": WAGE_SQL, "list": "wages"}}}, WAGE, "out of schema"),
        ({"groups": {WAGE: {"sql": "select 1.5 as x where :ssin > ''", "one": True}}}, WAGE, "eurocents"),
        ({"database": "sqlite:////nowhere/x.sqlite"}, WAGE, "OperationalError"),
        ({"groups": {WAGE: WAGE_MANY | {"sqlMany": "select 1"}}}, "settings", "sqlMany without :ssins"),
        ({"groups": {WAGE: WAGE_MANY | {"sqlMany": OTHER_SQL}}}, f"{WAGE} for many", "make them say the same"),
        ({"groups": {WAGE: WAGE_MANY | {"sqlMany": STRANGE_SQL}}}, f"{WAGE} for many", "was not asked about"),
    ],
)
def test_a_wrong_set_up_is_told(config: Path, changes: dict[str, Any], what: str, hint: str) -> None:
    change(config, **changes)
    code, found = findings(config, "--ssin", "-", text=SSIN)
    assert code == 1
    ok, detail = found[what]
    assert not ok
    assert hint in detail


def test_a_key_that_others_can_read_and_one_that_is_not_registered(config: Path, hub: FakeHub) -> None:
    (config.parent / "keys" / "sign.pem").chmod(0o644)
    assert "0600" in findings(config)[1][f"key {NAME}#sign-1"][1]
    (config.parent / "keys" / "sign.pem").chmod(0o600)
    hub.keys[NAME] = []
    assert "not registered" in findings(config)[1][f"key {NAME}#sign-1"][1]


def test_wrong_settings_refuse_to_start(config: Path) -> None:
    change(config, listen={"port": 1, "host": "0.0.0.0"})  # noqa: S104 - the very thing that is refused
    ended = command("serve", str(config))
    assert ended.returncode == 1
    assert "behindProxy" in ended.stderr


def test_an_address_that_is_taken_is_told(config: Path, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        ended = command("serve", str(config))
    assert ended.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_pinning_a_hub_shows_what_to_compare_and_never_replaces_what_is_pinned(tmp_path: Path, hub: FakeHub) -> None:
    file = tmp_path / "trust.json"
    pinned = command("trust", hub.url, "-o", str(file))
    assert pinned.returncode == 0
    assert ALICE.jwk.thumbprint in pinned.stdout
    assert read_trust(file).log_key == str(hub.signer.verifier)
    again = command("trust", hub.url, "-o", str(file))
    assert (again.returncode, "exists" in again.stderr) == (1, True)
    assert command("trust", "http://127.0.0.1:9", "-o", str(tmp_path / "other.json")).returncode == 1


def test_wrong_usage_is_told_apart() -> None:
    assert command("check", "https://participant.example").returncode == 2
    assert command("serve").returncode == 2


def test_an_altered_log_is_named(config: Path, port: int, hub: FakeHub, asker: FakeAsker) -> None:
    with served(config, port):
        for ssin in (SSIN, OTHER_SSIN):
            assert send(hub, port, Question(asker, NAME, ssin, WAGE).body()).status_code == 200
    state = config.parent / "state" / "state.sqlite"
    assert state.stat().st_mode & 0o077 == 0
    with closing(sqlite3.connect(state)) as connection, connection:
        connection.execute("update entry set leaf = zeroblob(32) where position = 1")
    verified = command("log", "verify", str(config), "--json")
    assert verified.returncode == 1
    assert msgspec.json.decode(verified.stdout)["faults"][0].startswith("Entry 1 was altered")
