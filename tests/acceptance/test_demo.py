"""`crossroads demo`, as a newcomer starts it: the tour, a second start, Ctrl-C, and nothing left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from crossroads.bootstrap.postgres import EmbeddedPostgres
from crossroads.demo.institutions import CONNECTED
from crossroads.demo.tour import FIRST, OTHERS
from database import remove_server

_PERSONS = "300"
_PATIENCE_SECONDS = 200
_STEP = re.compile(r"✓ ok +(\d+)\. ")
_PROPOSED = re.compile(r"mailboxes why ([0-9a-f-]{36})")


class Ended(NamedTuple):
    """A demo that ended."""

    code: int
    output: str


class Demo:
    """A demo in a home of its own, as a process."""

    def __init__(self, home: Path) -> None:
        """Start nothing yet."""
        self.home = home

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start it in a session of its own; what it prints goes into a file."""
        with self._output.open("w") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "crossroads", "demo", *arguments],
                env={**os.environ, "CROSSROADS_HOME": str(self.home), "COLUMNS": "100"},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                text=True,
            )

    def run(self, *arguments: str) -> Ended:
        """Run it to its end."""
        return self.ended(self.start(*arguments))

    def ended(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait for the end."""
        return Ended(process.wait(_PATIENCE_SECONDS), self.output)

    def wait_for(self, process: "subprocess.Popen[str]", text: str) -> None:
        """Wait until it has printed a text."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while text not in self.output:
            assert process.poll() is None, self.output
            assert time.monotonic() < until, f"never printed: {text}"
            time.sleep(0.05)

    @property
    def left(self) -> dict[int, str]:
        """What still runs of it: by environment, or by working in the folder of its database."""
        data = (self.home / "demo" / "hub" / "postgres").resolve() / "data"
        found = {}
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and self._is_ours(process, data):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        return found

    def _is_ours(self, process: Path, data: Path) -> bool:
        try:
            ours = f"CROSSROADS_HOME={self.home}".encode() in (process / "environ").read_bytes()
            return ours or (process / "cwd").readlink() == data
        except OSError:
            return False

    @property
    def output(self) -> str:
        """What it has printed."""
        return self._output.read_text()

    @property
    def _output(self) -> Path:
        return self.home / "output.txt"


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Give a home in which nothing is set up."""
    yield Demo(tmp_path)
    remove_server(EmbeddedPostgres(tmp_path / "demo" / "hub"))


def test_the_tour_and_a_second_start(demo: Demo) -> None:
    first = demo.run("--once", "--persons", _PERSONS)
    assert first.code == 0, first.output
    assert len(_STEP.findall(first.output)) == 1 + len(OTHERS), first.output
    assert len(CONNECTED) >= 12
    assert not demo.left

    killed = demo.start()
    demo.wait_for(killed, FIRST.title)
    killed.kill()
    killed.wait()
    assert demo.left

    second = demo.start()
    demo.wait_for(second, "Try it yourself")
    refused = _other(demo)
    answered = _ask(demo)
    told, why_not = _mailbox(demo, "pcsw-gent"), _why(demo, "nsso", "neo", "pcsw-antwerpen")
    second.send_signal(signal.SIGINT)
    stopped = demo.ended(second)

    assert stopped.code == 0, stopped.output
    assert "Inventing" not in stopped.output
    assert len(_STEP.findall(stopped.output)) == 1 + len(OTHERS)
    assert refused.returncode == 1
    assert "runs in" in refused.stderr
    assert [block["source"] for block in answered["blocks"]] == ["national-register"]
    assert {"changed", "corrected", "number-replaced", "error-answered"} <= told
    assert why_not == {"nsso": "CR-NOT-SUBSCRIBED", "neo": "CR-OUTSIDE-PERIOD", "pcsw-antwerpen": "CR-NOT-INSCRIBED"}
    assert "audit patterns" in stopped.output
    assert not demo.left


@pytest.mark.parametrize(
    ("stage", "number"), [("Starting PostgreSQL", signal.SIGINT), ("Founding the hub", signal.SIGTERM)]
)
def test_an_interrupted_set_up_leaves_nothing(demo: Demo, stage: str, number: signal.Signals) -> None:
    process = demo.start("--persons", _PERSONS)
    demo.wait_for(process, stage)
    process.send_signal(number)
    ended = demo.ended(process)

    assert ended.code == 130, ended.output
    assert "Stopped." in ended.output
    assert not demo.left
    assert not (demo.home / "demo" / "made.json").exists()


def _other(demo: Demo) -> "subprocess.CompletedProcess[str]":
    """Start a second demo in the same home."""
    return _crossroads(demo, "demo", "--once")


def _ask(demo: Demo) -> dict[str, list[dict[str, str]]]:
    """Ask from the command line, as the demo proposes."""
    person = json.loads((demo.home / "demo" / "made.json").read_text())["cast"]["granted"]["ssin"]
    arguments = ["--as", "pcsw-gent", "--legal-context", "PCSA:SOCIAL_INQUIRY", "--ssin", "-", "--json"]
    done = _crossroads(demo, "ask", *arguments, "identification@1", stdin=person)
    assert done.returncode == 0, done.stderr
    answer: dict[str, list[dict[str, str]]] = json.loads(done.stdout)
    return answer


def _mailbox(demo: Demo, institution: str) -> set[str]:
    """Give the kinds of what came to a mailbox in the tours, from the command line, as the demo proposes."""
    settings = demo.home / "demo" / institution / "participant.yaml"
    done = _crossroads(demo, "mailbox", "pull", str(settings), "--from", "1", "--count", "1000", "--json")
    assert done.returncode == 0, done.stderr
    items = json.loads(done.stdout)["items"]
    return {item[what]["kind"] for item in items for what in ("change", "notice") if what in item}


def _why(demo: Demo, *institutions: str) -> dict[str, str | None]:
    """Give why institutions are not told of the change of address, by the command that the demo proposes."""
    printed = _PROPOSED.search(demo.output)
    assert printed, demo.output
    arguments = ["mailboxes", "why", printed[1], *institutions, "--json"]
    done = _crossroads(demo, *arguments, home=demo.home / "demo" / "hub")
    assert done.returncode == 0, done.stderr
    found: dict[str, str | None] = json.loads(done.stdout)["institutions"]
    return found


def _crossroads(
    demo: Demo, *arguments: str, stdin: str = "", home: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "crossroads", *arguments],
        env={**os.environ, "CROSSROADS_HOME": str(home or demo.home)},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )
