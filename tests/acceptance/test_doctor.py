"""`crossroads doctor` finds a sound installation sound, and says of each thing that is wrong what to do."""

import asyncio
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.bootstrap.settings import Installation
from crossroads.bootstrap.wiring import Services, services
from crossroads.catalogue.acts import REGISTER_KEY
from crossroads.cli.doctor import app
from crossroads.cli.main import app as crossroads
from crossroads.network.founders import Founders, registration_of
from crossroads.network.service import Network
from crossroads.wire.keys import SigningKey
from crossroads.wire.registrations import KeyUse, act
from database import Database, empty_database, execute, remove_server
from networks import network

SOON, REVOKED = "message-soon", "message-revoked"
Rows = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory, module_database: Database) -> Iterator[Network]:
    with network(tmp_path_factory.mktemp("doctor") / "net", module_database, {}, start=False) as made:
        asyncio.run(more_keys(made.installation, made.founders))
        yield made


async def more_keys(installation: Installation, founders: Founders) -> None:
    """Register a key that ends within the month, and one that is revoked."""
    async with services(installation) as hub:
        for name in (SOON, REVOKED):
            await register(hub, founders, SigningKey.generate(f"cbss#{name}"), installation.keys / f"{name}.pem")
        revocation = {"installation": "crossroads.test", "keyId": f"cbss#{REVOKED}", "reason": "a test"}
        await hub.catalogue.revoke_key(founders.sign(act("revoke-key", revocation)))


async def register(hub: Services, founders: Founders, key: SigningKey, file: Path) -> None:
    key.write(file)
    plain = registration_of(founders.installation, key.key_id, key.jwk, KeyUse.SIGN)
    short = msgspec.structs.replace(plain, valid_until=datetime.now(UTC).replace(microsecond=0) + timedelta(days=20))
    await hub.catalogue.register_key(founders.sign(act(REGISTER_KEY, short)).signed_by(key))


@pytest.fixture
def home(founded: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module_database: Database) -> Path:
    for name in [name for name in os.environ if name.startswith("CROSSROADS_") and name != "CROSSROADS_TEST_HOME"]:
        monkeypatch.delenv(name)
    copy = tmp_path / "home"
    shutil.copytree(founded.home, copy)
    monkeypatch.setenv("CROSSROADS_HOME", str(copy))
    monkeypatch.setenv("CROSSROADS_OWNER_URL", module_database.url("crossroads_owner"))
    return copy


def examined() -> tuple[int, Rows]:
    """Run it, and give its exit code and the last row of each name."""
    result = CliRunner().invoke(app, ["--json"])
    rows: list[dict[str, str]] = json.loads(result.stdout)
    worst = {state: number for number, state in enumerate(("ok", "warn", "wrong"))}
    return result.exit_code, {row["what"]: row for row in sorted(rows, key=lambda row: worst[row["state"]])}


def change(home: Path, **settings: Any) -> None:
    path = home / "crossroads.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **settings}))


@contextmanager
def meanwhile(database: Database, statement: str, undo: str) -> Iterator[None]:
    """Change the database as an administrator for as long as the block runs."""
    asyncio.run(execute(database.url("postgres"), statement))
    try:
        yield
    finally:
        asyncio.run(execute(database.url("postgres"), undo))


def test_a_sound_installation_is_found_sound(home: Path) -> None:
    code, rows = examined()
    assert code == 0, home
    assert {what for what, row in rows.items() if row["state"] != "ok"} == {"operators"}
    assert {"settings", "keys", "role", "clock", "schema", "founding", "log key", "checkpoint"} <= rows.keys()


def test_people_read_what_to_do(home: Path) -> None:
    change(home, message_key=SOON)
    result = CliRunner().invoke(crossroads, ["doctor"])
    assert result.exit_code == 0
    assert "Register the next one now" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("settings", "what", "state", "found"),
    [
        ({"no_such_setting": 1}, "settings", "wrong", "no_such_setting"),
        ({"log_archive": "archive"}, "settings", "wrong", "log_archive needs log_archive_url"),
        ({"bis_kept_days": 29}, "retention", "warn", "is not what the settings say"),
        ({"streams": 1, "workers": 1, "job_workers": 1}, "streams", "wrong", "1 streams for 2 processes"),
        ({"streams": 2, "workers": 1, "job_workers": 1}, "streams", "warn", "2 streams for 2 processes"),
        ({"host": "0.0.0.0", "behind_proxy": True}, "host", "warn", "behind a proxy"),  # noqa: S104 - what is warned of
        ({"installation": "other.example"}, "founding", "wrong", "installation crossroads.test"),
        ({"environment": "production"}, "public_url", "wrong", "http://"),
        ({"message_key": SOON}, "message key", "warn", "counts until"),
        ({"message_key": REVOKED}, "message key", "wrong", "revoked"),
        ({"message_key": "permit-1"}, "message key", "wrong", "not registered for sign"),
        ({"permit_key": "permit-2"}, "permit key", "wrong", "permit-2.pem"),
        ({"database_url": "postgresql://crossroads_hub@127.0.0.1:1/none"}, "database", "wrong", "does not work"),
    ],
)
def test_a_setting_that_is_wrong(home: Path, settings: dict[str, Any], what: str, state: str, found: str) -> None:
    change(home, **settings)
    code, rows = examined()
    assert (rows[what]["state"], code) == (state, int(state == "wrong")), rows
    assert found in rows[what]["found"]
    assert rows[what]["remedy"]


def test_a_certificate_is_a_path(home: Path) -> None:
    change(home, certificate=str(home / "hub.pem"), certificate_key=str(home / "hub.key"), host="0.0.0.0")  # noqa: S104 - as a hub does
    assert examined()[1]["settings"]["state"] == "ok"
    change(home, certificate=7)
    assert "$.certificate" in examined()[1]["settings"]["found"]


def test_files_that_others_can_read(home: Path) -> None:
    (home / "keys").chmod(0o750)
    (home / "keys" / "permit-1.pem").chmod(0o644)
    code, rows = examined()
    assert (code, rows["keys"]["state"], rows["permit key"]["state"]) == (1, "wrong", "wrong")
    assert rows["keys"]["remedy"] == f"chmod 700 {home / 'keys'}"


def test_keys_that_are_not_the_registered_ones(home: Path, founded: Network) -> None:
    (home / "keys" / "message-1.pem").unlink()
    SigningKey.generate("cbss#message-1").write(home / "keys" / "message-1.pem")
    (home / "keys" / "log.pem").unlink()
    shutil.rmtree(home / "operators")
    other = Founders(founded.installation._replace(home=home))
    other.make_hub_keys()
    code, rows = examined()
    assert (code, rows["message key"]["state"], rows["log key"]["state"]) == (1, "wrong", "wrong")
    assert "not the one that the first entry of the log names" in rows["log key"]["found"]


def test_a_role_that_may_do_too_much(home: Path, module_database: Database) -> None:
    change(home, database_url=module_database.url("postgres"))
    assert "administrator" in examined()[1]["role"]["found"]
    change(home, database_url=module_database.url())
    grant = "GRANT UPDATE (content) ON log_entry TO crossroads_hub"
    with meanwhile(module_database, grant, "REVOKE UPDATE (content) ON log_entry FROM crossroads_hub"):
        code, rows = examined()
    assert (code, rows["role"]["state"]) == (1, "wrong")
    assert "log_entry" in rows["role"]["found"]


def test_a_portal_that_could_pile_up_what_no_table_shows(home: Path, module_database: Database) -> None:
    of = "EXECUTE ON FUNCTION lo_from_bytea(oid, bytea)"
    with meanwhile(module_database, f"GRANT {of} TO PUBLIC", f"REVOKE {of} FROM PUBLIC"):
        code, rows = examined()
    assert (code, rows["limits"]["state"]) == (0, "warn"), home
    assert "rights.sql" in rows["limits"]["remedy"]


def test_a_schema_that_nobody_looked_at_is_said_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSROADS_OWNER_URL")
    code, rows = examined()
    assert (code, rows["schema"]["state"], rows["schema"]["found"]) == (0, "warn", "Not looked at."), home


def test_a_database_without_schema_or_founding(home: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with empty_database(database.server) as bare:
        change(home, database_url=bare.url())
        monkeypatch.setenv("CROSSROADS_OWNER_URL", bare.url("crossroads_owner"))
        code, rows = examined()
        assert (code, rows["schema"]["remedy"]) == (1, "Run `crossroads migrate`.")
    change(home, database_url=database.url())
    monkeypatch.setenv("CROSSROADS_OWNER_URL", database.url("crossroads_owner"))
    code, rows = examined()
    assert (code, rows["schema"]["state"], rows["founding"]["found"]) == (1, "ok", "The installation is not founded.")


def test_entries_that_nobody_signs(home: Path, module_database: Database) -> None:
    forget = """
        CREATE TABLE kept AS SELECT * FROM log_top ORDER BY index DESC LIMIT 1;
        CREATE TABLE kept_note AS SELECT * FROM log_checkpoint ORDER BY size DESC LIMIT 1;
        DELETE FROM log_top WHERE index IN (SELECT index FROM kept);
        DELETE FROM log_checkpoint WHERE size IN (SELECT size FROM kept_note);
        UPDATE log_entry SET at = at - interval '1 minute';
    """
    restore = """
        INSERT INTO log_top SELECT * FROM kept; INSERT INTO log_checkpoint SELECT * FROM kept_note;
        UPDATE log_entry SET at = at + interval '1 minute';
        UPDATE log_stream SET lease_until = NULL;
        DROP TABLE kept, kept_note;
    """
    with meanwhile(module_database, forget, restore):
        assert examined()[1]["checkpoint"]["state"] == "warn", home
        held = "UPDATE log_stream SET lease_until = now() + interval '1 minute' WHERE stream = 0"
        asyncio.run(execute(module_database.url("postgres"), held))
        assert examined()[1]["checkpoint"]["state"] == "wrong"


def test_the_embedded_database_is_looked_at_and_left_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "crossroads.yaml"
    values = yaml.safe_load(path.read_text())
    del values["database_url"]
    path.write_text(yaml.safe_dump(values))
    monkeypatch.delenv("CROSSROADS_OWNER_URL")
    assert examined()[1]["database"]["remedy"] == "Make it: crossroads migrate"
    server = EmbeddedPostgres(home)
    try:
        assert CliRunner().invoke(crossroads, ["migrate"]).exit_code == 0
        rows = examined()[1]
        assert (rows["schema"]["state"], rows["founding"]["state"]) == ("ok", "wrong")
        assert str(server.place.folder) in rows["disk"]["found"]
        assert not server.is_running()
    finally:
        remove_server(server)
