"""`crossroads directory prepare`: the act that two operators are to sign."""

import hashlib
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from crossroads.cli.directory import app
from crossroads.kernel.errors import Malformed
from crossroads.wire.canonical import b64url
from crossroads.wire.registrations import SignedAct
from people import ssin


def test_the_act_names_the_file_by_its_digest_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "persons.csv"
    path.write_text("ssin,deceasedOn\n" + "".join(f"{ssin(number)},\n" for number in range(3)))
    done = CliRunner().invoke(app, ["prepare", str(path), "--kind", "persons"])
    assert done.exit_code == 0
    act = msgspec.json.decode((tmp_path / "persons.csv.act").read_bytes(), type=SignedAct)
    assert (act.kind, act.signatures) == ("first-load", ())
    assert msgspec.json.decode(act.content) == {
        "installation": "crossroads.example",
        "kind": "persons",
        "lines": 3,
        "sha256": b64url(hashlib.sha256(path.read_bytes()).digest()),
    }


def test_a_file_of_another_form_or_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "persons.xml"
    path.write_text("<persons/>")
    assert isinstance(CliRunner().invoke(app, ["prepare", str(path), "--kind", "persons"]).exception, Malformed)
    assert CliRunner().invoke(app, ["prepare", str(path), "--kind", "houses"]).exit_code == 2
    assert CliRunner().invoke(app, ["prepare", str(tmp_path / "none.csv"), "--kind", "persons"]).exit_code == 2
