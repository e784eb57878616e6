"""Programs that start warm are real ones: they say why they fail, stop when asked, and leave nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from crossroads.network.ports import free_ports
from crossroads.network.processes import ProcessFailed
from fakehub import FakeHub
from participants import write_config
from plain import NO_TLS
from warm import Warm, warm

pytest_plugins = ["participant_fixtures"]

TESTS = Path(__file__).parents[1]
KILLED = """
import os, pathlib, signal, sys
from warm import warm
folder, config, port = sys.argv[1:]
processes = warm()
started = processes.start("one", ["participant", "serve", config], pathlib.Path(folder, "log"), {})
started.wait_for(f"http://127.0.0.1:{port}/health")
print(started.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_one_that_ends_says_why(tmp_path: Path) -> None:
    with warm() as processes:
        started = processes.start("one", ["participant", "serve", "nothing.yaml"], tmp_path / "logs" / "log", {})
        with pytest.raises(ProcessFailed, match=r"one ended by itself\..*nothing\.yaml: cannot be read"):
            started.wait_for("http://127.0.0.1:1/")


def test_one_that_runs_answers_and_stops_in_order(tmp_path: Path, hub: FakeHub) -> None:
    (port,) = free_ports(1)
    config = write_config(tmp_path, hub, port)
    with warm() as processes:
        started = processes.start("one", ["participant", "serve", str(config)], tmp_path / "log", {})
        url = f"http://127.0.0.1:{port}/health"
        started.wait_for(url)
        assert (started.wait(0), os.getsid(started.pid)) == (False, started.pid)
        assert httpx.get(url, verify=NO_TLS).status_code == 200
        started.ask_to_stop()
        assert started.wait(60)


def test_how_one_ended_is_told_as_often_as_one_asks(tmp_path: Path) -> None:
    told = {**os.environ}
    version = Warm(["--version"], tmp_path / "version", told)
    assert [version.wait(), version.wait(), version.poll()] == [0, 0, 0]
    assert (tmp_path / "version").read_text().startswith("crossroads ")
    wrong = Warm(["participant", "serve", "nothing.yaml"], tmp_path / "wrong", told)
    assert (wrong.wait(60), wrong.poll()) == (1, 1)


def test_when_who_started_it_is_killed_it_ends_too(tmp_path: Path, hub: FakeHub) -> None:
    (port,) = free_ports(1)
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(write_config(tmp_path, hub, port)), str(port)]
    told = {**os.environ, "PYTHONPATH": str(TESTS)}
    ended = subprocess.run(command, check=False, capture_output=True, text=True, env=told)
    assert ended.returncode == -signal.SIGKILL
    # Who forked it waits for nobody: its own end is that of standard error, for which `run` waited.
    assert not Path(f"/proc/{int(ended.stdout)}").exists()
