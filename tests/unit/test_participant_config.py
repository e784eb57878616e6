"""Settings: what is unknown, unsafe or contradictory refuses to start, naming file and key."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from crossroads.participant.config import database_url, own_schemas, read_config
from crossroads.participant.trust import read_trust
from crossroads.participant.yamlfile import WrongSetting
from crossroads.wire.keys import SigningKey
from crossroads.wire.notes import NoteSigner
from fakehub import ALICE, BOB

SETTINGS: dict[str, Any] = {
    "institution": "pps-si",
    "listen": {"port": 8101},
    "url": "https://pps-si.example/crossroads",
    "state": "state",
    "keys": {"sign": {"id": "pps-si#sign-1", "file": "sign.pem"}},
    "trust": "trust.json",
    "hub": "https://hub.example",
    "database": "sqlite:///data.sqlite",
    "groups": {"living-wage@1": {"sql": "select 1 where :ssin", "one": True}},
}


def read(place: Path, /, **changes: Any) -> Any:
    file = place / "participant.yaml"
    file.write_text(yaml.safe_dump({key: value for key, value in (SETTINGS | changes).items() if value is not None}))
    return read_config(file)


def test_settings_that_are_right(tmp_path: Path) -> None:
    config = read(tmp_path, holders={"pcsa-aalst": {"id": "pcsa-aalst#sign-1", "file": "aalst.pem"}})
    assert config.answers_for == {"pps-si", "pcsa-aalst"}
    assert config.path("x") == tmp_path / "x"
    assert database_url(config).database == str(tmp_path / "data.sqlite")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"instituton": "x"}, "unknown field `instituton`"),
        ({"institution": None}, "missing required field `institution`"),
        ({"institution": "PPS SI"}, "$.institution"),
        ({"folder": "/"}, "$.folder"),
        ({"listen": {"port": 0}}, "$.listen.port"),
        ({"listen": {"port": 1, "host": "0.0.0.0"}}, "behindProxy"),  # noqa: S104 - refused
        ({"listen": {"port": 1, "certificate": "a.pem"}}, "both certificate and key"),
        ({"url": "https://pps-si.example/"}, "$.url"),
        ({"url": "https://user@pps-si.example"}, "$.url"),
        ({"keys": {"sign": {"id": "other#sign-1", "file": "x"}}}, "pps-si#"),
        ({"holders": {"pcsa-aalst": {"id": "pps-si#sign-1", "file": "x"}}}, "pcsa-aalst#"),
        ({"database": None}, "sql needs a database"),
        ({"database": "postgresql+psycopg://me:secret@db/x"}, "passwordFile"),
        ({"database": "no address"}, "$.database"),
        ({"groups": {"Living Wage": {"sql": "select 1", "one": True}}}, "$.groups"),
        ({"groups": {"a-b@1": {}}}, "either sql or documents"),
        ({"groups": {"a-b@1": {"sql": "x", "documents": "y"}}}, "either sql or documents"),
        ({"groups": {"a-b@1": {"sql": "x"}}}, "`one: true` or `list"),
        ({"groups": {"a-b@1": {"sqlMany": "x"}}}, "either sql or documents"),
        ({"groups": {"a-b@1": {"documents": "x", "mediaType": "text/xml", "sqlMany": "x"}}}, "beside sql"),
        ({"groups": {"a-b@1": {"sql": "x", "one": True, "sql_many": "x"}}}, "unknown field `sql_many`"),
        ({"groups": {"a-b@1": {"sql": "x", "one": True, "list": "y"}}}, "`one: true` or `list"),
        ({"groups": {"a-b@1": {"sql": "x", "one": True, "mediaType": "text/xml"}}}, "belong to documents"),
        ({"groups": {"a-b@1": {"documents": "x", "mediaType": "text/xml", "one": True}}}, "belong to sql"),
        ({"groups": {"a-b@1": {"documents": "x"}}}, "need a mediaType"),
        ({"groups": {"a-b@1": {"documents": "x", "mediaType": "text/xml", "file": "all.xml"}}}, "{ssin}"),
        ({"groups": {"a-b@1": {"documents": "x", "mediaType": "text/xml", "file": "../{ssin}.xml"}}}, "file"),
        ({"groups": {"a-b@1": {"documents": "x", "mediaType": "text/xml", "otherwise": ["/etc/passwd"]}}}, "otherwise"),
    ],
)
def test_settings_that_are_wrong(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(WrongSetting) as raised:
        read(tmp_path, **changes)
    assert told in str(raised.value)
    assert str(tmp_path / "participant.yaml") in str(raised.value) or "$.database" in told
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize("text", ["{", "[1]", "", "a: b: c"])
def test_a_file_that_is_no_settings(tmp_path: Path, text: str) -> None:
    file = tmp_path / "participant.yaml"
    file.write_text(text)
    with pytest.raises(WrongSetting, match=r"participant\.yaml"):
        read_config(file)


def test_a_password_rests_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    config = read(tmp_path, database="postgresql+psycopg://me@db/x", passwordFile="secret")
    with pytest.raises(WrongSetting, match="cannot be read"):
        database_url(config)
    (tmp_path / "secret").write_text("open sesame\n")
    (tmp_path / "secret").chmod(0o640)
    with pytest.raises(WrongSetting, match="0600"):
        database_url(config)
    (tmp_path / "secret").chmod(0o600)
    assert database_url(config).password == "open sesame"  # noqa: S105 - of this test alone


def test_a_schema_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "wage.json").write_text('{"type": "object"}')
    groups = {"living-wage@1": {"sql": "select 1 where :ssin", "one": True, "schema": "wage.json"}}
    assert own_schemas(read(tmp_path, groups=groups)) == {"living-wage@1": {"type": "object"}}


def trust(folder: Path, *operators: SigningKey, **changes: Any) -> Path:
    content = {
        "installation": "test-network",
        "environment": "test",
        "hub": "crossroads",
        "operators": [{"keyId": key.key_id, "jwk": msgspec.to_builtins(key.jwk)} for key in operators],
        "logKey": str(NoteSigner.generate("crossroads.example/log").verifier),
    }
    file = folder / "trust.json"
    file.write_bytes(msgspec.json.encode(content | changes))
    return file


def test_two_operators_are_pinned(tmp_path: Path) -> None:
    read = read_trust(trust(tmp_path, ALICE, BOB))
    assert set(read.operator_keys) == {ALICE.key_id, BOB.key_id}
    assert read.log.name == "crossroads.example/log"


def test_trust_in_one_operator_with_two_keys_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="two different operators"):
        read_trust(trust(tmp_path, ALICE, SigningKey.generate("operator:alice#2")))


@pytest.mark.parametrize(
    ("changes", "told"), [({"logKey": "x"}, "log key"), ({"environment": "x"}, "environment"), ({"more": 1}, "more")]
)
def test_trust_that_is_wrong(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(WrongSetting, match=told):
        read_trust(trust(tmp_path, ALICE, BOB, **changes))
