"""Work that may wait gives way, whatever Linux shares the processors among."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crossroads.kernel.priority import confine

_PROGRAM = """
import os
from pathlib import Path
from crossroads.kernel.priority import give_way
give_way(parted={parted})
group = Path("/proc/self/autogroup")
# Nothing stands there for a process of no group: one that nobody gave a session since the machine started.
told = group.read_text().split() if group.exists() else []
print(os.nice(0), os.getsid(0) == os.getpid(), told[-1] if told else "none")
"""


@pytest.mark.parametrize("parted", [True, False])
def test_it_has_the_lowest_priority_and_parted_from_its_session_its_session_a_low_one(*, parted: bool) -> None:
    program = _PROGRAM.format(parted=parted)
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    niceness, leads, group = told
    assert niceness == "19"
    assert leads == str(parted)
    if parted and Path("/proc/self/autogroup").exists():
        assert group == "10"


_CONFINED = """
import os
from threading import Event, Thread
from crossroads.kernel.priority import confine
ended = Event()
Thread(target=ended.wait, daemon=True).start()
for half in (True, False):
    confine(os.getpid(), half=half)
    print({len(os.sched_getaffinity(int(task))) for task in os.listdir("/proc/self/task")})
ended.set()
"""


def test_it_is_confined_to_half_of_the_cores_with_all_its_threads_and_has_them_back() -> None:
    told = subprocess.run([sys.executable, "-c", _CONFINED], capture_output=True, text=True, check=True).stdout
    cores = len(os.sched_getaffinity(0))
    assert told.splitlines() == [f"{{{max(1, cores // 2)}}}", f"{{{cores}}}"]


def test_a_container_that_lost_its_cores_goes_on_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    cores = os.sched_getaffinity(0)
    monkeypatch.setattr("crossroads.kernel.priority._CORES", {4095})
    confine(os.getpid(), half=True)
    assert os.sched_getaffinity(0) == cores


def test_a_process_that_ended_is_confined_to_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
        confine(ended.pid, half=True)
