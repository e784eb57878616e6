"""The way of an operator: keys, founding, plan, signatures, apply; what is refused says why, and where."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from typer.testing import CliRunner, Result

from crossroads.catalogue.errors import NotSigned, StalePlan
from crossroads.cli import catalogue, key
from crossroads.kernel.errors import CrossroadsError, InvalidValue
from crossroads.wire.keys import UnsafeKeyFile
from database import Database

CATALOGUE = """\
sectors:
  - {number: 25, names: {en: Hub}, validFrom: 2020-01-01, provenance: derived, source: a test}
institutionTypes:
  - {sector: 25, type: 0, names: {}, validFrom: 2020-01-01, provenance: derived, source: a test}
institutions:
  - {id: crossroads, sector: 25, names: {en: Hub}, validFrom: 2020-01-01, provenance: illustrative, source: a test}
"""
runner = CliRunner()


def _run(app: typer.Typer, *arguments: Any) -> Result:
    result = runner.invoke(app, [str(argument) for argument in arguments])
    if isinstance(result.exception, CrossroadsError):
        raise result.exception
    return result


def _json(app: typer.Typer, *arguments: Any) -> Any:
    result = _run(app, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


class Desk:
    """The folder of an operator, with the keys of two."""

    def __init__(self, folder: Path) -> None:
        """Make the keys."""
        self.folder = folder
        for name in ("alice", "bob"):
            self.generate(f"operator:{name}#1", "operator", name)

    def generate(self, key_id: str, use: str, name: str) -> Path:
        """Make a key file."""
        file = self.folder / "keys" / name
        _json(key.app, "generate", "--id", key_id, "--use", use, "-o", file)
        return file

    def sign(self, act: Path, *names: str) -> None:
        """Sign as these operators."""
        for name in names:
            file = self.folder / "keys" / name
            _json(key.app, "sign", act, "--key-id", f"operator:{name}#1", "--key", file, "--yes")

    def found(self) -> Any:
        """Found the installation."""
        operators = [part for name in ("alice", "bob") for part in ("--operator", self.folder / "keys" / f"{name}.pub")]
        return _json(key.founding, *operators, "--yes")


@pytest.fixture
def desk(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give a desk, and settings that name an empty database and keys of the hub."""
    for name in [name for name in os.environ if name.startswith("CROSSROADS_") and name != "CROSSROADS_TEST_HOME"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CROSSROADS_HOME", str(tmp_path))
    monkeypatch.setenv("CROSSROADS_DATABASE_URL", database.url())
    desk = Desk(tmp_path)
    desk.generate("crossroads.example", "log", "log.pem")
    desk.generate("crossroads#message-1", "sign", "message-1.pem")
    desk.generate("crossroads#permit-1", "permit", "permit-1.pem")
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "hub.yaml").write_text(CATALOGUE)
    yield desk
    structlog.reset_defaults()


def test_from_nothing_to_a_catalogue_in_force_and_a_registered_key(desk: Desk) -> None:
    assert desk.found() == {"version": 1}
    folder, plan, act = desk.folder / "catalogue", desk.folder / "plan", desk.folder / "key.act"

    shown = _run(catalogue.app, "diff", folder, "-o", plan)
    assert "+ institution crossroads (from 2020-01-01)" in shown.stdout
    assert "needs the signatures of 2 operators" in shown.stdout
    assert "crossroads catalogue sign" in shown.stderr
    desk.sign(plan, "alice")
    with pytest.raises(NotSigned, match="2 different operators and has 1"):
        _run(catalogue.app, "apply", plan, "--yes")
    desk.sign(plan, "bob")
    assert _json(catalogue.app, "apply", plan, "--yes") == {"version": 2}
    with pytest.raises(StalePlan, match=r"base of the plan is version 0 of .*, and its entries .* version 2"):
        _run(catalogue.app, "apply", plan, "--yes")
    assert "Nothing changes" in _run(catalogue.app, "diff", folder).stdout
    assert _json(catalogue.app, "show") == {"sectors": 1, "institution-types": 1, "institutions": 1}
    assert _json(catalogue.app, "show", "--provenance") == {"derived": 2, "illustrative": 1}
    assert _json(catalogue.app, "show", "--on", "2019-01-01") == {}
    assert [entry["id"] for entry in _json(catalogue.app, "show", "--kind", "institution")] == ["crossroads"]

    private = desk.folder / "keys" / "message-1.pem"
    _json(key.app, "register", "--id", "crossroads#message-1", "--use", "sign", "--key", private, "-o", act)
    desk.sign(act, "alice", "bob")
    assert _json(key.app, "submit", act, "--yes") == {"version": 3}
    where = "http://127.0.0.1:8100"
    by = ("--key-id", "crossroads#message-1", "--key", private)
    _json(key.app, "endpoint", "crossroads", where, *by, "-o", desk.folder / "endpoint.act")
    desk.sign(desk.folder / "endpoint.act", "bob")
    assert _json(key.app, "submit", desk.folder / "endpoint.act", "--yes") == {"version": 4}
    carol = desk.generate("operator:carol#1", "operator", "carol")
    by_carol = ("--id", "operator:carol#1", "--use", "operator", "--key", carol)
    _json(key.app, "register", *by_carol, "-o", desk.folder / "carol.act")
    desk.sign(desk.folder / "carol.act", "alice", "bob")
    assert _json(key.app, "submit", desk.folder / "carol.act", "--yes") == {"version": 5}
    revoked = _json(key.app, "revoke", "crossroads#message-1", "--reason", "lost", *by, "--yes")
    assert revoked == {"version": 6}
    states = {line["keyId"]: line["state"] for line in _json(key.app, "list")}
    operators = dict.fromkeys((f"operator:{name}#1" for name in ("alice", "bob", "carol")), "in force")
    assert states == {**operators, "crossroads#message-1": "revoked"}


def test_a_plan_names_its_base_apart_from_the_version_that_it_becomes(desk: Desk) -> None:
    desk.found()
    folder, plan, act = desk.folder / "catalogue", desk.folder / "plan", desk.folder / "key.act"
    assert "3 changes to the catalogue of crossroads.example. Base: no entries yet." in _planned(folder, plan)
    desk.sign(plan, "alice", "bob")
    _run(catalogue.app, "apply", plan, "--yes")
    private = desk.folder / "keys" / "message-1.pem"
    _json(key.app, "register", "--id", "crossroads#message-1", "--use", "sign", "--key", private, "-o", act)
    desk.sign(act, "alice", "bob")
    assert _json(key.app, "submit", act, "--yes") == {"version": 3}

    (folder / "hub.yaml").write_text(
        CATALOGUE.replace(
            "{en: Hub}, validFrom: 2020-01-01, provenance: ill", "{en: It}, validFrom: 2020-01-01, provenance: ill"
        )
    )
    shown = _planned(folder, plan)
    assert "1 change to the catalogue of crossroads.example. Base: its entries, as last changed by version 2." in shown
    desk.sign(plan, "alice")
    applied = _run(catalogue.app, "apply", plan, "--yes").stdout
    assert "Version 4 of the catalogue is in force. Versions count acts on keys and endpoints too" in applied


def _planned(folder: Path, plan: Path) -> str:
    return _run(catalogue.app, "diff", folder, "-o", plan).stdout


def test_whose_signatures_hold_is_not_claimed_before_they_are_checked(desk: Desk, tmp_path: Path) -> None:
    plan = desk.folder / "plan"
    desk.found()
    _run(catalogue.app, "diff", desk.folder / "catalogue", "-o", plan)
    private = tmp_path / "false"
    _json(key.app, "generate", "--id", "operator:bob#1", "--use", "operator", "-o", private)
    by_bob = (plan, "--key-id", "operator:bob#1", "--yes", "--key")
    _run(catalogue.app, "sign", *by_bob, private)
    shown = _run(catalogue.app, "sign", *by_bob, desk.folder / "keys" / "bob").stdout
    assert "signatures of (not checked here): operator:bob#1" in shown
    assert "signed by" not in shown.lower()
    desk.sign(plan, "alice")
    assert _json(catalogue.app, "apply", plan, "--yes") == {"version": 2}


def test_a_key_to_seal_to_is_signed_for_by_its_institution(desk: Desk) -> None:
    act, seal = desk.folder / "seal.act", desk.generate("crossroads#seal-1", "seal", "seal")
    written = _json(key.app, "register", "--id", "crossroads#seal-1", "--use", "seal", "--key", seal, "-o", act)
    assert written["signers"] == []
    private = desk.folder / "keys" / "message-1.pem"
    signed = _json(key.app, "sign", act, "--key-id", "crossroads#message-1", "--key", private, "--yes")
    assert signed["signers"] == ["crossroads#message-1"]


def test_a_plan_is_shown_before_it_is_signed_and_a_no_is_a_no(desk: Desk) -> None:
    act, private = desk.folder / "key.act", desk.folder / "keys" / "message-1.pem"
    _json(key.app, "register", "--id", "crossroads#message-1", "--use", "sign", "--key", private, "-o", act)
    before = act.read_bytes()
    arguments = ["sign", str(act), "--key-id", "operator:alice#1", "--key", str(desk.folder / "keys" / "alice")]
    refused = runner.invoke(key.app, arguments, input="n\n")
    assert refused.exit_code == 1
    assert '"keyId": "crossroads#message-1"' in refused.stdout
    assert act.read_bytes() == before
    assert runner.invoke(key.app, arguments, input="y\n").exit_code == 0
    assert act.read_bytes() != before


def test_faults_are_named_with_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "hub.yaml"
    file.write_text(CATALOGUE.replace("number: 25", "number: 26"))
    result = runner.invoke(catalogue.app, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert f"{file}:4: institution type 25/0: there is no sector 25" in result.stderr
    found = runner.invoke(catalogue.app, ["check", str(tmp_path), "--json"])
    assert {(fault["file"], fault["line"]) for fault in json.loads(found.stdout)["faults"]} == {
        (str(file), 4),
        (str(file), 6),
    }
    file.write_text(CATALOGUE)
    assert runner.invoke(catalogue.app, ["check", str(tmp_path)]).exit_code == 0


def test_wrong_usage_is_told_from_a_refusal(tmp_path: Path) -> None:
    assert runner.invoke(catalogue.app, ["check", str(tmp_path / "absent")]).exit_code == 2
    assert runner.invoke(key.app, ["generate", "--use", "sign"]).exit_code == 2


@pytest.mark.parametrize(
    ("key_id", "use"), [("alice", "operator"), ("operator:alice#1", "sign"), ("Centre#1", "seal"), ("a b", "log")]
)
def test_a_key_has_a_name_that_fits_its_use(tmp_path: Path, key_id: str, use: str) -> None:
    with pytest.raises(InvalidValue):
        _run(key.app, "generate", "--id", key_id, "--use", use, "-o", tmp_path / "key")
    assert list(tmp_path.iterdir()) == []


def test_a_private_key_is_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    arguments = ("generate", "--id", "centre-a#sign-1", "--use", "sign", "-o", file)
    _run(key.app, *arguments)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(CrossroadsError, match="never written over"):
        _run(key.app, *arguments)
    assert file.read_bytes() == before
    file.chmod(0o644)
    act = tmp_path / "act"
    with pytest.raises(UnsafeKeyFile):
        _run(key.app, "register", "--id", "centre-a#sign-1", "--use", "sign", "--key", file, "-o", act)
    assert not act.exists()
