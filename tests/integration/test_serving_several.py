"""Processes that serve one address side by side: real ones, killed and told to stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from crossroads.network.ports import free_ports

_PROGRAM = Path(__file__).parents[1] / "serving_programs.py"
_PATIENCE = 20.0


class _Running:
    def __init__(self, processes: int, *, starting: float = 0) -> None:
        (self.port,) = free_ports(1)
        command = [sys.executable, str(_PROGRAM), str(self.port), str(processes), str(starting)]
        self.program = subprocess.Popen(command)
        _until((lambda: len(self.children()) == processes) if starting else self._answers)

    def _answers(self) -> bool:
        try:
            self.process()
        except httpx.TransportError:
            return False
        return True

    def process(self) -> int:
        return int(httpx.get(f"http://127.0.0.1:{self.port}/", timeout=_PATIENCE).text)

    def children(self) -> set[int]:
        tasks = Path(f"/proc/{self.program.pid}/task")
        return {int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()}


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + _PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def running() -> Iterator[_Running]:
    running = _Running(2)
    children = running.children()
    yield running
    running.program.kill()
    running.program.wait()
    for pid in children | running.children() if running.program.poll() is None else children:
        if _runs(pid):
            os.kill(pid, signal.SIGKILL)


def test_one_that_is_killed_is_started_again_and_the_other_answers_meanwhile(running: _Running) -> None:
    before = running.children()
    killed = running.process()
    os.kill(killed, signal.SIGKILL)
    _until(lambda: len(running.children() - {killed}) == 2)
    assert running.process() in running.children()
    assert len(before & running.children()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_all_of_them_and_a_second_one_at_once_does_no_harm(
    running: _Running, number: signal.Signals
) -> None:
    children = running.children()
    running.program.send_signal(number)
    running.program.send_signal(number)
    assert running.program.wait(_PATIENCE) == 0
    assert not any(map(_runs, children))


def test_a_signal_while_they_start_is_not_lost() -> None:
    running = _Running(2, starting=60)
    children = running.children()
    began = time.monotonic()
    running.program.send_signal(signal.SIGTERM)
    assert running.program.wait(_PATIENCE) == 0
    assert time.monotonic() - began < 5
    assert not any(map(_runs, children))


def test_they_end_with_the_process_that_started_them_however_it_ends(running: _Running) -> None:
    children = running.children()
    running.program.kill()
    running.program.wait()
    _until(lambda: not any(map(_runs, children)))


def test_an_address_that_is_taken_is_refused_in_words(running: _Running) -> None:
    second = subprocess.run(
        [sys.executable, str(_PROGRAM), str(running.port), "1"], capture_output=True, text=True, check=False, timeout=30
    )
    assert second.returncode == 1
    assert f"127.0.0.1:{running.port} cannot be listened on: Address already in use." in second.stderr
