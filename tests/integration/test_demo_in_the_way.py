"""What stands in the way of a demo, and what it leaves behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crossroads.demo.command import port_told
from crossroads.demo.home import free_ports, home_of, kept_free, ports, taken
from crossroads.demo.orphans import end_orphans
from crossroads.demo.running import Runner, StopSignals
from crossroads.kernel.errors import Refused
from crossroads.network.processes import ProcessFailed

MAKEFILE = Path(__file__).parent.parent.parent / "Makefile"


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    made = Runner(home_of({"CROSSROADS_HOME": str(tmp_path)}).network(free_ports()), StopSignals())
    with made.network.processes:
        yield made


def fail(runner: Runner) -> None:
    """Start a program that ends by itself, and wait for it."""
    log = runner.network.home / "logs" / "hub.log"
    runner.network.processes.start("hub", ["participant", "serve", "nothing.yaml"], log, {}).wait_for(
        "http://127.0.0.1:9"
    )


def test_a_program_that_ends_because_its_port_is_taken_names_the_port(runner: Runner) -> None:
    first = runner.network.installation.settings.port
    with socket.create_server(("127.0.0.1", first + 1)), pytest.raises(Refused) as refused:  # noqa: SIM117
        with port_told(runner, first):
            fail(runner)
    assert f"Port {first + 1}, which the demo uses, is taken by another program" in str(refused.value)


def test_while_a_demo_is_set_up_nobody_takes_its_ports() -> None:
    first = free_ports()
    with kept_free(first):
        assert all(taken(port) for port in ports(first))
        assert free_ports() != first
        with pytest.raises(Refused, match=f"Port {first}, which the demo uses"), kept_free(first):
            pass
    assert not any(taken(port) for port in ports(first))


def test_a_program_that_ends_for_another_reason_is_told_as_it_is(runner: Runner) -> None:
    with pytest.raises(ProcessFailed) as failed, port_told(runner, runner.network.installation.settings.port):
        fail(runner)
    assert "nothing.yaml" in str(failed.value)


@pytest.mark.parametrize("verb", ["serve", "pages", "listen"])
def test_a_program_that_a_killed_demo_left_is_ended(tmp_path: Path, verb: str) -> None:
    sleeping, settings = [sys.executable, "-c", "import time; time.sleep(60)"], f"{tmp_path}/demo/settings.yaml"
    ours = [*sleeping, "-m", "crossroads", verb]
    with (
        subprocess.Popen([*ours, settings]) as left,
        subprocess.Popen(ours) as elsewhere,
        # As somebody's `grep -r listen var/demo/…`.
        subprocess.Popen([*sleeping, verb, settings]) as anothers,
    ):
        end_orphans(tmp_path / "demo")
        assert (left.wait(10), elsewhere.poll(), anothers.poll()) == (-signal.SIGTERM, None, None)
        elsewhere.kill()
        anothers.kill()


def test_cleaning_waits_for_a_demo_to_end(tmp_path: Path) -> None:
    shutil.copy(MAKEFILE, tmp_path)
    with home_of({"CROSSROADS_HOME": str(tmp_path / "var")}).locked():
        refused = clean(tmp_path, tmp_path / "shared")
        assert (refused.returncode != 0, "A demo runs here" in refused.stdout) == (True, True), refused
        assert (tmp_path / "var").exists()
    assert clean(tmp_path, tmp_path / "shared").returncode == 0
    assert not (tmp_path / "var").exists()


def test_cleaning_removes_the_database_of_this_folder_and_of_no_other(tmp_path: Path) -> None:
    shared, elsewhere, hub = tmp_path / "shared", tmp_path / "elsewhere", tmp_path / "clone" / "var" / "demo" / "hub"
    for folder in (shared / "1f" / "data", shared / "2e" / "data", elsewhere / "data", hub):
        folder.mkdir(parents=True)
    shutil.copy(MAKEFILE, tmp_path / "clone")
    (hub / "postgres").symlink_to(shared / "1f")
    (hub.parent / "postgres").symlink_to(elsewhere)
    (hub.parent.parent / "postgres").symlink_to(f"{shared}/..")
    assert clean(tmp_path / "clone", shared).returncode == 0
    assert sorted(path.name for path in shared.iterdir()) == ["2e"]
    assert (elsewhere / "data").exists()
    assert [path.name for path in (tmp_path / "clone").iterdir()] == ["Makefile"]


def clean(clone: Path, shared: Path) -> "subprocess.CompletedProcess[str]":
    """Run `make clean` in a clone."""
    return subprocess.run(
        [str(shutil.which("make")), "clean", f"SHARED={shared}"],
        check=False,
        cwd=clone,
        env={**os.environ, "MAKEFLAGS": ""},
        capture_output=True,
        text=True,
    )
