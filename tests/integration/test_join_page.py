"""The programs of the page on joining say in a sentence what is wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from crossroads.network.ports import free_ports
from crossroads.wire.keys import SealingKey, SigningKey
from fakehub import FakeHub
from participants import SSIN

pytest_plugins = ["participant_fixtures"]

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "join.md"


def program(name: str) -> str:
    """Give a program as it stands in the page."""
    found = re.search(
        rf"^`{re.escape(name)}`:\n\n```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, f"{name} is not in the page"
    return found[1]


@pytest.fixture
def lost(tmp_path: Path, hub: FakeHub) -> str:
    """Write the settings of the page, and give the address of a hub that is down."""
    address = f"http://127.0.0.1:{free_ports(1)[0]}"
    SigningKey.generate("x").write(tmp_path / "keys" / "sign-1.pem")
    SealingKey.generate("x").write(tmp_path / "keys" / "seal-1.pem")
    hub.write_trust(tmp_path)
    for file, institution in (("client.yaml", "flemish-integrator"), ("gent.yaml", "pcsw-gent")):
        keys = {use: {"id": f"{institution}#{use}-1", "file": f"keys/{use}-1.pem"} for use in ("sign", "seal")}
        settings = {"institution": institution, "hub": address, "trust": "trust.json", "state": "asking", "keys": keys}
        (tmp_path / file).write_text(yaml.safe_dump(settings))
    return address


@pytest.mark.parametrize("name", ["inscribe.py", "ask.py"])
def test_a_hub_that_is_down_is_told_in_a_sentence(tmp_path: Path, lost: str, name: str) -> None:
    (tmp_path / name).write_text(program(name))
    ended = subprocess.run(
        [sys.executable, name],
        cwd=tmp_path,
        input=f"{SSIN}\n",
        capture_output=True,
        check=False,
        timeout=60,
        text=True,
    )
    assert ended.returncode == 1
    assert lost in ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert SSIN not in ended.stderr
